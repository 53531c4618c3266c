#!/usr/bin/env bash
# Builds Omnibar and opens it with an embedded contact centre and demo customers.
# Without a display it plays a scripted shift in a virtual one and leaves
# target/shift/. Arguments go to omnibar.
set -euo pipefail
cd "$(dirname "$0")/.."

# Says nothing unless it fails.
quietly() {
  local log
  log=$(mktemp)
  "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; return 1; }
  rm -f "$log"
}

display=yes
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then display=no; fi

if [ $display = yes ]; then scripts/setup.sh build; else scripts/setup.sh headless; fi
if [ ! -e ui/dist/index.html ] || [ -n "$(find ui/src ui/*.html ui/toolbar ui/workspace ui/package-lock.json -newer ui/dist/index.html -print -quit)" ]; then
  echo "run: building the window's page"
  quietly npm run --silent --prefix ui build
fi
if [ ! -e sdk/omni/dist/ameyo-sdk.js ] || [ -n "$(find sdk/omni/src sdk/omni/package-lock.json -newer sdk/omni/dist/ameyo-sdk.js -print -quit)" ]; then
  echo "run: building the SDK that the centre serves"
  quietly npm run --silent --prefix sdk/omni build
fi
crm=sdk/examples/crm/react
if [ $display = yes ] && { [ ! -e $crm/dist/index.html ] ||
  [ -n "$(find $crm/src $crm/index.html $crm/package-lock.json sdk/examples/crm/shared -newer $crm/dist/index.html -print -quit)" ]; }; then
  echo "run: building the demo CRM's React page"
  quietly npm run --silent --prefix $crm build
fi
# OMNIBAR_PROFILE=dev builds quicker and runs slower.
profile=${OMNIBAR_PROFILE:-release}
directory=$profile
[ "$profile" = dev ] && directory=debug
echo "run: building Omnibar ($profile; the first time takes some minutes)"
cargo build --locked --quiet --profile "$profile" -p omnibar -p omnibar-center

if [ $display = yes ]; then
  # A CRM beside the toolbar: customers, screen pop, click to dial.
  node sdk/examples/crm/serve.mjs 5151 http://127.0.0.1:7340 >/dev/null &
  crm_server=$!
  trap 'kill "$crm_server" 2>/dev/null' EXIT
  node scripts/open-crm.mjs http://127.0.0.1:7340/healthz http://127.0.0.1:5151/ &
  "target/$directory/omnibar" --demo "$@"
  exit
fi
echo "run: no display; playing a scripted shift in a virtual one"
export OMNIBAR_BIN=$PWD/target/$directory/omnibar
export OMNIBAR_CENTER_BIN=$PWD/target/$directory/omnibar-center
exec node tests/e2e/shift.mjs
