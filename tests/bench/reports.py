"""Reports and exports of large call logs, what keeping days costs those who write, and calls that come in while an export runs."""
import os
import pathlib
import statistics
import subprocess
import sys
import threading

import reports_peers
import webhooks
import voice_peers
from reports_peers import AGENTS, ENTER, SINCE, UNTIL, by_hand, file_of, loaded

EXPORTED = 1_000_000
RAW_BAR = 1.1  # the largest ratio, counting through asking by hand
KEPT_BAR_MS = 50
KEPT_RUNS = 10
PAGE_BAR_S, PAGE_BAR_BYTES = 1.0, 1_000_000
WRITE_BAR = 1.2  # the largest ratio of the time per event, with ten million calls and triggers through neither
BESIDE_BAR = 1.5  # the largest ratio of p99, beside an export through without
WRITTEN = 20_000  # calls, each of eight events
PERIOD = ["--since", SINCE, "--until", UNTIL]
ENGINES = ("sqlite", "postgresql")


def engine_name(engine):
    return "SQLite" if engine == "sqlite" else "PostgreSQL"


def timed(bench, arguments, url):
    run = bench.run_ringctl(arguments, url)
    return run.seconds


def median(values):
    return statistics.median(values)


# --- export ------------------------------------------------------------------------------------------------------------


def exports(bench, given):
    bench.bars.update(reports_peers.EXPORT_BARS)
    for engine in ENGINES:
        kinds = reports_peers.EXPORTS[engine]
        print(f"export of calls, {engine}", file=sys.stderr)
        yield f"## Export of {EXPORTED:,} calls, {engine_name(engine)}"
        yield ""
        yield from bench.match(kinds, EXPORTED, given.rounds)
        yield ""
    reports_peers.forget_files(bench, EXPORTED)


# --- reports -----------------------------------------------------------------------------------------------------------


class Asked:
    """One question, of ringctl and by hand."""

    def __init__(self, bench, engine, url):
        self.bench, self.engine, self.url = bench, engine, url

    def report(self, *words):
        return timed(self.bench, ["reports", *words, *PERIOD, "--no-compare", "-o", "csv"], self.url)

    def by_hand(self, key):
        statements = ";\n".join(by_hand(self.engine, key)) + ";\n"
        if self.engine == "sqlite":
            return self.bench.run(["sqlite3", file_of(self.url)], "BEGIN;\n" + statements).seconds
        entered = ENTER + "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n" + statements
        return self.bench.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url], entered).seconds

    def page(self):
        out = self.bench.scratch / "page.html"
        seconds = timed(self.bench, ["reports", "agents", *PERIOD, "--out", out], self.url)
        size = out.stat().st_size
        out.unlink()
        return seconds, size


QUESTIONS = {"calls": "'all'", "agents": "c.user_id"}


def reports(bench, given):
    yield f"## Reports on {given.log_calls:,} calls"
    yield ""
    yield (f"A year, {AGENTS} agents; every figure of the report. Counted: no day is kept. By hand: statements that give the same sums, on the "
           f"same tables. Bars: a ratio of {RAW_BAR}, and {KEPT_BAR_MS} ms where days are kept.")
    yield ""
    yield "| engine | report | counted s, median | by hand s, median | ratio, median | worst | kept ms, median | worst |"
    yield "|---|---|---|---|---|---|---|---|"
    pages = []
    for engine in ENGINES:
        url = loaded(bench, engine, given.log_calls)
        asked = Asked(bench, engine, url)
        counted, by_hands = {}, {}
        for report, key in QUESTIONS.items():
            runs = [(asked.report(report), asked.by_hand(key)) for _ in range(given.rounds)]
            counted[report], by_hands[report] = [own for own, _ in runs], [its for _, its in runs]
            print(f"  {engine}: {report}: {median(counted[report]):.1f} s, by hand {median(by_hands[report]):.1f} s", file=sys.stderr)
        refreshed = timed(bench, ["reports", "refresh"], url)
        for report in QUESTIONS:
            kept = [asked.report(report) * 1000 for _ in range(KEPT_RUNS)]
            ratios = [own / its for own, its in zip(counted[report], by_hands[report])]
            yield (f"| {engine_name(engine)} | `reports {report}` | {median(counted[report]):.2f} | {median(by_hands[report]):.2f} "
                   f"| {median(ratios):.2f} | {max(ratios):.2f} | {median(kept):.0f} | {max(kept):.0f} |")
        made = [asked.page() for _ in range(KEPT_RUNS)]
        pages.append((engine, refreshed, [seconds for seconds, _ in made], made[0][1]))
    yield ""
    yield (f"The page of `reports agents` for that year, held against the year before, and what keeping all its days takes. "
           f"Bars: {PAGE_BAR_S:.0f} s and {PAGE_BAR_BYTES:,} bytes.")
    yield ""
    yield "| engine | page s, median | worst | bytes | `reports refresh` s, once |"
    yield "|---|---|---|---|---|"
    for engine, refreshed, seconds, size in pages:
        yield f"| {engine_name(engine)} | {median(seconds):.2f} | {max(seconds):.2f} | {size:,} | {refreshed:.1f} |"
    yield ""
    reports_peers.forget_files(bench, given.log_calls)


