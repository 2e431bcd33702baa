#!/usr/bin/env python3
"""Measures ringctl beside the tools' own bulk paths and plain scripts, in turn, and writes RESULTS.md beside this file.

usage: bench.py --ringctl BINARY [--rows N,N] [--rounds N] [--seed S] [--only SECTION] [--leave-out CONTESTANT]... [--out FILE]
                [--log-calls N]
RINGCTL_BENCH_NODE   a folder whose node_modules hold csv-parse, libphonenumber-js, better-sqlite3, pg, express, fastify,
                     @fastify/formbody and twilio (npm install in it)
RINGCTL_BENCH_TWILIO_CLI  the program twilio of twilio-cli (npm install twilio-cli in a folder of its own)
RINGCTL_BENCH_TMP    where the databases go (default: TMPDIR); put it on the disk you care about
"""
import argparse
import contextlib
import datetime
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import records_peers
import reports
import sim
import twilio
import webhooks

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# What is run side by side: the first of each list is ringctl. A bar is (peer, largest ratio ringctl / peer).
MATCHES = [
    ("import", "sqlite", [peers.RingctlSqliteImport, peers.BareImport, peers.TunedImport, peers.IdImport,
                          peers.SameTableImport, peers.PythonImport, peers.NodeSqliteImport]),
    ("export", "sqlite", [peers.RingctlSqliteExport, peers.ShellExport, peers.RingctlSqliteSafeExport]),
    ("import", "postgresql", [peers.RingctlPostgresImport, peers.CopyImport, peers.SameTableCopy, peers.NodePostgresImport]),
    ("export", "postgresql", [peers.RingctlPostgresExport, peers.CopyExport]),
]
BARS = {peers.NodeSqliteImport: 1 / 4, peers.TunedImport: 2.0, peers.NodePostgresImport: 1 / 3, peers.SameTableCopy: 1.3,
        peers.ShellExport: 1.0, peers.CopyExport: 1.2}
NEEDS_NODE = {peers.NodeSqliteImport, peers.NodePostgresImport}


class Run:
    """One timed process: wall seconds and the peak memory of it and its children, in MiB."""

    def __init__(self, argv, stdin=None, environment=None):
        argv = [str(a) for a in argv]
        env = {k: v for k, v in os.environ.items() if not k.startswith("RINGCTL_")}
        env.update(environment or {})
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output:
            given.write((stdin or "").encode())
            given.seek(0)
            start = time.perf_counter()
            process = subprocess.Popen(argv, stdin=given, stdout=output, stderr=subprocess.STDOUT, env=env)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            self.output = output.read().decode(errors="replace")
        self.memory = usage.ru_maxrss / 1024
        if process.returncode != 0:
            sys.exit(f"{' '.join(argv)} ended with {process.returncode}:\n{self.output}")


class Bench:
    def __init__(self, given, scratch):
        self.ringctl = str(pathlib.Path(given.ringctl).resolve())
        self.seed = given.seed
        self.left_out = given.leave_out
        self.scratch = scratch
        self.node = os.environ.get("RINGCTL_BENCH_NODE", "")
        self.postgres = None
        self.filled = {}
        self.bars = BARS

    def input(self, rows):
        path = self.scratch / f"numbers-{rows}.csv"
        if not path.exists():
            with open(path, "wb") as file:
                subprocess.run([sys.executable, ROOT / "fixtures/generate.py", str(rows), "--seed", str(self.seed),
                                "--columns", "phone_number,provider,country_code"], stdout=file, check=True)
        return path

    def run(self, argv, stdin=None):
        return Run(argv, stdin)

    def match(self, kinds, rows, rounds):
        """Lines of a table: contestants in turn, the first of them ringctl."""
        return table_of(play(self, kinds, rows, rounds), kinds)

    def run_ringctl(self, arguments, url):
        return Run([self.ringctl, "-q", *arguments], environment={"RINGCTL_DATABASE_URL": url})

    def sqlite(self, database, statement):
        return Run(["sqlite3", database, statement]).output.strip()

    def psql(self, url, statements):
        argv = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url]
        for statement in statements.split("; ") if isinstance(statements, str) else statements:
            argv += ["-c", statement]
        return Run(argv).output.strip()

    def postgres_url(self, database):
        return self.postgres.replace("/postgres?", f"/{database}?")

    def filled_sqlite(self, rows):
        key = ("sqlite", rows)
        if key not in self.filled:
            path = self.scratch / f"filled-{rows}.db"
            self.run_ringctl(["numbers", "import", self.input(rows)], f"sqlite:{path}")
            self.filled[key] = path
        return self.filled[key]

    def filled_postgres(self, rows):
        key = ("postgresql", rows)
        if key not in self.filled:
            self.psql(self.postgres, f"CREATE DATABASE filled_{rows}")
            url = self.postgres_url(f"filled_{rows}")
            self.run_ringctl(["init", "--yes"], url)
            self.run_ringctl(["numbers", "import", self.input(rows)], url)
            self.psql(url, "VACUUM ANALYZE ringctl.phone_numbers")
            self.filled[key] = url
        return self.filled[key]


