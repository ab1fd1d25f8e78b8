#!/bin/sh
# Backs the database up: once a day, or with `--once` now. A backup has its name only after it was read to its end, so
# that what lies in the folder can be restored. Older ones are deleted after BACKUP_DAYS, but only when there is a new one.
#
# PGHOST, PGUSER, PGDATABASE …  as all of PostgreSQL's programs read them; PGPASSWORD_FILE holds the password
# BACKUP_FOLDER  where backups are kept (/backups)      BACKUP_DAYS  for so many days (14)
# BACKUP_AT      at which hour, UTC (3)
#
# To restore: pg_restore --clean --if-exists --no-owner --exit-on-error --dbname=… contiple-….dump
# MASKING_KEYS and SECRET_KEY are not in a backup.
set -eu
umask 077
folder=${BACKUP_FOLDER:-/backups}
days=${BACKUP_DAYS:-14}
[ -z "${PGPASSWORD_FILE:-}" ] || PGPASSWORD=$(cat "$PGPASSWORD_FILE")
[ -z "${PGPASSWORD:-}" ] || export PGPASSWORD

back_up() {
  target=$folder/contiple-$(date -u +%Y%m%dT%H%M%SZ).dump
  rm -f "$folder"/*.part
  # Migrations wait 0.3 s for a lock and try again: a dump only makes them take longer.
  # pg_restore reads and decompresses everything, as a restore would.
  if ! pg_dump --format=custom --compress=6 --no-owner --lock-wait-timeout=60s --file="$target.part" ||
    ! pg_restore --file=/dev/null "$target.part"; then
    rm -f "$target.part"
    return 1
  fi
  mv "$target.part" "$target"
  find "$folder" -name 'contiple-*.dump' -mtime +"$((days - 1))" -delete
  echo "Backed up to $target, $(du -k "$target" | cut -f1) kB."
}

seconds_until() {
  now=$(date -u +%s)
  seconds=$((now - now % 86400 + $1 * 3600 - now))
  [ "$seconds" -gt 0 ] || seconds=$((seconds + 86400))
  echo "$seconds"
}

if [ "${1:-}" = --once ]; then
  back_up
  exit
fi
trap 'exit 0' TERM INT
[ -n "$(find "$folder" -name 'contiple-*.dump' -mtime -1)" ] || back_up || echo "The backup failed." >&2
while true; do
  sleep "$(seconds_until "${BACKUP_AT:-3}")" & wait $!
  back_up || echo "The backup failed." >&2
done
