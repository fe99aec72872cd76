# Everything that is done with a checkout. `make` alone lists it. Python 3.11 or newer and make are enough to start:
# scripts/bootstrap.py brings the rest into .venv/ and .cache/. Stamps lie inside what they vouch for, so that deleting
# .venv or node_modules is always a fresh start.

PYTHON ?= python3
BOOTSTRAP := $(PYTHON) scripts/bootstrap.py
RUN := .venv/bin/
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.cache/bin:$(PATH)
export PYTHONUNBUFFERED := 1

LOCKS := uv.lock pyproject.toml scripts/bootstrap.py
WEB_SOURCES := $(shell find webapp -type f -not -path '*/node_modules/*' 2>/dev/null)

# The steps share one .venv and one node_modules, and pytest's summary must come last: -j changes nothing here.
.NOTPARALLEL:
.PHONY: help demo test check quick bench bench-web results parity fuzz webapp browser mobile clean versions
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: .venv/.demo webapp browser ## train, export, prove and build a site, on photos that come with the install
	@$(RUN)safelight demo

# Two processes, a file's tests in one of them: half of the time is spent waiting for browsers.
SIDE_BY_SIDE := -n 2 --dist loadfile

test: .venv/.test webapp browser mobile ## all tests: web, then Python
	@echo '== web tests'
	@npm --prefix webapp --silent run test
	@echo '== Python tests'
	@$(RUN)pytest -q --tb=short $(SIDE_BY_SIDE)

check: .venv/.test webapp/node_modules/.stamp ## format, lint, types, import layers, web checks
	@echo '== ruff' && $(RUN)ruff format --check --quiet . && $(RUN)ruff check --quiet .
	@echo '== mypy' && $(RUN)mypy && $(RUN)mypy scripts bench fuzz
	@echo '== import layers' && layers=$$($(RUN)lint-imports --no-cache) || { echo "$$layers"; exit 1; }
	@echo '== web' && npm --prefix webapp --silent run check

quick: check ## check, and the tests that take no browser and no minutes
	@npm --prefix webapp --silent run test
	@$(RUN)pytest -q --tb=short $(SIDE_BY_SIDE) -m 'not slow and not browser'

bench: .venv/.bench webapp browser ## every figure of the README
	@for script in cli formats main_job diagnose mobile; do echo "== bench/$$script.py"; $(RUN)python "bench/$$script.py" || exit 1; done
	@echo '== bench/resize.mjs' && node bench/resize.mjs

bench-web: .venv/.bench webapp browser ## the web app's figures, against a peer page; OPTIONS="--photos FOLDER --rounds 1"
	@$(RUN)python bench/web.py $(OPTIONS)

results: .venv/.demo ## docs/results.md: the tutorials' sets in PHOTOS=… by our recipes; ONLY=features,mnist SEEDS=0,1,2
	@$(RUN)python bench/results.py "$(PHOTOS)" $(if $(ONLY),--only "$(ONLY)") $(if $(SEEDS),--seeds "$(SEEDS)")

parity: .venv/.test webapp browser ## docs/parity.md from BUNDLE=…, PHOTOS=… (ordinary) and AWKWARD=…, half an hour
	@$(RUN)python bench/parity.py "$(BUNDLE)" --photos "$(PHOTOS)" --awkward "$(AWKWARD)"

FUZZ_SECONDS ?= 600
fuzz: .venv/.test ## ten minutes of hostile files; FUZZ_SECONDS=60 for one
	@$(RUN)python -m fuzz --seconds $(FUZZ_SECONDS)
	@$(RUN)python -m fuzz.core --seconds $$(( $(FUZZ_SECONDS) / 5 ))

webapp: safelight/webapp/index.html ## build the web page into safelight/webapp

browser: # a browser to prove things in; without one its checks are skipped, and say so
	@$(BOOTSTRAP) browser

mobile: ## a compiler for the C core; without one its tests are skipped, and say so
	@$(BOOTSTRAP) compiler

versions: .venv/.test webapp/node_modules/.stamp # what the checks run with
	@$(BOOTSTRAP) versions

clean: ## remove what was built; .venv and .cache/tools stay
	rm -rf demo fuzz-findings safelight/webapp build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find safelight train export tests bench fuzz scripts -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/.demo: $(LOCKS)
	@$(BOOTSTRAP) python export
	@touch $@

.venv/.test: $(LOCKS)
	@$(BOOTSTRAP) python referee heic dev
	@touch $@ .venv/.demo

.venv/.bench: $(LOCKS)
	@$(BOOTSTRAP) python referee bench heic dev
	@touch $@ .venv/.test .venv/.demo

webapp/node_modules/.stamp: webapp/package-lock.json webapp/package.json scripts/bootstrap.py
	@$(BOOTSTRAP) node
	@npm --prefix webapp ci --no-audit --no-fund --loglevel=error
	@touch $@

safelight/webapp/index.html: webapp/node_modules/.stamp $(WEB_SOURCES)
	@npm --prefix webapp --silent run build
	@touch $@
