#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What storing costs: records into a real governor, from a stand-in for cvfd that sends them as the kernel makes them; then calls of
its API with all of them in the store.

Usage: store.py [RECORDS]   (1000000; 10000000 takes two minutes and 5 GB below $TMPDIR)
Prints a table in Markdown. Records per second of one core: by the governor's own time on the processor, chain, indexes and file
included; the stand-in and the disk have theirs elsewhere. Calls are timed by the client, one after the other on one connection.
"""
import http.client
import json
import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "host"))
from govern_fixture import Connection, GovernTest, ROOT  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
CALLS = 400
HOLDS = 60  # an agent may have so many waiting


class Bench(GovernTest):
    def runTest(self):
        """Only what setUp() makes is wanted."""

    def cpu(self):
        with open(f"/proc/{self.govern.child.pid}/stat", encoding="utf-8") as f:
            words = f.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / TICK

    def memory(self):
        """MiB: what it has now, and the most that it ever had."""
        with open(f"/proc/{self.govern.child.pid}/status", encoding="utf-8") as f:
            rows = dict(line.split(":", 1) for line in f)
        return [int(rows[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]

    def pour(self, n):
        start, used = time.monotonic(), self.cpu()
        self.tell(f"pour {n}")
        while self.get("/v1/status")["events_recorded"] < n:
            if time.monotonic() - start > 60 + n / 2000:
                self.fail("the records do not arrive: " + repr(self.get("/v1/status")))
            time.sleep(0.1)
        wall, used = time.monotonic() - start, self.cpu() - used
        status = self.get("/v1/status")
        if status["events_lost"] or status["records_unseen"] or status["records_bad"]:
            self.fail("records were lost: " + repr(status))
        return wall, used

    def verify(self):
        """Seconds that the trail takes to be verified, and those of the processor."""
        self.stop()
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        subprocess.run([ROOT + "/build/release/cvfctl", "audit", "verify", "--store", f"{self.dir}/state/cvf.db"], check=True,
                       stdout=subprocess.DEVNULL)
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def ask(self, c, method, url, body=None):
        start = time.perf_counter()
        c.request(method, url, body)
        answer = c.getresponse()
        text = answer.read()
        took = time.perf_counter() - start
        if answer.status >= 300:
            self.fail(f"{method} {url}: {answer.status} {text}")
        return took * 1000, json.loads(text)

    def time_calls(self, c, url, calls=CALLS):
        return [self.ask(c, "GET", url(i) if callable(url) else url)[0] for i in range(calls)]

    def time_approvals(self, c):
        took = []
        for turn in range(4):
            for i in range(HOLDS):
                self.tell(f"do pid={100000 + turn * HOLDS + i} 1 exec /usr/bin/git push origin b{turn}-{i}")
            self.wait(lambda: self.get("/v1/status")["holds_pending"] == HOLDS, "holds")
            for hold in self.get("/v1/approvals?limit=1000")["holds"]:
                took.append(self.ask(c, "POST", f"/v1/approvals/{hold['id']}/approve", "{}")[0])
        return took


def share(sorted_values, part):
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * part))]


def row(name, took):
    took = sorted(took)
    print(f"| {name} | {share(took, 0.5):.2f} ms | {share(took, 0.99):.2f} ms |", flush=True)


def calls(bench, c):
    ids = []
    page = bench.ask(c, "GET", "/v1/events?limit=1000")[1]
    while len(ids) < CALLS and page["next"]:
        ids += [e["id"] for e in page["events"]][:100]
        page = bench.ask(c, "GET", f"/v1/events?limit=1000&after={page['next']}")[1]
    print("\n| call | p50 | p99 |\n| --- | ---: | ---: |")
    row("list: the newest 50", bench.time_calls(c, "/v1/events"))
    row("list: 50 of an agent", bench.time_calls(c, "/v1/events?agent=coder-1"))
    row("list: the 50 newest refusals", bench.time_calls(c, "/v1/events?verdict=deny"))
    row("list: 50 of the last hour", bench.time_calls(c, "/v1/events?since=1h"))
    row("list: 50 in the middle", bench.time_calls(c, lambda i: f"/v1/events?after={ids[i % len(ids)]}"))
    row("list: 50 of a capability", bench.time_calls(c, "/v1/events?capability=t.write"))
    row("list: of a capability that was never used", bench.time_calls(c, "/v1/events?capability=t.push"))
    row("get one", bench.time_calls(c, lambda i: f"/v1/events/{ids[i % len(ids)]}"))
    row("status", bench.time_calls(c, "/v1/status"))
    row("counters", bench.time_calls(c, "/v1/counters"))
    for period in ("1h", "24h", "7d", "30d"):
        row(f"dashboard of {period}", bench.time_calls(c, f"/v1/dashboard?period={period}"))
    row("metrics of 30d", bench.time_calls(c, "/v1/metrics?period=30d"))
    os.sync()  # what was poured reaches the disk before somebody waits for it
    row("approve, the decision on the disk", bench.time_approvals(c))


def main():
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    bench = Bench()
    bench.setUp()
    try:
        wall, used = bench.pour(n)
        print(f"| with {n} records | |\n| --- | ---: |", flush=True)
        print(f"| stored per second, beside everything else on this machine | {n / wall:.0f} |")
        print(f"| stored per second of one core | {n / used:.0f} |")
        print(f"| bytes of the store for each | {os.path.getsize(bench.dir + '/state/cvf.db') / n:.0f} |")
        c = Connection(f"{bench.dir}/run/cvfd.sock")
        c.timeout = 60
        calls(bench, c)
        c.close()
        now, most = bench.memory()
        wall, used = bench.verify()
        print(f"\n`cvfctl audit verify` of all of it: {wall:.1f} s, {used:.1f} s of one core.")
        print(f"\nMemory of the governor (resident): {now:.1f} MiB with all of them stored, {most:.1f} MiB at most.")
    except http.client.HTTPException as e:
        sys.exit(f"the governor does not answer: {e}; it said {bench.govern.lines}")
    finally:
        bench.doCleanups()


main()
