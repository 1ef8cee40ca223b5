#!/bin/sh
# Dumps the PostgreSQL database that DATABASE_URL names into BACKUP_FOLDER, reads the dump back as a whole, and only then
# removes all but the newest KEEP dumps. A run that fails leaves every earlier dump where it is and exits non-zero.
set -eu
umask 077
name="entrada-$(date -u +%Y-%m-%dT%H%M%SZ).dump"
partial="$BACKUP_FOLDER/.$name.partial"
trap 'rm -f "$partial"' EXIT
pg_dump --format=custom --file="$partial" "$DATABASE_URL"
pg_restore --file=/dev/null "$partial"
mv "$partial" "$BACKUP_FOLDER/$name"
echo "backed up to $name, and read back"
cd "$BACKUP_FOLDER"
ls -1 | grep '^entrada-.*Z\.dump$' | sort -r | tail -n "+$((KEEP + 1))" | while read -r old; do
  rm -- "$old"
  echo "removed $old"
done
