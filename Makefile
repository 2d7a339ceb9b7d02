# Needs a Python 3.11 or later that can make virtual environments; everything else goes into .venv, pinned and hashed.
# Works with GNU make 3.81 and later.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Nothing that the caller set for another Python may bend ours: PYTHONPATH, PYTHONHOME, PYTHONSTARTUP, ...
unexport $(filter PYTHON%,$(.VARIABLES)) __PYVENV_LAUNCHER__

VENV    := .venv
STAMP   := $(VENV)/.ready
# The distribution's comes first: it is built with optimizations, which those that users build seldom are.
PYTHONS := $(or $(PYTHON),/usr/bin/python3 python3.14 python3.13 python3.12 python3.11 python3)
CORES   ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
# Three for each core: most of what is tested waits.
TESTS   := -n $(shell expr $(CORES) \* 3) --dist
# One test runs all programs of a Python with and without the probe, for many minutes.
WHOLE   := EXITMATRIX_TESTS=whole $(VENV)/bin/python -m pytest -o faulthandler_timeout=3600
PIP     := $(VENV)/bin/python -m pip --disable-pip-version-check --no-input install --quiet

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile
	@echo "PYTHON=... names the Python for $(VENV) (after make clean); CORES=... the number of cores for tests."

.PHONY: tour
tour: $(STAMP) ## five minutes in the terminal: eight commands, what they show, and a sentence each
	@$(VENV)/bin/exitmatrix tour $(ARGS)

.PHONY: matrix
matrix: $(STAMP) ## measure every cell and write reports/ (ARGS='--python 3.13* --stack none')
	@$(VENV)/bin/exitmatrix matrix $(ARGS)

.PHONY: races
races: $(STAMP) ## provoke rare outcomes of races, and list those that no run has shown (ARGS as above)
	@$(VENV)/bin/exitmatrix races $(ARGS)

.PHONY: check
check: $(STAMP) ## measure again, and tell what behaves otherwise than reports/ says (ARGS as above)
	@$(VENV)/bin/exitmatrix check $(ARGS)

.PHONY: newest
newest: $(STAMP) ## the newest releases of servers and frameworks, pre-releases too, against reports/ (ARGS='--python 3.13*')
	@$(VENV)/bin/exitmatrix check --newest --pre $(ARGS)

.PHONY: regression
regression: $(STAMP) ## the same as a test suite (TESTARGS='--python cpython-3.13.0 -k SIGKILL')
	@$(VENV)/bin/python -m pytest tests/regression $(TESTS) worksteal $(TESTARGS)

.PHONY: claims
claims: $(STAMP) ## measure what the published claims rest on, and write reports/claims.md
	@$(VENV)/bin/exitmatrix claims --output reports $(ARGS)

.PHONY: site
site: $(STAMP) ## write the answers as pages into reports/site/ (ARGS='--to DIR')
	@$(VENV)/bin/exitmatrix site $(ARGS)

.PHONY: upstream
upstream: $(STAMP) ## write drafts of reports for other trackers into reports/upstream/ (ARGS=--no-run)
	@$(VENV)/bin/exitmatrix upstream $(ARGS)

.PHONY: blog
blog: $(STAMP) ## watch the experiment with two pids, live (ARGS='--victim parent --stack flask-3.1')
	@$(VENV)/bin/exitmatrix blog $(ARGS)

.PHONY: test
test: $(STAMP) ## run the tests, of long lists of cases a part (TESTARGS='-k probe')
	@$(VENV)/bin/python -m pytest $(TESTS) loadgroup $(TESTARGS)

.PHONY: whole
whole: $(STAMP) ## run all cases of the tests, on every Python here (TESTARGS=tests/test_reproducer.py)
	@$(WHOLE) $(TESTS) loadgroup $(TESTARGS)

