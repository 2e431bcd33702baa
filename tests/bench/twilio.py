"""Twilio's side, against `ringctl sim serve`: numbers synced and configured, and a list of tasks beside twilio-cli."""
import base64
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import tempfile
import threading
import time

import sim

SYNCED, CONFIGURED, LISTED, TASKED = 100_000, 10_000, 50, 120
AT_ONCE, LATENCY_MS = 8, 20
MEMORY_MIB = 96


def fiction(count):
    """Numbers kept for fiction: 555-01xx of every North American area code, then Australia's."""
    found = [f"+1{area}55501{i:02}" for area in range(200, 1000) if area % 100 != 11 for i in range(100)]
    found += [f"+61{area}5550{i:04}" for area in "2378" for i in range(10_000)]
    return found[:count]


class Desk:
    """A home folder with the configuration of one ringctl that asks the account of `server`."""

    def __init__(self, bench, server):
        self.ringctl = bench.ringctl
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="desk.", dir=bench.scratch))
        self.environment = {**sim.environment(self.home), "RINGCTL_TWILIO_BASE_URL": f"http://127.0.0.1:{server.port}",
                            "TWILIO_ACCOUNT_SID": server.account, "TWILIO_AUTH_TOKEN": server.token,
                            "RINGCTL_PUBLIC_URL": "https://pbx.example.com"}

    def run(self, *words, **more):
        return run([self.ringctl, *words], {**self.environment, **more})

    def must(self, *words):
        done = self.run(*words)
        if done.status != 0:
            raise SystemExit(f"ringctl {' '.join(words)} ended with {done.status}:\n{done.err[:2000]}")
        return done


class Done:
    def __init__(self, status, out, err, seconds, memory):
        self.status, self.out, self.err, self.seconds, self.memory = status, out, err, seconds, memory


def run(argv, environment, out=None):
    """One process to its end: what it printed, its seconds, and its peak memory in MiB."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen([str(one) for one in argv], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=out or output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        return Done(process.returncode, output.read().decode(errors="replace"), errors.read().decode(errors="replace"),
                    seconds, usage.ru_maxrss / 1024)


def shop(bench, count):
    """The home of a network that has so many numbers."""
    home = pathlib.Path(tempfile.mkdtemp(prefix="shop.", dir=bench.scratch))
    file = home / "numbers.csv"
    file.write_text("phone_number,provider\n" + "".join(f"{one},twilio\n" for one in fiction(count)), encoding="utf-8")
    done = run([bench.ringctl, "-q", "numbers", "import", file], sim.environment(home))
    if done.status != 0:
        raise SystemExit("numbers import: " + done.err[:2000])
    return home


def authorization(server):
    return {"Authorization": "Basic " + base64.b64encode(f"{server.account}:{server.token}".encode()).decode()}


def control(server, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request(method, "/sim/v1/" + path, body=None if body is None else json.dumps(body), headers=authorization(server))
    response = connection.getresponse()
    response.read()
    if response.status >= 300:
        raise SystemExit(f"{method} /sim/v1/{path}: {response.status}")


def fetch_pages(server):
    """Every page of a thousand numbers, one after the other as they name each other, and nothing done with them."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    path = f"/2010-04-01/Accounts/{server.account}/IncomingPhoneNumbers.json?PageSize=1000"
    start = time.perf_counter()
    while path:
        connection.request("GET", path, headers=authorization(server))
        body = connection.getresponse().read()
        following = re.search(rb'"next_page_uri": ?"([^"]+)"', body)
        path = following[1].decode() if following else None
    return time.perf_counter() - start


def synced_rows(bench, given, home, *flags):
    """Seconds of each way, in turn, against an account served so; and the most memory of ringctl."""
    rows = {"fetching the pages alone": [], "`numbers sync -n`, nothing known yet": [], "`numbers sync --apply`": [],
            "`numbers sync`, all the same": []}
    memory = 0
    with sim.Served(bench.ringctl, home, *flags) as server:
        for _ in range(given.rounds):
            desk = Desk(bench, server)
            rows["fetching the pages alone"].append(fetch_pages(server))
            for name, words in (("`numbers sync -n`, nothing known yet", ("-n",)), ("`numbers sync --apply`", ("--apply",)),
                                ("`numbers sync`, all the same", ())):
                done = desk.must("-q", "numbers", "sync", "-o", "csv", *words)
                rows[name].append(done.seconds)
                memory = max(memory, done.memory)
            shutil.rmtree(desk.home)
    return rows, memory


