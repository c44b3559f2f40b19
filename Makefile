# The few commands that everyone uses. `make` alone lists them.
#
# Cargo builds and tests; this file adds what Cargo does not know: the server
# that the tests need, and the checks that a change has to pass.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS   += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help demo test soak fuzz bench bench-large audit fmt lint doc prerequisites
# Cargo uses every core by itself, and two of it in one folder wait in line.
.NOTPARALLEL:

# A test spends more time waiting for its database than computing.
export NEXTEST_TEST_THREADS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
export RUST_TEST_THREADS ?= $(NEXTEST_TEST_THREADS)

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The dev profile, because a first look should not cost an optimised build. The
# shell makes way for Cargo and Cargo for the program, so that Ctrl-C and other
# signals reach it.
demo: ## Serve with sample data until Ctrl-C; DEMO_ARGS="--listen 127.0.0.1:9000" adds arguments
	@tests/prerequisites build
	@exec cargo run --locked -- demo $(DEMO_ARGS)

# nextest leaves the examples in the documentation to Cargo; they need no server.
test: prerequisites lint doc ## Check everything: format, lints, documentation, tests
	@if cargo nextest --version >/dev/null 2>&1; then \
		tests/with-postgres cargo nextest run --workspace --locked; \
		cargo test --doc --workspace --locked; \
	else \
		tests/with-postgres cargo test --workspace --locked; \
	fi

# Tests of `make test`, each many times as long, and those that cannot be short.
SOAK ?= 10
soak: ## Play restores, kills and fail-overs at length; SOAK=50 is how many times as long as `make test` does
	@tests/prerequisites soak
	@if cargo nextest --version >/dev/null 2>&1; then \
		GATEBOOK_SOAK=$(SOAK) tests/with-postgres cargo nextest run --locked --profile soak --run-ignored all --test gatebook -E 'test(/^soak::/)'; \
	else \
		GATEBOOK_SOAK=$(SOAK) tests/with-postgres cargo test --locked --test gatebook soak:: -- --include-ignored --nocapture; \
	fi
	cargo test --locked -p gatebook-gate-model -- --ignored --nocapture
	tests/soak-metrics
	deploy/check

# Takes schemathesis from PyPI; `make test` has a short form without it.
FUZZ ?= 50
fuzz: ## Send what schemathesis makes of /openapi.json to a demo; FUZZ=200 is how many requests for each call
	@tests/prerequisites build
	tests/fuzz/run $(FUZZ)

# Ten times as many applications, which take a while to make.
bench-large: prerequisites ## Measure with 200,000 applications; BENCH_ARGS adds arguments
	GATEBOOK_BENCH_APPS=200000 tests/with-postgres --fsync cargo bench --locked --bench gatebook $(if $(BENCH_ARGS),-- $(BENCH_ARGS))

bench: prerequisites ## Measure, on a PostgreSQL that writes to disk; BENCH_ARGS adds arguments
	tests/with-postgres --fsync cargo bench --locked --bench gatebook $(if $(BENCH_ARGS),-- $(BENCH_ARGS))

# The advisories are published apart from the crates. Not reaching them says
# nothing about our crates, so it is told and not held against them, unless told
# that it is required.
audit: ## Check the dependencies: licences, bans, sources, advisories
	@if ! cargo deny --version >/dev/null 2>&1; then \
		echo 'cargo-deny is missing. Get it with: cargo install --locked cargo-deny' >&2; \
		exit 1; \
	fi
	cargo deny --locked check licenses bans sources
	@if cargo deny --locked fetch db; then \
		echo 'cargo deny --locked --offline check advisories'; \
		cargo deny --locked --offline check advisories; \
	else \
		echo 'NOT CHECKED: advisories. Their database could not be fetched; the reason is above.' >&2; \
		[ '$(AUDIT_ADVISORIES)' != required ]; \
	fi

fmt: ## Format the code
	cargo fmt --all

lint: ## Check format and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

# Private items are documented too, so a link to one leads somewhere.
doc: ## Build the documentation, without a warning
	RUSTDOCFLAGS='-D warnings -A rustdoc::private_intra_doc_links' cargo doc --workspace --no-deps --locked --document-private-items

prerequisites:
	@tests/prerequisites
