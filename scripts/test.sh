#!/usr/bin/env bash
# Runs every check and ends with a line that counts them. A check that cannot run
# has failed; none is skipped.
#   scripts/test.sh          all
#   scripts/test.sh --quick  without the end-to-end checks
set -uo pipefail
cd "$(dirname "$0")/.."
quick=${1:-}
logs=$PWD/target/test-logs
mkdir -p "$logs"
passed=0 failed=0 broken=() causes=()

# What a tool counted itself: "N passed" and "N failed" of its closing lines.
counted() { # kind log
  case $1 in
    nextest) sed -nE 's/.*tests? run: ([0-9]+) passed.*/\1/p' "$2" | tail -n 1 ;;
    nextest-failed) sed -nE 's/.*tests? run:.* ([0-9]+) failed.*/\1/p' "$2" | tail -n 1 ;;
    vitest) sed -nE 's/^ *Tests .*[^0-9]([0-9]+) passed.*/\1/p' "$2" | tail -n 1 ;;
    vitest-failed) sed -nE 's/^ *Tests +([0-9]+) failed.*/\1/p' "$2" | tail -n 1 ;;
    node) sed -nE 's/^(#|ℹ) pass ([0-9]+)$/\2/p' "$2" | tail -n 1 ;;
    node-failed) sed -nE 's/^(#|ℹ) fail ([0-9]+)$/\2/p' "$2" | tail -n 1 ;;
  esac
}

step() { # name kind command...
  local name=$1 kind=$2 log began status
  shift 2
  log=$logs/${name// /-}.log began=$SECONDS
  printf '%-34s' "$name"
  "$@" >"$log" 2>&1
  status=$?
  local ok=1 bad=0
  if [ "$kind" != - ]; then
    sed -i 's/\x1b\[[0-9;]*m//g' "$log"
    ok=$(counted "$kind" "$log") bad=$(counted "$kind-failed" "$log")
    ok=${ok:-0} bad=${bad:-0}
    # A runner that counted nothing has proved nothing.
    [ "$status" = 0 ] && [ "$ok" = 0 ] && status=1
  else
    [ "$status" = 0 ] || ok=0
  fi
  if [ "$status" != 0 ]; then
    [ "$bad" -gt 0 ] || bad=1
    broken+=("$name")
    echo "FAILED  $((SECONDS - began)) s  (log: ${log#"$PWD"/})"
    tail -n 60 "$log" | sed 's/^/    /'
    causes+=("$(grep -hE '^# failed: |^ +(FAIL|SIGABRT|TIMEOUT) +\[' "$log" | sort -u | head -n 12)")
  else
    echo "ok      $((SECONDS - began)) s$([ "$kind" = - ] || echo "  $ok tests")"
  fi
  passed=$((passed + ok)) failed=$((failed + bad))
}

# The centre serves what is built here.
sdk() { npm run --silent --prefix sdk/omni build && npm run --silent --prefix sdk/omni check; }
purity() { cargo run -q --locked -p xtask -- tidy && scripts/wasm-check.sh; }
e2e() { (cd tests/e2e && npm test --silent); }

if ! scripts/setup.sh test; then
  echo "0 passed, 1 failed"
  exit 1
fi
step "ui types" - npm run --silent --prefix ui check
step "ui tests" vitest npm run --silent --prefix ui test
step "ui build" - npm run --silent --prefix ui build
step "sdk build and types" - sdk
step "sdk tests" vitest npm run --silent --prefix sdk/omni test
step "format" - cargo fmt --all --check
step "lints" - cargo clippy --locked --workspace --all-targets -- -D warnings
step "licences and sources" - cargo deny --locked check bans licenses sources
step "generated files" - cargo run -q --locked -p xtask -- generate --check
step "purity and arrows" - purity
step "build" - cargo build --locked --workspace
step "rust tests" nextest cargo nextest run --locked --workspace
if [ "$quick" != --quick ]; then
  step "the voice bench's own" - tests/benches/voice/check.sh
  step "demo CRM build" - npm run --silent --prefix sdk/examples/crm/react build
  step "sdk in a browser" node npm run --silent --prefix sdk/omni test:browser
  step "REST by its document" - scripts/schemathesis.sh
  step "end to end" node e2e
  step "end to end, sdk" node node tests/e2e/sdk/run.mjs
  step "real PBX" node node tests/pbx/run.mjs
fi

# Once more at the end: a record of a run often keeps its last lines only.
[ ${#causes[@]} = 0 ] || printf '%s\n' "${causes[@]}"
[ ${#broken[@]} = 0 ] || printf 'failed: %s\n' "${broken[@]}"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ ${#broken[@]} = 0 ]
