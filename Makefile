# Every command of Kontor. `make` alone explains them; the work is done by tools/ (kontor_tools).
#
# Settings, given as `make up KONTOR_PORT=8090` or in the environment:
#   KONTOR_PORT  public port on this machine (8080)
#   KONTOR_HOME  where data, secrets, logs and mails lie (.kontor)
#   KONTOR_DEMO  0 starts without the demo
#   PYTHON       interpreter that creates the environment (the newest python3 found)

KONTOR_HOME ?= $(CURDIR)/.kontor
KONTOR_PORT ?= 8080
KONTOR_DEMO ?= 1
CANDIDATES  := python3 python3.14 python3.13 python3.12 python3.11 python
PYTHON      ?= $(shell for p in $(CANDIDATES); do \
  "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; exit; }; done; \
  command -v python3 || command -v python)

VENV   := $(CURDIR)/.kontor/venv
RUN    := $(VENV)/bin/python -m
KONTOR := KONTOR_HOME='$(KONTOR_HOME)' KONTOR_PORT='$(KONTOR_PORT)' KONTOR_DEMO='$(KONTOR_DEMO)' $(RUN) kontor_tools.cli
CHECK  := env -u KONTOR_HOME -u KONTOR_PORT -u KONTOR_DEMO PATH="$(VENV)/bin:$$PATH" $(RUN) kontor_tools.checks

.DEFAULT_GOAL := help
.PHONY: help environment up down status logs backup restore clean clock mail \
  test test-unit test-integration test-e2e test-containers lint gen bench lighthouse images lock

help: ## Show this help
	@echo "Kontor: the digital office that an insurance broker gives his customers"
	@echo
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) \
	  | while IFS='|' read -r name text; do printf '%-24s %s\n' "$$name" "$$text"; done
	@echo
	@sed -n 's/^#   \(KONTOR_[A-Z]*\|PYTHON\)/  \1/p' $(firstword $(MAKEFILE_LIST))

environment:
	@test -n "$(PYTHON)" || { echo "No Python was found: install Python 3.11 or newer, then run make again." >&2; exit 1; }
	@"$(PYTHON)" tools/bootstrap.py

up: environment ## Start everything and print the address (ATTACH=1: stay in the foreground)
	@$(KONTOR) up $(if $(ATTACH),--attach)

down: environment ## Stop everything; data stays
	@$(KONTOR) down

status: environment ## Show every process: state, restarts, readiness, memory
	@$(KONTOR) status

logs: environment ## Show the last lines of all logs, or follow one (SERVICE=vault)
	@$(KONTOR) logs $(SERVICE)

mail: environment ## Show the last mails that the installation has sent (COUNT=3)
	@$(KONTOR) mail --count $(or $(COUNT),3)

clock: environment ## Move the installation's clock forward (STEP=5m)
	@$(KONTOR) clock advance $(or $(STEP),5m)

backup: environment ## Copy the running installation to one consistent point (TO=folder)
	@test -n "$(TO)" || { echo "Say where to: make backup TO=folder" >&2; exit 1; }
	@$(KONTOR) backup '$(TO)'

restore: environment ## Replace the stopped installation's data by a backup's (FROM=folder)
	@test -n "$(FROM)" || { echo "Say which: make restore FROM=folder" >&2; exit 1; }
	@$(KONTOR) restore '$(FROM)'

clean: environment ## Stop everything and delete the installation's data (ALL=1: the environment too)
	@$(KONTOR) clean
	@$(if $(ALL),rm -rf '$(CURDIR)/.kontor')

test: environment ## Run every check and every test
	@$(CHECK) all

test-unit: environment ## Run the tests that need nothing but Python
	@$(CHECK) unit

test-integration: environment ## Run the tests on real PostgreSQL, NATS and Envoy
	@$(CHECK) integration

test-e2e: environment ## Run the journeys through the gateway and in a real browser
	@$(CHECK) e2e

test-containers: environment ## Run the journeys against the container images (after make images)
	@$(CHECK) containers

lint: environment ## Check style, types and protos
	@$(CHECK) lint

gen: environment ## Regenerate everything derived from the protos
	@$(RUN) kontor_tools.gen

bench: environment ## Measure; prints a table, writes bench/results
	@$(RUN) bench

lighthouse: environment ## Let Lighthouse judge the first pages of the running demo (RUNS=3)
	@KONTOR_HOME='$(KONTOR_HOME)' $(RUN) kontor_tools.lighthouse --runs $(or $(RUNS),3)

images: environment ## Build all container images, or one (SERVICE=vault); needs a Docker engine
	@$(RUN) kontor_tools.images $(SERVICE)

lock: environment ## Pin the newest allowed versions in requirements.lock
	@$(RUN) kontor_tools.lock
