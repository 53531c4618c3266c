.PHONY: run test check bench foreign

run: ; @scripts/run.sh
test: ; @scripts/test.sh
check: ; @scripts/test.sh --quick
bench: ; @scripts/bench.sh
foreign: ; @scripts/foreign-check.sh
