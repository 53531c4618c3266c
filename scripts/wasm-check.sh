#!/usr/bin/env bash
# Proves that the pure crates are pure: they must build for wasm32-unknown-unknown,
# which has no socket, file, clock or thread.
#
# A toolchain that already has the target is used as it is. Otherwise, on Debian and
# its kin, Debian's own rustc with its wasm32 library is unpacked (not installed)
# under target/, and run through its own loader, so that nothing on the machine
# changes.
set -euo pipefail
cd "$(dirname "$0")/.."

# media is pure but links libopus (C), which has no build for bare wasm32.
crates=(omnibar-model omnibar-desk omnibar-contract omnibar-sip)
target=wasm32-unknown-unknown
args=()
for c in "${crates[@]}"; do args+=(-p "$c"); done

sysroot=$(rustc --print sysroot)
if [ -d "$sysroot/lib/rustlib/$target" ]; then
  exec cargo check -q --locked --target "$target" "${args[@]}"
fi

root=$PWD/target/wasm-toolchain
# One of a checkout that was moved since does not start.
if ! "$root/rustc" -vV >/dev/null 2>&1; then
  command -v apt-get >/dev/null || {
    echo "wasm-check: this toolchain lacks $target; run: rustup target add $target" >&2
    exit 1
  }
  rm -rf "$root"
  mkdir -p "$root"/{lists/partial,cache/archives/partial,debs,tree}
  # The same mirror as the machine's own, with the suite that has a current rustc.
  mirror=$(apt-get indextargets --format '$(SITE) $(CODENAME)' 2>/dev/null |
    awk '$1 ~ /debian\/?$/ { print $1; exit }')
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  if [ -z "$mirror" ] || [ ! -r "$keyring" ]; then
    echo "wasm-check: this toolchain lacks $target and no Debian mirror is set up;" \
      "run: rustup target add $target" >&2
    exit 1
  fi
  echo "deb [signed-by=$keyring] $mirror testing main" >"$root/sources.list"
  apt=(-q=2 -o "Dir::Etc::sourcelist=$root/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$root/lists" -o "Dir::Cache=$root/cache" -o APT::Sandbox::User=root)
  apt-get "${apt[@]}" update
  std=$(apt-cache "${apt[@]}" depends libstd-rust-dev | sed -nE 's/^ *Depends: (libstd-rust-[0-9.]+)$/\1/p')
  mapfile -t libraries < <(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests \
    --no-conflicts --no-breaks --no-replaces --no-enhances "$std" | grep -E '^[a-z]' | sort -u)
  (cd "$root/debs" && apt-get "${apt[@]}" download rustc libstd-rust-dev libstd-rust-dev-wasm32 \
    "${libraries[@]}")
  for deb in "$root"/debs/*.deb; do dpkg -x "$deb" "$root/tree"; done
  rm -rf "$root"/{debs,cache,lists}
  loader=$(find "$root/tree" -name 'ld-linux-*.so.*' | head -n 1)
  lib=$(dirname "$(find "$root/tree" -name 'librustc_driver-*.so' | head -n 1)")
  cat >"$root/rustc" <<EOF
#!/bin/sh
exec "$loader" --library-path "$lib" "$root/tree/usr/bin/rustc" --sysroot "$root/tree/usr" "\$@"
EOF
  chmod +x "$root/rustc"
fi
# Build scripts and macros run on this machine, with this machine's loader.
exec env RUSTC="$root/rustc" CARGO_TARGET_DIR="$PWD/target/wasm" \
  cargo check -q --locked --target "$target" "${args[@]}"