def synced(bench, given):
    home = shop(bench, SYNCED)
    # At once: how what is done with a page compares to a server of the same machine that writes it. With the time that
    # configuring is measured with, which is still short for a page of a thousand: what somebody waits for.
    ways = {"at once": (), f"after {LATENCY_MS} ms": ("--latency", f"{LATENCY_MS}ms")}
    measured = {way: synced_rows(bench, given, home, *flags) for way, flags in ways.items()}
    yield f"### {SYNCED:,} numbers synced"
    yield ""
    yield (f"Pages of a thousand, one after the other, from an account on this machine that answers each at once, or after {LATENCY_MS} ms. "
           f"Memory of ringctl, worst: {max(memory for _, memory in measured.values()):.0f} MiB; bar {MEMORY_MIB}.")
    yield ""
    yield "| the account answers | what | seconds, median | x fetching alone, median | worst | bar |"
    yield "|---|---|---|---|---|---|"
    for way, (rows, _) in measured.items():
        alone = rows["fetching the pages alone"]
        for name, seconds in rows.items():
            ratios = [one / other for one, other in zip(seconds, alone)]
            bar = "1.10" if name.endswith("the same") else ""
            yield (f"| {way} | {name} | {statistics.median(seconds):.2f} | {statistics.median(ratios):.2f} | {max(ratios):.2f} | "
                   f"{bar} |")
    yield ""


def configured(bench, given):
    ideal = CONFIGURED * LATENCY_MS / 1000 / AT_ONCE
    ratios, seconds = [], []
    home = shop(bench, CONFIGURED)
    for _ in range(given.rounds):
        with sim.Served(bench.ringctl, home, "--at-once", str(AT_ONCE), "--latency", f"{LATENCY_MS}ms") as server:
            desk = Desk(bench, server)
            desk.must("-q", "numbers", "sync", "--apply")
            control(server, "POST", "faults", {"faults": [{"of": "rest", "do": "429", "share": 0.02}]})
            # The shop's numbers say nothing yet: each takes one update.
            done = desk.must("-q", "numbers", "configure", "--yes")
            seconds.append(done.seconds)
            ratios.append(done.seconds / ideal)
            shutil.rmtree(desk.home)
    yield f"### {CONFIGURED:,} numbers configured"
    yield ""
    yield (f"An account that answers {AT_ONCE} requests at once, {LATENCY_MS} ms each, and 429 to one in fifty besides: at best "
           f"{ideal:.0f} s.")
    yield ""
    yield "| what | seconds, median | x the ideal, median | worst | bar |"
    yield "|---|---|---|---|---|"
    yield (f"| `numbers configure --yes` | {statistics.median(seconds):.1f} | {statistics.median(ratios):.2f} | {max(ratios):.2f} | "
           "1.50 |")
    yield ""


# --- beside twilio-cli ---


class Wire:
    """What twilio-cli takes for api.twilio.com: a proxy that ends the TLS itself and hands the bytes to the simulator."""

    def __init__(self, home, port):
        self.port_behind = port
        self.certificate, key = home / "wire.crt", home / "wire.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out",
                        self.certificate, "-subj", "/CN=api.twilio.com", "-addext", "subjectAltName=DNS:api.twilio.com"],
                       check=True, capture_output=True)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                taken, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(taken,), daemon=True).start()

    def serve(self, taken):
        head = b""
        while b"\r\n\r\n" not in head:
            more = taken.recv(4096)
            if not more:
                return
            head += more
        taken.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            with self.tls.wrap_socket(taken, server_side=True) as near, \
                    socket.create_connection(("127.0.0.1", self.port_behind)) as far:
                threading.Thread(target=pump, args=(far, near), daemon=True).start()
                pump(near, far)
        except OSError:
            pass

    def close(self):
        self.listener.close()


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Ringctl:
    name = "ringctl"

    def __init__(self, desk):
        self.desk = desk

    def run(self, words, out=None, **more):
        return run([self.desk.ringctl, *words], {**self.desk.environment, **more}, out)


class TwilioCli:
    name = "twilio-cli"

    def __init__(self, program, desk, wire):
        self.program = program
        self.environment = {**desk.environment, "HTTP_PROXY": f"http://127.0.0.1:{wire.port}",
                            "NODE_EXTRA_CA_CERTS": str(wire.certificate)}

    def run(self, words, out=None, **more):
        return run([self.program, *words], {**self.environment, **more}, out)


def rows_in(done):
    try:
        return len(json.loads(done.out))
    except ValueError:
        return -1


def is_quiet_failure(done):
    return done.status != 0 and done.out.strip() == ""


class Task:
    """What somebody wants: the words of each tool, what is broken meanwhile, and whether it was done and said so rightly."""

    def __init__(self, what, ringctl, cli, done, right, faults=(), more=None, full=False, times=1):
        self.what, self.words = what, {"ringctl": ringctl, "twilio-cli": cli}
        self.done, self.right, self.faults, self.more, self.full, self.times = done, right, faults, more or {}, full, times

    def play(self, tool, server):
        control(server, "DELETE", "faults")
        if self.faults:
            control(server, "POST", "faults", {"faults": list(self.faults)})
        if self.full:
            with open("/dev/full", "wb") as out:
                return tool.run(self.words[tool.name], out, **self.more)
        return tool.run(self.words[tool.name], **self.more)


def rest_fault(word, times=None):
    fault = {"of": "rest", "do": word}
    return {**fault, "times": times} if times else fault


