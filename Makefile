# `make` lists what there is to make.

MODULES = $(addsuffix /...,$(shell go list -m -f '{{.Dir}}'))
FUZZTIME ?= 30s
BENCH ?= .

.DEFAULT_GOAL := help
.PHONY: help test lint fmt generate tidy cover fuzz bench soak ci

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

test: ## the tests of every module, in a minute or so
	go test work

lint: ## the linters of .golangci.yaml over every module
	golangci-lint config verify
	golangci-lint run $(MODULES)

fmt: ## format the code as the linters ask
	golangci-lint fmt $(MODULES)

generate: ## make generated code and the list of modules anew
	go generate work
	GOWORK=off go list -m all > .ci/modules.txt

tidy: ## tidy go.mod and go.sum of every module
	@for dir in $$(go list -m -f '{{.Dir}}'); do (cd $$dir && GOWORK=off go mod tidy) || exit 1; done

cover: ## the coverage of the whole workspace by all its tests: coverage.out, the total last
	go test -coverpkg=work -coverprofile=coverage.out work
	go tool cover -func=coverage.out | tail -n 1

fuzz: ## every fuzz target for FUZZTIME (30s)
	@go test -list '^Fuzz' work | awk '/^Fuzz/ { name[n++] = $$1 } /^ok/ { for (i = 0; i < n; i++) print $$2, name[i]; n = 0 }' | \
	while read -r package target; do \
		echo "$$package $$target"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "$$package" || exit 1; \
	done

bench: ## the benchmarks that match BENCH (all), with allocations
	go test -run '^$$' -bench '$(BENCH)' -benchmem work

soak: ## the tests with the largest counts, under the race detector; hours
	ONBEHALF_COUNTS=soak go test -race -shuffle=on -count=1 -timeout 24h work

ci: ## all that has to hold before a change is taken in
	.ci/run
