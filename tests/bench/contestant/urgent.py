"""Writes `<message-id>` and 1 for each mail that raised an alert; fails unless every mail is in the ledger."""
import json
import sqlite3
import sys

database, count, out = sys.argv[1:]
store = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
recorded = store.execute("SELECT count(*) FROM ledger WHERE state IN (1, 2)").fetchone()[0]
if recorded != int(count):
    sys.exit(f"{recorded} of {count} mails are recorded")
with open(out, "w", encoding="utf-8") as lines:
    for (payload,) in store.execute("SELECT payload FROM outbox WHERE kind = 'alert'"):
        message_id = json.loads(payload)["Alert"]["brief"]["message_id"]
        lines.write(f"<{message_id}>\t1\n")
