"""Brings a mail to a mailbox of the demo.

    deliver.py smtp PORT RETURN-PATH RECIPIENT FILE      as a stranger's mail server does; a RETURN-PATH of <> is null
    deliver.py append PORT RECIPIENT FILE                as a mail program does that moves a mail into a folder
"""

import imaplib
import os
import smtplib
import sys
from email.utils import formatdate

how, port, *rest = sys.argv[1:]
recipient, file = rest[-2:]
with open(file, "rb") as mail:
    content = b"\r\n".join(mail.read().splitlines()) + b"\r\n"
content = b"Date: " + formatdate().encode() + b"\r\n" + content

if how == "smtp":
    with smtplib.SMTP("127.0.0.1", int(port)) as server:
        server.sendmail(rest[0].strip("<>"), recipient, content)
else:
    with imaplib.IMAP4("127.0.0.1", int(port)) as server:
        server.login(recipient, os.environ["PASSWORD"])
        answer, text = server.append("INBOX", None, None, content)
        assert answer == "OK", text