# --- what is written ---------------------------------------------------------------------------------------------------


TRIGGERS = {"sqlite": "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND (name LIKE 'call_days_%' OR name = 'calls_changed')",
            "postgresql": "SELECT tgname || ' ON ringctl.' || tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal"
                          " AND (tgname LIKE 'call_days_%' OR tgname = 'calls_changed')"}


class Writing:
    """Webhooks made into rows: into an empty database, with the triggers of the reports and without, and into one that holds a log."""

    def __init__(self, bench, engine, given):
        self.bench, self.engine, self.given = bench, engine, given
        self.program = pathlib.Path(bench.ringctl).parent / "tests/bench_calls"

    def fresh(self, name):
        if self.engine == "sqlite":
            for file in self.bench.scratch.glob(f"{name}.db*"):
                file.unlink()
            url = f"sqlite:{self.bench.scratch / name}.db"
        else:
            self.bench.psql(self.bench.postgres, f"DROP DATABASE IF EXISTS {name}")
            self.bench.psql(self.bench.postgres, f"CREATE DATABASE {name}")
            url = self.bench.postgres_url(name)
        self.bench.run_ringctl(["init", "--yes"], url)
        return url

    def ask(self, url, statement):
        return self.bench.sqlite(file_of(url), statement) if self.engine == "sqlite" else self.bench.psql(url, [statement])

    def without_triggers(self):
        url = self.fresh("writing_bare")
        names = self.ask(url, TRIGGERS[self.engine]).split("\n")
        if len(names) < 9:
            sys.exit(f"the triggers of the reports are called otherwise: {names}")
        for name in names:
            self.ask(url, f"DROP TRIGGER {name.replace('ringctl.ringctl.', 'ringctl.')}")
        return url

    def events_per_second(self, url):
        output = self.bench.run([self.program, url, WRITTEN]).output
        return float(output.split('"events_per_second":')[1].split("}")[0])

    def rounds(self):
        grown = loaded(self.bench, self.engine, self.given.log_calls)
        kinds = {"empty, without the triggers": self.without_triggers, "empty": lambda: self.fresh("writing"),
                 f"{self.given.log_calls:,} calls": lambda: grown}
        seen = {name: [] for name in kinds}
        for _ in range(self.given.rounds):
            for name, url_of in kinds.items():
                seen[name].append(self.events_per_second(url_of()))
                print(f"  {self.engine}: {name}: {seen[name][-1]:,.0f} events/s", file=sys.stderr)
        return seen

    def purge(self):
        """A month of the log, and how many calls that was."""
        url = loaded(self.bench, self.engine, self.given.log_calls)
        count = lambda: int(self.ask(url, "SELECT count(*) FROM calls") if self.engine == "sqlite" else
                            self.bench.psql(url, ["SET ringctl.door = 'maintenance'", "SELECT count(*) FROM ringctl.calls"]))
        before = count()
        seconds = timed(self.bench, ["-w", "default", "calls", "purge", "--older-than", "2024-03-01", "--confirm", "default"], url)
        return before - count(), seconds


