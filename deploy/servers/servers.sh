#!/usr/bin/env bash
# servers.sh FOLDER [DOMAIN...]: a private Dovecot and a private Postfix on free loopback ports, for the demo and the
# tests. Needs root; touches nothing outside FOLDER, and removes FOLDER at the end when it was not there before.
#
# $ACCOUNTS is a file with one account a line: `address:{PLAIN}password::::::`. SIEVE=yes lets accounts have scripts that
# forward and answer mail; it needs Dovecot's Sieve.
# Prints KEY=VALUE lines (ports, certificates, where mail lies), then `ready`, and runs until its standard input
# ends, so that the servers never outlive who started them. Understands, one a line, each answered with `done`:
#   stop dovecot | start dovecot | stop postfix | start postfix
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

fail() { printf 'error: %s\n' "$*" >&2; exit 3; }

[ "$(id -u)" -eq 0 ] || fail "servers.sh needs root: Postfix and Dovecot change to users of their own"
programs=(openssl /usr/lib/dovecot/imap /usr/lib/dovecot/lmtp postfix)
# Comes with Dovecot's Sieve, of which the servers need only a plugin.
[ "${SIEVE:-}" != yes ] || programs+=(sievec)
for program in "${programs[@]}"; do
  command -v "$program" >/dev/null || fail "$program is missing: tests/run.sh and deploy/demo.sh install it"
done
made=
if [ ! -e "$1" ]; then made=yes; fi
mkdir -p "$1"
folder=$(cd "$1" && pwd -P)
shift
DOMAINS="${*:-example.test customer.test}"
# The users of Postfix and Dovecot walk through here.
chmod 711 "$folder"
cat "${ACCOUNTS:-/dev/null}" >"$folder/users"
# Dovecot asks as a user of its own.
chmod 644 "$folder/users"

# A port below those that the kernel hands out, with nobody there.
taken=()
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    case " ${taken[*]:-} " in *" $port "*) continue ;; esac
    (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  taken+=("$port")
  printf -v "$1" %s "$port"
}
for name in IMAP IMAPS LMTP SMTP SUBMISSION SUBMISSIONS; do free_port "$name"; done
export IMAP IMAPS LMTP SMTP SUBMISSION SUBMISSIONS DOMAINS

"$here/ca.sh" "$folder/tls"

declare -A pids=()
start() {
  # A session of its own: Postfix stops its whole process group, and Ctrl-C is for us.
  setsid "$here/$1.sh" "$folder" >"$folder/$1.out" 2>&1 </dev/null &
  pids[$1]=$!
  local port
  for port in $2; do
    for _ in $(seq 200); do
      (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
      kill -0 "${pids[$1]}" 2>/dev/null || break
      sleep 0.05
    done
    fail "$1 does not listen on port $port: $(tail -n 3 "$folder/$1.out" "$folder/$1.log" 2>/dev/null)"
  done
}
stop() {
  local pid=${pids[$1]:-}
  [ -n "$pid" ] || return 0
  unset "pids[$1]"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.05
  done
  kill -9 "$pid" 2>/dev/null || true
}
ports() { case $1 in dovecot) echo "$IMAP $IMAPS $LMTP" ;; postfix) echo "$SMTP $SUBMISSION $SUBMISSIONS" ;; esac; }

finish() {
  stop postfix
  stop dovecot
  [ -z "$made" ] || rm -rf "$folder"
}
trap finish EXIT
trap 'exit 143' INT TERM HUP PIPE

start dovecot "$(ports dovecot)"
start postfix "$(ports postfix)"
for name in IMAP IMAPS LMTP SMTP SUBMISSION SUBMISSIONS; do echo "$name=${!name}"; done
echo "CA=$folder/tls/ca.pem"
echo "MAIL=$folder/mail"
echo ready

while read -r verb server; do
  case "$verb $server" in
    "start dovecot" | "start postfix") start "$server" "$(ports "$server")" ;;
    "stop dovecot" | "stop postfix") stop "$server" ;;
    *) fail "what is '$verb $server'?" ;;
  esac
  echo "done"
done
