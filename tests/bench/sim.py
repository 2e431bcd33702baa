"""The simulator: a scenario of one call from process start to verdict, 10,000 scripted calls, and REST requests to `sim serve`."""
import base64
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ONE = ROOT / "fixtures/scenarios/inbound-one-agent-answers.json"
CALLS = 10_000
REST_SECONDS = 5
CONNECTIONS = 4


def scenario(calls):
    """So many callers, one after the other, for one agent who answers: two legs and six webhooks each, over days."""
    steps = [{"at": f"{i * 30}s",
              "call": {"from": f"+1626555{i:04}", "to": "+12025550100",
                       "then": [{"wait_for_somebody": True}, {"wait": "10s"}, {"hang_up": True}]}}
             for i in range(calls)]
    return {"scenario": f"{calls} calls",
            "given": {"users": [{"email": "ann@example.com"}],
                      "numbers": [{"phone_number": "+12025550100", "provider": "twilio"}]},
            "people": {"client:ann@example.com": {"answers_after": "3s"}}, "steps": steps}


def environment(home):
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("RINGCTL_", "TWILIO_", "XDG_"))}
    return {**keep, "HOME": str(home), "TMPDIR": str(home)}


def timed(bench, file, home):
    start = time.perf_counter()
    done = subprocess.run([bench.ringctl, "-q", "sim", "run", file, "--columns", "verdict,calls", "-o", "csv"],
                          env=environment(home), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise SystemExit(f"sim run {file} ended with {done.returncode}:\n{done.stdout[:2000]}{done.stderr[:2000]}")
    return seconds


def ask_until(port, login, account, until, counts):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    count = 0
    while time.perf_counter() < until:
        connection.request("GET", f"/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json?PageSize=1", headers=headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise SystemExit(f"sim serve answered {response.status}")
        count += 1
    counts.append(count)


class Served:
    """`ringctl sim serve` on a free port, with what it says of itself: port, account and auth token."""

    def __init__(self, ringctl, home, *flags):
        said = home / "sim-serve.log"
        with open(said, "wb") as log:
            self.process = subprocess.Popen([ringctl, "sim", "serve", "--listen", "127.0.0.1:0", *flags],
                                            env=environment(home), stderr=log)
        while "  numbers " not in said.read_text(encoding="utf-8"):
            if self.process.poll() is not None:
                raise SystemExit("sim serve ended: " + said.read_text(encoding="utf-8"))
            time.sleep(0.02)
        text = said.read_text(encoding="utf-8")
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)$", text, re.MULTILINE)[1])
        self.account = re.search(r"AC[0-9a-f]{32}", text)[0]
        self.token = (home / ".local/state/ringctl/sim/auth_token").read_text(encoding="utf-8").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()

    def end(self):
        """What it used."""
        self.process.terminate()
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        return usage


def rest_per_second(bench, home):
    """Requests per second and the share of one core that the server took: Python is the slower side, so that counts, too."""
    with Served(bench.ringctl, home) as server:
        counts, began = [], time.perf_counter()
        threads = [threading.Thread(target=ask_until, args=(server.port, f"{server.account}:{server.token}", server.account,
                                                            began + REST_SECONDS, counts))
                   for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - began
        usage = server.end()
        return sum(counts) / elapsed, sum(counts) / (usage.ru_utime + usage.ru_stime)


def write(bench, given):
    home = pathlib.Path(tempfile.mkdtemp(prefix="sim.", dir=bench.scratch))
    many = home / "calls.json"
    many.write_text(json.dumps(scenario(CALLS)), encoding="utf-8")
    ones = [timed(bench, ONE, home) for _ in range(given.startup_runs)]
    alls = [timed(bench, many, home) for _ in range(given.rounds)]
    rests = [rest_per_second(bench, home) for _ in range(given.rounds)]
    yield "## The simulator"
    yield ""
    yield (f"Whole commands. REST requests by {CONNECTIONS} connections of a Python loop, which is slower than the server: beside what it "
           "could ask stands what the server would do on one core by its own CPU time.")
    yield ""
    yield "| what | median | worst | bar |"
    yield "|---|---|---|---|"
    yield f"| a scenario of one call, ms | {statistics.median(ones) * 1000:.0f} | {max(ones) * 1000:.0f} | 50 |"
    yield f"| {CALLS:,} scripted calls, s | {statistics.median(alls):.1f} | {max(alls):.1f} | 10 |"
    asked, possible = [one[0] for one in rests], [one[1] for one in rests]
    yield f"| REST requests/s, asked | {statistics.median(asked):,.0f} | {min(asked):,.0f} |  |"
    yield f"| REST requests per second of CPU | {statistics.median(possible):,.0f} | {min(possible):,.0f} | 5,000 |"
    yield ""
