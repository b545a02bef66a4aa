#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The rounds of r_rounds.sh: r_rounds.py PREFIX WORKERS. Prints the test lines of lib.sh.

Three processes of the agent (r_tool workers) each add a byte to PREFIX.<number> when WORKERS, a mapped file, tells them the number; each
such write is held. The witness is the file system: a file that grew is an effect, and the store is read at that moment, past the governor.
"""
import http.client
import json
import mmap
import os
import random
import signal
import sqlite3
import struct
import sys
import threading
import time

import history
from r_lib import PATIENCE, call, check, counts, enforcer_pid, is_ready, is_there, pid_of, start_enforcer, wait

ROUNDS = int(os.environ.get("CVF_ROUNDS") or 50)
SEED = int(os.environ.get("CVF_SEED") or time.time_ns() % 1000000)
STORE = "/var/lib/cvf/cvf.db"
WORKERS, CLIENTS = 3, 2
STATES = ("pending", "approved", "denied", "expired", "abandoned")
VICTIMS = ("enforcer", "governor", "both")


class Rounds:
    def __init__(self, prefix, workers):
        self.prefix = prefix
        with open(workers, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 4096)
        self.random = random.Random(SEED)
        self.history = []
        self.sizes = {}
        self.problems = []
        self.times = {v: [] for v in VICTIMS}
        self.is_over = threading.Event()
        self.seen = [0] * WORKERS	# by the witness: the last one that came back
        self.asked = 0
        self.child = None

    # --- the agent's processes: asked, done, result, pid of each

    def slot(self, worker):
        return struct.unpack_from("<4q", self.map, worker * 32)

    def is_idle(self, worker):
        """What it did last is also in the history."""
        return self.slot(worker)[0] == self.seen[worker]

    def ask(self, worker):
        self.asked += 1
        with open(self.path(self.asked), "wb"):
            pass
        self.history.append(("ask", self.asked, self.path(self.asked)))
        self.sizes[self.asked] = 0
        struct.pack_into("<q", self.map, worker * 32, self.asked)

    def path(self, number):
        return f"{self.prefix}.{number:06}"

    # --- what the store says

    def stored(self, number=None):
        """(number, state, path, digest) of each question, read from the file."""
        db = sqlite3.connect(f"file:{STORE}?mode=ro", uri=True, timeout=PATIENCE)
        try:
            if number is None:
                rows = db.execute("SELECT state, digest, record FROM holds").fetchall()
            else:
                rows = db.execute("SELECT state, digest, record FROM holds WHERE instr(record, CAST(? AS BLOB))", (self.path(number),)).fetchall()
        finally:
            db.close()
        prefix = self.prefix.encode() + b"."
        found = []
        for state, digest, record in rows:
            at = record.find(prefix)
            if at >= 0:
                path = record[at:at + len(prefix) + 6].decode()
                found.append((int(path[-6:]), STATES[state], path, digest))
        return found

    def look(self):
        self.history.extend(("state", *row[:3]) for row in self.stored())

    # --- who watches and who answers

    def see(self, number, done):
        """A file that grew is an effect; each byte is one."""
        size = os.stat(self.path(number)).st_size
        for _ in range(size - self.sizes[number]):
            rows = self.stored(number)
            self.history.append(("effect", number, self.path(number), rows[0][1] if rows else None))
        if done and not size:
            self.history.append(("refused", number))
        self.sizes[number] = size

    def watch(self):
        while not self.is_over.is_set():
            try:
                for worker in range(WORKERS):
                    asked, done, result, _ = self.slot(worker)
                    if self.seen[worker] == asked:
                        continue
                    self.see(asked, asked == done)
                    if asked == done:
                        if result not in (0, 1) or (result == 0) != (self.sizes[asked] == 1):
                            self.problems.append(f"{asked}: the process got {result}, its file has {self.sizes[asked]} bytes")
                        self.seen[worker] = asked
            except Exception as e:	# a witness that is gone would see nothing wrong
                self.problems.append(f"the witness failed: {e!r}")
                return
            time.sleep(0.005)

    def answer(self, client):
        dice = random.Random(SEED * 100 + client)
        while not self.is_over.is_set():
            try:
                waiting = call("GET", "/v1/approvals?limit=1000")[1].get("holds", [])
                waiting = [w for w in waiting if (w["object"] or "").startswith(self.prefix)]
                if waiting:
                    one, word = dice.choice(waiting), dice.choice(("allow", "deny"))
                    number, status = int(one["object"][-6:]), None
                    try:
                        status = call("POST", f"/v1/approvals/{one['id']}/{'approve' if word == 'allow' else 'deny'}", "{}")[0]
                    finally:
                        self.history.append(("request", client, number, word, status))
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                pass
            time.sleep(dice.random() * 0.04)

    # --- a round

    def one_round(self, number):
        for worker in range(WORKERS):
            if self.is_idle(worker):
                self.ask(worker)
        time.sleep(self.random.random() * 0.3)
        victim = self.random.choice(VICTIMS)
        enforcer = enforcer_pid()
        governor = pid_of("cvfd-govern")
        began = time.monotonic()
        if victim != "governor":
            os.kill(enforcer, signal.SIGKILL)
        if victim != "enforcer" and governor:
            os.kill(governor, signal.SIGKILL)
        if not os.listdir("/sys/fs/bpf/cvf"):
            self.problems.append(f"round {number}: the pins are gone")
        if victim != "governor":
            if self.child:
                self.child.wait(PATIENCE)
            wait(lambda: not is_there(enforcer), "end of the enforcer")
            self.child = start_enforcer()
        wait(lambda: not governor or not is_there(governor), "end of the governor")
        wait(is_ready, f"round {number}: readiness after kill -9 of {victim}")
        self.times[victim].append(time.monotonic() - began)
        self.look()

    def run(self):
        threads = [threading.Thread(target=self.watch)] + [threading.Thread(target=self.answer, args=(c,)) for c in range(CLIENTS)]
        for t in threads:
            t.start()
        try:
            for number in range(1, ROUNDS + 1):
                self.one_round(number)
            wait(lambda: all(self.is_idle(w) for w in range(WORKERS)), "an answer to each that asked: a held task is lost")
        except AssertionError as e:
            self.problems.append(str(e))
        finally:
            self.is_over.set()
            for t in threads:
                t.join(PATIENCE)
        for number, size in list(self.sizes.items()):
            if os.stat(self.path(number)).st_size != size:
                self.problems.append(f"{number}: something happened after its end")
        self.look()

    def judge(self):
        """What the history checker says, and what only the machine shows."""
        wrong = history.check(self.history)
        check(f"{ROUNDS} rounds: each effect has its durable record, one effect for one answer, one end for each hold", not wrong, wrong[:5])
        check(f"{ROUNDS} rounds: nothing else went wrong", not self.problems, self.problems[:5])
        rows = self.stored()
        of = {n: [r for r in rows if r[0] == n] for n in self.sizes}
        twice = [n for n, r in of.items() if len(r) != 1]
        check("each question is one row of the store, under one digest", not twice, [(n, of[n]) for n in twice[:5]])
        effects = sum(1 for e in self.history if e[0] == "effect")
        refused = sum(1 for e in self.history if e[0] == "refused")
        check("some went on, some were refused, together all that asked", effects and refused and effects + refused == self.asked,
              f"{effects}, {refused}, {self.asked}")
        every = sorted(t for v in VICTIMS for t in self.times[v])
        # A second is what a host needs; the emulated machine may be ten times slower.
        check("half of the times it is ready again within ten seconds", every and every[len(every) // 2] < 10, every[len(every) // 2:])
        if every:
            by = ", ".join(f"{v} {len(t)} times, {sorted(t)[len(t) // 2]:.2f} s" for v, t in self.times.items() if t)
            print(f"sum: {len(every)} times kill -9 in the machine, CVF_SEED={SEED}: {self.asked} holds, {effects} went on, {refused} refused; "
                  f"ready again, emulated (median: {by}; all: {every[len(every) // 2]:.2f} s, most {every[-1]:.2f} s)", flush=True)


def main():
    print(f"# CVF_ROUNDS={ROUNDS} CVF_SEED={SEED}", flush=True)
    rounds = Rounds(*sys.argv[1:3])
    rounds.run()
    rounds.judge()
    return 1 if counts["failed"] else 0


sys.exit(main())
