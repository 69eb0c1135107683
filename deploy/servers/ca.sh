#!/usr/bin/env bash
# ca.sh FOLDER: a certificate authority for one day of trying things, and what it signed for localhost.
#
#   ca.pem        what clients believe
#   server.pem    localhost and 127.0.0.1, with server.key
#   expired.pem   the same, expired in 2020, with server.key
set -euo pipefail
mkdir -p "$1"
cd "$1"
[ -s expired.pem ] && exit

cat >openssl.cnf <<'CONF'
[ca]
default_ca = us
[us]
database = issued
rand_serial = yes
new_certs_dir = .
policy = any
default_md = sha256
x509_extensions = server
unique_subject = no
[any]
commonName = supplied
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:127.0.0.2
CONF
: >issued

{
  new="openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
  $new -x509 -days 2 -keyout ca.key -out ca.pem -subj "/CN=nightdesk test authority" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
  $new -keyout server.key -out server.csr -subj "/CN=localhost"
  sign="openssl ca -batch -config openssl.cnf -cert ca.pem -keyfile ca.key -in server.csr -notext"
  $sign -days 2 -out server.pem
  $sign -startdate 20190101000000Z -enddate 20200101000000Z -out expired.pem
} >openssl.log 2>&1 || { cat openssl.log >&2; exit 3; }
chmod 600 ./*.key
