# Everything a fresh machine needs is Python 3.11+ and make: each target sets up .venv first, from the exact versions of
# requirements/ci.txt. Another Python: make PYTHON=python3.13 test

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help setup demo test check lint types contracts docs format reference pictures bench bench-live soak wheel lock clean
.DEFAULT_GOAL := help

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## make .venv with everything needed to work on Scoville

$(READY): requirements/ci.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Scoville needs Python 3.11 or newer. Name one: make PYTHON=/path/to/python setup" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/ci.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)  ## make a B2B data set in demo/, score it, and show whom to call
	$(BIN)/scoville demo demo/

test: $(READY)  ## run every test on all cores, and say how much of the source they run
	$(BIN)/python -m pytest --numprocesses auto --dist loadgroup --cov --cov-report= $(ARGS)
	@echo "the tests run $$($(BIN)/coverage report --format=total) % of the source; coverage report --show-missing says what they do not"

check: lint types contracts docs  ## lint, types, import contracts, generated reference

lint: $(READY)  ## ruff: the rules and the layout
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## mypy --strict, tests included
	$(BIN)/mypy

contracts: $(READY)  ## who may import whom
	$(BIN)/lint-imports --no-logo

docs: $(READY)  ## is docs/reference/ what the code says?
	$(BIN)/python tools/reference.py --check

format: $(READY)  ## let ruff lay out and mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: $(READY)  ## write docs/reference/ anew from the code
	$(BIN)/python tools/reference.py

pictures: $(READY)  ## take the pictures of the README anew (needs Chromium)
	$(BIN)/python tools/picture.py

bench: $(READY)  ## the plan beside SQL by hand (ARGS="--large --engines duckdb,postgres,spark" for every table)
	$(BIN)/python benchmarks/run.py $(ARGS)

bench-live: $(READY)  ## events arrive at a server: how soon the new score is seen
	$(BIN)/python benchmarks/live_load.py
	$(BIN)/python benchmarks/live.py $(ARGS)

soak: $(READY)  ## kill a server's processes 50 times under load, on both stores
	PYTHONPATH=tests $(BIN)/python tests/soak.py $(ARGS)

# A user has neither our tests nor our tools: the wheel must work with the base alone.
wheel: $(READY)  ## build the wheel and try it in an environment without extras
	rm -rf dist build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install --quiet --disable-pip-version-check --constraint requirements/ci.txt dist/*.whl
	cd build/wheel && bin/python ../../tools/examples.py ../../docs/follow-one-lead.md

lock: ## write requirements/ci.txt anew: the newest versions that pyproject.toml allows
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --upgrade pip
	build/lock/bin/python -m pip install --quiet --group dev --editable '.[all,spark]'
	{ echo "# Exact versions for 'make' and CI, made by 'make lock' from pyproject.toml. Do not edit."; \
	  build/lock/bin/python -m pip freeze --exclude-editable; } > requirements/ci.txt

clean:  ## remove what make made
	rm -rf $(VENV) build dist demo .coverage .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
