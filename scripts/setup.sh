#!/usr/bin/env bash
# Installs what is missing, quietly, and does nothing when nothing is.
#   scripts/setup.sh build      to build the app
#   scripts/setup.sh headless   to run it without a display or a sound card
#   scripts/setup.sh test       to run every check
set -euo pipefail
cd "$(dirname "$0")/.."

build=(libwebkit2gtk-4.1-dev libayatana-appindicator3-dev librsvg2-dev libasound2-dev
  libdbus-1-dev build-essential cmake pkg-config file)
headless=(xvfb xauth openbox dbus-x11 webkit2gtk-driver gnome-keyring libsecret-tools
  libayatana-appindicator3-1 fonts-dejavu-core at-spi2-core pulseaudio pulseaudio-utils
  espeak-ng sox)
test=(chromium firefox-esr libnss3-tools xdotool wmctrl x11-utils imagemagick coturn xdg-utils
  desktop-file-utils python3-venv openssl mmdebstrap bubblewrap baresip-core)

case "${1:?build, headless or test}" in
  build) want=("${build[@]}") ;;
  headless) want=("${build[@]}" "${headless[@]}") ;;
  test) want=("${build[@]}" "${headless[@]}" "${test[@]}") ;;
  *) echo "setup: build, headless or test" >&2; exit 2 ;;
esac

need() { echo "setup: $1 is missing: $2" >&2; exit 1; }
command -v cargo >/dev/null || need Rust "install it with rustup, then try again"
command -v npm >/dev/null || need Node "install Node 20 or later, then try again"

if command -v dpkg-query >/dev/null; then
  missing=()
  for p in "${want[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: installing ${#missing[@]} packages: ${missing[*]}"
    sudo=()
    if [ "$(id -u)" != 0 ]; then
      command -v sudo >/dev/null || need "the right to install packages" "run as root: apt-get install ${missing[*]}"
      sudo=(sudo)
    fi
    log=$(mktemp)
    if ! { "${sudo[@]}" apt-get -q=2 -o DPkg::Lock::Timeout=300 update &&
      "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q=2 -o DPkg::Lock::Timeout=300 \
        -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
      tail -n 20 "$log" >&2
      need "at least one package" "the lines above say why; mend that and try again"
    fi
    rm -f "$log"
  fi
elif [ "$(uname)" = Linux ]; then
  echo "setup: not a Debian-like system; these packages (Debian's names) are needed: ${want[*]}" >&2
fi

# npm writes this file last, so it tells a whole install from a broken one.
install_node() {
  local lock=$1/package-lock.json done=$1/node_modules/.package-lock.json
  if [ ! -e "$done" ] || [ "$lock" -nt "$done" ]; then
    echo "setup: npm ci in $1"
    npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
    touch "$done"
  fi
}
install_node ui
install_node sdk/omni
install_node sdk/examples/crm/react
[ "$1" = build ] || [ ! -e tests/e2e/package-lock.json ] || install_node tests/e2e
[ "$1" != test ] || install_node tests/pbx

if [ "$1" = test ]; then
  for tool in cargo-nextest cargo-deny; do
    command -v "$tool" >/dev/null || {
      echo "setup: building $tool (once)"
      cargo install --locked --quiet "$tool"
    }
  done
fi
