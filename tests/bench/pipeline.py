#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a policy of many patterns costs the governor, natively: start-up to ready, reloading, memory; against a stand-in for cvfd.

Usage: pipeline.py [PATTERNS]...   (10 100 1000 10000 30000 100000)
Prints a table in Markdown. The patterns are in rules of 100, beside the shipped declarations; each is a folder of its own, their
names share no endings. Time of the processor is the governor's own; the time from asking to the answer also has the stand-in's.
"""
import json
import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "host"))
from govern_fixture import Connection, GovernTest, SHARE  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
AGENT = {"schema": "cvf.agent/v1", "id": "coder-1", "name": "Coder", "owner": "team", "profile": "coding",
         "scope": {"paths": ["/home/dev/**"]}}
PER_RULE, PER_FILE = 100, 10000


class Bench(GovernTest):
    share = SHARE
    files = {"etc/capabilities.d/t.json": [], "etc/agents.d/coder-1.json": AGENT}

    def runTest(self):
        """Only what setUp() makes is wanted."""

    def cpu(self):
        with open(f"/proc/{self.govern.child.pid}/stat", encoding="utf-8") as f:
            words = f.read().rsplit(")", 1)[1].split()
        return sum(int(words[i]) for i in (11, 12, 13, 14)) / TICK

    def memory(self, name):
        with open(f"/proc/{self.govern.child.pid}/status", encoding="utf-8") as f:
            return int(dict(line.split(":", 1) for line in f)[name].split()[0]) / 1024

    def forget_peak(self):
        with open(f"/proc/{self.govern.child.pid}/clear_refs", "w", encoding="utf-8") as f:
            f.write("5")

    def ask_reload(self):
        """Seconds of waiting and of the processor, or what is wrong."""
        used, start = self.cpu(), time.monotonic()
        c = Connection(f"{self.dir}/run/cvfd.sock")
        c.timeout = 600
        c.request("POST", "/v1/reload")
        answer = c.getresponse()
        text = json.loads(answer.read())
        c.close()
        if answer.status != 200:
            return None, text
        return (time.monotonic() - start, self.cpu() - used), text

    def patterns(self, count):
        chance = random.Random(7)
        names = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=12)) for _ in range(count)]
        for f in range(0, count, PER_FILE):
            part = names[f:f + PER_FILE]
            rules = [{"id": f"n{i}", "effect": "DENY", "reason": "benchmark",
                      "when": {"op": ["read"], "path": [f"/srv/{n}/**" for n in part[i:i + PER_RULE]]}} for i in range(0, len(part), PER_RULE)]
            self.write(f"etc/policies.d/many-{f}.json", json.dumps({"schema": "cvf.policy/v1", "id": f"many-{f}", "priority": 200,
                                                                  "rules": rules}))

    def start_up(self):
        self.stop()
        start = time.monotonic()
        self.govern = self.spawn()
        self.wait(lambda: self.get("/readyz").status == 200, "readiness", 600)
        return time.monotonic() - start


def main():
    counts = [int(a) for a in sys.argv[1:]] or [10, 100, 1000, 10000, 30000, 100000]
    bench = Bench()
    bench.setUp()
    print("| patterns | reload, waited for | of it the governor's processor | memory at most | memory after | start-up to ready |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    try:
        for count in counts:
            bench.patterns(count)
            bench.forget_peak()
            took, text = bench.ask_reload()
            if took is None:
                print(f"| {count} | refused: {text['error']['message'].splitlines()[0]} | | | | |")
                break
            most, now = bench.memory("VmHWM"), bench.memory("VmRSS")
            print(f"| {count} | {took[0]:.2f} s | {took[1]:.2f} s | {most:.1f} MiB | {now:.1f} MiB | {bench.start_up():.2f} s |", flush=True)
    finally:
        bench.doCleanups()


main()
