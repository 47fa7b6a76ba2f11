# make quickstart   a virtual environment, an install, 200 verified trajectories, a look at one, a short SFT
# make test         a virtual environment, an install, all tests
# make help         the rest
#
# PYTHON=python3.12 chooses the interpreter (3.10 or newer; training needs 3.11 to 3.13), VENV=… the virtual
# environment's folder.

PYTHON ?= python3
VENV ?= .venv
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && n=4; echo $$n)
# One more than there are workers, since many tests wait for processes that they started.
TESTERS ?= $(shell echo $$(($(WORKERS) + 1)))
NUM ?= 200
QUICKSTART ?= quickstart
SHOW ?= 195
BFCL = bfcl-eval==2026.3.23

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
INSTALLED_SFT := $(VENV)/.installed-sft
INSTALLED_RL := $(VENV)/.installed-rl
INSTALLED_DOCS := $(VENV)/.installed-docs
SAY := printf '\n==> %s\n'

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help quickstart sft-tiny sft-tiny-paper train-tiny rl-tiny docs docs-serve test test-fast lint format bench clean paper-mini reproduce-4b
.NOTPARALLEL:

help: ## What can be made
	@echo "Usage: make TARGET [PYTHON=python3] [VENV=.venv] [WORKERS=4]"
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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
	@$(BIN)/python -m pip install --quiet -e '.[dev,bfcl,mcp,openapi]'
	@$(BIN)/python -m pip install --quiet --no-deps $(BFCL)
	@touch $@ $(INSTALLED)

