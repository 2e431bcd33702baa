#!/usr/bin/env bash
# A private PostgreSQL cluster for tests: unix socket only, no fsync, gone when stopped.
#   pg_cluster.sh start DIR [SETTING...]   prints the URL of role "ringctl": may create databases, is bound by row
#                                          policies. A setting is a line of postgresql.conf
#   pg_cluster.sh halt DIR                 stops the server at once, as a crash of it would; the data stay
#   pg_cluster.sh resume DIR               starts it again
#   pg_cluster.sh stop DIR                 stops the cluster and removes DIR
# Works as root (the server then runs as user postgres) and as any other user. PG_BIN overrides the server's programs.
set -euo pipefail

usage() {
  echo "usage: $0 start DIR [SETTING...] | halt DIR | resume DIR | stop DIR" >&2
  exit 2
}
[ $# -ge 2 ] || usage
verb=$1
dir=$2
shift 2
[ "$verb" = start ] || [ $# -eq 0 ] || usage

find_bin() {
  if [ -n "${PG_BIN:-}" ]; then
    printf '%s\n' "$PG_BIN"
    return
  fi
  local newest
  newest=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$newest" ] || { echo "pg_cluster: no /usr/lib/postgresql/*/bin/initdb (apt-get install postgresql)" >&2; exit 1; }
  dirname "$newest"
}

# PostgreSQL refuses to run as root.
as_server() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  elif command -v runuser >/dev/null; then
    runuser -u postgres -- "$@"
  else
    setpriv --reuid postgres --regid postgres --clear-groups -- "$@"
  fi
}

# The cluster lies in DIR, or beside it in /tmp when the server's user cannot get into DIR or when the socket's path
# would be longer than the 107 bytes an address holds; DIR/home says where.
choose_home() {
  mkdir -p "$dir"
  local full
  full=$(cd "$dir" && pwd -P)
  [ "$(id -u)" -ne 0 ] || chown postgres "$full"
  if [ "$((${#full} + 20))" -gt 107 ] || ! (cd / && as_server test -w "$full" -a -x "$full"); then
    local home
    home=$(mktemp -d /tmp/ringctl-pg.XXXXXX)
    [ "$(id -u)" -ne 0 ] || chown postgres "$home"
    printf '%s\n' "$home" >"$full/home"
    printf '%s\n' "$home"
  else
    printf '%s\n' "$full" >"$full/home"
    printf '%s\n' "$full"
  fi
}

# In the cluster's home.
run_server() {
  as_server "$bin/pg_ctl" -D "$home/data" -l "$home/server.log" -w -t 60 start >/dev/null ||
    { cat "$home/server.log" >&2; exit 1; }
}

start() {
  local bin home
  bin=$(find_bin)
  home=$(choose_home)
  chmod 755 "$home"
  cd "$home"
  as_server "$bin/initdb" -D "$home/data" -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; exit 1; }
  # A time zone that is not UTC, so that a test sees when a statement relies on the server's.
  cat >>"$home/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$home'
port = 5432
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
max_connections = 300
autovacuum = off
timezone = 'America/New_York'
log_timezone = 'UTC'
CONF
  [ $# -eq 0 ] || printf '%s\n' "$@" >>"$home/data/postgresql.conf"
  run_server
  as_server "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$home" -p 5432 -d postgres \
    -c 'CREATE ROLE ringctl LOGIN CREATEDB NOSUPERUSER NOBYPASSRLS'
  printf 'postgresql://ringctl@/postgres?host=%s&port=5432\n' "$(printf '%s' "$home" | sed 's/%/%25/g; s/ /%20/g; s/&/%26/g; s/?/%3F/g; s/#/%23/g')"
}

# Sets bin, home and full of a cluster that is there.
find_cluster() {
  [ -f "$dir/home" ] || { echo "pg_cluster: no cluster in $dir" >&2; exit 1; }
  bin=$(find_bin)
  home=$(cat "$dir/home")
  full=$(cd "$dir" && pwd -P)
  cd "$home"
}

halt() {
  local bin home full
  find_cluster
  as_server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null
}

resume() {
  local bin home full
  find_cluster
  run_server
}

stop() {
  local bin home full
  find_cluster
  if [ -f "$home/data/postmaster.pid" ]; then
    as_server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null || true
  fi
  cd /
  rm -rf "$home" "$full"
}

case $verb in
  start) dir=$(mkdir -p "$dir" && cd "$dir" && pwd -P) && start "$@" ;;
  halt) halt ;;
  resume) resume ;;
  stop) stop ;;
  *) usage ;;
esac
