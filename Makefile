# make run [ONCE=1]                             sandbox, Airflow with its UI, one sync of the sample space
# make check                                    format, lint, types, imports, fast tests: under a minute
# make test                                     all that, docs, and every test: about 15 minutes on two quiet cores
# make test-distributed                         Airflow in parts: two Celery workers, PostgreSQL, Redis, S3; part of make test
# make proofs [SEED=n] [ARGS=tests/content]     property, kill and fuzz tests at full size: docs/proofs.md
# make sync SOURCES=file.yaml [REPORT=out.json] every source of a file once, without a scheduler
# make check-sources [SOURCES=file.yaml]        test the connections of every source; changes nothing
# make backfill SOURCE=x FROM=… TO=…            past windows, by the Airflow of `make run`
# make rebuild-manifest | start-over SOURCE=x   see docs/operations.md
# make docs | screenshots                       the site in site/; its pictures, from a real UI
# make bench-wall | -extract | -lane | -run | -change | -transform | -retrieval | -load | -plan | -web | -spaces   docs/benchmarks.md
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
PYTEST = $(BIN)/python -m pytest -q
MEASURED = .coverage.json
BESIDE = .tests-beside.txt
OTHERS = .tests-others.txt
WHOLE_SERVERS = browser distributed scheduler
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)

# The commands run in your Airflow, which AIRFLOW_HOME names; without one, in that of `make run`, with its connections.
HOME_OF_RUN = AIRFLOW_HOME='$(CURDIR)/.airflow' CONFLUENCE_TWIG_STAGING="$${CONFLUENCE_TWIG_STAGING:-$(CURDIR)/.staging}" \
  CONFLUENCE_TWIG_SOURCES="$${CONFLUENCE_TWIG_SOURCES:-$(CURDIR)/include/sources.yaml}"
COMMAND = $(if $(AIRFLOW_HOME),,$(HOME_OF_RUN)) $(BIN)/confluence-to-twig
CHOSEN = $(if $(SOURCE),'$(SOURCE)') $(if $(SOURCES),--sources '$(SOURCES)') $(if $(VERBOSE),--verbose)

# An Airflow process imports 3,000 modules. Without their bytecode each of them compiles these again, for ten seconds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: bench-web bench-spaces start-over bench-transform bench-retrieval bench-load bench-plan bench-extract bench-lane bench-run bench-change bench-wall run sync check-sources backfill rebuild-manifest screenshots docs test install check lint types imports tests beside test-distributed distributed proofs hooks chromium clean help

help:
	@sed -n '1,/^SHELL/s/^# //p' Makefile

install: .venv/.installed

.venv/.installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { echo "Python 3.11 to 3.14 is needed (Airflow 3.3 runs on no newer one); set PYTHON=python3.12, for instance"; exit 1; }
	@if [ "$(UV)" = .uv/bin/uv ] && [ ! -x .uv/bin/uv ]; then \
	  $(PYTHON) -m venv .uv || { echo "python3-venv is missing: apt-get install python3-venv"; exit 1; }; \
	  .uv/bin/pip install --quiet uv==$(UV_VERSION); fi
	$(UV) sync --frozen --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

run: install
	@$(BIN)/python -m sandbox.run $(if $(ONCE),--once) $(if $(SOURCE),--source $(SOURCE))

sync: install
	@$(COMMAND) sync $(CHOSEN) $(if $(REPORT),--report '$(REPORT)') $(if $(FULL),--full) $(if $(SINCE),--since '$(SINCE)') $(if $(FORCE),--force) $(if $(DRY_RUN),--dry-run) $(if $(APPROVE_DELETIONS),--approve-deletions)

check-sources: install
	@$(COMMAND) check $(CHOSEN)

backfill: install
	@$(COMMAND) backfill $(CHOSEN) --from '$(FROM)' --to '$(TO)'

screenshots: install chromium
	@PYTHONPATH=. $(BIN)/python docs/screenshots.py

# Twenty sources at once are too much for SQLite.
bench-change: distributed

bench-transform bench-retrieval bench-load bench-plan bench-extract bench-lane bench-run bench-change bench-wall bench-web bench-spaces: bench-%: install
	$(BIN)/python -m benchmarks.$* $(ARGS)

