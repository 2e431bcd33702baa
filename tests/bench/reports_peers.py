"""Exports and reports of a large call log: ringctl beside the same question asked in `sqlite3` and `psql`."""
import csv
import pathlib
import shutil
import subprocess
import sys

import peers
from peers import quote

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ZONE = "America/New_York"
AGENTS = 50
# The log's year, in the zone's days.
SINCE, UNTIL = "2024-02-01", "2025-02-01"
SINCE_UTC, UNTIL_UTC = "2024-02-01T05:00:00.000Z", "2025-02-01T05:00:00.000Z"
ENTER = ("SET search_path = ringctl;\nSET ringctl.door = 'workspaces';\n"
         "SELECT set_config('ringctl.workspace', id::text, false) AS entered FROM workspaces \\gset\nSET ringctl.door = '';\n")


def log_files(bench, calls):
    """The CSV files of a log; once."""
    key = ("log files", calls)
    if key not in bench.filled:
        folder = bench.scratch / f"log-{calls}"
        print(f"  making a log of {calls:,} calls", file=sys.stderr)
        subprocess.run([sys.executable, ROOT / "fixtures/call_log.py", str(calls), "--out", folder, "--seed", str(bench.seed),
                        "--agents", str(AGENTS), "--zone", ZONE, "--jobs", "2"], check=True)
        bench.filled[key] = folder
    return bench.filled[key]


def loaded(bench, engine, calls, name="log"):
    """The URL of a database that holds the log; once for each name."""
    key = (name, engine, calls)
    if key not in bench.filled:
        if engine == "sqlite":
            url = f"sqlite:{bench.scratch / f'{name}-{calls}.db'}"
        else:
            bench.psql(bench.postgres, f"CREATE DATABASE {name}_{calls}")
            url = bench.postgres_url(f"{name}_{calls}")
        print(f"  loading {calls:,} calls, {engine}", file=sys.stderr)
        program = pathlib.Path(bench.ringctl).parent / "tests/load_log"
        subprocess.run([program, url, log_files(bench, calls)], check=True, stdout=sys.stderr)
        if engine == "postgresql":
            bench.psql(url, "VACUUM ANALYZE")  # as autovacuum does, off here: the first to read does not pay for it
        bench.filled[key] = url
    return bench.filled[key]


def forget_files(bench, calls):
    """The databases stay; the files are as large as they."""
    folder = bench.filled.pop(("log files", calls), None)
    if folder:
        shutil.rmtree(folder)


def file_of(url):
    return url.removeprefix("sqlite:")


# --- export of calls: from a database that was filled once ------------------------------------------------------------

SAME_COLUMNS = (
    "SELECT c.id, c.call_sid, c.user_id, u.name AS user_name, u.email AS user_email, c.team_id, t.name AS team, c.direction,"
    " c.from_number, c.to_number, c.contact_id, c.customer_name, c.status, c.outcome, c.started_at, c.answered_at, c.ended_at,"
    " c.duration_s, r.recording_sid IS NOT NULL AS has_recording, r.recording_sid, r.url, c.routed_by, c.rule_name, c.refusal,"
    " c.price, c.price_unit, c.notes, c.closed_seq, c.created_at, c.updated_at, c.changed_seq FROM calls c"
    " LEFT JOIN users u ON u.id = c.user_id LEFT JOIN teams t ON t.id = c.team_id LEFT JOIN recordings r ON r.id ="
    " (SELECT x.id FROM recordings x WHERE x.call_id = c.id ORDER BY x.created_at DESC, x.id DESC LIMIT 1) ORDER BY c.started_at, c.id")
BARE = "SELECT * FROM calls ORDER BY started_at"


class CallsExport(peers.Export):
    def check(self):
        with open(self.out, encoding="utf-8", newline="") as file:  # some notes hold a line break
            return sum(1 for _ in csv.reader(file)) - 1


class RingctlExport(CallsExport):
    name = "ringctl"

    def command(self):
        return ["sh", "-c", 'exec "$0" -q calls export -o csv >"$1"', self.bench.ringctl, self.out]

    def environment(self):
        return {"RINGCTL_DATABASE_URL": loaded(self.bench, self.engine, self.rows)}


class CursorExport(RingctlExport):
    name = "ringctl --since-cursor, from the beginning"

    def command(self):
        return ["sh", "-c", 'exec "$0" -q calls export --since-cursor "$2" -o csv >"$1"', self.bench.ringctl, self.out,
                self.place / "calls.cursor"]

    def check(self):
        # Calls that have not ended are not in it.
        return self.rows if 0.99 * self.rows < super().check() <= self.rows else 0


class ShellExport(CallsExport):
    engine = "sqlite"

    def command(self):
        return ["sqlite3", "-csv", "-header", file_of(loaded(self.bench, self.engine, self.rows)), f".once {quote(self.out)}",
                self.query]


class CopyExport(CallsExport):
    engine = "postgresql"

    def command(self):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", loaded(self.bench, self.engine, self.rows)]

    def stdin(self):
        return ENTER + f"\\copy ({self.query}) to {quote(self.out)} csv header\n"


class SqliteExport(RingctlExport):
    engine = "sqlite"


