# Every target makes its own environment in .venv first; the second time that costs nothing.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

# Public bodies: none of our dependencies tells anybody anything.
export DO_NOT_TRACK := 1
export DAGSTER_DISABLE_TELEMETRY := yes
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.PHONY: demo run dev test test-fast lint generate clean help

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

demo: .venv/installed ## the whole job on made-up figures, without network
	@$(BIN)/naravard demo

run: .venv/installed ## the live sources
	@$(BIN)/naravard run

dev: .venv/installed ## Dagster's pages on the same definitions, at http://localhost:3000 (make dev DEMO=1: on the demo's)
	@$(BIN)/naravard dev $(if $(DEMO),--demo)

test: .venv/installed-test lint ## everything: unit, contracts, golden, integration
	@$(BIN)/python -m pytest -n 2 --dist loadgroup

test-fast: .venv/installed-test ## all but whole runs of the pipeline: some three minutes
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow"

lint: .venv/installed-test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

generate: .venv/installed ## JSON Schemas, marts, inbox templates and the contract of published columns, written anew
	@$(BIN)/naravard generate

.venv/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv (a minute or two, once)"
	@$(PIP) --editable .
	@touch $@

.venv/installed-test: .venv/installed
	@$(PIP) --editable '.[test]'
	@touch $@

clean: ## remove the environment and what was generated, but no data
	rm -rf .venv dbt_project/target .pytest_cache .ruff_cache .hypothesis
