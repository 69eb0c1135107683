#!/usr/bin/env bash
# postfix.sh FOLDER: a private Postfix in the foreground, as root; `servers.sh` calls it.
#
# Needs $SMTP, $SUBMISSION, $SUBMISSIONS, $LMTP (ports) and $DOMAINS. Takes mail for these domains, also with a null
# return path, and hands it to Dovecot; refuses to relay, and never looks at the network. The submission ports want TLS
# and the name and password of an account.
set -euo pipefail
folder=$1
mkdir -p "$folder/postfix/etc" "$folder/postfix/queue" "$folder/postfix/data"
chown postfix "$folder/postfix/data"

cat >"$folder/postfix/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $folder/postfix/queue
data_directory = $folder/postfix/data
maillog_file = $folder/postfix.log
maillog_file_prefixes = $folder
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.test
mydestination =
mynetworks =
alias_maps =
alias_database =
local_recipient_maps =
smtpd_peername_lookup = no
disable_dns_lookups = yes

# Local domains end at Dovecot, which knows who exists; everything else ends here.
virtual_mailbox_domains = $DOMAINS
virtual_transport = lmtp:inet:127.0.0.1:$LMTP
default_transport = error:this Postfix sends nothing to the network
relay_transport = error:this Postfix sends nothing to the network
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions =
# A stranger who is turned away is told at once, and what Dovecot cannot take is tried again soon.
smtpd_error_sleep_time = 0
minimal_backoff_time = 5s
maximal_backoff_time = 10s
queue_run_delay = 5s
default_process_limit = 20

smtpd_tls_cert_file = $folder/tls/server.pem
smtpd_tls_key_file = $folder/tls/server.key
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = $folder/dovecot/sasl
smtpd_tls_auth_only = yes
CONF

cat >"$folder/postfix/etc/master.cf" <<CONF
127.0.0.1:$SMTP inet n - n - - smtpd
127.0.0.1:$SUBMISSION inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:$SUBMISSIONS inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
lmtp      unix  -       -       n       -       -       lmtp
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
CONF
# `postfix start-fg` would leave a shell between us and the master, and signals would end with it.
postfix -c "$folder/postfix/etc" check
exec "$(postconf -c "$folder/postfix/etc" -h daemon_directory)/master" -d -c "$folder/postfix/etc"
