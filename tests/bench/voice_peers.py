"""Servers that answer a voice webhook: ringctl, and what a Node user would run instead. All answer for the same estate."""
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request

from records_peers import email, phone

HERE = pathlib.Path(__file__).parent
AGENTS = 20
CONTACTS = 99_000
CALLERS = 65_536
WORKSPACE = "01900000-0000-7000-8000-000000000001"
NOBODY = 4_000_000  # numbers from here on belong to no contact
TO = "+12025550100"
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "0123456789abcdef" * 2
PUBLIC_URL = "https://pbx.example.com"
SERVER_CORE, LOAD_CORE = "0", "1"


def agents_of(contact):
    """One contact of eight has no agent, the others one, two or three."""
    return [] if contact % 8 == 7 else [(contact + 7 * n) % AGENTS for n in range(1 + contact % 3)]


def assignments(contacts):
    return sum(len(agents_of(n)) for n in range(contacts))


def write_callers(path, contacts):
    """Of ten calls seven are from contacts with agents, one from a contact without, two from nobody known."""
    with open(path, "w", encoding="utf-8") as file:
        for n in range(CALLERS):
            drawn = n * 7919 % (contacts // 8) * 8
            if n % 10 < 7:
                contact = drawn + n % 7
            else:
                contact = drawn + 7 if n % 10 == 7 else NOBODY + n
            file.write(phone(contact) + "\n")


class Server:
    """One server for one estate. `stop` leaves nothing behind but the database."""

    needs_node = False
    process = None
    webhook, load = "voice", ()  # its path below the workspace's; more words for the load driver

    def __init__(self, bench, contacts=CONTACTS, rules=0, calls=0):
        self.bench, self.contacts, self.rules, self.calls = bench, contacts, rules, calls
        self.place = bench.scratch / f"{type(self).__name__}-{contacts}"
        self.workspace = WORKSPACE
        self.port = 0

    def seed(self):
        """Makes the database; once."""
        raise NotImplementedError

    def forget_calls(self):
        """Before each run the call log is as it was seeded."""
        raise NotImplementedError

    def recorded(self):
        """How many calls the database holds beside those that were seeded."""
        raise NotImplementedError

    def start(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        argv = [str(word) for word in ["taskset", "-c", SERVER_CORE, *self.command()]]
        self.log = open(self.place / "log", "wb")
        self.process = subprocess.Popen(argv, env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN, **self.environment()},
                                        stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{self.name} did not start:\n{(self.place / 'log').read_text(errors='replace')}")
            time.sleep(0.05)

    def is_ready(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
            return True
        except OSError:
            return False

    def memory(self):
        """The most that the server ever held, in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024

    def stop(self):
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.log.close()


# --- ringctl -----------------------------------------------------------------------------------------------------------


class RingctlServer(Server):
    name = "ringctl"

    def seed(self):
        self.place.mkdir()
        run = lambda *arguments: self.bench.run_ringctl(arguments, self.url)
        run("init", "--yes", "--zone", "UTC")
        run("users", "import", self.write("users.csv", self.users()))
        run("contacts", "import", self.write("contacts.csv", self.people()))
        run("numbers", "add", TO, "--provider", "twilio")
        run("workspaces", "update", "default", "--twilio-accounts", ACCOUNT)
        if self.rules:
            run("rules", "import", self.write("rules.csv", self.some_rules()))
        if self.calls:
            self.execute(self.add_calls())
        shown = self.bench.run_ringctl(["workspaces", "show", "-o", "tsv", "--no-header", "--columns", "id"], self.url)
        self.workspace = shown.output.strip()

    def write(self, name, lines):
        path = self.place / name
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        return path

    def users(self):
        yield "email,name,role"
        yield from (f"{email(n)},Agent {n},{'admin' if n == 0 else 'agent'}" for n in range(AGENTS))

    def people(self):
        yield "phone_number,name,lead_status,agents"
        yield from (f"{phone(n)},Contact {n},lead,{'|'.join(email(agent) for agent in agents_of(n))}" for n in range(self.contacts))

    def some_rules(self):
        """None of them holds for these callers: every one must be looked at."""
        yield "name,when,ring"
        for n in range(self.rules):
            yield f'rule {n},"{{""contact"":{{""product"":[""product {n}""]}}}}","[{{""users"":[""{email(n % AGENTS)}""]}}]"'

    def add_calls(self):
        """SQL that writes the call log of years: every call over, spread over the callers."""
        number = {"sqlite": "printf('%010d', n)", "postgresql": "lpad(n::text, 10, '0')"}[self.engine]
        series = {"sqlite": "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {0}) SELECT n FROM s)",
                  "postgresql": "generate_series(1, {0}) AS s (n)"}[self.engine].format(self.calls)
        ids = {"sqlite": f"'01800000-0000-7000-8000-00' || {number}",
               "postgresql": f"('01800000-0000-7000-8000-00' || {number})::uuid"}[self.engine]
        at = {"sqlite": "'2026-01-01T00:00:00.000Z'", "postgresql": "timestamptz '2026-01-01 00:00:00Z'"}[self.engine]
        return ("INSERT INTO calls (id, workspace_id, call_sid, direction, status, from_number, to_number, started_at, ended_at,"
                " created_at, updated_at)"
                f" SELECT {ids}, (SELECT id FROM workspaces), 'CAffffffffffffffffffffff' || {number}, 'inbound', 'completed',"
                f" '+1201' || substr({number}, 4), '{TO}', {at}, {at}, {at}, {at} FROM {series}")

    def command(self):
        return [self.bench.ringctl, "serve", "--listen", f"127.0.0.1:{self.port}"]

    def environment(self):
        return {"RINGCTL_DATABASE_URL": self.url, "RINGCTL_PUBLIC_URL": PUBLIC_URL,
                "RINGCTL_LISTEN": f"127.0.0.1:{self.port}", "XDG_STATE_HOME": str(self.place / "state")}

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False


# The tables of ringctl that calls leave rows in, those that refer to others first.
CALL_TABLES = ("callbacks", "recordings", "call_attempts", "call_events", "calls")


class RingctlSqliteServer(RingctlServer):
    engine = "sqlite"

    @property
    def url(self):
        return f"sqlite:{self.place / 'estate.db'}"

    def execute(self, statement):
        with sqlite3.connect(self.place / "estate.db") as db:
            found = db.execute(statement).fetchall()
        db.close()
        return found

    def forget_calls(self):
        for table in CALL_TABLES:
            self.execute(f"DELETE FROM {table} WHERE created_at > '2026-01-02'" if table == "calls" else f"DELETE FROM {table}")
        self.bench.sqlite(self.place / "estate.db", "PRAGMA wal_checkpoint(TRUNCATE)")

    def recorded(self):
        return self.execute("SELECT count(*) FROM calls")[0][0] - self.calls


class RingctlPostgresServer(RingctlServer):
    engine = "postgresql"

    @property
    def database(self):
        return f"serve_{self.contacts}"

    @property
    def url(self):
        return self.bench.postgres_url(self.database)

    def seed(self):
        self.bench.psql(self.bench.postgres, f"CREATE DATABASE {self.database}")
        super().seed()
        self.tidy("users", "contacts", "contact_phones", "contact_assignments", "phone_numbers", *CALL_TABLES)

    def tidy(self, *tables):
        self.bench.psql(self.url, "VACUUM ANALYZE " + ", ".join(f"ringctl.{table}" for table in tables))

    def execute(self, statement):
        return self.bench.psql(self.url, f"SET search_path = ringctl; SET ringctl.door = 'maintenance'; {statement}")

    def forget_calls(self):
        for table in CALL_TABLES:
            self.execute(f"DELETE FROM {table} WHERE created_at > '2026-01-02'" if table == "calls" else f"DELETE FROM {table}")
        self.tidy(*CALL_TABLES)

    def recorded(self):
        return int(self.execute("SELECT count(*) FROM calls")) - self.calls


# --- Node --------------------------------------------------------------------------------------------------------------

SCHEMA = """
CREATE TABLE users (id {id} PRIMARY KEY, workspace_id {id} NOT NULL, name TEXT, role TEXT NOT NULL);
CREATE INDEX users_by_role ON users (workspace_id, role);
CREATE TABLE contacts (id {id} PRIMARY KEY, workspace_id {id} NOT NULL, phone_number TEXT NOT NULL, name TEXT, lead_status TEXT,
  UNIQUE (workspace_id, phone_number));
CREATE TABLE contact_assignments (id {id} PRIMARY KEY, workspace_id {id} NOT NULL, contact_id {id} NOT NULL, user_id {id} NOT NULL,
  status TEXT NOT NULL, UNIQUE (workspace_id, contact_id, user_id));
CREATE TABLE call_logs (id {id} PRIMARY KEY, workspace_id {id} NOT NULL, contact_id {id}, call_sid TEXT NOT NULL UNIQUE, direction TEXT,
  from_number TEXT, to_number TEXT, status TEXT, duration INTEGER, created_at {time}, updated_at {time});
"""


def made_up_id(kind, n):
    return f"019000{kind:02x}-0000-7000-8000-{n:012x}"


def rows_of(contacts):
    """Table -> its rows."""
    yield "users", ((made_up_id(1, n), WORKSPACE, f"Agent {n}", "admin" if n == 0 else "agent") for n in range(AGENTS))
    yield "contacts", ((made_up_id(2, n), WORKSPACE, phone(n), f"Contact {n}", "lead") for n in range(contacts))
    yield "contact_assignments", ((made_up_id(3, 4 * n + place), WORKSPACE, made_up_id(2, n), made_up_id(1, agent), "active")
                                  for n in range(contacts) for place, agent in enumerate(agents_of(n)))


class NodeServer(Server):
    needs_node = True

    def command(self):
        return ["node", HERE / self.script, self.port, self.engine, self.target]

    def environment(self):
        return {"NODE_PATH": os.path.join(self.bench.node, "node_modules"), "PUBLIC_URL": PUBLIC_URL, "NODE_ENV": "production"}


class NodeSqliteServer(NodeServer):
    engine = "sqlite"

    @property
    def target(self):
        return self.place / "estate.db"

    def seed(self):
        self.place.mkdir()
        with sqlite3.connect(self.target) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(SCHEMA.format(id="TEXT", time="TEXT"))
            for table, rows in rows_of(self.contacts):
                for row in rows:
                    db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", row)
        db.close()

    def forget_calls(self):
        self.bench.sqlite(self.target, "DELETE FROM call_logs; PRAGMA wal_checkpoint(TRUNCATE)")

    def recorded(self):
        return int(self.bench.sqlite(self.target, "SELECT count(*) FROM call_logs"))


class NodePostgresServer(NodeServer):
    engine = "postgresql"

    @property
    def target(self):
        return self.bench.postgres_url(f"serve_{type(self).__name__.lower()}")

    def seed(self):
        self.place.mkdir()
        self.bench.psql(self.bench.postgres, f"CREATE DATABASE serve_{type(self).__name__.lower()}")
        script = self.place / "seed.sql"
        with open(script, "w", encoding="utf-8") as file:
            file.write(SCHEMA.format(id="uuid", time="timestamptz"))
            for table, rows in rows_of(self.contacts):
                file.write(f"COPY {table} FROM stdin WITH (FORMAT csv);\n")
                file.writelines(",".join(row) + "\n" for row in rows)
                file.write("\\.\n")
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.target, "-f", script], check=True)
        self.bench.psql(self.target, "VACUUM ANALYZE users, contacts, contact_assignments, call_logs")

    def forget_calls(self):
        self.bench.psql(self.target, "TRUNCATE call_logs; VACUUM ANALYZE call_logs")

    def recorded(self):
        return int(self.bench.psql(self.target, "SELECT count(*) FROM call_logs"))


class ExpressSqlite(NodeSqliteServer):
    name, script = "Express, twilio SDK, better-sqlite3", "plain_express.cjs"


class FastifySqlite(NodeSqliteServer):
    name, script = "Fastify, twilio SDK, better-sqlite3", "plain_fastify.cjs"


class ExpressPostgres(NodePostgresServer):
    name, script = "Express, twilio SDK, pg (named statements)", "plain_express.cjs"


class FastifyPostgres(NodePostgresServer):
    name, script = "Fastify, twilio SDK, pg (named statements)", "plain_fastify.cjs"
