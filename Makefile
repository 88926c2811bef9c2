# Everything runs from .venv, which the first target that needs it creates. Python 3.11 or newer, pip and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
PACKAGES := -p legion_llm.messages -p legion_llm.runtime -p legion_llm.actors -p legion_llm.adapters

.DEFAULT_GOAL := help
.PHONY: help serve test clients check format bench simulate soak torture clean

help: ## show this
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

serve: $(VENV)/installed ## serve on 127.0.0.1:4567 (ARGS="--port 8080" for more)
	@$(BIN)/legion-llm serve $(ARGS)

test: $(VENV)/tested ## run all tests (ARGS="-k router" for some)
	@$(BIN)/python -m pytest $(ARGS)

clients: $(VENV)/node/installed ## install the npm clients that tests/live runs, where node is present

$(VENV)/node/installed: $(VENV)/made tests/live/node/package.json
	@echo "installing the npm clients ..."
	@mkdir -p $(VENV)/node && cp tests/live/node/package.json $(VENV)/node/
	@cd $(VENV)/node && npm install --silent --no-audit --no-fund --no-package-lock
	@touch $@

check: $(VENV)/checked ## lint, types, import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd $(VENV)/typed && ../bin/mypy --config-file ../../pyproject.toml $(PACKAGES)
	$(BIN)/lint-imports

format: $(VENV)/checked ## lay the code out
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/tested ## measure side by side: prints ratios, never fails
	@$(BIN)/python tests/bench $(ARGS)

simulate: $(VENV)/tested ## play hours of provider weather in seconds (ARGS="--help")
	@$(BIN)/python tests/simulation $(ARGS)

torture: $(VENV)/tested ## kill writing processes 200 times and look for what is lost (ARGS="--kills 1000 --seed 7")
	@$(BIN)/python tests/torture $(ARGS)

soak: $(VENV)/tested ## kill workers of a fleet at random for a minute, and reconcile (ARGS="--broker rabbitmq --seconds 300")
	@$(BIN)/python tests/soak $(ARGS)

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/made:
	@echo "creating $(VENV) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@# dependency groups need pip 25.1
	@$(PIP) install --quiet --upgrade "pip>=25.1"
	@touch $@

$(VENV)/installed: $(VENV)/made pyproject.toml
	@echo "installing legion-llm and what it needs (half a minute on a first run) ..."
	@# The repository is the package, of which setuptools warns at length.
	@PYTHONWARNINGS=ignore $(PIP) install --quiet --editable .
	@touch $@

$(VENV)/tested: $(VENV)/installed
	@echo "installing what the tests need ..."
	@$(PIP) install --quiet --group test
	@touch $@

$(VENV)/checked: $(VENV)/tested
	@echo "installing what the checks need ..."
	@$(PIP) install --quiet --group check
	@# The repository is the package; a link shows it to mypy under its name.
	@mkdir -p $(VENV)/typed && ln -sfn ../.. $(VENV)/typed/legion_llm
	@touch $@
