"""Calls that come in: ringctl beside what a Node user would run, one core for the server (and PostgreSQL), one for the load."""
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import text_peers
import voice_peers
from voice_peers import LOAD_CORE, PUBLIC_URL, SERVER_CORE, TO, TOKEN

WARM_SECONDS = 1.5
DRAIN_SECONDS = 60  # until what was acknowledged is in the database
RATE = 1000

MODES = {
    "16 connections": ["--connections", 16],
    "256 connections": ["--connections", 256],
    "a new connection per request": ["--connections", 16, "--new-connection"],
    f"{RATE:,}/s at random moments": ["--connections", 256, "--rate", RATE],
}
CLOSED16, CLOSED256, NEW, STEADY = MODES
# The least ratio of requests a second, ringctl's through the other's.
BARS = {
    (CLOSED16, voice_peers.FastifySqlite): 3.5, (CLOSED16, voice_peers.ExpressSqlite): 5.0,
    (CLOSED256, voice_peers.FastifySqlite): 4.0, (CLOSED256, voice_peers.ExpressSqlite): 6.0,
    (NEW, voice_peers.FastifySqlite): 3.0, (CLOSED16, voice_peers.FastifyPostgres): 3.0,
}
# The same for texts.
BARS |= {(mode, text_peers.OF[kind]): bar for (mode, kind), bar in BARS.items() if kind in text_peers.OF}
RATE_BAR = 1 / 5  # the largest ratio of p99, ringctl's through Fastify's
GROWTH_BAR = 1.2  # the largest ratio of the time per request, the grown estate's through the other's
MEMORY_BAR = 48
SQLITE = [voice_peers.RingctlSqliteServer, voice_peers.FastifySqlite, voice_peers.ExpressSqlite]
POSTGRESQL = [voice_peers.RingctlPostgresServer, voice_peers.FastifyPostgres, voice_peers.ExpressPostgres]


class Load:
    """What one run of the load driver saw, and what the server made of it."""

    def __init__(self, seen, drain, memory):
        self.failed, self.answered = seen["failed"], seen["answered"]
        # What is acknowledged but not in the database yet is work that the run left behind: it counts.
        self.per_second = seen["answered"] / (seen["elapsed_s"] + drain)
        self.p50, self.p99, self.p99_9, self.max = (seen["ms"][key] for key in ("p50", "p99", "p99_9", "max"))
        self.drain, self.memory = drain, memory


def drive(bench, server, mode, seconds):
    callers = bench.scratch / f"callers-{server.contacts}.txt"
    if not callers.exists():
        voice_peers.write_callers(callers, server.contacts)
    argv = ["taskset", "-c", LOAD_CORE, pathlib.Path(bench.ringctl).parent / "tests/bench_load", "--port", server.port,
            "--path", f"/api/workspaces/{server.workspace}/{server.webhook}", "--public-url", PUBLIC_URL, "--account", voice_peers.ACCOUNT,
            "--to", TO, "--callers", callers, "--seconds", seconds, *server.load, *MODES[mode]]
    done = subprocess.run([str(word) for word in argv], env={**os.environ, "TWILIO_AUTH_TOKEN": TOKEN}, check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def wait_until_recorded(server, calls):
    """Seconds until the database holds so many calls. A call that was acknowledged and is never there ends the bench."""
    start = time.monotonic()
    while (there := server.recorded()) < calls:
        if time.monotonic() - start > DRAIN_SECONDS:
            sys.exit(f"{server.name}: {calls} calls were acknowledged and {there} recorded")
        time.sleep(0.05)
    return time.monotonic() - start


def play(bench, server, mode, seconds):
    server.forget_calls()
    if server.engine == "postgresql":
        pin_postgres(bench)
    server.start()
    try:
        warm = drive(bench, server, mode, WARM_SECONDS)
        wait_until_recorded(server, warm["answered"])
        seen = drive(bench, server, mode, seconds)
        drain = wait_until_recorded(server, warm["answered"] + seen["answered"])
        load = Load(seen, drain, server.memory())
    finally:
        server.stop()
    print(f"  {mode}: {server.name}: {load.per_second:,.0f}/s, p99 {load.p99:.2f} ms, {load.failed} failed {seen['failures']}",
          file=sys.stderr)
    return load


def pin_postgres(bench):
    home = pathlib.Path((bench.scratch / "postgres/home").read_text().strip())
    postmaster = int((home / "data/postmaster.pid").read_text().split()[0])
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(postmaster)], capture_output=True, text=True, check=False)
    for pid in [postmaster, *map(int, children.stdout.split())]:
        try:
            os.sched_setaffinity(pid, {int(SERVER_CORE)})
        except ProcessLookupError:  # a child that has ended meanwhile
            continue


def median(loads, what):
    return statistics.median(getattr(load, what) for load in loads)


