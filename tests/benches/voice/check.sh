#!/usr/bin/env bash
# The bench's checks of itself: seconds, no network, no sound server.
set -euo pipefail
cd "$(dirname "$0")/../../.."
tests/benches/voice/setup.sh test
exec target/voice/venv/bin/python -W error -m unittest discover -s tests/benches/voice
