# Two commands matter: `make start` shows Midas at work, `make test` proves it.
.DEFAULT_GOAL := help
.PHONY: help start setup setup-dev test check lint verify soak bench bench-peers crosscheck lock clean

PYTEST := .venv/bin/python -m pytest
KERNELS := $(wildcard src/midas/kernels/*.py)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/.midas: requirements.lock pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh requirements.lock $@

.venv/.midas-dev: requirements-dev.lock pyproject.toml scripts/setup.sh
	@sh scripts/setup.sh requirements-dev.lock $@
	@touch .venv/.midas

setup: .venv/.midas ## Build the environment (.venv); nothing to do when it is current

setup-dev: .venv/.midas-dev

start: setup ## Load the sample market, run a first backtest, serve on 127.0.0.1:$PORT (8000)
	@exec .venv/bin/midas start

# A test that hangs says where every thread of it is, and fails; the rest goes on.
# Bytecode is kept whatever the shell says: processes of tests would compile what was edited again and again.
test: setup-dev ## Run the whole suite
	@PYTHONDONTWRITEBYTECODE= $(PYTEST) -n 2 --dist worksteal -q --timeout 300 --timeout-method thread

lint: setup-dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo --no-cache
	.venv/bin/python scripts/lint/house.py src

check: lint test ## Everything CI runs: lint, formatting, types, layers, house rules, tests

verify: setup-dev ## Prove every figure of the reliability report at full size (under an hour), or ONLY=R1,R2, into docs/reliability/REPORT.md
	.venv/bin/python scripts/verify.py $(if $(ONLY),--only $(ONLY))

soak: setup-dev ## The same, five times as large (under two and a half hours)
	.venv/bin/python scripts/verify.py --scale 250

bench: setup-dev ## Measure Midas and the peers that are installed, into bench/RESULTS.md
	.venv/bin/python -m bench.run

bench-peers: setup-dev ## Install the peers of the benchmark, each in its own environment under bench/.peers
	@PYTHON=$$PWD/.venv/bin/python sh bench/peers/build.sh

crosscheck: setup-dev ## Compare the fills of 200 random strategies with the peers', into bench/CROSSCHECK.md
	.venv/bin/python -m bench.crosscheck

lock: ## Resolve the lock files again (needs uv)
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 \
		--group build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 \
		--group build --group dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment and every cache (not your data home)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} +