# With an NVIDIA GPU the normal packages. Without one CPU torch, and stubs for two packages of which the registry has
# CUDA builds only (constraints-cpu.txt says more); where torch's own index is out of reach, the registry's torch.
TORCH := torch==2.13.0
CPU_INDEX := https://download.pytorch.org/whl/cpu
TRAINS = $(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'

$(INSTALLED_SFT): setup.py constraints.txt constraints-cpu.txt funreason_plugin/__init__.py $(wildcard cpu/*/*.py) | $(INSTALLED)
	@if ! $(TRAINS); then \
	  $(SAY) "Training is left out: llamafactory 0.9.5 is tried with Python 3.11 to 3.13, and this is $$($(BIN)/python -V)"; \
	elif nvidia-smi -L >/dev/null 2>&1; then \
	  $(SAY) "Installing LLaMA-Factory into $(VENV)/"; \
	  $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[sft]' || exit 1; \
	else \
	  $(SAY) "Installing LLaMA-Factory for a CPU into $(VENV)/ (about 80 packages, 2 minutes)"; \
	  $(BIN)/python -m pip install --quiet --retries 0 --timeout 10 $(TORCH) --index-url $(CPU_INDEX) 2>/dev/null || \
	    $(BIN)/python -m pip install --quiet $(TORCH) || exit 1; \
	  $(BIN)/python -m pip install --quiet ./cpu/torchaudio ./cpu/torchvision || exit 1; \
	  $(BIN)/python -m pip install --quiet -c constraints-cpu.txt -e '.[sft]' || exit 1; \
	fi
	@touch $@ $(INSTALLED)

# verl beside LLaMA-Factory, with the same torch and stubs.
REINFORCES = $(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'

$(INSTALLED_RL): setup.py constraints.txt constraints-cpu.txt | $(INSTALLED_SFT)
	@if ! $(REINFORCES); then \
	  $(SAY) "verl is left out: both it and LLaMA-Factory work with Python 3.11 and 3.12, and this is $$($(BIN)/python -V)"; \
	else \
	  $(SAY) "Installing verl into $(VENV)/ (about 60 packages more)"; \
	  nvidia-smi -L >/dev/null 2>&1 && constraints=constraints.txt || constraints=constraints-cpu.txt; \
	  $(BIN)/python -m pip install --quiet -c $$constraints -e '.[sft,rl]' || exit 1; \
	fi
	@touch $@

quickstart: $(INSTALLED) ## Install, synthesise 200 verified trajectories, check them, show one, train a tiny model
	@$(SAY) "Synthesising $(NUM) trajectories from the environments travel and files into $(QUICKSTART)/"
	@rm -rf $(QUICKSTART)
	@$(BIN)/python -m funreason_plugin.synthesize --env travel --env files --num $(NUM) --turns 3-5 --seed 0 \
	  --workers $(WORKERS) --teacher scripted --out $(QUICKSTART)/
	@$(SAY) "Checking them: every call is replayed, every rule applied again"
	@$(BIN)/python -m funreason_plugin.check data $(QUICKSTART)/ --workers $(WORKERS)
	@$(SAY) "The beginning of one of them"
	@$(BIN)/python -m funreason_plugin.synthesize show $(QUICKSTART)/ \
	  --index $$(( $(SHOW) < $(NUM) ? $(SHOW) : 0 )) --turns 2
	@$(MAKE) --no-print-directory $(INSTALLED_SFT)
	@if $(TRAINS); then $(MAKE) --no-print-directory train-tiny TINY=$(QUICKSTART)/tiny; fi
	@$(SAY) "What next"
	@echo "  source $(VENV)/bin/activate"
	@echo "  $(QUICKSTART)/report.html                                                # yield, every trajectory, the tool graph"
	@echo "  python -m funreason_plugin.synthesize show $(QUICKSTART)/ --index 1      # another one"
	@echo "  python -m funreason_plugin.synthesize trace $(QUICKSTART)/ --index 1     # how it came about"
	@echo "  python -m funreason_plugin.check env examples/my_tools/equipment.py:EquipmentDesk"
	@echo "  bring your own tools: docs/quickstart.md, 'Your own environment', and docs/tools.md"

sft-tiny: $(INSTALLED_SFT) ## Train a random model on a CPU: recipes/tiny/sft.yaml, export, generate (2 minutes)
	@$(MAKE) --no-print-directory train-tiny

sft-tiny-paper: $(INSTALLED_SFT) ## The same with recipes/tiny/sft_paper.yaml and the start-up hook, which is taken out again
	@$(SAY) "The start-up hook, for this training"
	@$(BIN)/python -m funreason_plugin hook install
	@$(MAKE) --no-print-directory train-tiny SFT=sft_paper; status=$$?; \
	  $(BIN)/python -m funreason_plugin hook remove; exit $$status

# One thread: with two, the threads of two busy cores wait for each other. Elsewhere than out/tiny the recipe's paths are
# given on the command line.
TINY := out/tiny
SFT := sft
RECIPE = recipes/tiny/$(SFT).yaml
TRAIN = llamafactory-cli train $(RECIPE)$(if $(filter-out out/tiny,$(TINY)), \
  model_name_or_path=$(TINY)/model dataset_dir=$(TINY)/llamafactory output_dir=$(TINY)/$(SFT))
EXPORT = llamafactory-cli export --model_name_or_path $(TINY)/$(SFT) --template $$(sed -n 's/^template: //p' $(RECIPE)) \
  --export_dir $(TINY)/$(SFT)-export

train-tiny:
	@$(TRAINS) || { $(SAY) "llamafactory 0.9.5 is tried with Python 3.11 to 3.13; try: make PYTHON=python3.12 VENV=.venv-sft …"; exit 1; }
	@$(SAY) "A random model of 0.4 million parameters and 20 short trajectories, in $(TINY)/"
	@rm -rf $(TINY)
	@$(BIN)/python -m funreason_plugin.sft.tiny_model $(TINY)/model
	@$(BIN)/python -m funreason_plugin.synthesize --env files --num 20 --turns 1-2 --teacher scripted --out $(TINY)/ >/dev/null
	@$(BIN)/python -m funreason_plugin.check data $(TINY)/
	@$(SAY) "Proof: what LLaMA-Factory makes of every row"
	@$(BIN)/python -m funreason_plugin.check sft $(TINY)/ $(RECIPE) --tokenizer $(TINY)/model --show 0
	@$(SAY) "$(TRAIN)"
	@PATH="$(abspath $(BIN)):$$PATH" OMP_NUM_THREADS=1 $(TRAIN) >$(TINY)/train.log 2>&1 || { tail -n 20 $(TINY)/train.log; exit 1; }
	@$(SAY) "$(EXPORT)"
	@PATH="$(abspath $(BIN)):$$PATH" $(EXPORT) >$(TINY)/export.log 2>&1 || { tail -n 20 $(TINY)/export.log; exit 1; }
	@$(SAY) "The export, loaded with transformers. The model was random: the point is that every part runs, not what it writes"
	@$(BIN)/python -m funreason_plugin.sft.show_result $(TINY)/$(SFT) $(TINY)/$(SFT)-export $(TINY)/

# Reinforcement learning of a model that SFT has brought half the way: its data has one turn a conversation, RL's has two.
# SEED decides weights and draws. Elsewhere than out/tiny the recipes' paths are given on the command line;
# RL_ARGS="trainer.total_training_steps=5" goes behind everything.
RL = $(TINY)/rl
SEED := 0
RL_ARGS :=
LAMPS = $(BIN)/python -m funreason_plugin.synthesize --env recipes/tiny/lamps.py:Lamps --calls 1 --reasoning none \
  --error-rate 0 --teacher scripted
WARM = llamafactory-cli train recipes/tiny/sft_rl.yaml$(if $(filter-out 0,$(SEED)), seed=$(SEED))$(if \
  $(filter-out out/tiny,$(TINY)), model_name_or_path=$(RL)/random dataset_dir=$(RL)/sft/llamafactory output_dir=$(RL)/model)
GRPO = python -m verl.trainer.main_ppo --config-dir recipes/tiny --config-name grpo$(if $(filter-out 0,$(SEED)), \
  data.seed=$(SEED) actor_rollout_ref.rollout.seed=$(SEED))$(if $(filter-out out/tiny,$(TINY)), \
  data.train_files=$(RL)/verl/train.parquet data.val_files=$(RL)/verl/val.parquet actor_rollout_ref.model.path=$(RL)/model \
  trainer.default_local_dir=$(TINY)/grpo)$(if $(RL_ARGS), $(RL_ARGS))

rl-tiny: $(INSTALLED_RL) ## Train a tiny model on a CPU by SFT, then by GRPO in verl: recipes/tiny/grpo.yaml (7 minutes)
	@$(REINFORCES) || { $(SAY) "verl beside LLaMA-Factory needs Python 3.11 or 3.12; try: make PYTHON=python3.12 VENV=.venv-rl …"; exit 1; }
	@$(SAY) "A random model of 0.4 million parameters; 400 conversations of one turn for SFT, 120 of two for RL, in $(RL)/"
	@rm -rf $(RL) $(TINY)/grpo
	@$(BIN)/python -m funreason_plugin.sft.tiny_model $(RL)/random --seed $(SEED)
	@$(LAMPS) --num 400 --turns 1 --out $(RL)/sft/ >/dev/null
	@$(LAMPS) --num 120 --turns 2 --seed 1 --val-share 0.3 --out $(RL)/ >/dev/null
	@$(BIN)/python -m funreason_plugin.check data $(RL)/
	@$(SAY) "$(WARM)"
	@PATH="$(abspath $(BIN)):$$PATH" OMP_NUM_THREADS=1 $(WARM) >$(RL)/sft.log 2>&1 || { tail -n 20 $(RL)/sft.log; exit 1; }
	@$(SAY) "$(GRPO)"
	@PATH="$(abspath $(BIN)):$$PATH" $(GRPO) >$(RL)/grpo.log 2>&1 || { tail -n 20 $(RL)/grpo.log; exit 1; }
	@$(BIN)/python -m funreason_plugin.rl.show_run $(TINY)/grpo

# The variable leaves out a notice about releases of mkdocs to come.
$(INSTALLED_DOCS): setup.py | $(INSTALLED)
	@$(SAY) "Installing mkdocs-material into $(VENV)/"
	@$(BIN)/python -m pip install --quiet -e '.[docs]'
	@touch $@

docs: $(INSTALLED_DOCS) ## Build the documentation as a site in site/, which needs no network; a dead link is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict
	@$(SAY) "site/index.html"

docs-serve: $(INSTALLED_DOCS) ## Show the documentation at http://localhost:8088 while it is written
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs serve --strict --dev-addr localhost:8088

# Two trainings at a time; MINI="SEEDS=1 RL=" goes behind everything. Goes on where it was interrupted.
MINI :=
paper-mini: $(INSTALLED_RL) ## The paper's comparison in miniature, on a CPU: docs/miniature.md
	@$(REINFORCES) || { $(SAY) "verl beside LLaMA-Factory needs Python 3.11 or 3.12; try: make PYTHON=python3.12 VENV=.venv-rl …"; exit 1; }
	@$(MAKE) -C benchmarks/miniature -j2 --no-print-directory PYTHON=$(abspath $(BIN))/python $(MINI)

# With the environment's own Python: this one needs GPUs, and what docs/reproduce.md installs.
PARTS :=
PYTHON_4B := python
reproduce-4b: ## The paper's run with Qwen3-4B, for eight GPUs: docs/reproduce.md
	@$(MAKE) -C examples/reproduce_4b --no-print-directory PYTHON=$(PYTHON_4B) $(PARTS)

test: $(INSTALLED_DEV) $(INSTALLED_RL) ## Install, run all tests
	@$(SAY) "Running all tests, about half an hour on two cores (make test-fast leaves out the slow ones)"
	@$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

test-fast: $(INSTALLED_DEV) $(INSTALLED_RL) ## Install, run the tests that take no more than a few seconds each
	@$(SAY) "Running the fast tests"
	@$(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder -m "not slow" $(PYTEST_ARGS)

lint: $(INSTALLED_DEV) ## Install, run ruff and mypy
	@$(SAY) "ruff check, ruff format --check, mypy --strict"
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

format: $(INSTALLED_DEV) ## Mend what ruff can mend
	@$(BIN)/python -m ruff check --fix .
	@$(BIN)/python -m ruff format .

bench: $(INSTALLED_DEV) $(INSTALLED_RL) ## Run every benchmark; each prints its command
	@for file in benchmarks/*.py; do \
	  case $$file in */_*) continue;; esac; \
	  printf '\n==> %s\n' "python $$file"; $(BIN)/python $$file || exit 1; \
	done

clean: ## Remove what was made: the virtual environment, caches, builds, the quickstart folder, out/tiny, site/
	@$(SAY) "Removing $(VENV)/ and caches and builds, $(QUICKSTART)/, out/tiny/ and site/"
	@rm -rf $(VENV) $(QUICKSTART) out/tiny site build dist *.egg-info cpu/*/build cpu/*/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find funreason_plugin tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
