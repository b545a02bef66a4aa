# SPDX-License-Identifier: Apache-2.0
"""Exactly one end of each hold: approvers, time-outs, death of the process and restarts race, many rounds each."""
import http.client
import os
import random
import signal
import threading
import time
import unittest

from govern_fixture import GovernTest, PUSH

ROUNDS = int(os.environ.get("CVF_RACE_ROUNDS", "60"))


class Races(GovernTest):
    settings = {"approvals": {"second_factor": "enrolled"}}

    def setUp(self):
        super().setUp()
        self.random = random.Random()

    def answer(self, hold, verb, into, delay=0.0):
        time.sleep(delay)
        try:
            into[verb] = self.post(f"/v1/approvals/{hold['id']}/{verb}").status
        except (OSError, http.client.HTTPException):
            into[verb] = 0  # it died before it could say

    def race(self, *calls):
        """All at once; they are given in another order each time."""
        threads = [threading.Thread(target=call, args=args) for call, *args in self.random.sample(calls, len(calls))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def settled(self, hold):
        """The hold when it is decided and the kernel has heard of it."""
        return self.wait(lambda: (lambda h: h["state"] != "pending" and h)(self.get(f"/v1/approvals/{hold['id']}")), "end of it")

    def told(self, number):
        """What the kernel was told about a hold, the same thing said twice counted once."""
        return {line.split()[2] for line in self.fake.lines if line.startswith(f"answer {number} ")}

    def check_end(self, number, hold, got):
        """One state, its answer alone in the kernel, and one caller at most who was told that it was theirs."""
        self.wait(lambda: self.told(number), "answer")
        state = self.wait(lambda: (lambda s: s != "abandoned" and s)(self.settled(hold)["state"]), "word of the kernel")
        won = [verb for verb, status in got.items() if status == 200]
        self.assertLessEqual(len(won), 1, got)
        self.assertEqual(self.told(number) - {"to"}, {"allow"} if state == "approved" else {"deny"}, (state, got))
        if won:
            self.assertEqual(state, {"approve": "approved", "deny": "denied"}[won[0]])
        return state

    def test_two_approvers(self):
        ends = set()
        for i in range(ROUNDS):
            number, hold = self.hold(PUSH, pid=100 + i)
            got = {}
            self.race((self.answer, hold, "approve", got), (self.answer, hold, "deny", got))
            ends.add(self.check_end(number, hold, got))
            self.assertEqual(sorted(got.values()), [200, 409], got)
        self.assertEqual(ends, {"approved", "denied"}, "the race is one")

    def test_two_that_approve_the_same(self):
        for i in range(ROUNDS // 2):
            number, hold = self.hold(PUSH, pid=100 + i)
            first, second = {}, {}
            self.race((self.answer, hold, "approve", first), (self.answer, hold, "approve", second))
            self.assertEqual(self.check_end(number, hold, first), "approved")
            self.assertEqual(sorted([*first.values(), *second.values()]), [200, 409])
            self.assertEqual(len([s for s in self.fake.lines if s.startswith(f"answer {number} ")]), 1)

    def test_an_approver_and_the_time_out(self):
        held = []
        for i in range(ROUNDS // 2):
            held.append(self.hold(f"{PUSH} {i}", pid=100 + i, timeout=5))
        got = [{} for _ in held]
        self.race(*[(self.answer, hold, "deny", got[i], self.random.uniform(2, 6)) for i, (_, hold) in enumerate(held)])
        for i, (number, hold) in enumerate(held):
            state = self.settled(hold)["state"]
            self.wait(lambda n=number: self.told(n), "answer")
            self.assertEqual(self.told(number), {"deny"})
            self.assertEqual(state == "denied", got[i]["deny"] == 200, (state, got[i]))
            self.assertIn(state, ("denied", "expired"))

    def test_an_approval_and_the_time_out(self):
        held = [self.hold(f"{PUSH} {i}", pid=100 + i, timeout=5) for i in range(ROUNDS // 2)]
        got = [{} for _ in held]
        self.race(*[(self.answer, hold, "approve", got[i], self.random.uniform(2, 6)) for i, (_, hold) in enumerate(held)])
        for i, (number, hold) in enumerate(held):
            state = self.check_end(number, hold, got[i])
            self.assertEqual(state == "approved", got[i]["approve"] == 200, (state, got[i]))
            self.assertIn(state, ("approved", "expired"))

    def abandon(self, number):
        self.fake.child.stdin.write(f"abandon {number}\n")
        self.fake.child.stdin.flush()

    def test_an_approver_and_the_death_of_the_process(self):
        for i in range(ROUNDS):
            number, hold = self.hold(PUSH, pid=100 + i)
            got = {}
            self.race((self.answer, hold, "approve", got), (self.abandon, number))
            state = self.settled(hold)["state"]
            self.assertIn((state, got["approve"]), (("approved", 200), ("abandoned", 409)), "nothing ran, or it was approved")
            self.assertEqual("allow" in self.told(number), state == "approved", self.told(number))

    def kill(self, delay):
        time.sleep(delay)
        self.govern.child.kill()

    def test_an_approver_and_the_death_of_the_governor(self):
        for i in range(ROUNDS // 4):
            number, hold = self.hold(PUSH, pid=100 + i)
            got = {}
            self.race((self.answer, hold, "approve", got), (self.kill, self.random.uniform(0, 0.01)))
            self.restart(signal.SIGKILL)
            if self.get(f"/v1/approvals/{hold['id']}")["state"] == "pending":
                self.assertEqual(got["approve"], 0, "what was said to be approved is")
                self.assertEqual(self.told(number), set(), "nothing is released that is not decided")
                self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))
                got = {"deny": 200}
            self.check_end(number, hold, got)


if __name__ == "__main__":
    unittest.main()
