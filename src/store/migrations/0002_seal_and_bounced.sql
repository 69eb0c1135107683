-- From here on `ours` of a thread may be 2, too: a mail that others only refer to. 0 is one that came in, 1 an automatic
-- reply of ours.

-- The key that our Message-IDs and marks are sealed with: one row, made by the first daemon that opens the database.
CREATE TABLE seal (
    id INTEGER PRIMARY KEY NOT NULL,
    key BLOB NOT NULL,
    made_at INTEGER NOT NULL
) STRICT;

-- Addresses to which a reply could not be delivered, and the status with which it came back.
CREATE TABLE bounced (
    address TEXT PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    status TEXT NOT NULL
) STRICT;
CREATE INDEX bounced_at ON bounced (at);
