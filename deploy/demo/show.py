"""Shows on the terminal, 80 columns wide, what the demo is about.

    show.py decision HOW < EXPLANATION     one mail as `nightdesk explain --json` explains it
    show.py alert FILE DELIVERED-AT        an alert as receiver.py has kept it
    show.py mail PORT ADDRESS              the newest mail in a mailbox, as it lies there
    show.py count PORT ADDRESS             how many mails lie in a mailbox
    show.py fresh < STATUS                 whether `nightdesk status --json` knows of all mail: exit code 0, else 1
    show.py source PORT ADDRESS ID FILE    writes the mail with this Message-ID to a file, and says when it came in
"""

import email
import email.policy
import imaplib
import json
import os
import sys
import textwrap
import time
from datetime import datetime

COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31;1", "32", "33", "36"
HEADERS = [
    "Return-Path", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References",
    "Auto-Submitted", "X-Auto-Response-Suppress", "Precedence", "X-Nightdesk",
]  # fmt: skip


def paint(text, colour):
    return f"\x1b[{colour}m{text}\x1b[0m" if COLOUR and colour else text


def row(name, text, colour=None):
    lines = textwrap.wrap(text, 80 - 14, break_long_words=False, break_on_hyphens=False) or [""]
    for line in lines:
        print(f"  {paint(f'{name:<10}', DIM)}  {paint(line, colour)}")
        name = ""


def moment(text):
    return datetime.fromisoformat(text).strftime("%A %H:%M")


def decision(how):
    said = json.load(sys.stdin)
    print(paint(said["subject"], BOLD))
    row("from", f"{said['from']}, {how}")
    because = {step["outcome"]: step["because"] for step in said["trace"]}
    for name, label in said["labels"].items():
        if label["hits"]:
            outcome = f"{name} = {label['value']}"
            row(name, f"{label['value']}, because {because[outcome].split(':')[0]}", YELLOW)
        else:
            row(name, f"{label['value'] or 'none'}: no word of it stands in the new text")
    for hit in said["ignored_hits"]:
        row("ignored", f"\"{hit['text']}\" in the {hit['place']} does not count: it is {hit['why']}")
    if said["automation"]:
        row("a machine", ", ".join(said["automation"]), YELLOW)
    received = moment(said["received_at"])
    if said["hours"] == "open":
        row("hours", f"open: it is {received} at the desk \"{said['desk']}\"")
    else:
        opens = moment(said["opens_at"])
        row("hours", f"closed for the {said['closed_for']}: it is {received} at the desk \"{said['desk']}\"")
        row("", f"and it opens {opens}")
    row("rule", said["coverage"])
    for alert in said["alerts"]:
        row("alert", f"{alert['escalation']} now{', may wake people' if alert['pages'] else ''}", RED)
    if said["defer"]:
        row("alert", f"none now; {said['defer']['escalation']} is told {moment(said['defer']['until'])}")
    if not said["alerts"] and not said["defer"]:
        row("alert", "none: the rule asks for none, people read it in the mailbox")
    if said["reply"]:
        row("reply", f"{said['reply']['template']}, to {said['reply']['to']}", GREEN)
    elif said["reply_withheld"]:
        row("reply", f"none, because of {', '.join(said['reply_withheld'])}", CYAN)
    else:
        row("reply", "none: the rule asks for none")
    print()


def block(text):
    for line in text.strip().splitlines():
        for part in textwrap.wrap(line, 76, break_long_words=False) or [""]:
            print(paint("  | ", DIM) + part)


def alert(file, delivered_at):
    with open(file) as kept:
        kept = json.load(kept)
    took = kept["received_at"] - float(delivered_at)
    for name, value in kept["headers"].items():
        print(f"  {paint(name, DIM)}: {value if len(value) < 50 else value[:40] + '…'}")
    body = kept["body"]
    print()
    block(body.get("text") or json.dumps(body, indent=1))
    print()
    print(paint(f"  Received {took:.1f} s after the mail was sent; the signature is right.", GREEN))


def mailbox(port, address):
    server = imaplib.IMAP4("127.0.0.1", int(port))
    server.login(address, os.environ["PASSWORD"])
    server.select(readonly=True)
    return server


def count(port, address):
    with mailbox(port, address) as server:
        print(len(server.search(None, "ALL")[1][0].split()))


def fresh():
    mailboxes = (json.load(sys.stdin)["daemon"] or {}).get("mailboxes", [])
    waiting = [mailbox["link"] == "waiting" and bool(mailbox["fresh_at"]) for mailbox in mailboxes]
    sys.exit(0 if waiting and all(waiting) else 1)


def source(port, address, message_id, file):
    with mailbox(port, address) as server:
        found = server.search(None, "HEADER", "Message-ID", message_id)[1][0].split()[-1]
        said, raw = server.fetch(found.decode(), "(INTERNALDATE BODY.PEEK[])")[1][0]
    with open(file, "wb") as out:
        out.write(raw)
    print(datetime.fromtimestamp(time.mktime(imaplib.Internaldate2tuple(said))).astimezone().isoformat())


def mail(port, address):
    with mailbox(port, address) as server:
        newest = server.search(None, "ALL")[1][0].split()[-1]
        raw = server.fetch(newest.decode(), "(BODY.PEEK[])")[1][0][1]
    message = email.message_from_bytes(raw, policy=email.policy.default)
    for name in HEADERS:
        for value in message.get_all(name, []):
            print(f"  {paint(name, DIM)}: {value}")
    print()
    block(message.get_body(("plain",)).get_content())
    print()


commands = {"decision": decision, "alert": alert, "mail": mail, "count": count, "fresh": fresh, "source": source}
commands[sys.argv[1]](*sys.argv[2:])
