# Needs Python 3.11 (or a later one that the locks cover) and make. Everything else is installed into .venv, by hash.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TORCH ?= 2.13.0

.DEFAULT_GOAL := help
.PHONY: help demo run test check format reference lock docs train-setup prove-container prove-deliveries prove-ingest prove-page prove-fuzz prove-workers prove-soak prove-kills prove-feedback clean

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: $(VENV)/.run ## show alerts from sample articles: no network, no token
	$(BIN)/walkback demo

run: $(VENV)/.run ## run the bot with config/ and the environment
	$(BIN)/walkback run

test: $(VENV)/.test ## run the tests
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

check: $(VENV)/.test ## lint, formatting and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.test ## put the source into the one format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

reference: $(VENV)/.test ## write docs/reference/ and config/schema/ anew from the code
	$(BIN)/python -m bot.reference

docs: $(VENV)/.docs ## make the documentation a site, in site/; a broken link is a fault
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lock: $(VENV)/.tools ## write the lock files anew from pyproject.toml
	PATH="$(CURDIR)/$(BIN):$$PATH" LOCK_FLAGS="$(LOCK_FLAGS)" scripts/lock

train-setup: $(VENV)/.test ## install what training the encoder needs (CPU; TORCH=version chooses)
	$(PIP) install torch==$(TORCH)
	$(PIP) install --require-hashes -r requirements/train.lock

# `make prove-NAME` runs a proof that is too slow, or needs too much, for the default test run.
prove-container: $(VENV)/.tools ## build the image without an engine and try it (root; Debian's buildah and debootstrap)
	$(BIN)/hadolint Dockerfile
	tests/container/check.sh

prove-deliveries: $(VENV)/.test $(VENV)/.tools ## 10,000 deliveries under faults and 100 kills (half an hour; npm brings the peer)
	$(BIN)/python tests/proofs/deliveries.py --deliveries 10000 --channels 20

prove-ingest: $(VENV)/.test ## hostile feeds at full size and fifty kills
	LONG_PROOFS=1 $(BIN)/python -m pytest tests/integration/test_hostile_feeds.py tests/integration/test_ingest_kills.py

prove-page: $(VENV)/.test ## the page in Debian's chromium, by keyboard and under axe-core (pip brings playwright, npm axe-core)
	$(PIP) install playwright==1.65.2
	npm install --silent --no-save --prefix $(VENV)/axe axe-core@4.14.1
	$(BIN)/python tests/proofs/page.py --axe $(VENV)/axe/node_modules/axe-core/axe.min.js $(PROOF_FLAGS)

prove-fuzz: $(VENV)/.test ## an hour of fuzzing at the parser's boundary
	$(BIN)/python tests/proofs/fuzz_parser.py --minutes 60

prove-workers: $(VENV)/.test ## workers on PostgreSQL under kills and restarts, and how they scale (an hour)
	$(BIN)/python tests/proofs/workers.py --feeds 200 --articles 5000 --workers 4 --kills 100 --restarts 2
	$(BIN)/python tests/proofs/scaling.py --workers 1,2,4 --feeds 200 --articles 5000

prove-soak: $(VENV)/.test ## an hour at a thousand feeds with faults: memory, threads, handles, lag
	$(BIN)/python tests/proofs/soak.py --feeds 1000 --minutes 60

prove-kills: $(VENV)/.test ## a hundred kills of the bot on SQLite (some minutes)
	$(BIN)/python tests/proofs/kills.py --kills 100

prove-feedback: $(VENV)/.test ## two hundred verdicts on what is new, five seeds: better there, no worse elsewhere (some minutes; the encoder reads once)
	$(BIN)/python tests/proofs/feedback.py $(addprefix --corpus ,$(wildcard ../shared/corpus))

clean: ## remove what make made
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Each stamp stands for an install that went through; a changed lock or pyproject.toml makes it again.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.build: requirements/build.lock $(VENV)/.made
	$(PIP) install --require-hashes -r requirements/build.lock
	@touch $@

$(VENV)/.run: requirements/run.lock pyproject.toml $(VENV)/.build
	@echo "Installing into $(VENV): a few minutes the first time"
	$(PIP) install --require-hashes -r requirements/run.lock
	$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.test: requirements/test.lock $(VENV)/.run
	$(PIP) install --require-hashes -r requirements/test.lock
	@touch $@

$(VENV)/.docs: requirements/docs.lock $(VENV)/.made
	$(PIP) install --require-hashes -r requirements/docs.lock
	@touch $@

$(VENV)/.tools: requirements/tools.lock $(VENV)/.made
	$(PIP) install --require-hashes -r requirements/tools.lock
	@touch $@
