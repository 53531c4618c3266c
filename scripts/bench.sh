#!/usr/bin/env bash
# Measures a release build and prints each figure beside its goal.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh test
npm run --silent --prefix ui build >/dev/null
npm run --silent --prefix sdk/omni build >/dev/null
cargo build --locked --quiet --release -p omnibar -p omnibar-center
export OMNIBAR_BIN=$PWD/target/release/omnibar OMNIBAR_CENTER_BIN=$PWD/target/release/omnibar-center
mkdir -p target/reports
node tests/benches/app.mjs target/reports/app.json
node tests/benches/dock.mjs target/reports/dock.json
# Omnibar beside JsSIP in Chromium, at a real Asterisk.
node tests/pbx/bench.mjs
cargo bench --locked --quiet -p omnibar-media
cargo bench --locked --quiet -p omnibar-center
# Omnibar beside Chromium and Linphone; VOICE has its options, for example --quick.
tests/benches/voice/setup.sh bench
# shellcheck disable=SC2086
target/voice/venv/bin/python tests/benches/voice/bench.py ${VOICE:-}
