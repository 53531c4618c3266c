#!/usr/bin/env bash
# Installs what the voice bench needs, quietly, and does nothing when nothing is missing.
#   setup.sh test     for its own checks: a Python environment in target/voice/venv
#   setup.sh bench    also the peers, the voices and the tools of its network
set -euo pipefail
cd "$(dirname "$0")/../../.."
venv=target/voice/venv

wanted=(python3-venv python3-dev build-essential espeak-ng)
[ "${1:?test or bench}" = test ] || wanted+=(pulseaudio pulseaudio-utils iproute2 ethtool util-linux
  asterisk-core-sounds-{en,es,fr,it,ru}-g722 chromium linphone-cli)
missing=()
if command -v dpkg-query >/dev/null; then
  for p in "${wanted[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "voice: installing ${#missing[@]} packages: ${missing[*]}"
  sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  log=$(mktemp)
  if ! { "${sudo[@]}" apt-get -q=2 -o DPkg::Lock::Timeout=300 update &&
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q=2 -o DPkg::Lock::Timeout=300 \
      -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 1
  fi
  rm -f "$log"
fi

pinned=(numpy==2.4.6 scipy==1.17.1 pesq==0.0.4)
[ "$1" = test ] || pinned+=(av==18.1.0 'visqol-python[lattice,accel]==3.8.0')
# The list that was installed last says whether there is something to do.
if [ ! -x "$venv/bin/python" ] || ! grep -qxF "${pinned[*]}" "$venv/installed-$1" 2>/dev/null; then
  echo "voice: preparing $venv"
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${pinned[@]}"
  echo "${pinned[*]}" >"$venv/installed-$1"
fi
