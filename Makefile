# Node 24 comes with the development dependencies, whatever the system's node is; npm puts it first on PATH.
RUN := npm run --silent
.DEFAULT_GOAL := help

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# npm writes this file when everything else is in place
INSTALLED := node_modules/.package-lock.json
$(INSTALLED): package.json package-lock.json
	npm ci --no-audit --no-fund
# after a demo, only a part is there
ifeq ($(wildcard node_modules/jest),)
.PHONY: $(INSTALLED)
endif

# The demo needs no linter, compiler or test runner. Where nothing is installed yet, its packages and Node 24 are fetched side by side, so
# that it begins sooner. npx takes Node from node_modules if it is there, or else keeps it in npm's cache.
NODE := npx --yes --no-progress --package node@$(shell sed -n '/"node_modules\/node": {/,/}/s/.*"version": "\(.*\)".*/\1/p' package-lock.json) -- node
demo-packages:
	@npm ci --omit=dev --no-audit --no-fund --no-progress
demo-node:
	@$(NODE) --version > /dev/null

demo: ## Watch Meltemi upgrade a real mesh; KEEP=1 leaves it up
	@test $(INSTALLED) -nt package-lock.json || { echo 'installing what the demo needs ...'; $(MAKE) -s -j2 demo-packages demo-node; }
	@KEEP=$(KEEP) $(NODE) tests/demo/demo.ts

test: $(INSTALLED) ## Everything that CI runs
	@$(RUN) test

test-unit: $(INSTALLED) ## Lint, types, unit and contract tests: seconds
	@$(RUN) test -- lint types unit contract

test-live: $(INSTALLED) ## The scenarios on a real Kubernetes and Istio; E2E_KUBECONFIG=… on a cluster that you have
	@$(RUN) test -- $(if $(E2E_KUBECONFIG),live,programs chart testbed live)

bench: $(INSTALLED) ## Measure plan and the idle operator against the floor on 10,000 pods; ARGS="--pods 2000 --deployments 100 --bundle"
	@$(RUN) bench -- $(ARGS)

soak: $(INSTALLED) ## Let the operator run for an hour of changes and look for growth; ARGS="--minutes 10" or ARGS="--virtual"
	@$(RUN) soak -- $(ARGS)

matrix: $(INSTALLED) ## The main job on older and newer Kubernetes, and between two istiods; ARGS="--list" shows what it runs
	@$(RUN) matrix -- $(ARGS)

lint: $(INSTALLED) ## Lint, format check and types
	@$(RUN) test -- lint types

format: $(INSTALLED) ## Format and apply safe fixes
	@npx biome check --write

build: $(INSTALLED) ## Bundle dist/meltemi.js
	@$(RUN) build

verify: $(INSTALLED) ## Regenerate everything that is generated and fail on a difference
	@$(RUN) verify

testbed: $(INSTALLED) ## Build the testbed's programs now
	@$(RUN) testbed -- build

clean: ## Remove what was built here; the testbed's programs stay in the user's cache
	rm -rf dist node_modules

.PHONY: help demo demo-packages demo-node test test-unit test-live bench soak matrix lint format build verify testbed clean
