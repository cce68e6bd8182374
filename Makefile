# What people and CI run. Everything else is plain `go`.
SHELL   := bash
SERVERS := connectors/connectortest/servers
# nothing of these may be skipped
REQUIRE := postgres,mysql,mariadb,elasticsearch
# the race detector, but not within SQLite, C translated to Go: it is twenty times slower there, and one thread at a time is inside
RACE := -race -count=1 -gcflags='modernc.org/...=-race=false'
# what else `go test` takes: make test ARGS='-run TestX ./connectors/...'
ARGS    := ./...
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
GOFILES  = git ls-files -z --cached --others --exclude-standard '*.go'

.PHONY: help build up down test lint fmt bench bench-peers soak ci

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 8

build: ## build bin/assay
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/assay ./cmd/assay

up: ## start PostgreSQL, MySQL, MariaDB and Elasticsearch for the tests
	@$(SERVERS) up
	@$(SERVERS) env

down: ## stop them
	@$(SERVERS) down

test: ## all tests, race detector on, none skipped; starts and stops the servers that no ASSAY_TEST_* names
	ASSAY_TEST_REQUIRE=$${ASSAY_TEST_REQUIRE:-$(REQUIRE)} $(SERVERS) with go test $(RACE) -timeout 40m $(ARGS)

lint: ## gofumpt, go vet, golangci-lint
	@out=$$($(GOFILES) | xargs -0 $$(.tools/get gofumpt) -l) && [ -z "$$out" ] || { echo "not formatted as gofumpt does it (make fmt):"; echo "$$out"; exit 1; }
	go vet ./...
	$$(.tools/get golangci-lint) run

fmt: ## format as lint wants it
	$(GOFILES) | xargs -0 $$(.tools/get gofumpt) -w

bench: ## ratios to floors and peers, servers included; nothing else should run on the machine
	ASSAY_TEST_REQUIRE=$(REQUIRE),shared $(SERVERS) with go test -p 1 -v -run '^$$' -bench 'OnePass|Evaluator|Stream|DiffMySQL|DiffElasticsearch|Join|Link' -benchtime 1x -timeout 90m ./cmd/assay ./connectors/postgres ./connectors/mysql ./expectations/parity ./expectations/run ./expectations/diff

bench-peers: ## the same comparison beside reladiff, which pip installs into .peers
	python3 -m venv .peers && .peers/bin/pip install -q 'reladiff[postgresql,mysql]==0.6.0'
	ASSAY_PEERS=$$PWD/.peers/bin ASSAY_TEST_REQUIRE=$(REQUIRE),shared $(SERVERS) with go test -p 1 -v -run '^$$' -bench 'Peer' -benchtime 1x -timeout 60m ./cmd/assay

soak: ## what takes hours rather than minutes: a million pairs, ten thousand comparisons, twenty replications, six million rows
	ASSAY_TEST_SOAK=1000000 ASSAY_TEST_REQUIRE=$(REQUIRE) $(SERVERS) with go test -run 'Soak|Fuzz|Random|AgainstMaps|Injective|Replication' -v -timeout 6h $(ARGS)

ci: ## what CI runs
	.ci/run
