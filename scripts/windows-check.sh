#!/usr/bin/env bash
# Type-checks the whole workspace for Windows, so that what stands behind `cfg` compiles there.
# Nothing is linked and nothing runs. Needs rustup; on Debian and its kin it installs the C
# compiler that libopus, ring and SQLite are built with.
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-pc-windows-gnu
compiler=x86_64-w64-mingw32-gcc
fail() { echo "windows-check: $1" >&2; exit 1; }

if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
  command -v rustup >/dev/null || fail "this toolchain lacks $target and there is no rustup to add it with"
  rustup -q target add "$target"
fi
if ! command -v $compiler >/dev/null; then
  command -v apt-get >/dev/null || fail "$compiler is missing; install MinGW-w64"
  [ "$(id -u)" = 0 ] || fail "$compiler is missing; run as root: apt-get install g++-mingw-w64-x86-64-win32"
  apt-get -q=2 -o DPkg::Lock::Timeout=300 update
  DEBIAN_FRONTEND=noninteractive apt-get -q=2 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 install \
    --no-install-recommends gcc-mingw-w64-x86-64-win32 g++-mingw-w64-x86-64-win32
fi
for built in ui sdk/omni sdk/examples/crm/react; do
  [ -d "$built/dist" ] || fail "$built/dist is missing; run make test or npm run --prefix $built build"
done
# Beside the builds for this machine, whose flags are others.
exec env RUSTFLAGS="-D warnings" cargo check -q --locked --workspace --target "$target" --target-dir target/windows