def ratios_of(own, its, what):
    return [getattr(mine, what) / getattr(other, what) for mine, other in zip(own, its)]


def seeded(bench, kinds):
    servers = [kind(bench) for kind in kinds if (bench.node or not kind.needs_node) and kind.name not in bench.left_out]
    for server in servers:
        print(f"  seeding for {server.name}", file=sys.stderr)
        server.seed()
    return servers


def rounds_of(bench, servers, mode, given):
    """Contestants take turns, so that whatever else the machine does hits all alike."""
    loads = {type(server): [] for server in servers}
    for _ in range(given.rounds):
        for server in servers:
            loads[type(server)].append(play(bench, server, mode, given.load_seconds))
    return loads


HEADER = ["| load | contestant | requests/s, median | p50 ms | p99 ms | p99.9 ms | failed | memory MiB, worst "
          "| ringctl / it, median | worst | bar |", "|---|---|---|---|---|---|---|---|---|---|---|"]


def lines_of(mode, loads, what, bars, worst):
    own = next((runs for kind, runs in loads.items() if kind.name == "ringctl"), None)
    for kind, runs in loads.items():
        ratio = ("", "")
        if own is not None and runs is not own:
            ratios = ratios_of(own, runs, what)
            ratio = (f"{statistics.median(ratios):.2f}", f"{worst(ratios):.2f}")
        bar = f"{bars[mode, kind]:.2f}" if (mode, kind) in bars else ""
        yield (f"| {mode} | {kind.name} | {median(runs, 'per_second'):,.0f} | {median(runs, 'p50'):.2f} | {median(runs, 'p99'):.2f} "
               f"| {median(runs, 'p99_9'):.2f} | {sum(load.failed for load in runs)} | {max(load.memory for load in runs):.0f} "
               f"| {ratio[0]} | {ratio[1]} | {bar} |")


def intro(contacts):
    return (f"{contacts:,} contacts, {voice_peers.assignments(contacts):,} assignments, {voice_peers.AGENTS} agents; of ten calls seven are from "
            "contacts with agents, one from a contact without, two from numbers nobody knows. The server has one core, and PostgreSQL the same; "
            "the load has the other. Every call is in the database before a run's time ends.")


def throughput(bench, engine, given):
    kinds, modes = (SQLITE, [CLOSED16, CLOSED256, NEW]) if engine == "sqlite" else (POSTGRESQL, [CLOSED16])
    yield f"## Voice webhook, {'SQLite' if engine == 'sqlite' else 'PostgreSQL'}"
    yield ""
    yield intro(voice_peers.CONTACTS) + " A ratio is of requests a second: bars are lower limits."
    yield ""
    yield from HEADER
    servers = seeded(bench, kinds)
    for mode in modes:
        yield from lines_of(mode, rounds_of(bench, servers, mode, given), "per_second", BARS, min)
    yield ""
    forget(servers)


def steady(bench, given):
    yield f"## Voice webhook at a steady {RATE:,}/s, SQLite"
    yield ""
    yield intro(voice_peers.CONTACTS) + " Times count from the moment a request was due. A ratio is of p99: the bar is an upper limit."
    yield ""
    yield from HEADER
    servers = seeded(bench, SQLITE)
    bars = {(STEADY, voice_peers.FastifySqlite): RATE_BAR}
    yield from lines_of(STEADY, rounds_of(bench, servers, STEADY, given), "p99", bars, max)
    yield ""
    forget(servers)


def texts(bench, given):
    yield "## SMS webhook, SQLite"
    yield ""
    yield (f"Texts to one number with {text_peers.POOL} people in its pool, from the callers above: the message, its conversation and who is told of "
           "it are in the database before a run's time ends. The peers write the message and a row for everybody in one transaction, and answer after "
           "it. A ratio is of requests a second: bars are lower limits.")
    yield ""
    yield from HEADER
    servers = seeded(bench, text_peers.ALL)
    for mode in (CLOSED16, CLOSED256, NEW):
        yield from lines_of(mode, rounds_of(bench, servers, mode, given), "per_second", BARS, min)
    yield ""
    yield f"At a steady {RATE:,}/s a ratio is of p99: the bar is an upper limit."
    yield ""
    yield from HEADER
    yield from lines_of(STEADY, rounds_of(bench, servers, STEADY, given), "p99", {(STEADY, text_peers.FastifyTexts): RATE_BAR}, max)
    yield ""
    forget(servers)


CLAIM_BAR = 5000
CLAIM_SECONDS = 5


