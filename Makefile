# What people and CI run. Everything else is plain `go`.
SHELL   := bash
SERVERS := connectors/connectortest/servers
# nothing of these may be skipped
REQUIRE := postgres,mysql,mariadb,elasticsearch
# The race detector, but not within others' codecs, parsers and interpreters, whose loops over every byte it slows twenty times: they start no
# goroutine that shares memory with ours. SQLite is C translated to Go, with one thread at a time inside. What is ours is watched, and
# so is whatever hands memory from one goroutine to another: io, bufio, bytes, net, database/sql, pgx, the MySQL driver. What is given
# up: the reads and writes of our memory that a codec does by itself (those of encoding/json go through reflect, and are seen).
# QUIET are those that use sync. They are compiled without inlining: what sync does must stay a call into sync, where the detector
# sees it, or it reports races that are none (encoding/json keeps what it knows of a type in a sync.Map). Packages that call
# functions of sync/atomic to publish what they made (protobuf) can be neither; cel-go calls them for one number of its own.
UNWATCHED := modernc.org/... encoding/base64 encoding/csv encoding/hex strconv internal/strconv unicode/... github.com/andybalholm/... \
  github.com/antlr4-go/... github.com/cespare/... github.com/clipperhouse/... github.com/google/go-cmp/... github.com/parquet-go/bitpack/... \
  github.com/parquet-go/jsonlite/... github.com/santhosh-tekuri/... go.yaml.in/...
QUIET := cel.dev/cel-go/... compress/... encoding/json/... hash/... html math/... regexp/... github.com/klauspost/... \
  github.com/parquet-go/parquet-go/... github.com/pierrec/... golang.org/x/text/...
# A process under the detector sleeps a second before it ends, for goroutines that may race still; each `assay` that a script runs is one.
export GORACE ?= atexit_sleep_ms=50
RACE := -race -count=1 $(foreach p,$(UNWATCHED),-gcflags='$(p)=-race=false') $(foreach p,$(QUIET),-gcflags='$(p)=-race=false -l')
# what else `go test` takes: make test ARGS='-run TestX ./connectors/...'
# the two longest first: the last to end has no other beside it
ARGS    := ./cmd/assay ./expectations/diff ./...
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

# the large tables of the sampling benchmark are in the servers' memory, 6 GB each
bench: ## ratios to floors and peers, servers included; nothing else should run on the machine
	ASSAY_SERVERS_BUFFERS=6144 ASSAY_TEST_REQUIRE=$(REQUIRE),shared $(SERVERS) with go test -p 1 -v -run '^$$' -bench 'OnePass|Evaluator|Stream|DiffMySQL|DiffElasticsearch|Join|Link|Sample' -benchtime 1x -timeout 90m ./cmd/assay ./connectors/postgres ./connectors/mysql ./expectations/parity ./expectations/run ./expectations/diff

bench-peers: ## the same comparison beside reladiff, which pip installs into .peers
	python3 -m venv .peers && .peers/bin/pip install -q 'reladiff[postgresql,mysql]==0.6.0'
	ASSAY_PEERS=$$PWD/.peers/bin ASSAY_TEST_REQUIRE=$(REQUIRE),shared $(SERVERS) with go test -p 1 -v -run '^$$' -bench 'Peer' -benchtime 1x -timeout 60m ./cmd/assay

soak: ## what takes hours rather than minutes: a million pairs, ten thousand comparisons, a thousand samples, twenty replications, six million rows
	ASSAY_TEST_SOAK=1000000 ASSAY_TEST_REQUIRE=$(REQUIRE) $(SERVERS) with go test -run 'Soak|Fuzz|Random|AgainstMaps|Injective|Replication|Sample|Walk|Kill|TestOverhead' -v -timeout 6h $(ARGS)

ci: ## what CI runs
	.ci/run
