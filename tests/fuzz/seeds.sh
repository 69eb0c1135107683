#!/bin/sh
# Packs every policy folder of the repository, with one of the mails, into a seed for the fuzzer:
#   tests/fuzz/seeds.sh FOLDER
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
seeds=${1:?a folder for the seeds}
mkdir -p "$seeds"
cd "$root"
mails=$(ls fixtures/mail/*.eml)
for policy in rules/* fixtures/bad-policies/*; do
    [ -f "$policy/policy.toml" ] || continue
    # Another mail for each policy, in turn.
    mail=$(printf '%s\n' "$mails" | head -n 1)
    mails=$(printf '%s\n' "$mails" | tail -n +2; printf '%s\n' "$mail")
    seed=$seeds/$(printf '%s' "$policy" | tr / _)
    find "$policy" -type f ! -name expected.txt -size -64k | sort | while read -r file; do
        printf '==== %s\n' "${file#"$policy"/}"
        cat "$file"
        echo
    done > "$seed"
    { echo '==== mail.eml'; cat "$mail"; } >> "$seed"
done
for finding in fixtures/findings/*; do
    case $finding in *.eml) ;; *) cp "$finding" "$seeds"/ ;; esac
done
