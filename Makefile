# Everything runs in .venv, made here with any Python that is 3.11 or newer: `make PYTHON=python3.12 test`.
PYTHON ?= python3
BIN := .venv/bin
CODE ?= *4*1420\#

.PHONY: dial screenshots serve test lint types layers format openapi schema graphs thorough promises bench audit clean

dial: .venv/sim  ## Dial a shortcode on this terminal: make dial CODE='*4*1420#'
	@$(BIN)/ussd dial '$(CODE)'

serve: .venv/engine  ## Take gateways' callbacks on 127.0.0.1:8080
	@$(BIN)/ussd serve

test: lint types layers  ## All that must hold before anything lands
	@$(BIN)/pytest --numprocesses auto -m 'not alone'
	@$(BIN)/pytest -m alone

thorough: .venv/dev  ## The properties with ten times as many examples
	@USSD_TEST_PROFILE=thorough $(BIN)/pytest --numprocesses auto -m 'not alone'

fuzz: .venv/dev  ## Ten minutes of made-up octets: make fuzz NAME=smpp, or any gateway
	@$(BIN)/python -m tests.fuzz $(NAME)

promises: .venv/dev  ## The promises, as often as their report says, tests/promises/REPORT.md: 70 minutes; ONLY=p14 for some
ifdef ONLY
	@USSD_TEST_PROMISES=long $(BIN)/pytest -k '$(ONLY)' tests/promises
else
	@export USSD_TEST_PROMISES=long; broken=0; \
	$(BIN)/pytest --numprocesses auto -m 'not alone' tests/promises || broken=$$?; \
	$(BIN)/pytest -m alone tests/promises && exit $$broken
endif

bench: .venv/dev  ## The engine beside a floor and beside other engines: tests/bench/RESULTS.md
	@$(BIN)/ussd bench --peers tests/bench/peers --write tests/bench/RESULTS.md

lint: .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/dev
	@$(BIN)/mypy

layers: .venv/dev
	@$(BIN)/lint-imports

audit: .venv/pip  ## The exact versions against what is known of holes, where that can be reached
	@PYTHON=$(BIN)/python .ci/audit

format: .venv/dev
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

openapi: .venv/engine  ## Write the API's document, ussd/web/api/openapi.json
	@$(BIN)/python -m ussd.web.api

schema: .venv/engine  ## Write the menus' JSON Schema, menus/menu.schema.json
	@$(BIN)/ussd schema >menus/menu.schema.json

screenshots: .venv/sim  ## Draw the phone's pictures in the README, simulator/pictures/
	@$(BIN)/python -m simulator.phone.pictures

graphs: .venv/engine  ## Draw the menus that are shipped in menus/README.md
	@$(BIN)/python -m ussd.pictures

clean:
	rm -rf .venv .ussd

.venv/pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed: make PYTHON=...") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/engine: .venv/pip pyproject.toml constraints.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

.venv/sim: .venv/pip pyproject.toml constraints.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[sim]'
	@touch $@ .venv/engine

.venv/dev: .venv/pip pyproject.toml constraints.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@ .venv/engine .venv/sim
