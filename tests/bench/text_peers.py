"""Servers that take texts: ringctl, and what a Node user would run instead. One number, whose texts several people receive."""
import voice_peers
from records_peers import email
from voice_peers import AGENTS, TO, WORKSPACE, made_up_id

POOL = 5  # people who receive the number's texts
assert POOL <= AGENTS


class RingctlTexts(voice_peers.RingctlSqliteServer):
    webhook, load = "sms", ("--texts",)
    TABLES = ("notifications", "message_deliveries", "message_events", "message_turns", "messages", "message_threads")

    def seed(self):
        super().seed()
        lines = ["phone_number,user,sms_access_enabled", *(f"{TO},{email(n)},yes" for n in range(POOL))]
        self.bench.run_ringctl(("pools", "import", self.write("pools.csv", lines)), self.url)

    def forget_calls(self):
        for table in self.TABLES:
            self.execute(f"DELETE FROM {table}")
        self.bench.sqlite(self.place / "estate.db", "PRAGMA wal_checkpoint(TRUNCATE)")

    def recorded(self):
        return self.execute("SELECT count(*) FROM messages")[0][0]


SCHEMA = """
CREATE TABLE numbers (id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, phone_number TEXT NOT NULL, UNIQUE (workspace_id, phone_number));
CREATE TABLE pools (number_id TEXT NOT NULL, user_id TEXT NOT NULL, PRIMARY KEY (number_id, user_id));
CREATE TABLE messages (id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, number_id TEXT, contact_id TEXT, message_sid TEXT NOT NULL UNIQUE,
  direction TEXT, from_number TEXT, to_number TEXT, body TEXT, status TEXT, created_at TEXT, updated_at TEXT);
CREATE TABLE notifications (id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL, message_id TEXT NOT NULL, user_id TEXT NOT NULL, type TEXT,
  is_read INTEGER, created_at TEXT);
CREATE INDEX notifications_by_user ON notifications (user_id, is_read);
"""


class NodeTexts:
    """The text side of a Node server for voice."""

    webhook, load = "sms", ("--texts",)

    def command(self):
        return [*super().command(), "texts"]

    def seed(self):
        super().seed()
        number = made_up_id(4, 1)
        rows = [f"INSERT INTO numbers VALUES ('{number}', '{WORKSPACE}', '{TO}')",
                *(f"INSERT INTO pools VALUES ('{number}', '{made_up_id(1, n)}')" for n in range(POOL))]
        self.bench.sqlite(self.target, SCHEMA + ";".join(rows))

    def forget_calls(self):
        self.bench.sqlite(self.target, "DELETE FROM notifications; DELETE FROM messages; PRAGMA wal_checkpoint(TRUNCATE)")

    def recorded(self):
        return int(self.bench.sqlite(self.target, "SELECT count(*) FROM messages"))


class FastifyTexts(NodeTexts, voice_peers.FastifySqlite):
    pass


class ExpressTexts(NodeTexts, voice_peers.ExpressSqlite):
    pass


ALL = [RingctlTexts, FastifyTexts, ExpressTexts]
OF = {voice_peers.FastifySqlite: FastifyTexts, voice_peers.ExpressSqlite: ExpressTexts}
