# Every target sets up what it needs by itself: a virtual environment and hash-locked dependencies.
# Nothing is assumed but Python >= 3.11 and make.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARGS ?=
TEST_ARGS ?=

.PHONY: help demo test check fix types lint golden bench torture lock clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.demo: requirements/run.txt requirements/environment.sh pyproject.toml
	@sh requirements/environment.sh $(VENV) requirements/run.txt
	@touch $@

$(VENV)/.test: requirements/test.txt requirements/environment.sh pyproject.toml
	@sh requirements/environment.sh $(VENV) requirements/test.txt
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo ## From nothing to a delivered issue and a running site (DEMO_ARGS="--exit")
	@$(BIN)/python -m newsletter demo $(DEMO_ARGS)

test: $(VENV)/.test ## From nothing, then the whole suite: lint, types, layers, tests on SQLite and PostgreSQL
	@$(BIN)/python tests/run.py $(TEST_ARGS)

check: $(VENV)/.test ## Lint, types and import layers, without the tests
	@$(BIN)/python tests/run.py --only-check

fix: $(VENV)/.test ## Format, and repair what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

golden: $(VENV)/.test ## Renew the golden emails in tests/golden after a wanted change
	@$(BIN)/python -m pytest -p no:randomly --golden-renew tests/golden tests/ingest/test_golden_samples.py

bench: $(VENV)/.test ## Measure against a floor in the same run
	@$(BIN)/python -m benchmarks

torture: $(VENV)/.test ## The whole suite with a thousand examples of every property
	@$(BIN)/python -m pytest -n auto --dist worksteal --examples 1000 tests

lock: ## Renew the hash-locked requirements from pyproject.toml
	@sh requirements/lock.sh

clean: ## Remove the environment and all caches
	rm -rf $(VENV) .build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage*
