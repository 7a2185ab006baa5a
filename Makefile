# Every target that a person or CI runs. `make help` lists them.
SHELL := /bin/bash -o pipefail
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
KFP := .venv-kfp
BIN := $(VENV)/bin

.PHONY: help setup demo bench-local bench-planner verify test conformance conformance-record test-fast test-nightly cluster-up cluster-down cluster-demo image bench bench-hand-over bench-kubeflow record-release profile generate format

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Make .venv with everything a person needs

$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@echo "==> Python packages into $(VENV) (pinned by requirements-dev.lock)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

test-fast: setup ## Unit and property tests only (under a minute)
	$(BIN)/pytest tests/unit tests/property -q -n 2

DEMO := manifests/examples/breast-cancer
DEMO_STATE := build/demo
DEMO_RUN := $(BIN)/levada run --local $(DEMO)/components.yaml $(DEMO)/pipeline.yaml

demo: export LEVADA_HOME := $(DEMO_STATE)
demo: setup ## Run the example twice on this machine (no root, no cluster), compare both runs, write a report
	@rm -rf $(DEMO_STATE); mkdir -p $(DEMO_STATE)
	@echo "==> breast-cancer-a and breast-cancer-b, side by side"
	@$(DEMO_RUN) $(DEMO)/run-a.yaml >$(DEMO_STATE)/a.log 2>&1 & other=$$!; \
		$(DEMO_RUN) $(DEMO)/run-b.yaml; mine=$$?; \
		wait $$other || { cat $(DEMO_STATE)/a.log; exit 1; }; cat $(DEMO_STATE)/a.log | tail -n 3; exit $$mine
	@$(BIN)/levada compare --local breast-cancer-a breast-cancer-b
	@$(BIN)/levada report --local breast-cancer-a breast-cancer-b -O $(DEMO_STATE)/report.html
	@echo "==> the report: $(CURDIR)/$(DEMO_STATE)/report.html"

bench-local: setup ## What the local engine costs, beside a bare loop of processes
	@PYTHONPATH=tests $(BIN)/python -m bench.local

bench-planner: setup ## What a finished task costs the planner, in small runs and in large ones
	@PYTHONPATH=tests $(BIN)/python -m bench.planner

CLUSTER := PYTHONPATH=tests $(BIN)/python -m cluster

test: setup $(KFP)/.ready ## Every test, those on a real cluster included
	@$(CLUSTER) test

$(KFP)/.ready: requirements-kfp.lock
	@echo "==> kfp into $(KFP): it wants an older kubernetes than Levada"
	@test -x $(KFP)/bin/python || $(PYTHON) -m venv $(KFP)
	@$(KFP)/bin/python -m pip install --quiet --require-hashes -r requirements-kfp.lock
	@touch $@

conformance: setup $(KFP)/.ready ## Kubeflow's documents and pipelines of our own, on this machine and on the cluster
	@$(CLUSTER) conformance

conformance-record: setup $(KFP)/.ready ## Ask kfp.local again what it makes of the documents (an hour)
	PYTHONPATH=tests $(BIN)/python -m conformance.record

test-nightly: setup ## A million simulated histories, load and soak, and whether the tests notice missing safeguards (hours)
	LEVADA_HISTORIES=1000000 $(BIN)/pytest tests/simulation -q -n auto
	LEVADA_CLUSTER=58 LEVADA_LOAD=200 LEVADA_SOAK=30 $(BIN)/pytest tests/load -q -s
	tests/simulation/mutants

cluster-up: setup ## Start a real one-node cluster with Levada and an S3 store (tests/cluster/README.md)
	@$(CLUSTER) up

cluster-down: ## Stop it
	@$(CLUSTER) down

image: setup ## Build the product's image
	@$(CLUSTER) image

format: setup ## Format the code and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: setup ## Write crds/, the chart's copy of them and manifests/install.yaml anew
	@$(BIN)/python -m levada.api.crd crds
	@$(BIN)/python manifests/generate.py --helm "$$($(CLUSTER) helm)"

GENERATED := crds helm/levada/files manifests/install.yaml

verify: setup ## Format, lint, types, layers, known flaws of packages, generated files: what needs no running
	@echo "==> format and lint"; $(BIN)/ruff format --check . && $(BIN)/ruff check .
	@echo "==> types"; $(BIN)/mypy
	@echo "==> layers"; $(BIN)/lint-imports --no-cache | tail -n 12
	@echo "==> packages"; PYTHONPATH=tests $(BIN)/python -m supply
	@echo "==> generated files"; $(MAKE) --no-print-directory generate
	@test -z "$$(git status --porcelain $(GENERATED))" || \
		{ git status --short $(GENERATED); echo "generated files differ: run 'make generate' and commit"; exit 1; }

cluster-demo: setup ## Run the example on the real cluster: two runs, their results and plots
	@$(CLUSTER) demo

REPEAT ?= 5
# The API server of the benchmarks stands beside the test cluster, under a number of its own;
# hand-over comes last, for the cluster that it starts would take its part of the machine.
BENCH := LEVADA_CLUSTER=59 PYTHONPATH=tests $(BIN)/python

bench: setup ## Levada beside an ideal client (SCENARIO="fan-1000 ..." REPEAT=5), and hand-over on the real cluster
	@case "$(SCENARIO)" in hand-over) ;; *) \
		$(BENCH) -m bench $(filter-out hand-over,$(SCENARIO)) --repeat $(REPEAT) --record ;; esac
	@case " $(SCENARIO) " in "  "|*" hand-over "*) $(MAKE) --no-print-directory bench-hand-over ;; esac

bench-hand-over: cluster-up ## What Levada costs between two tasks, and when it is idle
	@PYTHONPATH=tests $(BIN)/python -m bench.overhead

bench-kubeflow: cluster-up $(KFP)/.ready ## Five steps that Kubeflow's compiler wrote: seconds, and Pods for each task
	@PYTHONPATH=tests $(BIN)/python -m bench.kubeflow

record-release: setup ## Keep what this version leaves half way: each version after it has to go on from there
	@LEVADA_CLUSTER=58 PYTHONPATH=tests $(BIN)/python -m upgrade.record

profile: setup ## Write a flame graph of the operator at work: SCENARIO=fan-1000
	@$(BENCH) -m bench.profile $(or $(SCENARIO),fan-1000)
