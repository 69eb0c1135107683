# Sourced by the contestants: settings as an ops engineer would write them.

# settings FILE CHANNEL: everything but mailboxes; CHANNEL is what kind of channel `sink` is.
settings() {
  cat > "$1" <<TOML
[store]
url = "sqlite://$BENCH_WORK/nightdesk.db"

[[channel]]
name = "sink"
$2

[ops]
alarm = ["sink"]
TOML
}

# mailbox NAME USER FOLDER START: an account and its mailbox. With BENCH_CA, over TLS, on an IMAPS port.
mailbox() {
  printf '%s' "$BENCH_PASS" > "$BENCH_WORK/password"
  chmod 600 "$BENCH_WORK/password"
  link='tls = "none"'
  [ -z "${BENCH_CA:-}" ] || link="tls = \"implicit\", ca_file = \"$BENCH_CA\""
  cat <<TOML

[[account]]
name = "$1"
username = "$2"
imap = { host = "$BENCH_HOST", port = $BENCH_PORT, $link }
secret = { file = "$BENCH_WORK/password" }

[[mailbox]]
name = "$1"
account = "$1"
folder = "$3"
policy = "$here/../policy"
start = "$4"
TOML
}