def tasks(server, number_sid):
    wrong = {"TWILIO_AUTH_TOKEN": "0" * 32}
    callers, their_callers = ["callerids", "list", "-o", "json"], ["api:core:outgoing-caller-ids:list", "-o", "json"]
    zero, failed = (lambda done: done.status == 0), is_quiet_failure
    nobody = "RE" + "f" * 32
    return [
        Task(f"all {TASKED} numbers, as JSON", ["numbers", "list", "-o", "json"], ["phone-numbers:list", "-o", "json"],
             lambda done: rows_in(done) == TASKED, zero),
        Task("a list with nothing in it, as JSON", callers, their_callers, lambda done: rows_in(done) == 0, zero),
        Task("the same, refused twice for coming too fast", callers, their_callers, lambda done: rows_in(done) == 0, zero,
             faults=[rest_fault("429", 2)]),
        Task("the same, after two failures of the server", callers, their_callers, lambda done: rows_in(done) == 0, zero,
             faults=[rest_fault("500", 2)]),
        Task("notice: the server is down", callers, their_callers, failed, lambda done: done.status == 22,
             faults=[rest_fault("503")]),
        Task("notice: the token is wrong", callers, their_callers, failed, lambda done: done.status == 4, more=wrong),
        Task("notice: there is no such recording", ["recordings", "delete", nobody, "--yes"],
             ["api:core:recordings:remove", "--sid", nobody], failed, lambda done: done.status == 5),
        Task("notice: the command is mistyped", ["numbers", "lst"], ["phone-numbers:lst"], failed, lambda done: done.status == 2),
        Task("notice: the disk is full", ["numbers", "list"], ["phone-numbers:list"], lambda done: done.status != 0,
             lambda done: done.status == 40, full=True),
        Task(f"point {TASKED} numbers at a server", ["numbers", "configure", "--yes"],
             ["phone-numbers:update", number_sid, "--voice-url", "https://pbx.example.com/voice"], zero, zero, times=TASKED),
        Task("its version", ["--version"], ["--version"], zero, zero),
    ]


def first_sid(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", f"/2010-04-01/Accounts/{server.account}/IncomingPhoneNumbers.json?PageSize=1",
                       headers=authorization(server))
    return json.loads(connection.getresponse().read())["incoming_phone_numbers"][0]["sid"]


def verdict(task, done, tool):
    seconds = done.seconds * (task.times if tool.name == "twilio-cli" else 1)
    return f"{'yes' if task.done(done) else 'no'} | {seconds:.2f} | {done.status}{'' if task.right(done) else ' (wrong)'}"


def beside_cli(bench):
    program = os.environ.get("RINGCTL_BENCH_TWILIO_CLI")
    with sim.Served(bench.ringctl, shop(bench, TASKED)) as server:
        desk = Desk(bench, server)
        desk.must("-q", "numbers", "sync", "--apply")
        tools = [Ringctl(desk)]
        wire = None
        if program:
            wire = Wire(desk.home, server.port)
            tools.append(TwilioCli(program, desk, wire))
        yield "### Tasks"
        yield ""
        yield ("The same fake account. Right is the exit status that a script can tell the cause by. Where twilio-cli has to be "
               f"started once a number, its seconds are those of one times {TASKED}."
               + ("" if program else " twilio-cli was not at hand (RINGCTL_BENCH_TWILIO_CLI)."))
        yield ""
        yield "| task | " + " | ".join(f"{tool.name}: done | seconds | exit" for tool in tools) + " |"
        yield "|---|" + "---|---|---|" * len(tools)
        for task in tasks(server, first_sid(server)):
            yield f"| {task.what} | " + " | ".join(verdict(task, task.play(tool, server), tool) for tool in tools) + " |"
        yield ""
        if wire:
            wire.close()


def listed(bench, given):
    """`numbers list` of fifty numbers: ringctl asks its database, twilio-cli the account."""
    program = os.environ.get("RINGCTL_BENCH_TWILIO_CLI")
    with sim.Served(bench.ringctl, shop(bench, LISTED)) as server:
        desk = Desk(bench, server)
        desk.must("-q", "numbers", "sync", "--apply")
        ours = [desk.must("numbers", "list", "-o", "json").seconds for _ in range(given.startup_runs)]
        yield f"### {LISTED} numbers listed"
        yield ""
        yield "| what | ms, median | worst | ringctl / it | bar |"
        yield "|---|---|---|---|---|"
        yield f"| `ringctl numbers list -o json` | {statistics.median(ours) * 1000:.0f} | {max(ours) * 1000:.0f} |  |  |"
        if program:
            wire = Wire(desk.home, server.port)
            cli = TwilioCli(program, desk, wire)
            theirs = [cli.run(["phone-numbers:list", "-o", "json"]).seconds for _ in range(max(3, given.rounds))]
            ratio = statistics.median(ours) / statistics.median(theirs)
            yield (f"| `twilio phone-numbers:list -o json` | {statistics.median(theirs) * 1000:.0f} | {max(theirs) * 1000:.0f} | "
                   f"{ratio:.3f} | 0.05 |")
            wire.close()
        yield ""


def write(bench, given):
    yield "## Twilio's side"
    yield ""
    yield from synced(bench, given)
    yield from configured(bench, given)
    yield from listed(bench, given)
    yield from beside_cli(bench)
