-- Instants are microseconds since 1970; 0 is "never" where an instant may be missing. Lists of values live in the
-- code beside the statements that use them. Written for SQLite; `schema` translates it for PostgreSQL.

CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY NOT NULL,
    host TEXT NOT NULL,
    username TEXT NOT NULL,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Grows with each owner; an older one can no longer write.
    fence INTEGER NOT NULL,
    uid_validity INTEGER NOT NULL,
    -- 0 before the first sight.
    next_uid INTEGER NOT NULL,
    first_seen_at INTEGER NOT NULL,
    halted TEXT NOT NULL,
    -- How many rows of the ledger stand in each state, so that nobody has to count them.
    decided INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    before_start INTEGER NOT NULL,
    UNIQUE (host, username, folder)
) STRICT;

-- What became of every UID.
CREATE TABLE ledger (
    mailbox_id INTEGER NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    state INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    policy_source INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    trace BLOB NOT NULL,
    PRIMARY KEY (mailbox_id, uid_validity, uid)
) STRICT, WITHOUT ROWID;

-- The columns beside `detail` repeat what is searched by.
CREATE TABLE matter (
    id INTEGER PRIMARY KEY NOT NULL,
    policy TEXT NOT NULL,
    reference TEXT NOT NULL,
    state TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    last_mail_at INTEGER NOT NULL,
    respond_by INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    -- The version that the last change was made to; a change to any other is refused.
    changed_from INTEGER NOT NULL,
    -- The mail that opened it, as the histories name mails.
    opened_in TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX matter_due ON matter (due_at) WHERE due_at > 0;
CREATE INDEX matter_open ON matter (id) WHERE state IN ('open', 'acknowledged');

-- How many cases stand in each state, so that nobody has to count them.
CREATE TABLE matter_count (
    state TEXT PRIMARY KEY NOT NULL,
    n INTEGER NOT NULL
) STRICT;

-- Which case a mail belongs to: the four weeks of the entry, then bits of a hash.
CREATE TABLE thread (
    key INTEGER PRIMARY KEY NOT NULL,
    case_id INTEGER NOT NULL,
    ours INTEGER NOT NULL
) STRICT;

-- Which content came in before: day, then bits of a hash; the whole of it beside.
CREATE TABLE content (
    key INTEGER PRIMARY KEY NOT NULL,
    hash BLOB NOT NULL,
    case_id INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- Replies that were decided, for the limits.
CREATE TABLE reply (
    id INTEGER PRIMARY KEY NOT NULL,
    policy TEXT NOT NULL,
    address TEXT NOT NULL,
    domain TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    at INTEGER NOT NULL,
    loudness INTEGER NOT NULL,
    respond_by INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX reply_address ON reply (policy, address, at);
CREATE INDEX reply_domain ON reply (policy, domain, at);
CREATE INDEX reply_mailbox ON reply (policy, mailbox, at);
CREATE INDEX reply_at ON reply (at);
CREATE INDEX reply_content ON reply (content);

-- What happened to a case after the mail that opened it.
CREATE TABLE history (
    case_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (case_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    way TEXT NOT NULL,
    dedup_key TEXT NOT NULL,
    state TEXT NOT NULL,
    -- 1 while it can be claimed.
    waiting INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    stale_at INTEGER NOT NULL,
    payload TEXT NOT NULL,
    last_error TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The case comes first since it grows with time: a key that begins with a reference would be anywhere.
    UNIQUE (case_id, dedup_key, way)
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at) WHERE waiting = 1;
CREATE INDEX outbox_state ON outbox (state, id);

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY NOT NULL,
    mailbox_id INTEGER NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    retry_wanted INTEGER NOT NULL,
    UNIQUE (mailbox_id, uid_validity, uid)
) STRICT;

CREATE TABLE alarm (
    key TEXT PRIMARY KEY NOT NULL,
    text TEXT NOT NULL,
    raised_at INTEGER NOT NULL
) STRICT;

CREATE TABLE fact (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- Policies by the digest of their files, so that old traces still have words.
CREATE TABLE policy_source (
    id INTEGER PRIMARY KEY NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    files TEXT NOT NULL
) STRICT;
