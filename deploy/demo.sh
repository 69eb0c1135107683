#!/usr/bin/env bash
# nightdesk on real mail, in two minutes: starts a private Dovecot and a private Postfix, lets the daemon watch two
# mailboxes, sends six mails, and shows what was decided and why, the alert as received, and the replies as they lie in
# the customers' mailboxes. Then stops everything and removes what it made, except for packages.
#
# For Debian 12 with Rust, as root or with sudo. Installs what is missing; leaves mail servers that are there alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo=deploy/demo

fail() { printf 'error: %s\n' "$*" >&2; exit 3; }

bold="" dim="" plain=""
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1;34m' dim=$'\e[2m' plain=$'\e[0m'; fi
title() { printf '\n%s== %s %s%s\n' "$bold" "$1" "$(printf '=%.0s' $(seq $((76 - ${#1}))))" "$plain"; }
say() { printf '%s%s%s\n' "$dim" "$*" "$plain"; }

# ---- What it needs ---------------------------------------------------------------------------------------------------

command -v cargo >/dev/null || fail "Rust is missing: see https://rustup.rs, any stable version from rust-version in Cargo.toml on"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "run this as root, or install sudo: Dovecot and Postfix change to users of their own"
  as_root=(sudo)
  sudo -v
fi
deploy/servers/need.sh cc gcc libc6-dev
deploy/servers/need.sh openssl openssl
deploy/servers/need.sh python3 python3
deploy/servers/need.sh /usr/lib/dovecot/imap dovecot-imapd
deploy/servers/need.sh /usr/lib/dovecot/lmtp dovecot-lmtpd
deploy/servers/need.sh postfix postfix

# For six mails a debug build is fast enough, and there in a third of the time.
profile=debug release=
if [ -x "${CARGO_TARGET_DIR:-target}/release/nightdesk" ]; then profile=release release=--release; fi
say "building nightdesk ($profile; the first time takes some minutes)"
cargo build --locked --quiet $release
nightdesk=$PWD/${CARGO_TARGET_DIR:-target}/$profile/nightdesk
built=$SECONDS

# ---- Everything that is started is stopped ---------------------------------------------------------------------------

work=$(mktemp -d "${TMPDIR:-/tmp}/nightdesk-demo-XXXXXX")
chmod 711 "$work"
daemon="" receiver="" servers=""
finish() {
  local code=$?
  trap - EXIT
  [ -z "$daemon" ] || { kill "$daemon" 2>/dev/null && wait "$daemon"; } || true
  [ -z "$receiver" ] || { kill "$receiver" 2>/dev/null && wait "$receiver"; } 2>/dev/null || true
  # The servers end with their standard input.
  [ -z "$servers" ] || { exec {to_servers}>&- && wait "$servers"; } || true
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

# Waits until a command succeeds, for at most 30 seconds.
wait_for() {
  local what=$1
  shift
  for _ in $(seq 150); do
    "$@" && return
    [ -z "$daemon" ] || kill -0 "$daemon" 2>/dev/null || break
    sleep 0.2
  done
  [ ! -s "$work/nightdesk.log" ] || tail -n 20 "$work/nightdesk.log" >&2
  fail "this did not happen: $what"
}

# ---- The servers -----------------------------------------------------------------------------------------------------

export PASSWORD=$RANDOM$RANDOM$RANDOM
for address in {evening,noon,on-call}@example.test {anna,ben,carla,dana}@customer.test; do
  echo "$address:{PLAIN}$PASSWORD::::::"
done >"$work/accounts"
mkfifo "$work/to-servers"
exec {to_servers}<>"$work/to-servers"
"${as_root[@]}" env ACCOUNTS="$work/accounts" deploy/servers/servers.sh "$work/servers" example.test customer.test \
  <"$work/to-servers" >"$work/servers.env" {to_servers}>&- &
servers=$!
servers_ready() { grep -sqx ready "$work/servers.env" || ! kill -0 "$servers" 2>/dev/null; }
wait_for "the servers start" servers_ready
grep -sqx ready "$work/servers.env" || fail "the servers did not start"
# shellcheck disable=SC1090
source <(grep "=" "$work/servers.env")

# ---- The daemon ------------------------------------------------------------------------------------------------------

# A fixed offset from UTC at which it is the given hour now.
zone() {
  local offset=$((($1 - 10#$(date -u +%H) + 36) % 24 - 12))
  if [ $offset -lt 0 ]; then printf -- '-%02d:00' $((-offset)); else printf '+%02d:00' $offset; fi
}
cp -r "$demo/policy" "$work/policy"
sed -i "s/\"-05:00\"/\"$(zone 22)\"/; s/\"+08:00\"/\"$(zone 11)\"/" "$work/policy/policy.toml"
"$nightdesk" check --policy "$work/policy" | fold -s -w 80

free_port() {
  local port
  while port=$((20000 + RANDOM % 12000)); do (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break; done
  echo "$port"
}
pager=$(free_port)
http=$(free_port)
mkdir "$work/alerts" "$work/state"
echo "$RANDOM$RANDOM$RANDOM$RANDOM" >"$work/pager.key"
(umask 077 && echo "$PASSWORD" >"$work/password")
sed "s|@WORK@|$work|; s|@IMAPS@|$IMAPS|; s|@SUBMISSION@|$SUBMISSION|; s|@CA@|$CA|; s|@PAGER@|$pager|; s|@HTTP@|$http|" \
  "$demo/nightdesk.toml" >"$work/nightdesk.toml"

python3 "$demo/receiver.py" "$pager" "$work/pager.key" "$work/alerts" {to_servers}>&- &
receiver=$!
"$nightdesk" run --config "$work/nightdesk.toml" >"$work/nightdesk.log" 2>&1 {to_servers}>&- &
daemon=$!
ready() {
  local status=
  { exec 3<>"/dev/tcp/127.0.0.1/$http" && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && read -r _ status _ <&3; } 2>/dev/null
  exec 3>&- 3<&-
  [ "$status" = 200 ]
}
wait_for "the daemon watches both mailboxes" ready
say "nightdesk watches evening@example.test and noon@example.test"

# ---- The mails -------------------------------------------------------------------------------------------------------

title "Six mails arrive: what is decided for each, and why"
smtp() { python3 "$demo/deliver.py" smtp "$SMTP" "$@"; }
append() { python3 "$demo/deliver.py" append "$IMAP" "$@"; }
mails=$demo/mails
smtp '<>' evening@example.test $mails/4-bounce.eml
smtp '<releases@lists.customer.test>' evening@example.test $mails/5-mailing-list.eml
smtp '<carla@customer.test>' noon@example.test $mails/3-question-in-hours.eml
append evening@example.test $mails/2-urgent-question.eml
smtp '<dana@customer.test>' evening@example.test $mails/6-quoted-urgent.eml
delivered_at=$(date +%s.%N)
smtp '<anna@customer.test>' evening@example.test $mails/1-urgent-incident.eml

holds() { [ "$(python3 "$demo/show.py" count "$IMAP" "$1")" -ge 1 ]; }
alerted() { compgen -G "$work/alerts/*.json" >/dev/null; }
wait_for "the alert arrives at the receiver" alerted
for address in on-call@example.test {anna,ben,dana}@customer.test; do
  wait_for "mail arrives for $address" holds "$address"
done

# What is explained is the mail as it lies in the mailbox, at the instant that the server received it.
show() {
  local at
  at=$(python3 "$demo/show.py" source "$IMAP" "$1@example.test" "$2" "$work/mail.eml")
  "$nightdesk" explain --json --policy "$work/policy" --mailbox "$1" --at "$at" "$work/mail.eml" |
    python3 "$demo/show.py" decision "$3"
}
show evening incident@customer.test "by SMTP"
show evening invoices@customer.test "by IMAP APPEND"
show noon colleague@customer.test "by SMTP"
show evening bounce@mx.customer.test "by SMTP with a null return path"
show evening releases-42@lists.customer.test "by SMTP"
show evening thanks@customer.test "by SMTP"
say "The whole trace of each, with the line of the policy: nightdesk explain FILE"

title "The alert, as the webhook receiver got it"
python3 "$demo/show.py" alert "$work"/alerts/*.json "$delivered_at"

title "The same alert, as it lies in on-call@example.test"
python3 "$demo/show.py" mail "$IMAP" on-call@example.test

title "The reply to the incident, as it lies in anna@customer.test"
python3 "$demo/show.py" mail "$IMAP" anna@customer.test

title "The reply to the urgent question, as it lies in ben@customer.test"
python3 "$demo/show.py" mail "$IMAP" ben@customer.test

# The daemon writes down how it is doing every few seconds.
fresh() {
  "$nightdesk" status --json --config "$work/nightdesk.toml" | python3 "$demo/show.py" fresh
}
wait_for "the daemon says that both mailboxes are read" fresh

title "What the daemon says: nightdesk cases, outbox, status"
"$nightdesk" cases --config "$work/nightdesk.toml"
echo
"$nightdesk" outbox --all --config "$work/nightdesk.toml"
echo
"$nightdesk" status --config "$work/nightdesk.toml" || fail "the daemon says that something is wrong"

title "Done"
say "Stopping everything, $((SECONDS - built)) seconds after the build."
