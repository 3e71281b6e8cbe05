# Two commands do everything, their own set-up included: `make demo` and `make test`.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
JOBS   ?= auto

# What is compiled is kept, whatever the shell says: each of the many processes of the tests would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

# The Auth emulator's: fetched once, 230 MB, a minute. Node 20 or newer.
FIREBASE_TOOLS := 15.34.2
FIREBASE       := .tools/firebase/$(FIREBASE_TOOLS)

# Checks the types of the public names, as the editors of apps do: fetched once, 38 MB, seconds.
PYRIGHT_VERSION := 1.1.414
PYRIGHT         := .tools/pyright/$(PYRIGHT_VERSION)

# Only for a figure of the bench: fetched once, 260 MB, half a minute.
FIREBASE_JS_VERSION := 13.2.0
FIREBASE_JS         := .tools/firebase-js/$(FIREBASE_JS_VERSION)

.DEFAULT_GOAL := help
.PHONY: help setup demo tools test pytest mutate-rules soak kills tunnels soak-real fuzz bench lint format clean

help:            ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## the virtual environment, with pinned packages

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else "Dal Segno needs Python 3.11 to 3.13, this is %d.%d: call make with PYTHON=/path/to/python3.12" % v)'
	$(PYTHON) -m venv $(VENV)
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet -c constraints.txt -e '.[apps,admin,dev]'
	@touch $@

demo: $(READY)   ## both apps, two devices each, on the emulators (offscreen where there is no display)
	@$(MAKE) -s --no-print-directory tools || echo "The demo goes on without it: nobody signs in." >&2
	$(BIN)/python -m apps.demo

tools: $(FIREBASE) $(PYRIGHT)  ## the Firebase CLI, for the Auth emulator; pyright

$(FIREBASE):
	@command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)' || \
	  { echo "The Auth emulator runs on Node 20 or newer, and npm fetches it: install both." >&2; exit 1; }
	@mkdir -p $(@D)
	@echo "Fetching the Firebase CLI $(FIREBASE_TOOLS) into .tools (230 MB, about a minute) …"
	@npm install --prefix .tools/firebase --no-audit --no-fund --no-package-lock --ignore-scripts --omit=optional --loglevel=error firebase-tools@$(FIREBASE_TOOLS)
	@touch $@

$(PYRIGHT):
	@command -v npm >/dev/null || { echo "npm fetches pyright: install it, with Node 20 or newer." >&2; exit 1; }
	@mkdir -p $(@D)
	@npm install --prefix .tools/pyright --no-audit --no-fund --no-package-lock --ignore-scripts --omit=optional --loglevel=error pyright@$(PYRIGHT_VERSION)
	@touch $@

$(FIREBASE_JS):
	@command -v npm >/dev/null || { echo "npm fetches firebase-js-sdk: install it, with Node 20 or newer." >&2; exit 1; }
	@mkdir -p $(@D)
	@npm install --prefix .tools/firebase-js --no-audit --no-fund --no-package-lock --ignore-scripts --loglevel=error firebase@$(FIREBASE_JS_VERSION)
	@touch $@

test: $(READY) $(FIREBASE) $(PYRIGHT)  ## all tests, and lint beside them
	@$(MAKE) --no-print-directory -j2 lint pytest

pytest: $(READY)
	@$(BIN)/python -m tests.apps.books
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=
	$(BIN)/coverage report --skip-covered --include='sdk/*' --fail-under=90
	$(BIN)/coverage report --skip-covered --include='apps/*' --fail-under=85

mutate-rules: $(READY)  ## breaks each condition of firestore.rules: the tests must notice
	$(BIN)/python -m tests.rules.mutate

soak: $(READY)   ## simulated devices in bad weather: make soak SCHEDULES=10000 SEED=0
	$(BIN)/python -m tests.support.simulation.soak --schedules $(or $(SCHEDULES),10000) --seed $(or $(SEED),0)

kills: $(READY)  ## an app killed with SIGKILL while it edits: make kills KILLS=200 SEED=1
	$(BIN)/python -m tests.soak.kills --kills $(or $(KILLS),200) $(if $(SEED),--seed $(SEED))

tunnels: $(READY) ## tunnels between two devices, and how soon they agree: make tunnels TUNNELS=30 SEED=1
	$(BIN)/python -m tests.soak.tunnels --tunnels $(or $(TUNNELS),30) $(if $(SEED),--seed $(SEED))
	$(BIN)/python -m tests.soak.dead_links

soak-real: $(READY) ## a virtual day and ten real minutes: nothing may grow: make soak-real MINUTES=10 SEED=1
	$(BIN)/python -m tests.soak.endurance --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

fuzz: $(READY)   ## all that parses what others send: make fuzz SECONDS=240
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),240)

bench: $(READY)  ## the figures, as a table and in build/bench/results.json
	@$(MAKE) -s --no-print-directory $(FIREBASE_JS) || echo "The bench goes on without firebase-js-sdk." >&2
	$(BIN)/python -m benchmarks

lint: $(READY)   ## types, style, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## mends what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:           ## removes what was built, the virtual environment too
	rm -rf $(VENV) build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