.PHONY: lint
lint: $(STAMP) ## check style, format, and that what runs inside a Python 2.7 stays 2.7
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-actions action.yml
	@$(VENV)/bin/vermin --quiet --violations --no-tips -t=2.7- -t=3.6- harness/exitmatrix/inside \
	  $$($(call NOT_ASKING,>=3))
	@$(VENV)/bin/vermin --quiet --violations --no-tips -t=3.6- $$($(call NOT_ASKING,>=3\.([7-9]|1[0-9])|<3"))
# Files of scenarios that ask for no such Python; what stands beside an app.py asks for what that does.
NOT_ASKING = find scenarios -name '*.py' | while read -r file; do \
	  app=$${file%/*}/app.py; [ -f "$$app" ] || app=$$file; \
	  grep -qE '^\# requires-python = "($(1))' "$$app" || echo "$$file"; done

.PHONY: types
types: $(STAMP) ## check types
	@$(VENV)/bin/mypy

.PHONY: bench
bench: $(STAMP) ## compare the speed with bare processes and with a handwritten test (ARGS=...)
	@$(VENV)/bin/exitmatrix bench $(ARGS)

.PHONY: fuzz
fuzz: $(STAMP) ## run generated programs against the laws (ARGS='--seed 7 --programs 1000')
	@$(VENV)/bin/exitmatrix fuzz $(ARGS)

.PHONY: faults
faults: $(STAMP) ## kill, flood and starve the harness, and write reports/faults.md (ARGS='--only SIGKILL')
	@$(VENV)/bin/python -m tests.faults $(or $(ARGS),--write)

.PHONY: soak
soak: $(STAMP) ## five thousand trials, four times as many at once as there are cores (ARGS=...)
	@$(VENV)/bin/python -m tests.faults.soak $(ARGS)

.PHONY: blind
blind: $(STAMP) ## compare programs with and without the probe, on every Python here
	@$(WHOLE) $(TESTS) loadgroup -m blind $(TESTARGS)

.PHONY: schema
schema: $(STAMP) ## write the JSON Schemas of records and of --json, as the types have them
	@$(VENV)/bin/python -c 'from exitmatrix.model.schema import schema_text; print(schema_text(), end="")' \
	  >harness/exitmatrix/.record.schema.json
	@mv harness/exitmatrix/.record.schema.json harness/exitmatrix/record.schema.json
	@$(VENV)/bin/python -c 'from pathlib import Path; from exitmatrix.report.exchange.schemas import schema_texts; \
	  [Path("harness/exitmatrix/schemas", f"{name}.schema.json").write_text(text) for name, text in schema_texts().items()]'

.PHONY: examples
examples: $(STAMP) examples/.venv/.ready ## end programs of the wild, and write reports/examples/ (ARGS=pool)
	@bash examples/run.sh $(ARGS)

examples/.venv/.ready: examples/requirements.txt
	@$(VENV)/bin/uv venv --quiet --clear --python $(VENV)/bin/python examples/.venv
	@$(VENV)/bin/uv pip install --quiet --system-certs --python examples/.venv/bin/python --require-hashes -r $<
	@touch $@

.PHONY: zipapp
zipapp: $(STAMP) ## one file, exitmatrix.pyz, that any Python 3.11 to 3.14 runs (ARGS='--output FILE 3.13')
	@$(VENV)/bin/python -m pyz.build $(ARGS)

.PHONY: fidelity
fidelity: $(STAMP) ## run CPython's own tests with and without the probe (ARGS='--python cpython-3.13* --module test_os')
	@$(VENV)/bin/python -m tests.fidelity $(ARGS)

.PHONY: lock
lock: $(STAMP) ## pin again what pyproject.toml asks for (LOCKARGS=--upgrade)
	@$(LOCK) --output-file requirements/runtime.txt
	@$(LOCK) --group dev --constraints requirements/runtime.txt --output-file requirements/dev.txt
	@$(subst pyproject.toml,examples/requirements.in,$(LOCK)) --output-file examples/requirements.txt
LOCK = $(VENV)/bin/uv pip compile pyproject.toml --quiet --no-strip-extras --system-certs --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' $(LOCKARGS)

.PHONY: clean
clean: ## remove .venv and the caches of the tools; reports and measured trials stay
	@rm -rf $(VENV) dist build .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find harness scenarios tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Made once, and again when the pins or pyproject.toml change, when its Python is gone, or when the checkout was copied or
# moved (an environment holds absolute paths: a copy would quietly run the code of the original).
ifeq ($(shell $(VENV)/bin/python -I -c '' 2>/dev/null && cat $(STAMP) 2>/dev/null),$(CURDIR))
else
.PHONY: $(STAMP)
endif

$(STAMP): requirements/dev.txt pyproject.toml
	@for python in $(PYTHONS); do \
	  if "$$python" -I -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "make: preparing $(VENV) with $$("$$python" -I -c 'import sys; print(sys.executable)')" >&2; \
	    exec "$$python" -I -m venv --clear $(VENV); \
	  fi; \
	done; \
	echo "make: no Python 3.11 or later with venv and ensurepip (tried: $(PYTHONS)); name one with PYTHON=..." >&2; \
	exit 1
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@pwd > $@
