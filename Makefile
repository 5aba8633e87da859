# Targets hold no logic: they make an environment with nox in it and call its sessions (noxfile.py).

.DEFAULT_GOAL := help
.PHONY: help demo test quick docs bench nightly servers redis downstream typing-frameworks soak clean

# The first interpreter that runs, is new enough and can make environments; shims may do neither.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3 python \
	"$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.*/bin/python3; do \
	"$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$python"; break; }; done)

NOX := .venv/bin/nox

help:
	@echo 'make demo        a narrated tour of the package on real traffic'
	@echo 'make test        every check: linters, types, layers, tests on every CPython 3.11+ found here'
	@echo 'make quick       linters, types and layers alone'
	@echo 'make docs        the documentation, into site/'
	@echo 'make bench       against asgiref 3.13.0, as ratios; ARGS="benchmarks.local" for one module'
	@echo
	@echo 'Longer, or with more to install:'
	@echo 'make soak        a million calls of the bridge; nothing may be left behind'
	@echo 'make nightly     the property tests with thousands of examples'
	@echo 'make servers     the WSGI adapters between real servers and frameworks'
	@echo 'make redis       the Redis example against a real redis-server'
	@echo 'make downstream  the suites of Django, Daphne and Flask, and consumers of Channels'
	@echo 'make typing-frameworks  the types against real frameworks and servers, by both checkers'
	@echo
	@echo 'make clean       remove environments and caches'

$(NOX):
	@test -n "$(PYTHON)" || { echo 'error: no Python 3.11 or newer with venv and ensurepip was found' \
		'(looked for python3.11 to python3.14, python3 and python on PATH, and for pyenv versions).' \
		'Install one (Debian: python3 python3-venv) or name it: make PYTHON=/path/to/python3' >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check 'nox>=2025.5.1' uv \
		|| .venv/bin/python -m pip install --quiet --disable-pip-version-check 'nox>=2025.5.1'

demo: $(NOX)
	@$(NOX) -s demo -- $(ARGS)

test: $(NOX)
	@$(NOX) -t test

quick: $(NOX)
	@$(NOX) -t quick

typing-frameworks: $(NOX)
	@$(NOX) -s typing-frameworks -- $(ARGS)

downstream: $(NOX)
	@$(NOX) -s downstream -- $(ARGS)

docs: $(NOX)
	@$(NOX) -s docs

servers: $(NOX)
	@$(NOX) -s servers -- $(ARGS)

nightly: $(NOX)
	@$(NOX) -s nightly -- $(ARGS)

redis: $(NOX)
	@$(NOX) -s redis -- $(ARGS)

bench: $(NOX)
	@$(NOX) -s bench -- $(ARGS)

soak: $(NOX)
	@$(NOX) -s soak -- $(ARGS)

clean:
	rm -rf .venv .nox .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist site
