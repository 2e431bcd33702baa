"""The contestants: each prepares a fresh place without being timed, then is one command that is."""
import os
import pathlib
import shutil

HERE = pathlib.Path(__file__).parent
COLUMNS = "phone_number, provider, country_code"
EXPORTED = "phone_number, provider, country_code, label, status, capabilities, sid"


def quote(path):
    return "'" + str(path).replace("'", "''") + "'"


class Contestant:
    """name      as the table shows it
    command() the argv that is timed;  stdin() its input, or None
    prepare() and check() are not timed; check() returns the number of rows that were stored or written"""

    def __init__(self, bench, rows):
        self.bench, self.rows = bench, rows
        self.place = bench.scratch / f"{type(self).__name__}-{rows}"

    def prepare(self):
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()

    def command(self):
        raise NotImplementedError

    def stdin(self):
        return None

    def environment(self):
        return {}

    def finish(self):
        shutil.rmtree(self.place, ignore_errors=True)


# --- SQLite: import ------------------------------------------------------------------------------------------------


class SqliteContestant(Contestant):
    table = "phone_numbers"

    @property
    def database(self):
        return self.place / "estate.db"

    def check(self):
        return int(self.bench.sqlite(self.database, f"SELECT count(*) FROM {self.table}"))


class RingctlSqliteImport(SqliteContestant):
    name = "ringctl"

    def command(self):
        return [self.bench.ringctl, "-q", "numbers", "import", self.bench.input(self.rows)]

    def environment(self):
        return {"RINGCTL_DATABASE_URL": f"sqlite:{self.database}"}


class ShellImport(SqliteContestant):
    """sqlite3's own .import, no validation."""

    def command(self):
        return ["sqlite3", self.database]

    def stdin(self):
        return "PRAGMA journal_mode = WAL;\nPRAGMA synchronous = FULL;\n" + self.script()


class BareImport(ShellImport):
    name = "`.import`, bare text, unique index"

    def script(self):
        return (
            "CREATE TABLE phone_numbers (phone_number TEXT NOT NULL UNIQUE, provider TEXT, country_code TEXT);\n"
            f".import --csv --skip 1 {quote(self.bench.input(self.rows))} phone_numbers\n"
        )


class TunedImport(ShellImport):
    name = "`.import`, tuned: sorted, integer key, 256 MiB cache"

    def script(self):
        return (
            "PRAGMA cache_size = -262144;\nPRAGMA temp_store = MEMORY;\n"
            "CREATE TABLE phone_numbers (id INTEGER PRIMARY KEY, phone_number TEXT NOT NULL UNIQUE, provider TEXT,"
            " country_code TEXT, status TEXT DEFAULT 'active', created_at TEXT);\n"
            f"CREATE TEMP TABLE staged ({COLUMNS});\n"
            f".import --csv --skip 1 {quote(self.bench.input(self.rows))} staged\n"
            f"INSERT OR IGNORE INTO phone_numbers ({COLUMNS}, created_at)"
            f" SELECT {COLUMNS}, '2026-01-01T00:00:00.000Z' FROM staged ORDER BY phone_number;\n"
        )


class IdImport(ShellImport):
    name = "`.import`, random ids, status, time"

    def script(self):
        return (
            "CREATE TABLE phone_numbers (id TEXT PRIMARY KEY, phone_number TEXT NOT NULL UNIQUE, provider TEXT,"
            " country_code TEXT, status TEXT DEFAULT 'active', created_at TEXT);\n"
            f"CREATE TEMP TABLE staged ({COLUMNS});\n"
            f".import --csv --skip 1 {quote(self.bench.input(self.rows))} staged\n"
            "INSERT OR IGNORE INTO phone_numbers SELECT lower(hex(randomblob(16))), phone_number, provider, country_code,"
            " 'active', strftime('%Y-%m-%dT%H:%M:%fZ', 'now') FROM staged;\n"
        )


class SameTableImport(ShellImport):
    name = "`.import` to staging, INSERT..SELECT into ringctl's own table"

    def prepare(self):
        super().prepare()
        self.bench.run_ringctl(["init", "--yes"], f"sqlite:{self.database}")

    def script(self):
        return (
            f"CREATE TEMP TABLE staged ({COLUMNS});\n"
            f".import --csv --skip 1 {quote(self.bench.input(self.rows))} staged\n"
            f"INSERT INTO phone_numbers (id, workspace_id, {COLUMNS}, status, created_at, updated_at)"
            " SELECT lower(hex(randomblob(16))), (SELECT id FROM workspaces), phone_number, provider, country_code,"
            " 'active', '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z' FROM staged WHERE TRUE"
            " ON CONFLICT DO NOTHING;\n"
        )


class PythonImport(SqliteContestant):
    name = "plain Python script (regular expression)"

    def command(self):
        return ["python3", HERE / "plain_import.py", self.bench.input(self.rows), self.database]


class NodeSqliteImport(SqliteContestant):
    name = "plain Node script (libphonenumber-js)"

    def command(self):
        return ["node", HERE / "plain_import.cjs", self.bench.input(self.rows), "sqlite", self.database]

    def environment(self):
        return {"NODE_PATH": os.path.join(self.bench.node, "node_modules")}


