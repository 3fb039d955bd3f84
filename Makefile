# Everything that a clone needs: Python 3.11 and this file; for the services also Java, Maven and Go.
PYTHON ?= python3.11
BIN := .venv/bin
export PYTHONDONTWRITEBYTECODE = # hundreds of processes begin: what one of them compiled, the next one reads

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: install
install: .venv/installed ## put codetrail into .venv/bin

.PHONY: demo
demo: install ## a hostile simulated shop, from raw events to an ROI table and a picture
	@$(BIN)/codetrail --workspace demo demo

.PHONY: services
services: .venv/installed ## put Kafka and Prism into .services, for tests and endless streams
	@$(BIN)/python -m services provision

.PHONY: browser
browser: .venv/installed ## find Debian's Chromium, or install it as root, for the tests of the page
	@$(BIN)/python -m services browser

.PHONY: prometheus
prometheus: .venv/installed ## find Prometheus, or unpack Debian's into .services, for the tests of the dashboard and the alerts
	@$(BIN)/python -m services prometheus

.PHONY: services-flink
services-flink: .venv/installed ## put Flink and Beam's job server for it into .services
	@$(BIN)/python -m services flink

.PHONY: flink-start
flink-start: services-flink ## a Flink cluster of this machine, with a job server and Python workers
	@$(BIN)/python -m services flink-start

.PHONY: flink-stop
flink-stop: .venv/installed ## stop that cluster
	@$(BIN)/python -m services flink-stop

.PHONY: services-start
services-start: .venv/installed ## a Kafka broker of this machine, on port 9092
	@$(BIN)/python -m services start

.PHONY: services-stop
services-stop: .venv/installed ## stop that broker; its topics stay
	@$(BIN)/python -m services stop

.PHONY: test
test: .venv/installed-dev services services-flink browser prometheus ## check the style, the types and every test
	$(MAKE) --no-print-directory --jobs 2 --output-sync types style
	$(BIN)/python -m compileall -q pipelines
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: types
types: .venv/installed-dev
	$(BIN)/mypy

.PHONY: style
style: .venv/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/sqlfluff lint dbt_project

.PHONY: picture
picture: .venv/installed-dev browser demo ## the README's picture of the live page, over the demo
	$(BIN)/python -m services.picture demo docs/live-page.png

.PHONY: format
format: .venv/installed-dev ## let ruff and sqlfluff rewrite what they can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/sqlfluff fix dbt_project

.PHONY: bench
bench: .venv/installed-dev services ## Codetrail beside what a user would pick instead, into bench/RESULTS.md
	$(BIN)/python -m compileall -q -j 0 pipelines .venv/lib # as each peer is: who compiles first would pay for it
	$(BIN)/python bench/compare.py

.PHONY: lock
lock: .venv/uv ## resolve the dependencies again, with hashes
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-annotate --no-header --no-emit-index-url --universal --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-annotate --no-header --no-emit-index-url --universal --python-version 3.11 --group dev -c requirements.lock -o requirements-dev.lock
	echo uv | $(BIN)/uv pip compile -q --upgrade --generate-hashes --no-annotate --no-header --no-emit-index-url --universal --python-version 3.11 - -o requirements-uv.lock

.PHONY: clean
clean: ## remove what the other verbs made
	@if [ -e .services/run/pid ]; then $(BIN)/python -m services stop; fi
	rm -rf .venv .services demo dbt_project/target dbt_project/logs

.venv/bin/pip:
	$(PYTHON) -m venv .venv

.venv/uv: .venv/bin/pip requirements-uv.lock
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@touch $@

.venv/installed: .venv/uv requirements.lock pyproject.toml
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@
