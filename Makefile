# Everything a person or a machine does with this repository. `make` alone prints what there is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --warn-undefined-variables --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

# No welcome texts, no telemetry, no idle build nodes left behind.
export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export MSBUILDDISABLENODEREUSE := 1

# Not empty: a build makes the native claw too. So it is where the toolchain is installed; `make build NATIVE=` leaves it out.
toolchain := $(shell clang -E -include zlib.h -x c /dev/null >/dev/null 2>&1 && echo clang)
NATIVE ?= $(toolchain)

# Arguments for the program that `make run` starts, such as ARGS='--listen http://127.0.0.1:7700'.
ARGS ?=

apps := bin/clawgrpc bin/claw bin/sandbox
stamps := artifacts/stamps
natives := $(stamps)/native-claw $(stamps)/native-clawgrpc
# Folders are listed too: a folder's time changes when a file is added to it or deleted from it.
# Of bench the project alone: a folder named like a target would be that target.
roots := $(wildcard src tests protos bench/ClawGrpc.Bench)
projects := $(shell find $(roots) -name '*.csproj' -o -name '*.props' -o -name '*.targets')
sources := $(shell find $(roots) '(' -name bin -o -name obj ')' -prune -o ! -name packages.lock.json -print)
settings := ClawGrpc.sln global.json Directory.Build.props Directory.Packages.props

.PHONY: help
help: ## Print this
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: build ## The whole story in half a minute: onboard, stream, cache, failover, receipt
	@eng/demo.sh

# The suites that `make test` runs; empty runs all.
SUITES ?=

.PHONY: replicas
replicas: build ## Three servers over one PostgreSQL database behind nginx, one killed on the way; installs what it needs
	@eng/replicas.sh

.PHONY: test
test: build ## Everything that tests; the last line counts
	@eng/test.sh $(SUITES)

# A folder of recorded cases of the real programs, for `make parity`. Only the usual one is what the documentation tells of.
CASES ?= ../shared/cases

.PHONY: parity
parity: build ## The recorded command lines of OpenClaw and its like against these programs; CASES=DIR
	@eng/debian.sh faketime
	@node tests/openclaw/parity/main.mjs --cases '$(CASES)' $(if $(filter ../shared/cases,$(CASES)),--docs docs/compatibility.md)

.PHONY: real-openclaw
real-openclaw: build ## The other way round: OpenClaw from npm reads what these programs wrote
	@eng/debian.sh faketime
	@node tests/openclaw/real/main.mjs

.PHONY: clients-http
clients-http: build ## Claude Code, the TypeScript SDK and OpenClaw from npm, pointed at the Messages API over HTTP
	@node tests/messages/main.mjs

.PHONY: dist-clients
dist-clients: build ## The packages of the clients, into artifacts/dist: NuGet, Python, npm, Go
	@eng/dist-clients.sh

# Languages that `make contract` runs; empty runs all.
ONLY ?=

.PHONY: contract
contract: dist ## Every client from its package, with the programs of the archive: the five minutes of its README, then the contract; ONLY='go shell'
	@node tests/contract/main.mjs $(ONLY)

# A folder of recorded traffic, for `make replay`: tests/recordings/README.md has its form. SEED repeats a run.
FIXTURES ?= $(if $(wildcard ../shared/fixtures),../shared/fixtures,tests/recordings)
SEED ?=

.PHONY: replay
replay: build ## Recorded answers and requests through the server, held against the recording; FIXTURES=DIR
	@artifacts/bin/ClawGrpc.Replay/release/ClawGrpc.Replay '$(FIXTURES)' $(SEED)

