#!/usr/bin/env bash
# Everything that must hold before a change goes in: form, lints, tests, documentation, and the policies that are
# shipped. Works from any folder; needs Rust, and installs on Debian what else is missing. Once the crates are there
# it needs no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 3; }

# Installs Debian packages when the program that they bring is missing.
need() { deploy/servers/need.sh "$@"; }

# Runs a step and says how long it took.
run() {
  say "$*"
  local began=$SECONDS
  "$@"
  printf -- '-- %d s\n' $((SECONDS - began))
}

command -v cargo >/dev/null || fail "Rust is missing: see https://rustup.rs, any stable version from rust-version in Cargo.toml on"
# Rust links with the C compiler, and blake3 brings assembler of its own.
need cc gcc libc6-dev
# The tests in tests/field start servers of their own; these only have to be there.
need openssl openssl
need /usr/lib/dovecot/imap dovecot-imapd
need /usr/lib/dovecot/lmtp dovecot-lmtpd
need sievec dovecot-sieve
need postfix postfix
# Only looks at the unit; nothing is run by it.
need systemd-analyze systemd
cargo fmt --version >/dev/null 2>&1 || fail "rustfmt is missing: rustup component add rustfmt"
cargo clippy --version >/dev/null 2>&1 || fail "clippy is missing: rustup component add clippy"

run cargo fmt --check
run cargo clippy --locked --all-targets -- -D warnings
run cargo test --locked --no-fail-fast
run env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --quiet

# The tests have built the program; building it alone would build every crate anew, with the features that it needs alone.
nightdesk="${CARGO_TARGET_DIR:-target}/debug/nightdesk"
for policy in rules/*/ deploy/demo/policy/; do
  run "$nightdesk" check --policy "${policy%/}"
done
run "$nightdesk" test rules/*/
run tests/deploy.sh

say "all is well, after $SECONDS s"
