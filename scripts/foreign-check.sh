#!/usr/bin/env bash
# Type-checks the whole workspace for Windows and macOS, so that what stands behind `cfg` compiles
# there. Nothing is linked and nothing runs.
#   scripts/foreign-check.sh [windows] [macos]     both, if none is named
# Needs rustup. For Windows the C parts are built by MinGW-w64, which is installed on Debian and its
# kin; for macOS, whose compiler needs Apple's headers, stand-ins make empty objects of them.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "foreign-check: $1" >&2; exit 1; }

check() { # target [name=value...]
  local target=$1
  shift
  if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    command -v rustup >/dev/null || fail "this toolchain lacks $target and there is no rustup to add it with"
    rustup -q target add "$target"
  fi
  echo "foreign-check: $target"
  # In a place of its own: the flags of the builds for this machine are others.
  env RUSTFLAGS="-D warnings" "$@" \
    cargo check -q --locked --workspace --target "$target" --target-dir target/foreign
}

windows() {
  local compiler=x86_64-w64-mingw32-g++
  if ! command -v $compiler >/dev/null; then
    command -v apt-get >/dev/null || fail "$compiler is missing; install MinGW-w64"
    [ "$(id -u)" = 0 ] || fail "$compiler is missing; run as root: apt-get install g++-mingw-w64-x86-64-win32"
    apt-get -q=2 -o DPkg::Lock::Timeout=300 update
    DEBIAN_FRONTEND=noninteractive apt-get -q=2 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
      install --no-install-recommends gcc-mingw-w64-x86-64-win32 g++-mingw-w64-x86-64-win32
  fi
  check x86_64-pc-windows-gnu
}

macos() {
  local bin=$PWD/target/foreign/stand-ins
  mkdir -p "$bin/path"
  cat >"$bin/cc" <<'EOF'
#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --version | -v) echo "clang version 15.0.0" && exit ;;
    -E) exit ;;
    -o) : >"$2" && shift ;;
    -o*) : >"${1#-o}" ;;
  esac
  shift
done
EOF
  cat >"$bin/ar" <<'EOF'
#!/bin/sh
for word in "$@"; do case $word in *.a) : >"$word" ;; esac; done
EOF
  printf '#!/bin/sh\n' >"$bin/cmake"
  # Only this one is looked for by its name: a `cc` in the path would link build scripts.
  printf '#!/bin/sh\necho /\n' >"$bin/path/xcrun"
  chmod +x "$bin"/{cc,ar,cmake} "$bin/path/xcrun"
  check aarch64-apple-darwin PATH="$bin/path:$PATH" SDKROOT=/ CMAKE="$bin/cmake" \
    {CC,CXX}_aarch64_apple_darwin="$bin/cc" AR_aarch64_apple_darwin="$bin/ar"
}

for built in ui sdk/omni sdk/examples/crm/react; do
  [ -d "$built/dist" ] || fail "$built/dist is missing; run make test, or npm run --prefix $built build"
done
[ $# -gt 0 ] || set -- windows macos
for system in "$@"; do
  case $system in
    windows | macos) "$system" ;;
    *) fail "windows or macos, not $system" ;;
  esac
done
