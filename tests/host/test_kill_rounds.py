# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the governor at random moments, while four clients answer what an agent asks: $CVF_ROUNDS rounds (50), random by $CVF_SEED.

The stand-in for the enforcer is the witness: it says what was let through, and the store is read at that moment, past the governor.
"""
import http.client
import json
import os
import random
import sqlite3
import subprocess
import threading
import time
import unittest

import history
from govern_fixture import GovernTest, PATIENCE, ROOT, SECRET, call, verify_chain

ROUNDS = int(os.environ.get("CVF_ROUNDS") or 50)
SEED = int(os.environ.get("CVF_SEED") or time.time_ns() % 1000000)
CVFCTL = os.environ.get("CVFCTL", ROOT + "/build/release/cvfctl")
CLIENTS = 4
STATES = ("pending", "approved", "denied", "expired", "abandoned")


class Rounds(GovernTest):
    def setUp(self):
        print(f"# CVF_SEED={SEED} CVF_ROUNDS={ROUNDS}", flush=True)
        self.random = random.Random(SEED)
        self.history = []
        self.is_over = threading.Event()
        super().setUp()

    def stored(self, where="1", *values):
        """Hold, state and digest, read from the file; an empty list while there is none."""
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True, timeout=PATIENCE)
        try:
            return [(n, STATES[s], d) for n, s, d in db.execute(f"SELECT hold_no, state, digest FROM holds WHERE {where}", values)]
        finally:
            db.close()

    def watch(self):
        """The witness: every effect together with what the store says of it then."""
        at = 0
        while not self.is_over.is_set() or at < len(self.fake.lines):
            if at == len(self.fake.lines):
                time.sleep(0.001)
                continue
            words = self.fake.lines[at].split()
            at += 1
            if words[0] != "answer" or words[2] not in ("allow", "deny"):
                continue
            number = int(words[1])
            if words[2] == "deny":
                self.history.append(("refused", number))
                continue
            row = self.stored("hold_no = ?", number)
            self.history.append(("effect", number, int(words[6]), row[0][1] if row else None))

    def answer(self, client):
        """Answers what it finds, as it likes; where it is not alone, others were quicker."""
        dice = random.Random(SEED * 100 + client)
        path = f"{self.dir}/run/cvfd.sock"
        while not self.is_over.is_set():
            try:
                waiting = call(path, "GET", "/v1/approvals?limit=1000").get("holds", [])
                if not waiting:
                    time.sleep(0.005)
                    continue
                one, word = dice.choice(waiting), dice.choice(("allow", "deny"))
                number = self.numbers.get(one["pid"])
                if number is None:
                    continue
                status = None
                try:
                    status = call(path, "POST", f"/v1/approvals/{one['id']}/{'approve' if word == 'allow' else 'deny'}").status
                finally:
                    self.history.append(("request", client, number, word, status))
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                time.sleep(0.005)

    def ask(self, i):
        said = [s for s in self.tell(f"do pid={7000 + i} 1 exec /usr/bin/git push origin b{i}") if s.startswith("verdict ")]
        words = said[0].split()
        self.assertEqual(words[1], "hold")
        self.numbers[7000 + i] = int(words[2])
        self.history.append(("ask", int(words[2]), int(words[4])))

    def look(self):
        self.history.extend(("state", *row) for row in self.stored())

    def one_round(self, asked):
        for _ in range(self.random.randint(1, 3)):
            self.ask(asked)
            asked += 1
        time.sleep(self.random.random() * 0.08)
        self.govern.child.kill()
        self.govern.child.wait(PATIENCE)
        began = time.monotonic()
        self.assertEqual(self.do(SECRET)[0], "deny", "the kernel goes on")
        self.govern.stop(9)
        self.govern = self.spawn()
        self.wait(lambda: self.get("/readyz").status == 200, "recovery")
        self.times.append(time.monotonic() - began)
        self.look()
        return asked

    def test_no_effect_without_a_record_and_none_lost(self):
        self.numbers, self.times, asked = {}, [], 0
        threads = [threading.Thread(target=self.watch)] + [threading.Thread(target=self.answer, args=(c,)) for c in range(CLIENTS)]
        for t in threads:
            t.start()
        try:
            for _ in range(ROUNDS):
                asked = self.one_round(asked)
            self.wait(lambda: not self.stored("state = 0") and len(self.stored()) == asked, "answer to each", 6 * PATIENCE)
            self.wait(lambda: len([e for e in list(self.history) if e[0] in ("effect", "refused")]) >= asked, "effect of each", 6 * PATIENCE)
        finally:
            self.is_over.set()
            for t in threads:
                t.join(6 * PATIENCE)
        self.look()
        self.assertEqual(history.check(self.history), [], f"CVF_SEED={SEED}")
        verify_chain(self, f"{self.dir}/state/cvf.db")
        got = subprocess.run([CVFCTL, "audit", "verify", "--json", "--store", f"{self.dir}/state/cvf.db"], capture_output=True,
                             text=True, check=False)
        self.assertEqual((got.returncode, json.loads(got.stdout)["findings"]), (0, []), got.stderr)
        self.assertEqual(self.get("/v1/status")["events_lost"], 0)
        effects = len([e for e in self.history if e[0] == "effect"])
        self.assertGreater(effects, 0)
        print(f"sum: {ROUNDS} times kill -9 of the governor, CVF_SEED={SEED}: {asked} holds, {effects} let through; ready again after "
              f"{sorted(self.times)[len(self.times) // 2]:.2f} s (median), {max(self.times):.2f} s (most)", flush=True)


if __name__ == "__main__":
    unittest.main()