# What the tests prove by the hundred, by the thousand. It measures memory, so nothing else should run beside it.
proofs := ClawGrpc.EndToEnd.Tests/LeavingTests ClawGrpc.EndToEnd.Tests/CrashTests ClawGrpc.Server.Tests/RandomFaultTests \
  ClawGrpc.Server.Tests/MalformedAnswerTests ClawGrpc.Server.Tests/MalformedRequestTests ClawGrpc.Gateway.Tests/CrashTests \
  ClawGrpc.Gateway.Tests/SharedFileTests ClawGrpc.Server.Tests/BurstTests ClawGrpc.Gateway.Tests/FloodTests \
  ClawGrpc.Server.Tests/LargeAnswerTests ClawGrpc.Server.Tests/EchoTests \
  ClawGrpc.EndToEnd.Tests/SealCrashTests ClawGrpc.Gateway.Tests/SealCrashTests \
  ClawGrpc.EndToEnd.Tests/CallerCrashTests ClawGrpc.Server.Tests/PlanTests ClawGrpc.Server.Tests/ReloadTests

replica-proofs := ClawGrpc.EndToEnd.Tests/RefreshKillTests ClawGrpc.EndToEnd.Tests/ReplicaTests \
  ClawGrpc.Server.Tests/ReplicaTests ClawGrpc.Server.Tests/MigrationTests ClawGrpc.Server.Tests/OutageTests \
  ClawGrpc.Server.Tests/WatcherSpreadTests ClawGrpc.Postgres.Tests/SpreadTests

.PHONY: proof
proof: build ## 1,000 callers that leave in each phase, 5,000 fault scripts, 10,000 malformed answers and requests, 500 kills
	@eng/proof.sh $(proofs)

.PHONY: proof-replicas
proof-replicas: build ## 100 kills of a replica that refreshes a login, 8 minutes without the database, 11 of changes at 3 and at 100
	@eng/debian.sh postgresql
	@eng/proof.sh $(replica-proofs)

.PHONY: check
check: $(stamps)/build ## Lint and the tests of Core: what to run while working
	@eng/lint.sh
	@eng/test.sh ClawGrpc.Core.Tests

.PHONY: build
build: $(stamps)/build $(apps) $(if $(NATIVE),$(stamps)/native-claw) ## Build all of it; leaves bin/clawgrpc (server) and bin/claw (CLI)

.PHONY: native
native: build $(natives) ## Each as one native file, which starts in a tenth of the time; installs the toolchain

.PHONY: dist
dist: native dist-clients ## What is handed out, into artifacts/dist: archive, Debian package, SBOM, checksums
	@eng/dist.sh

# Where `make install` puts the native programs: below DESTDIR/PREFIX.
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: install
install: native ## The native programs, man pages, completion and the unit; PREFIX=/usr/local DESTDIR=
	@eng/install.sh '$(PREFIX)' '$(DESTDIR)'

.PHONY: run
run: build ## The server in the foreground with its embedded store; ARGS='…' goes to it
	@exec bin/clawgrpc $(ARGS)

.PHONY: lint
lint: $(stamps)/restore ## Contracts, code style, shell scripts, and what no file may name
	@eng/lint.sh

.PHONY: bench
bench: build ## What a completion costs, beside a bare reverse proxy
	@bench/run.sh

.PHONY: bench-claw
bench-claw: build native ## What one command costs: claw native and built, beside OpenClaw from npm
	@/usr/bin/python3 bench/claw.py

.PHONY: clean
clean: ## Delete everything that was made here
	rm -rf artifacts bin
	git clean -fdXq -- clients eng src tests

$(stamps)/restore: $(projects) $(settings)
	dotnet restore ClawGrpc.sln --locked-mode
	@mkdir -p $(@D)
	@touch $@

$(stamps)/build: $(stamps)/restore $(sources) .editorconfig
	dotnet build ClawGrpc.sln --configuration Release --no-restore --verbosity quiet
	@touch $@

$(natives): $(stamps)/native-%: $(stamps)/build eng/native.sh
	@eng/native.sh $*
	@touch $@

bin/clawgrpc: project := ClawGrpc.Server
bin/claw: project := ClawGrpc.Cli
bin/sandbox: project := ClawGrpc.Sandbox
$(apps): eng/launcher.sh Makefile
	@mkdir -p $(@D)
	@sed -e 's/@APP@/$(@F)/g' -e 's/@PROJECT@/$(project)/g' eng/launcher.sh > $@
	@chmod +x $@