# Strict: a broken link or anchor, or a page that would ask another host for something, is an error.
docs: install
	@$(BIN)/python docs/configuration_reference.py
	@NO_MKDOCS_2_WARNING=1 $(UV) run --frozen --isolated --only-group docs mkdocs build --strict
	@echo "The site is in site/"

rebuild-manifest: install
	@$(COMMAND) rebuild-manifest $(CHOSEN)

# Asks before it removes the data source of SOURCE from Twig, with everything in it.
start-over: install
	@$(COMMAND) start-over $(CHOSEN) $(if $(YES),--yes)

# Less than a minute: what to run before each commit.
check: install lint types imports
	$(PYTEST) -m fast

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# Which room may import which: [tool.importlinter] in pyproject.toml.
imports: install
	$(BIN)/lint-imports --no-logo

# Everything. The fast tests run here among the others, so that the coverage counts them.
test: install lint tests

# Whole servers wait much, so two streams of them run at once, on ports of their own: the browser's here, and the others. All the rest
# runs beside them at low priority, on what they leave of the processors. What is not run here is printed when it has ended.
tests: install chromium distributed
	@$(UV) sync --frozen --quiet --group distributed --group measure
	@failed=0; nice -n 10 make --no-print-directory beside >$(BESIDE) 2>&1 & beside=$$!; \
	  make --no-print-directory --keep-going whole-scheduler whole-distributed >$(OTHERS) 2>&1 & others=$$!; \
	  trap 'kill $$beside $$others 2>/dev/null || :' EXIT; echo "Tested beside the page in a browser: $(OTHERS), $(BESIDE)"; \
	  $(PYTEST) tests/browser || failed=1; \
	  tail -n +1 -f --pid=$$others $(OTHERS); wait $$others || failed=1; \
	  tail -n +1 -f --pid=$$beside $(BESIDE); wait $$beside || failed=1; exit $$failed
	$(BIN)/python -m tests.line_coverage $(MEASURED)

whole-%:
	$(PYTEST) tests/$*

# The longest files come first (tests/tiers.py), so that no processor waits for the last one. Each of two processes waits a fifth of the
# time, for servers and child processes; the third uses it. Line coverage: tests/line_coverage.py.
beside: types imports
	$(BIN)/python -m slipcover --source include/confluence_to_twig --json --out $(MEASURED) \
	  -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder $(WHOLE_SERVERS:%=--ignore=tests/%)

# Property, kill and fuzz tests at full size; writes docs/proofs.md. SEED repeats a run, ARGS chooses tests.
proofs: install distributed
	@seed=$(or $(SEED),$$($(PYTHON) -c 'import secrets; print(secrets.randbits(32))')); echo "SEED=$$seed"; \
	  PROOFS_SEED=$$seed $(PYTEST) -n 2 -m "proofs and not whole_server" --timeout=0 --hypothesis-seed=$$seed $(ARGS) || [ $$? = 5 ]; \
	  PROOFS_SEED=$$seed $(PYTEST) -m "proofs and whole_server" --timeout=0 $(ARGS) || [ $$? = 5 ]

# Beside nothing else: it is a whole Airflow with seven processes.
test-distributed: install distributed
	$(PYTEST) tests/distributed

# What the tests of an Airflow in parts need: programs of Debian, which make no database cluster and start no server here, and packages.
distributed: install
	@{ command -v redis-server && ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && mkdir -p /etc/postgresql-common/createcluster.d && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/none.conf \
	  && apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql redis-server >/dev/null; } \
	  || echo "postgresql and redis-server are not installed and can't be installed from here: tests of an Airflow in parts will be skipped"
	@$(UV) sync --frozen --quiet --group distributed

hooks: install
	$(BIN)/pre-commit install --hook-type pre-commit --hook-type pre-push

# What the browser tests and the pictures need from Debian. Without the headless shell, which older releases lack, the tests take longer;
# without either they skip, and say so.
chromium:
	@{ command -v chromium && command -v chromium-headless-shell; } >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && { apt-get install -y -qq chromium chromium-headless-shell || apt-get install -y -qq chromium; } >/dev/null; } \
	  || echo "chromium or chromium-headless-shell is not installed and can't be installed from here: browser tests are skipped, or take longer"

clean:
	rm -rf $(BESIDE) $(OTHERS) $(MEASURED) .venv .uv .import_linter_cache .airflow .airflow-sync .sandbox .staging site
