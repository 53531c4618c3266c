#!/usr/bin/env bash
# Makes installable packages (deb and rpm) under target/release/bundle/.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh build
npm run --silent --prefix ui build >/dev/null
ui/node_modules/.bin/tauri build --bundles deb,rpm --ci