class SqliteCursorExport(CursorExport):
    engine = "sqlite"


class SqliteSameColumns(ShellExport):
    name, query = "`sqlite3 -csv`, the same columns", SAME_COLUMNS


class SqliteBareTable(ShellExport):
    name, query = "`sqlite3 -csv`, the table alone: no names, no recordings", BARE


class PostgresExport(RingctlExport):
    engine = "postgresql"


class PostgresCursorExport(CursorExport):
    engine = "postgresql"


class PostgresSameColumns(CopyExport):
    name, query = "`\\copy`, the same columns", SAME_COLUMNS


class PostgresBareTable(CopyExport):
    name, query = "`\\copy`, the table alone: no names, no recordings", BARE


EXPORTS = {
    "sqlite": [SqliteExport, SqliteSameColumns, SqliteBareTable, SqliteCursorExport],
    "postgresql": [PostgresExport, PostgresSameColumns, PostgresBareTable, PostgresCursorExport],
}
EXPORT_BARS = {SqliteSameColumns: 1.0, PostgresSameColumns: 1.2}

# --- a report by hand: what one has to ask for the same figures -------------------------------------------------------


def seconds(engine, begin, end):
    if engine == "sqlite":
        return f"unixepoch({end}) - unixepoch({begin})"
    return f"floor(extract(epoch FROM {end})) - floor(extract(epoch FROM {begin}))"


def by_hand(engine, key):
    """Statements whose sums make up `reports calls` (key "'all'") or `reports agents` (key "c.user_id")."""
    wait, talk = seconds(engine, "c.started_at", "c.answered_at"), seconds(engine, "c.answered_at", "c.ended_at")
    ring = seconds(engine, "coalesce(a.ringing_at, a.started_at)", "coalesce(a.answered_at, a.ended_at)")
    number = "REAL" if engine == "sqlite" else "numeric"
    range_ = f"c.started_at >= '{SINCE_UTC}' AND c.started_at < '{UNTIL_UTC}'"
    placed = f"{range_} AND c.refusal IS NULL"
    rung = "count(*) AS rung, count(a.answered_at) AS taken"
    failed = "count(CASE WHEN a.status = 'failed' THEN 1 END) AS failed, count(coalesce(a.answered_at, a.ended_at)) AS known"
    yield (f"SELECT {key} AS k, c.price_unit, count(*), sum(CASE WHEN c.direction = 'inbound' THEN 1 ELSE 0 END),"
           " sum(CASE WHEN c.refusal IS NOT NULL THEN 1 ELSE 0 END), count(c.answered_at), count(c.ended_at),"
           f" sum(CASE WHEN c.status = 'missed' THEN 1 ELSE 0 END), sum(CASE WHEN {wait} <= 20 THEN 1 ELSE 0 END), sum({wait}),"
           f" sum({talk}), sum((c.duration_s + 59) / 60), sum(-CAST(c.price AS {number})) FROM calls c WHERE {range_} GROUP BY 1, 2")
    yield (f"SELECT {key} AS k, count(*), sum(CASE WHEN EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = c.id AND"
           " r.kind = 'voicemail') THEN 1 ELSE 0 END), sum(CASE WHEN EXISTS (SELECT 1 FROM call_attempts a WHERE a.call_id = c.id"
           " AND a.user_id IS NULL AND a.status = 'completed') THEN 1 ELSE 0 END),"
           f" sum(CASE WHEN {seconds(engine, 'c.started_at', 'c.ended_at')} <= 5 THEN 1 ELSE 0 END)"
           f" FROM calls c WHERE {placed} AND c.status = 'missed' GROUP BY 1")
    yield (f"SELECT k, count(*), sum(rung), sum(taken), sum(CASE WHEN rung > 1 THEN 1 ELSE 0 END),"
           " sum(CASE WHEN takers > 1 THEN 1 ELSE 0 END), sum(ring_s), sum(failed), sum(known) FROM"
           f" (SELECT c.id, {key} AS k, {rung}, count(DISTINCT CASE WHEN a.answered_at IS NOT NULL THEN a.user_id END) AS takers,"
           f" sum({ring}) AS ring_s, {failed} FROM calls c JOIN call_attempts a ON a.call_id = c.id WHERE {placed} AND a.user_id IS NOT NULL"
           " GROUP BY 1, 2) l GROUP BY k")
    if key == "c.user_id":
        yield (f"SELECT a.user_id, {rung}, sum(CASE WHEN a.answered_at IS NULL AND a.status = 'busy' THEN 1 ELSE 0 END),"
               f" sum({ring}), {failed} FROM calls c JOIN call_attempts a ON a.call_id = c.id WHERE {placed} AND a.user_id IS NOT NULL GROUP BY 1")
    day = "substr(c.started_at, 1, 10)" if engine == "sqlite" else "CAST(c.started_at AS date)"
    yield (f"SELECT u, sum(span), sum(talk) FROM (SELECT c.user_id AS u, {day} AS day, {seconds(engine, 'min(c.started_at)', 'max(c.ended_at)')} AS span,"
           f" sum({talk}) AS talk FROM calls c WHERE {placed} AND c.user_id IS NOT NULL GROUP BY 1, 2) d GROUP BY u")
