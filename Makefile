.PHONY: run test check bench

run: ; @scripts/run.sh
test: ; @scripts/test.sh
check: ; @scripts/test.sh --quick
bench: ; @scripts/bench.sh
