"""The receiver of the demo: takes alerts over HTTP, checks their signature, and keeps each in a file.

    receiver.py PORT KEY-FILE FOLDER

What a receiver of your own must do stands in `post`: recompute the signature over the timestamp and the body, refuse
what does not match or is old, and take an alert with a dedup key that it has seen for the same alert.
"""

import hashlib
import hmac
import json
import pathlib
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

port, key, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes().strip(), pathlib.Path(sys.argv[3])
HEADERS = ["X-Nightdesk-Dedup-Key", "X-Nightdesk-Timestamp", "X-Nightdesk-Signature"]


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        now = time.time()
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 1 << 20))
        timestamp = self.headers.get("X-Nightdesk-Timestamp", "")
        signed = hmac.new(key, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        right = hmac.compare_digest(self.headers.get("X-Nightdesk-Signature", ""), f"v1={signed}")
        if right:
            headers = {name: self.headers[name] for name in HEADERS}
            seen = {"received_at": now, "headers": headers, "body": json.loads(body)}
            name = hashlib.sha256(headers["X-Nightdesk-Dedup-Key"].encode()).hexdigest()
            unfinished = folder / f"{name}.part"
            unfinished.write_text(json.dumps(seen))
            unfinished.rename(folder / f"{name}.json")
        self.send_response(204 if right else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


HTTPServer(("127.0.0.1", port), Receiver).serve_forever()
