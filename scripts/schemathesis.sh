#!/usr/bin/env bash
# Asks the centre's REST API everything that its OpenAPI document allows, and what it
# forbids, and looks for answers that the document does not know. Ends with 0 when
# nothing was found.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$PWD/target/schemathesis
# Asked, not looked for: the environment of a folder that was moved is there and does not run.
if ! "$venv/bin/st" --version >/dev/null 2>&1 || ! "$venv/bin/python" -c 'import websockets' 2>/dev/null; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet 'schemathesis==4.32.5' 'websockets==15.0.1'
fi
cargo build --quiet --locked -p omnibar-center

work=$(mktemp -d)
centre='' desktop=''
end() {
  [ -z "$desktop" ] || kill "$desktop" 2>/dev/null || true
  [ -z "$centre" ] || kill "$centre" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap end EXIT

# The first line of a file that somebody else is about to write.
first_line() {
  for _ in $(seq 200); do
    [ -s "$1" ] && { head -n 1 "$1"; return; }
    sleep 0.05
  done
  echo "schemathesis: nothing came from $2" >&2
  cat "$work"/*.log >&2
  exit 1
}

target/debug/omnibar-center --demo --no-customers --listen 127.0.0.1:0 --data "$work/data" \
  >"$work/url" 2>"$work/centre.log" &
centre=$!
url=$(first_line "$work/url" 'the centre')
export OMNIBAR_CALL=$work/call
# It ends with its standard input, which is ours to close.
coproc DESKTOP { exec "$venv/bin/python" scripts/schemathesis/desktop.py "$url" "$OMNIBAR_CALL" 2>"$work/desktop.log"; }
desktop=$DESKTOP_PID
if ! read -r -t 20 OMNIBAR_TOKEN OMNIBAR_SESSION <&"${DESKTOP[0]}"; then
  echo 'schemathesis: the desktop could not sign in' >&2
  cat "$work"/*.log >&2
  exit 1
fi
export OMNIBAR_TOKEN OMNIBAR_SESSION

SCHEMATHESIS_HOOKS=$PWD/scripts/schemathesis/hooks.py "$venv/bin/st" run \
  "http${url#ws}/openapi.json" --checks all --seed 20261121 --generation-deterministic \
  --max-examples "${1:-100}" --no-color --request-timeout 10 \
  --header "Authorization: Bearer $OMNIBAR_TOKEN"

# Centre and agent are still there, and good requests have done what they say.
kill -0 "$centre" "$desktop"
eval "exec ${DESKTOP[1]}>&-"
read -r -t 20 dialled disposed <&"${DESKTOP[0]}"
echo "$dialled calls were dialled, $disposed disposed"
[ "$dialled" -gt 0 ] && [ "$disposed" -gt 0 ]