# --- PostgreSQL: import --------------------------------------------------------------------------------------------


class PostgresContestant(Contestant):
    table = "phone_numbers"
    schema = False

    @property
    def database(self):
        return f"bench_{type(self).__name__.lower()}"

    @property
    def url(self):
        return self.bench.postgres_url(self.database)

    def prepare(self):
        super().prepare()
        self.bench.psql(self.bench.postgres, f"DROP DATABASE IF EXISTS {self.database}")
        self.bench.psql(self.bench.postgres, f"CREATE DATABASE {self.database}")
        if self.schema:
            self.bench.run_ringctl(["init", "--yes"], self.url)

    def psql_command(self):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url]

    def command(self):
        return self.psql_command()

    def check(self):
        enter = "SET ringctl.door = 'maintenance'; " if self.schema else ""
        table = f"ringctl.{self.table}" if self.schema else self.table
        return int(self.bench.psql(self.url, f"{enter}SELECT count(*) FROM {table}"))

    def finish(self):
        super().finish()
        self.bench.psql(self.bench.postgres, f"DROP DATABASE IF EXISTS {self.database}")


class RingctlPostgresImport(PostgresContestant):
    name = "ringctl"
    schema = True

    def command(self):
        return [self.bench.ringctl, "-q", "numbers", "import", self.bench.input(self.rows)]

    def environment(self):
        return {"RINGCTL_DATABASE_URL": self.url}


class CopyImport(PostgresContestant):
    name = "`\\copy`, bare text, unique index"

    def stdin(self):
        return (
            "CREATE TABLE phone_numbers (phone_number text NOT NULL UNIQUE, provider text, country_code text);\n"
            f"\\copy phone_numbers from {quote(self.bench.input(self.rows))} csv header\n"
        )


class SameTableCopy(PostgresContestant):
    name = "by hand: `\\copy` to staging, INSERT..SELECT, same table and policies"
    schema = True

    def stdin(self):
        return (
            "SET search_path = ringctl;\n"
            "SET ringctl.door = 'workspaces';\n"
            "SELECT set_config('ringctl.workspace', id::text, false) AS entered FROM workspaces \\gset\n"
            "SET ringctl.door = '';\n"
            "BEGIN;\n"
            "CREATE TEMP TABLE staged (phone_number text, provider text, country_code text) ON COMMIT DROP;\n"
            f"\\copy staged from {quote(self.bench.input(self.rows))} csv header\n"
            f"INSERT INTO phone_numbers (id, workspace_id, {COLUMNS}, status, created_at, updated_at)"
            " SELECT gen_random_uuid(), current_workspace(), phone_number, provider, country_code, 'active', now(), now()"
            " FROM staged ON CONFLICT DO NOTHING;\n"
            "COMMIT;\n"
        )


class NodePostgresImport(PostgresContestant):
    name = "plain Node script (libphonenumber-js)"

    def command(self):
        return ["node", HERE / "plain_import.cjs", self.bench.input(self.rows), "postgresql", self.url]

    def environment(self):
        return {"NODE_PATH": os.path.join(self.bench.node, "node_modules")}


# --- export: from a database that ringctl filled once ------------------------------------------------------------


class Export(Contestant):
    def prepare(self):
        super().prepare()
        self.out = self.place / "out.csv"

    def check(self):
        with open(self.out, "rb") as file:
            return sum(1 for _ in file) - 1


class RingctlExport(Export):
    """Redirected, as the others write: with --out the file would also be flushed to disk before it gets its name."""

    name = "ringctl"

    def command(self):
        return ["sh", "-c", 'exec "$0" -q numbers export -o csv >"$1"', self.bench.ringctl, self.out]


class RingctlSqliteExport(RingctlExport):
    def environment(self):
        return {"RINGCTL_DATABASE_URL": f"sqlite:{self.bench.filled_sqlite(self.rows)}"}


class RingctlSqliteSafeExport(RingctlSqliteExport):
    name = "ringctl --out: flushed, then renamed"

    def command(self):
        return [self.bench.ringctl, "-q", "numbers", "export", "-o", "csv", "--out", self.out]


class ShellExport(Export):
    name = "`sqlite3 -csv`"

    def command(self):
        return ["sqlite3", "-csv", "-header", self.bench.filled_sqlite(self.rows), f".once {quote(self.out)}",
                f"SELECT {EXPORTED} FROM phone_numbers ORDER BY phone_number"]


class RingctlPostgresExport(RingctlExport):
    def environment(self):
        return {"RINGCTL_DATABASE_URL": self.bench.filled_postgres(self.rows)}


class CopyExport(Export):
    name = "`\\copy`"

    def command(self):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.bench.filled_postgres(self.rows)]

    def stdin(self):
        return (
            "SET search_path = ringctl;\nSET ringctl.door = 'maintenance';\n"
            f"\\copy (SELECT {EXPORTED} FROM phone_numbers ORDER BY phone_number) to {quote(self.out)} csv header\n"
        )