def claims(bench, given):
    program = pathlib.Path(bench.ringctl).parent / "tests/bench_messages"
    yield "## Claims of conversations, SQLite"
    yield ""
    yield (f"64 callers in one process with one writer, so many of them at once for each conversation; {CLAIM_SECONDS} seconds. Each is told whether it "
           f"won, and that is durable. Bar: {CLAIM_BAR:,} a second with 8.")
    yield ""
    yield "| callers for a conversation | claims/s, median | worst | won/s, median | p99 ms, worst |"
    yield "|---|---|---|---|---|"
    for each in (1, 8, 64):
        runs = []
        for _ in range(given.rounds):
            place = bench.scratch / "claims"
            place.mkdir()
            url = f"sqlite:{place / 'estate.db'}"
            bench.run_ringctl(("init", "--yes", "--zone", "UTC"), url)
            done = subprocess.run([str(program), url, "64", str(CLAIM_SECONDS), str(each)], check=True, capture_output=True, text=True)
            runs.append(json.loads(done.stdout))
            shutil.rmtree(place)
        asked = [run["claims_per_second"] for run in runs]
        yield (f"| {each} | {statistics.median(asked):,.0f} | {min(asked):,.0f} | {statistics.median(run['won_per_second'] for run in runs):,.0f} "
               f"| {max(run['p99_ms'] for run in runs):.1f} |")
    yield ""


def read_through(path):
    """Brings a file into the machine's cache: a database that has served for a while is there, one just made may not be."""
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass


def growth(bench, given):
    contacts, rules, calls = voice_peers.CONTACTS, 100, 1_000_000
    yield "## Voice webhook and the size of the estate, SQLite"
    yield ""
    yield (f"{contacts:,} contacts, {voice_peers.assignments(contacts):,} assignments, {rules} rules and {calls:,} calls, and ten times as many of each. "
           f"A ratio is of the time per request: bar {GROWTH_BAR}, an upper limit. Memory: bar {MEMORY_BAR} MiB under 256 connections. "
           "Before each run the database is read once, so that the machine has it in its cache.")
    yield ""
    yield "| load | estate | requests/s, median | p50 ms | p99 ms | failed | memory MiB, worst | grown / other, median | worst |"
    yield "|---|---|---|---|---|---|---|---|---|"
    kind = voice_peers.RingctlSqliteServer
    small, grown = kind(bench, contacts, rules, calls), kind(bench, 10 * contacts, 10 * rules, 10 * calls)
    for server in (small, grown):
        print(f"  seeding {server.contacts:,} contacts", file=sys.stderr)
        server.seed()
    for mode in (CLOSED16, CLOSED256):
        runs = {server: [] for server in (small, grown)}
        for _ in range(given.rounds):
            for server in runs:
                read_through(server.place / "estate.db")
                runs[server].append(play(bench, server, mode, given.load_seconds))
        # Requests a second of the smaller through the grown one's: time per request the other way round.
        ratios = ratios_of(runs[small], runs[grown], "per_second")
        for server, loads in runs.items():
            ratio = (f"{statistics.median(ratios):.2f}", f"{max(ratios):.2f}") if server is grown else ("", "")
            yield (f"| {mode} | {server.contacts:,} contacts | {median(loads, 'per_second'):,.0f} | {median(loads, 'p50'):.2f} "
                   f"| {median(loads, 'p99'):.2f} | {sum(load.failed for load in loads)} | {max(load.memory for load in loads):.0f} "
                   f"| {ratio[0]} | {ratio[1]} |")
    yield ""
    forget([small, grown])


ROUTING_BAR_US = 20


def routing(bench, given):
    program = pathlib.Path(bench.ringctl).parent / "tests/bench_routing"
    runs = [json.loads(subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout) for _ in range(given.rounds)]
    yield "## Routing decision alone"
    yield ""
    yield (f"{runs[0]['rules']:,} rules, {runs[0]['agents']} agents: whom a call rings, from facts that were looked up. "
           f"Bar: a median of {ROUTING_BAR_US} us.")
    yield ""
    yield "| which rule holds | median us | median us, worst round | p99 us, worst round |"
    yield "|---|---|---|---|"
    for call, name in (("middle_rule", "the middle one"), ("last_rules", "one of the last"), ("no_rule", "none"),
                       ("assigned", "none: the caller's agents")):
        medians = [run[call]["p50_us"] for run in runs]
        yield (f"| {name} | {statistics.median(medians):.2f} | {max(medians):.2f} "
               f"| {max(run[call]['p99_us'] for run in runs):.2f} |")
    yield ""


def forget(servers):
    for server in servers:
        shutil.rmtree(server.place, ignore_errors=True)


SECTIONS = {
    "webhook-sqlite": lambda bench, given: throughput(bench, "sqlite", given),
    "webhook-postgresql": lambda bench, given: throughput(bench, "postgresql", given),
    "webhook-rate": steady,
    "webhook-growth": growth,
    "routing": routing,
    "texts": texts,
    "claims": claims,
}
EMBEDDED = {"webhook-sqlite", "webhook-rate", "webhook-growth", "routing", "texts", "claims"}  # need no PostgreSQL
