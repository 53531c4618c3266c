.PHONY: run test check bench windows

run: ; @scripts/run.sh
test: ; @scripts/test.sh
check: ; @scripts/test.sh --quick
bench: ; @scripts/bench.sh
windows: ; @scripts/windows-check.sh
