#!/usr/bin/env bash
# dovecot.sh FOLDER: a private Dovecot 2.3 in the foreground, as root; `servers.sh` calls it.
#
# Needs $IMAP, $IMAPS, $LMTP (ports) and what ca.sh makes in FOLDER/tls. On 127.0.0.2 it shows an expired certificate.
# Accounts stand in FOLDER/users (see servers.sh). With SIEVE=yes the script `.dovecot.sieve` in an account's home is run
# on each mail that comes in; what it sends goes through $SMTP, and it may answer the same sender as often as it likes.
set -euo pipefail
folder=$1
plugins=
[ "${SIEVE:-}" != yes ] || plugins=sieve
mkdir -p "$folder/dovecot" "$folder/mail"
chown mail:mail "$folder/mail"

cat >"$folder/dovecot/dovecot.conf" <<CONF
base_dir = $folder/dovecot/run
state_dir = $folder/dovecot/run
log_path = $folder/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1, 127.0.0.2

ssl = yes
ssl_cert = <$folder/tls/server.pem
ssl_key = <$folder/tls/server.key
local 127.0.0.2 {
  ssl_cert = <$folder/tls/expired.pem
}

# Plain passwords without TLS are for loopback, and this listens nowhere else.
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Lu
# A wrong password is answered at once.
auth_failure_delay = 0
passdb {
  driver = passwd-file
  args = scheme=PLAIN $folder/users
}
# Not "static": then LMTP could not tell who exists.
userdb {
  driver = passwd-file
  args = $folder/users
  default_fields = uid=mail gid=mail home=$folder/mail/%d/%n
}
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 1000
namespace inbox {
  inbox = yes
  separator = /
}

service imap-login {
  inet_listener imap {
    port = $IMAP
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $LMTP
  }
}
# Who may submit mail through our Postfix.
service auth {
  unix_listener $folder/dovecot/sasl {
    mode = 0666
  }
}
protocol lmtp {
  postmaster_address = postmaster@localhost
  mail_plugins = $plugins
}
submission_host = 127.0.0.1:$SMTP
plugin {
  sieve_extensions = +vacation-seconds
  sieve_vacation_min_period = 0
}
CONF
exec dovecot -F -c "$folder/dovecot/dovecot.conf"
