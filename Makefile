# Earshot: `make help` lists what there is. Each target sets up what it needs.

PYTHON ?= python3
VENV := .venv/bin
PYTEST_WORKERS ?= 2

ifneq ($(origin PYTHON),file)
export EARSHOT_PYTHON_IS_A_CHOICE := 1
endif

.DEFAULT_GOAL := help
.PHONY: help run test airflow bench eval lint docs lock clean environment

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' Makefile

run: environment ## one night through Airflow on the sandbox community; ends with the digest and earshot.duckdb
	@$(VENV)/python -m bootstrap.night

test: lint ## formatter, linters, type checker and all tests
	@echo "pytest"
	@$(VENV)/python -m pytest -q -n $(PYTEST_WORKERS)

airflow: environment ## scheduler and UI at http://127.0.0.1:8080 with the nightly schedule on, until Ctrl-C
	@$(VENV)/python -m bootstrap.service

bench: environment ## posts per second and peak memory of each step, beside plain vaderSentiment
	@$(VENV)/python -m bench

eval: environment ## agreement of the models with people's labels, beside simpler ones
	@$(VENV)/python -m bench.evaluation

lint: environment ## formatter, linters and type checker only
	@echo "ruff format"
	@$(VENV)/ruff format --check --quiet --output-format concise . || { echo "Not formatted: the files above. Run: $(VENV)/ruff format ." >&2; exit 1; }
	@echo "ruff check"
	@$(VENV)/ruff check --quiet --output-format concise . || { echo "The linter objects to the lines above." >&2; exit 1; }
	@echo "sqlfluff"
	@$(VENV)/sqlfluff lint --disable-progress-bar --quiet sql || { echo "SQL: the lines above. Run: $(VENV)/sqlfluff fix sql" >&2; exit 1; }
	@$(VENV)/sqlfluff lint --disable-progress-bar --quiet --templater placeholder pipelines bench || { echo "SQL: the lines above. Run: $(VENV)/sqlfluff fix --templater placeholder pipelines bench" >&2; exit 1; }
	@echo "mypy"
	@$(VENV)/mypy --no-error-summary || { echo "Types: the lines above." >&2; exit 1; }

docs: environment ## the data dictionary, written from the tables' declaration
	@$(VENV)/python -m bootstrap.dictionary

lock: environment ## requirements.txt from requirements.in
	@$(VENV)/python -m pip install --quiet --disable-pip-version-check uv
	@$(VENV)/uv pip compile requirements.in --output-file requirements.txt --upgrade --universal --python-version 3.11 \
		--fork-strategy fewest --only-binary :all: --no-emit-index-url --no-emit-find-links \
		--custom-compile-command "make lock" --annotation-style line --quiet

clean: ## remove the environment and what `make run` and the tests wrote; your own data stay
	@rm -rf .earshot/sandbox .venv *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis sql/target sql/logs sql/dbt_packages
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@command -v "$(PYTHON)" >/dev/null || { echo "Earshot needs Python 3.11, 3.12 or 3.13; $(PYTHON) is not here. Try: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" bootstrap/environment.py
