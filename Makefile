# Node 24 comes with the development dependencies, whatever the system's node is; npm puts it first on PATH.
RUN := npm run --silent
.DEFAULT_GOAL := help

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

node_modules: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch node_modules

demo: node_modules ## Watch Meltemi upgrade a real mesh; KEEP=1 leaves it up
	@KEEP=$(KEEP) $(RUN) demo

test: node_modules ## Everything that CI runs
	@$(RUN) test

test-unit: node_modules ## Lint, types, unit and contract tests: seconds
	@$(RUN) test -- lint types unit contract

test-live: node_modules ## The scenarios on a real Kubernetes and Istio; E2E_KUBECONFIG=… on a cluster that you have
	@$(RUN) test -- $(if $(E2E_KUBECONFIG),live,programs chart testbed live)

bench: node_modules ## Measure plan and the idle operator against the floor on 10,000 pods; ARGS="--pods 2000 --deployments 100 --bundle"
	@$(RUN) bench -- $(ARGS)

soak: node_modules ## Let the operator run for an hour of changes and look for growth; ARGS="--minutes 10" or ARGS="--virtual"
	@$(RUN) soak -- $(ARGS)

matrix: node_modules ## The main job on older and newer Kubernetes, and between two istiods; ARGS="--list" shows what it runs
	@$(RUN) matrix -- $(ARGS)

lint: node_modules ## Lint, format check and types
	@$(RUN) test -- lint types

format: node_modules ## Format and apply safe fixes
	@npx biome check --write

build: node_modules ## Bundle dist/meltemi.js
	@$(RUN) build

verify: node_modules ## Regenerate everything that is generated and fail on a difference
	@$(RUN) verify

testbed: node_modules ## Build the testbed's programs now
	@$(RUN) testbed -- build

clean: ## Remove what was built here; the testbed's programs stay in the user's cache
	rm -rf dist node_modules

.PHONY: help demo test test-unit test-live bench soak matrix lint format build verify testbed clean
