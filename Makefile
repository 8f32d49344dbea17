# Everything a person or CI does with Tenfold. `make help` lists it.
# A fresh machine needs Python 3.11+ (with venv) and make; the rest is installed into .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3 || command -v python)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.stamps
ASSETS := src/tenfold/web/static/vendor/manifest.json
ARGS   ?=

# A hash-checked universal lock for the lowest Python we support, naming no package index.
COMPILE := $(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

# Each process that starts would compile all of its packages again: two of three seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install up test prove lint format types lock bench wheel assets clean

help: ## List these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | \
		while IFS="$$(printf '\t')" read -r name what; do printf '  make %-9s %s\n' "$$name" "$$what"; done

install: $(STAMP)/python $(ASSETS) ## Install everything into .venv (a second run does nothing)
	@:

up: install ## Run Tenfold with its own PostgreSQL and demo data (PORT=8000)
	@$(BIN)/tenfold up $(ARGS)

test: install ## All gates and tests, and coverage (ARGS="-k name": that part of the tests only)
	@tools/browser.sh $(BIN)/python
	@[ "$(TENFOLD_TEST_DATA)" = none ] || [ -d "$(or $(TENFOLD_TEST_DATA),../shared/data)" ] || \
		{ echo "The real files that imports are tested with are not in $(or $(TENFOLD_TEST_DATA),../shared/data): name their folder in TENFOLD_TEST_DATA, or set it to none to leave those tests out."; exit 1; }
	@$(if $(strip $(ARGS)),:,$(MAKE) lint)
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(if $(strip $(ARGS)),$(ARGS),--cov --cov-report=term)

prove: install ## The long proofs: every route by everybody, the holes, timing (half an hour, alone)
	@TENFOLD_TEST_WHOLE=1 $(BIN)/python -m pytest --no-cov tests/walls tests/security tests/openapi/test_keys_reach.py
	@$(BIN)/python tools/holes.py
	@$(BIN)/python -m pytest --no-cov -o python_files='prove_*.py' tests/proofs

lint: install ## Style, types, import rules and unsafe steps in migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports >/dev/null || { $(BIN)/lint-imports; exit 1; }
	@$(BIN)/basedpyright
	@$(BIN)/python tools/unsafe_steps.py

format: install ## Put the code in its usual form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: install ## Measure speed and compare with the recorded figures
	@$(BIN)/python -m bench $(ARGS)

wheel: install ## Build the wheel into dist/, pages' files included
	@$(BIN)/python -m hatchling build -t wheel

lock: $(STAMP)/python ## Write requirements/*.lock again (UPGRADE=1: newer versions) and the npm lock
	@$(COMPILE) pyproject.toml -o requirements/runtime.lock >/dev/null
	@$(COMPILE) pyproject.toml --group dev -c requirements/runtime.lock -o requirements/dev.lock >/dev/null
	@grep -E '^uv==' requirements/dev.lock | sed 's/ .*//' | $(COMPILE) - -o requirements/uv.lock >/dev/null
	@for name in schemathesis openapi-client; do \
		$(COMPILE) requirements/$$name.in -o requirements/$$name.lock >/dev/null || exit 1; done
	@$(BIN)/python tools/assets.py --lock
	@! grep -HnE '(https?|file)://' requirements/*.lock || { echo "A lock names a package index; see the lines above."; exit 1; }

assets: $(STAMP)/python ## Fetch the pages' files (htmx, font, icons) anew
	@$(BIN)/python tools/assets.py --force

clean: ## Remove what was installed and built; the data in .tenfold stays
	rm -rf $(VENV) build dist src/tenfold/web/static/vendor
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- how install works: each stamp is made anew only when what it depends on changed ---

$(STAMP)/venv:
	@tools/python.sh "$(PYTHON)" $(VENV)
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/python: $(STAMP)/venv requirements/dev.lock requirements/uv.lock pyproject.toml
	@tools/install.sh $(BIN)
	@touch $@

$(ASSETS): $(STAMP)/python tools/assets.py package.json package-lock.json
	@$(BIN)/python tools/assets.py
	@touch $@
