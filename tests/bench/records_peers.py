"""Users, contacts and assignments: ringctl beside a plain Node script that does the same work."""
import os
import pathlib
import random
import subprocess

from peers import PostgresContestant, SqliteContestant

HERE = pathlib.Path(__file__).parent
AGENTS = 1000
KINDS = ("users", "contacts", "assignments")


def email(number):
    return f"agent{number}@example.com"


def phone(number):
    """A number that both sides take for one: US, area codes 201 to 209."""
    return f"+1{201 + number // 8_000_000}{2_000_000 + number % 8_000_000}"


def write_input(path, kind, rows, seed):
    draw = random.Random(seed)
    order = list(range(rows))
    draw.shuffle(order)
    with open(path, "w", encoding="utf-8") as file:
        if kind == "agents":
            file.write("email\n" + "".join(email(n) + "\n" for n in range(AGENTS)))
        elif kind == "numbers":
            file.write("phone_number\n" + "".join(phone(n) + "\n" for n in range(rows)))
        elif kind == "users":
            file.write("email,name,role\n")
            file.writelines(f"user{n}@example.com,User {n},agent\n" for n in order)
        elif kind == "contacts":
            file.write("phone_number,name,lead_status,state,country,tags,agents,notes\n")
            file.writelines(f"{phone(n)},Contact {n},new,CA,US,web|vip,{email(n % AGENTS)},prefers mornings\n" for n in order)
        else:
            file.write("phone_number,agent,daily_limit,allowed_countries\n")
            file.writelines(f"{phone(n)},{email(n % AGENTS)},200,US|CA\n" for n in order)


def input_of(bench, kind, rows):
    path = bench.scratch / f"{kind}-{rows}.csv"
    if not path.exists():
        write_input(path, kind, rows, bench.seed)
    return path


def needs(kind):
    """What must be there before, and the noun that loads it."""
    return {"users": [], "contacts": [("agents", "users")],
            "assignments": [("agents", "users"), ("numbers", "numbers")]}[kind]


class Ringctl:
    name = "ringctl"

    def prepare(self):
        super().prepare()
        url = self.environment()["RINGCTL_DATABASE_URL"]
        for source, noun in needs(self.kind):
            self.bench.run_ringctl([noun, "import", input_of(self.bench, source, self.rows)], url)
        input_of(self.bench, self.kind, self.rows)

    def command(self):
        return [self.bench.ringctl, "-q", self.kind, "import", input_of(self.bench, self.kind, self.rows)]

    @property
    def table(self):
        return "agent_phone_numbers" if self.kind == "assignments" else self.kind


class Node:
    name = "plain Node script (libphonenumber-js)"

    def prepare(self):
        super().prepare()
        for source, _ in needs(self.kind):
            subprocess.run([str(word) for word in self.script("prepare", source)], check=True,
                           env={**os.environ, **self.environment()})

    def command(self):
        return self.script(self.kind, self.kind)

    def script(self, act, source):
        return ["node", HERE / "plain_records.cjs", act, input_of(self.bench, source, self.rows), self.engine, self.target]

    def environment(self):
        return {"NODE_PATH": os.path.join(self.bench.node, "node_modules")}

    @property
    def table(self):
        return self.kind


class RingctlSqlite(Ringctl, SqliteContestant):
    def environment(self):
        return {"RINGCTL_DATABASE_URL": f"sqlite:{self.database}"}


class RingctlPostgres(Ringctl, PostgresContestant):
    schema = True

    def environment(self):
        return {"RINGCTL_DATABASE_URL": self.url}


class NodeSqlite(Node, SqliteContestant):
    engine = "sqlite"

    @property
    def target(self):
        return self.database


class NodePostgres(Node, PostgresContestant):
    engine = "postgresql"

    @property
    def target(self):
        return self.url


def contestants(kind, engine):
    """ringctl and its peer for one kind of row, as classes of their own."""
    pair = (RingctlSqlite, NodeSqlite) if engine == "sqlite" else (RingctlPostgres, NodePostgres)
    return [type(f"{kind}{base.__name__}", (base,), {"kind": kind}) for base in pair]
