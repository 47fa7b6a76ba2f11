# make quickstart   a virtual environment, an install, 200 verified trajectories, a look at one
# make test         a virtual environment, an install, all tests
# make help         the rest
#
# PYTHON=python3.12 chooses the interpreter (3.10 or newer), VENV=… the virtual environment's folder.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && n=4; echo $$n)
NUM ?= 200
QUICKSTART ?= quickstart
SHOW ?= 195
BFCL = bfcl-eval==2026.3.23

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
SAY := printf '\n==> %s\n'

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help quickstart test test-fast lint format bench clean

help: ## What can be made
	@echo "Usage: make TARGET [PYTHON=python3] [VENV=.venv] [WORKERS=4]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(SAY) "Creating a virtual environment in $(VENV)/"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "$(PYTHON) is too old or missing: Python 3.10 or newer is needed; try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(INSTALLED): setup.py funreason_plugin/__init__.py | $(BIN)/python
	@$(SAY) "Installing funreason_plugin into $(VENV)/ (about 55 packages, no torch)"
	@$(BIN)/python -m pip install --quiet -e .
	@touch $@

# bfcl-eval without its dependencies: its environment classes need mpmath only, the rest is 150 packages with CUDA torch.
$(INSTALLED_DEV): setup.py pyproject.toml funreason_plugin/__init__.py | $(BIN)/python
	@$(SAY) "Installing funreason_plugin with the test tools and bfcl-eval into $(VENV)/"
	@$(BIN)/python -m pip install --quiet -e '.[dev,bfcl]'
	@$(BIN)/python -m pip install --quiet --no-deps $(BFCL)
	@touch $@ $(INSTALLED)

quickstart: $(INSTALLED) ## Install, synthesise 200 verified trajectories, check them, show one
	@$(SAY) "Synthesising $(NUM) trajectories from the environments travel and files into $(QUICKSTART)/"
	@rm -rf $(QUICKSTART)
	@$(BIN)/python -m funreason_plugin.synthesize --env travel --env files --num $(NUM) --turns 3-5 --seed 0 \
	  --workers $(WORKERS) --teacher scripted --out $(QUICKSTART)/
	@$(SAY) "Checking them: every call is replayed, every rule applied again"
	@$(BIN)/python -m funreason_plugin.check data $(QUICKSTART)/ --workers $(WORKERS)
	@$(SAY) "The beginning of one of them"
	@$(BIN)/python -m funreason_plugin.synthesize show $(QUICKSTART)/ \
	  --index $$(( $(SHOW) < $(NUM) ? $(SHOW) : 0 )) --turns 2
	@$(SAY) "What next"
	@echo "  source $(VENV)/bin/activate"
	@echo "  python -m funreason_plugin.synthesize show $(QUICKSTART)/ --index 1      # another one"
	@echo "  python -m funreason_plugin.synthesize trace $(QUICKSTART)/ --index 1     # how it came about"
	@echo "  python -m funreason_plugin.check env examples/my_tools/equipment.py:EquipmentDesk"
	@echo "  bring your own tools: README.md, 'Bring your tools', and examples/my_tools/"

test: $(INSTALLED_DEV) ## Install, run all tests
	@$(SAY) "Running all tests, about 15 minutes on two cores (make test-fast: 6, without the slow ones)"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

test-fast: $(INSTALLED_DEV) ## Install, run the tests that take no more than a few seconds each
	@$(SAY) "Running the fast tests"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not slow" $(PYTEST_ARGS)

lint: $(INSTALLED_DEV) ## Install, run ruff and mypy
	@$(SAY) "ruff check, ruff format --check, mypy --strict"
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

format: $(INSTALLED_DEV) ## Mend what ruff can mend
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

bench: $(INSTALLED_DEV) ## Run every benchmark; each prints its command
	@for file in benchmarks/*.py; do \
	  case $$file in */_*) continue;; esac; \
	  printf '\n==> %s\n' "python $$file"; $(BIN)/python $$file || exit 1; \
	done

clean: ## Remove what was made: the virtual environment, caches, builds, the quickstart folder
	@$(SAY) "Removing $(VENV)/ and caches and builds and $(QUICKSTART)/"
	@rm -rf $(VENV) $(QUICKSTART) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find funreason_plugin tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