@contextlib.contextmanager
def private_postgres(bench):
    """The tests' cluster, but as durable as a real one."""
    script = ROOT / "tests/support/pg_cluster.sh"
    place = bench.scratch / "postgres"
    bench.postgres = subprocess.run([script, "start", place], check=True, capture_output=True, text=True).stdout.strip()
    try:
        home = pathlib.Path((place / "home").read_text().strip())
        with open(home / "data/postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write("fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n")
        os.kill(int((home / "data/postmaster.pid").read_text().split()[0]), 1)  # SIGHUP: read it again
        deadline = time.monotonic() + 10
        while bench.psql(bench.postgres, "SHOW fsync") != "on":
            if time.monotonic() > deadline:
                sys.exit("the cluster did not turn fsync on")
        yield
    finally:
        subprocess.run([script, "stop", place], check=False, stdout=subprocess.DEVNULL)


def play(bench, kinds, rows, rounds):
    """Rounds in turn (A B C, A B C, ...), so that whatever else the machine does hits all alike."""
    contestants = [kind(bench, rows) for kind in kinds if bench.node or kind not in NEEDS_NODE]
    results = {type(c): [] for c in contestants}
    for number in range(rounds):
        for contestant in contestants:
            contestant.prepare()
            argv, stdin, environment = contestant.command(), contestant.stdin(), contestant.environment()
            run = Run(argv, stdin, environment)
            if (stored := contestant.check()) != rows:
                sys.exit(f"{contestant.name}: {stored} rows instead of {rows}")
            contestant.finish()
            results[type(contestant)].append(run)
            print(f"  round {number + 1}: {contestant.name}: {run.seconds:.2f} s, {run.memory:.0f} MiB", file=sys.stderr)
    return results


def median(runs, what):
    return statistics.median(getattr(run, what) for run in runs)


def table_of(results, kinds):
    own = results[kinds[0]]
    yield "| contestant | seconds, median | memory MiB, worst | ringctl / it, median | worst | bar |"
    yield "|---|---|---|---|---|---|"
    for kind, runs in results.items():
        ratios = [mine.seconds / its.seconds for mine, its in zip(own, runs)]
        bar = f"{BARS[kind]:.2f}" if kind in BARS else ""
        ratio = ("", "") if kind is kinds[0] else (f"{statistics.median(ratios):.2f}", f"{max(ratios):.2f}")
        yield (f"| {kind.name} | {median(runs, 'seconds'):.2f} | {max(r.memory for r in runs):.0f} "
               f"| {ratio[0]} | {ratio[1]} | {bar} |")


def startup(bench, runs):
    yield "## Start-up"
    yield ""
    yield f"{runs} runs each, in turn. Bar: 20 ms and 24 MiB. No figure can be below the memory of the bench itself, which `/bin/true` shows."
    yield ""
    yield "| command | ms, median | ms, worst | memory MiB, worst |"
    yield "|---|---|---|---|"
    commands = {"/bin/true": ["/bin/true"], "ringctl --version": [bench.ringctl, "--version"],
                "ringctl --help": [bench.ringctl, "--help"],
                "ringctl __complete -- numbers l": [bench.ringctl, "__complete", "--", "numbers", "l"]}
    empty = {"RINGCTL_DATABASE_URL": f"sqlite:{bench.scratch}/none.db"}
    done = {name: [] for name in commands}
    for _ in range(runs):
        for name, argv in commands.items():
            done[name].append(Run(argv, environment=empty))
    for name, all_runs in done.items():
        yield (f"| `{name}` | {median(all_runs, 'seconds') * 1000:.1f} | {max(r.seconds for r in all_runs) * 1000:.1f} "
               f"| {max(r.memory for r in all_runs):.1f} |")
    yield ""


RECORDS = 100_000
SPREAD = 1000  # assignments that callers draw from
CALLERS = 64


def engine_name(engine):
    return "SQLite" if engine == "sqlite" else "PostgreSQL"


def records(bench, engine, rounds):
    for kind in records_peers.KINDS:
        kinds = records_peers.contestants(kind, engine)
        BARS[kinds[1]] = 1 / 4 if engine == "sqlite" else 1 / 3
        print(f"import {kind} {engine} {RECORDS}", file=sys.stderr)
        yield f"## Import of {RECORDS:,} {kind}, {engine_name(engine)}"
        yield ""
        yield from table_of(play(bench, kinds, RECORDS, rounds), kinds)
        yield ""


def figures(output):
    """ "a 1 b 2" as a dictionary"""
    words = output.split()
    return {name: float(value) for name, value in zip(words[::2], words[1::2])}


class Limits:
    """One engine: calls counted by ringctl's library, what a bare database does, a day closed."""

    def __init__(self, bench, engine):
        self.bench, self.engine = bench, engine
        self.program = pathlib.Path(bench.ringctl).parent / "tests/bench_limits"

    def fresh(self):
        if self.engine == "sqlite":
            path = self.bench.scratch / "limits.db"
            for file in self.bench.scratch.glob("limits.db*"):
                file.unlink()
            url = f"sqlite:{path}"
        else:
            self.bench.psql(self.bench.postgres, "DROP DATABASE IF EXISTS limits")
            self.bench.psql(self.bench.postgres, "CREATE DATABASE limits")
            url = self.bench.postgres_url("limits")
        self.bench.run_ringctl(["init", "--yes"], url)
        return url

    def reserve(self, callers):
        grouped = ["group"] if self.engine == "sqlite" else []
        return figures(Run([self.program, "reserve", self.fresh(), callers, 5, SPREAD, *grouped]).output)["calls_per_second"]

    def bare(self, callers):
        """SQLite: rows inserted 64 to a commit. PostgreSQL: pgbench with the guarded update alone."""
        if self.engine == "sqlite":
            return figures(Run([self.program, "rows", self.bench.scratch / "rows.db", callers, 5]).output)["rows_per_second"]
        url = self.fresh()
        self.bench.psql(url, "CREATE TABLE public.bare (id int PRIMARY KEY, reserved bigint NOT NULL, refunded bigint NOT NULL, "
                             f"daily_limit bigint NOT NULL); INSERT INTO public.bare SELECT n, 0, 0, 1000000000 FROM generate_series(1, {SPREAD}) n")
        script = self.bench.scratch / "bare.sql"
        script.write_text(f"\\set id random(1, {SPREAD})\nUPDATE public.bare SET reserved = reserved + 1 "
                          "WHERE id = :id AND reserved - refunded < daily_limit;\n")
        output = Run([pgbench(), "-n", "-M", "prepared", "-c", callers, "-j", 2, "-T", 5, "-f", script, url]).output
        return float(next(line for line in output.splitlines() if line.startswith("tps")).split()[2])

    def reset(self):
        return figures(Run([self.program, "reset", self.fresh(), 1_000_000]).output)


def pgbench():
    found = shutil.which("pgbench") or max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return str(found)


def limits(bench, rounds):
    yield "## Calls counted against their limits"
    yield ""
    yield (f"Callers in one process, {SPREAD:,} assignments, 5 seconds; beside it SQLite rows of a UUID and a text, {CALLERS} to a commit, "
           "and pgbench with the guarded UPDATE alone. A bar is the least ratio.")
    yield ""
    yield "| engine | callers | calls/s, median | bare/s, median | ratio, median | worst | bar |"
    yield "|---|---|---|---|---|---|---|"
    for engine, callers in (("sqlite", CALLERS), ("postgresql", 1), ("postgresql", 16)):
        runs = [(Limits(bench, engine).reserve(callers), Limits(bench, engine).bare(callers)) for _ in range(rounds)]
        ratios = [own / bare for own, bare in runs]
        yield (f"| {engine_name(engine)} | {callers} | {statistics.median(own for own, _ in runs):,.0f} "
               f"| {statistics.median(bare for _, bare in runs):,.0f} | {statistics.median(ratios):.2f} | {min(ratios):.2f} | 0.80 |")
    yield ""
    yield "Closing a day of 1,000,000 counters while somebody reserves without pause. Bars: 3 s, and 50 ms for any call."
    yield ""
    yield "| engine | reset s, median | worst | longest call alone, ms | longest call beside it, ms, median | worst |"
    yield "|---|---|---|---|---|---|"
    for engine in ("sqlite", "postgresql"):
        runs = [Limits(bench, engine).reset() for _ in range(rounds)]
        seconds, beside = [r["reset_seconds"] for r in runs], [r["beside_max_ms"] for r in runs]
        yield (f"| {engine_name(engine)} | {statistics.median(seconds):.2f} | {max(seconds):.2f} "
               f"| {max(r['alone_max_ms'] for r in runs):.0f} | {statistics.median(beside):.0f} | {max(beside):.0f} |")
    yield ""


def heading(bench, given):
    def first_line(*argv):
        return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip().splitlines()[0]

    commit = first_line("git", "-C", ROOT, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    versions = [first_line("sqlite3", "--version").split()[0].join(["sqlite3 ", ""]), first_line("psql", "--version"),
                f"Python {platform.python_version()}"]
    if bench.node:
        versions.append("Node " + first_line("node", "--version"))
    yield "# Results"
    yield ""
    yield "Written by `cmake --build --preset release --target bench`. Wall-clock seconds of whole commands; contestants take turns."
    yield "A ratio is ringctl's time through the other's in the same round: below 1 ringctl is faster. Bars are upper limits of it."
    yield ""
    yield f"Commit {commit}, {datetime.date.today()}, seed {given.seed}, {given.rounds} rounds, {os.cpu_count()} cores, {', '.join(versions)}."
    yield "SQLite runs with synchronous=FULL, PostgreSQL with its durable defaults on a private cluster."
    yield ""


def wanted(given, section):
    return not given.only or section in given.only


def measure(bench, given):
    yield from heading(bench, given)
    for what, engine, kinds in MATCHES:
        if not wanted(given, engine):
            continue
        for rows in given.rows:
            print(f"{what} {engine} {rows}", file=sys.stderr)
            yield f"## {what.capitalize()} of {rows:,} numbers, {'SQLite' if engine == 'sqlite' else 'PostgreSQL'}"
            yield ""
            yield from table_of(play(bench, kinds, rows, given.rounds), kinds)
            yield ""
    for engine in ("sqlite", "postgresql"):
        if wanted(given, "records") and bench.node:
            yield from records(bench, engine, given.rounds)
    if wanted(given, "limits"):
        yield from limits(bench, given.rounds)
    for section, write in webhooks.SECTIONS.items():
        if wanted(given, section) and bench.node:
            print(section, file=sys.stderr)
            yield from write(bench, given)
    for section, write in reports.SECTIONS.items():
        if wanted(given, section):
            print(section, file=sys.stderr)
            yield from write(bench, given)
    if wanted(given, "sim"):
        yield from sim.write(bench, given)
    if wanted(given, "twilio"):
        yield from twilio.write(bench, given)
    if wanted(given, "startup"):
        yield from startup(bench, given.startup_runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ringctl", required=True)
    parser.add_argument("--rows", default="100000,1000000", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--startup-runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--load-seconds", type=float, default=5, help="how long each run of a webhook section lasts")
    parser.add_argument("--only", action="append", help="a section; several are measured in one run",
                        choices=["sqlite", "postgresql", "records", "limits", *webhooks.SECTIONS, *reports.SECTIONS, "sim", "twilio",
                                 "startup"])
    parser.add_argument("--log-calls", type=int, default=10_000_000, help="size of the call log of reports; needs 40 GB for that many")
    parser.add_argument("--leave-out", action="append", default=[], help="a contestant of the webhook sections")
    parser.add_argument("--out", type=pathlib.Path, default=HERE / "RESULTS.md")
    given = parser.parse_args()
    parent = os.environ.get("RINGCTL_BENCH_TMP") or None
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="ringctl-bench.", dir=parent))
    scratch.chmod(0o711)
    try:
        bench = Bench(given, scratch)
        embedded = {"sqlite", "sim", "twilio", "startup", *webhooks.EMBEDDED, *reports.EMBEDDED}
        without_postgres = given.only and embedded.issuperset(given.only)
        with contextlib.nullcontext() if without_postgres else private_postgres(bench):
            text = "\n".join(measure(bench, given)).rstrip("\n") + "\n"
        given.out.write_text(text, encoding="utf-8")
        print(text)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
