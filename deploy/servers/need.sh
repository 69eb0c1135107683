#!/usr/bin/env bash
# need.sh PROGRAM PACKAGE...: installs Debian packages when the program that they bring (a name or a path) is missing.
#
# Made for machines that do other work: nothing already there is removed or replaced, no service is started by the
# installing or at the next boot, and no configuration is written that one of them would run with.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin

fail() { printf 'error: %s\n' "$*" >&2; exit 3; }

program=$1
shift
command -v "$program" >/dev/null && exit
command -v apt-get >/dev/null || fail "$program is missing, and there is no apt-get to install $* with"
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || fail "$program is missing: install $* as root, then run this again"
  exec sudo "$0" "$program" "$@"
fi

printf '\n== %s is missing: installing %s\n' "$program" "$*"

# Packages of servers ask this program whether they may start them, and take 101 as a no. One that is already there,
# or a link, is put back as it was.
asked=/usr/sbin/policy-rc.d
kept=
give_back() {
  rm -f "$asked"
  [ -z "$kept" ] || mv -f "$kept" "$asked"
}
if [ -e "$asked" ] || [ -L "$asked" ]; then
  kept=$(mktemp -u "$asked.kept-XXXXXX")
  mv "$asked" "$kept"
fi
trap give_back EXIT
trap 'exit 130' INT TERM HUP
printf '#!/bin/sh\nexit 101\n' >"$asked"
chmod 755 "$asked"

export DEBIAN_FRONTEND=noninteractive
# Without this answer Postfix would be configured as a mail server of the internet.
case " $* " in *" postfix "*)
  if command -v debconf-set-selections >/dev/null; then
    echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
  fi
esac
# Debian starts what is installed at the next boot, too; what was there before keeps its ways.
news=()
for service in dovecot.service dovecot.socket postfix.service; do
  [ -e "/lib/systemd/system/$service" ] || news+=("$service")
done

apt="apt-get -o DPkg::Lock::Timeout=300 -qq"
$apt update
$apt install -y --no-install-recommends --no-remove "$@" >/dev/null ||
  fail "$* cannot be installed beside what is there (nothing was removed for it)"

for service in "${news[@]}"; do
  if [ -e "/lib/systemd/system/$service" ] && command -v systemctl >/dev/null; then
    systemctl disable --quiet "$service" 2>/dev/null || true
  fi
done
