#!/usr/bin/env bash
# The files of deploy/ are what systemd takes them for: the unit is valid and closed, user and folders can be made, and
# every alarm and alert rule has its entry in the runbook. Changes nothing outside a private folder. Without systemd's
# programs it is skipped; under CI=true that fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Alarms are named in the code as "slug/SUBJECT" or under a constant of their own.
alarms=$(grep -rhoE '(format!|alarm_key)\("[a-z]+(-[a-z]+)+(/\{|"\))' src/service | sed -E 's/.*"([a-z-]+)[\/"].*/\1/' | sort -u)
[ -n "$alarms" ] || fail "no alarm is found in the code"
for entry in $alarms breaker-open $(grep -oE 'RUNBOOK.md#[a-z-]+' deploy/alerts.yml | cut -d'#' -f2 | sort -u); do
  grep -qx "## $entry" deploy/RUNBOOK.md || fail "deploy/RUNBOOK.md has no entry $entry"
done
for metric in $(grep -oE 'nightdesk_[a-z_]+' deploy/alerts.yml | sort -u); do
  name=${metric#nightdesk_}
  name=${name%_total}
  name=${name%_seconds}
  grep -q "\"$name\"" src/telemetry/metrics.rs || fail "deploy/alerts.yml uses $metric, which nobody measures"
done

if ! command -v systemd-analyze >/dev/null; then
  [ "${CI:-}" = true ] && fail "systemd-analyze is missing"
  echo "skipped: systemd-analyze is missing"
  exit 0
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# The program need not be installed here for its unit to be looked at.
sed 's#/usr/local/bin/nightdesk#/bin/true#' deploy/nightdesk.service >"$folder/nightdesk.service"
said=$(systemd-analyze verify --man=no "$folder/nightdesk.service" 2>&1) || fail "the unit is not valid: $said"
[ -z "$said" ] || fail "about the unit: $said"
systemd-analyze security --offline=true --threshold=15 --no-pager "$folder/nightdesk.service" | tail -n 1

if [ "$(id -u)" -eq 0 ] && command -v systemd-sysusers systemd-tmpfiles >/dev/null; then
  root=$folder/root
  mkdir -p "$root/etc"
  systemd-sysusers --root="$root" "$PWD"/deploy/sysusers.d/nightdesk.conf 2>/dev/null
  grep -q '^nightdesk:' "$root/etc/passwd" || fail "sysusers.d makes no user"
  systemd-tmpfiles --root="$root" --create "$PWD/deploy/tmpfiles.d/nightdesk.conf"
  [ "$(stat -c '%a' "$root/etc/nightdesk/credentials")" = 700 ] || fail "credentials are not private"
fi
echo "deploy: all is well"