def writing(bench, given):
    yield "## Calls written beside the reports"
    yield ""
    yield (f"{WRITTEN:,} calls of eight events each, in transactions of 256. A ratio is of the time per event, through that of the empty database "
           f"without the triggers that take kept days away: bar {WRITE_BAR}, an upper limit.")
    yield ""
    yield "| engine | database | events/s, median | ratio, median | worst |"
    yield "|---|---|---|---|---|"
    contests = {engine: Writing(bench, engine, given) for engine in ENGINES}
    for engine, contest in contests.items():
        seen = contest.rounds()
        first = next(iter(seen.values()))
        for name, speeds in seen.items():
            ratios = [its / own for own, its in zip(speeds, first)]
            ratio = ("", "") if speeds is first else (f"{median(ratios):.2f}", f"{max(ratios):.2f}")
            yield f"| {engine_name(engine)} | {name} | {median(speeds):,.0f} | {ratio[0]} | {ratio[1]} |"
    yield ""
    yield "The oldest month of the log purged, once; other workspaces' calls stay."
    yield ""
    yield "| engine | calls | seconds | calls/s |"
    yield "|---|---|---|---|"
    for engine, contest in contests.items():
        calls, seconds = contest.purge()
        yield f"| {engine_name(engine)} | {calls:,} | {seconds:.1f} | {calls / seconds:,.0f} |"
    yield ""


# --- an export beside the service --------------------------------------------------------------------------------------


class Exporter(threading.Thread):
    """Exports of all calls, one after the other, until it is told to stop."""

    def __init__(self, server):
        super().__init__()
        self.argv = ["taskset", "-c", voice_peers.LOAD_CORE, server.bench.ringctl, "-q", "calls", "export", "-o", "csv"]
        self.environment = {**os.environ, "RINGCTL_DATABASE_URL": server.url}
        self.over, self.done, self.failed, self.process = threading.Event(), 0, 0, None

    def run(self):
        while not self.over.is_set():
            self.process = subprocess.Popen([str(word) for word in self.argv], env=self.environment, stdout=subprocess.DEVNULL)
            status = self.process.wait()
            self.done += status == 0
            if status != 0 and not self.over.is_set():
                self.failed = status
                return

    def stop(self):
        self.over.set()
        if self.process:
            self.process.terminate()
        self.join()
        if self.failed:
            sys.exit(f"calls export ended with {self.failed}")


def beside(bench, server, seconds, with_export):
    """p99 of one run in ms, and how many exports came to their end meanwhile."""
    server.forget_calls()
    server.start()
    exporter = Exporter(server)
    try:
        warm = webhooks.drive(bench, server, webhooks.STEADY, webhooks.WARM_SECONDS)
        if with_export:
            exporter.start()
        seen = webhooks.drive(bench, server, webhooks.STEADY, seconds)
        if with_export:
            exporter.stop()
        webhooks.wait_until_recorded(server, warm["answered"] + seen["answered"])
    finally:
        if exporter.is_alive():
            exporter.stop()
        server.stop()
    return seen["ms"]["p99"], seen["failed"], exporter.done


def export_beside(bench, given):
    yield "## Voice webhook while an export runs, SQLite"
    yield ""
    yield (f"{webhooks.RATE:,} calls a second at random moments; {EXPORTED:,} calls are exported over and over, on the core of the load: what is seen is "
           f"what the database and the disk are in each other's way. Bar: a p99 of x{BESIDE_BAR}.")
    yield ""
    yield "| round | p99 ms alone | p99 ms beside | ratio | failed | exports |"
    yield "|---|---|---|---|---|---|"
    server = voice_peers.RingctlSqliteServer(bench, calls=EXPORTED)
    server.seed()
    ratios = []
    for number in range(given.rounds):
        alone, failed, _ = beside(bench, server, given.load_seconds, False)
        busy, failed_too, exports_done = beside(bench, server, given.load_seconds, True)
        ratios.append(busy / alone)
        yield f"| {number + 1} | {alone:.2f} | {busy:.2f} | {ratios[-1]:.2f} | {failed + failed_too} | {exports_done} |"
    yield ""
    yield f"Median ratio {median(ratios):.2f}, worst {max(ratios):.2f}."
    yield ""
    webhooks.forget([server])


SECTIONS = {"calls-export": exports, "reports": reports, "calls-written": writing, "export-beside": export_beside}
EMBEDDED = {"export-beside"}  # need no PostgreSQL
