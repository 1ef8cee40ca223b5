#!/bin/sh
# Makes deploy/secrets/ for deploy/compose.yaml: what has to be random is, and nothing that is there is overwritten.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
# The containers' users read the files; the folder keeps everybody else out.
keep() { [ -s "secrets/$1" ] || cat > "secrets/$1"; chmod 0444 "secrets/$1"; }
random() { head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

random | keep postgres-password
printf 'postgres://entrada:%s@postgres/entrada' "$(cat secrets/postgres-password)" | keep database-url
random | keep secret-keys
random | keep operator-token
echo "Made $(pwd)/secrets. Put the value of the client secret into secrets/entra-client-secret (mode 0444), and keep a copy of secret-keys elsewhere."
