# Two commands do everything on a fresh Debian machine: `make run` and `make test`.
CARGO ?= cargo
DATA ?= ./data
HOST ?=
# Seconds for each fuzz target.
FUZZ_SECONDS ?= 300
FUZZ_TARGETS ?= $(sort $(notdir $(basename $(wildcard fuzz/fuzz_targets/*.rs))))

.PHONY: help run build test tour stories screenshots web-figures bench fuzz sqlx prepare web

help: ## Shows this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

prepare:
	@scripts/prepare.sh

# The web app goes into the program: it is built first, when it has changed.
web: prepare
	@scripts/web.sh

run: web ## Installs what is missing, builds, starts the server in the foreground (HOST=0.0.0.0 listens beyond loopback)
	$(CARGO) build --profile quick --bin postamt
	exec target/quick/postamt serve --data $(DATA) --dev $(if $(HOST),--host $(HOST))

build: web ## Builds the full release: target/release/postamt
	$(CARGO) build --release --bin postamt

test: web ## Runs every test
	cd web && npm run --silent check && npm run --silent size && npm run --silent test
	$(CARGO) test --workspace
	scripts/tour.mjs --binary target/debug/postamt
	cd web && npm run --silent stories -- --binary ../target/debug/postamt

stories: web ## Runs the browser stories (SHOTS=folder keeps pictures)
	$(CARGO) build --bin postamt
	cd web && npm run --silent stories -- --binary ../target/debug/postamt

tour: web ## Runs the README's tour against a fresh server and compares
	$(CARGO) build --profile quick --bin postamt
	scripts/tour.mjs --binary target/quick/postamt

screenshots: web ## Renews the pictures of this README
	$(CARGO) build --bin postamt
	cd web && node tests/screenshots.mjs --binary ../target/debug/postamt

web-figures: web ## Measures the web app against a server with 10,000 accounts and a mailbox of 100,000 messages
	$(CARGO) build --profile quick --bin postamt
	cd web && node tests/figures.mjs --binary ../target/quick/postamt

bench: prepare ## Measures the Router, then mail, API and telephony beside their peers (as root)
	$(CARGO) bench -p router -p sip
	$(CARGO) build --release --bin postamt
	bench/peers/quiet_install.sh postfix dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd wrk
	bench/run.mjs --binary target/release/postamt

# Without a sanitizer the stable toolchain will do: the rooms hold no unsafe code. What is found anew stays in fuzz/corpus-local.
fuzz: ## Fuzzes every parser and protocol machine (FUZZ_SECONDS=300 each, FUZZ_TARGETS="smtp_path imap_server" some of them)
	@$(CARGO) fuzz --version > /dev/null 2>&1 || { echo 'make fuzz needs cargo-fuzz: cargo install cargo-fuzz' >&2; exit 1; }
	@for target in $(FUZZ_TARGETS); do \
		mkdir -p fuzz/corpus-local/$$target; \
		echo "$$target, $(FUZZ_SECONDS) s"; \
		$(CARGO) fuzz run -s none $$target fuzz/corpus-local/$$target fuzz/corpus/$$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=20 || exit 1; \
	done

sqlx: prepare ## Refreshes src/store/.sqlx with a scratch PostgreSQL
	scripts/sqlx.sh
