# SPDX-License-Identifier: Apache-2.0
"""What declarations would do before they do it: compared with what is in force, and with what was recorded."""
import json
import os
import subprocess
import threading
import unittest

from govern_fixture import CAPABILITIES, GovernTest, PUSH, READ, ROOT, SECRET, WRITE

CVFCTL = os.environ.get("CVFCTL", ROOT + "/build/release/cvfctl")
DENY_WRITES = {"schema": "cvf.policy/v1", "id": "p", "rules": [
    {"id": "no", "when": {"capability": ["t.write"]}, "effect": "DENY", "reason": "not today"},
    {"id": "never", "when": {"path": ["/nowhere/**"]}, "effect": "DENY"}]}


class Authoring(GovernTest):
    def recorded(self, n):
        self.wait(lambda: self.ok(self.get("/v1/status"))["events_recorded"] == n, f"{n} events")

    def ctl(self, *words, text=None):
        got = subprocess.run([CVFCTL, *words, "--socket", f"{self.dir}/run/cvfd.sock"], input=text, capture_output=True,
                             text=True, timeout=60)
        return got.returncode, got.stdout, got.stderr


class Diff(Authoring):
    def test_a_new_rule(self):
        got = self.ok(self.post("/v1/policies/diff", DENY_WRITES))
        self.assertEqual([(c["kind"], c["id"], c["change"]) for c in got["changes"]],
                         [("policy", "p", "added"), ("rule", "p/no", "added"), ("rule", "p/never", "added")])
        one = [d for d in got["decisions"] if d["operation"] == "write /home/dev/x"][0]
        self.assertEqual((one["agents"], one["before"]["verdict"], one["after"]["verdict"], one["after"]["rule"]),
                         (["coder-1"], "allow", "deny", "p/no"))
        self.assertEqual(self.get("/v1/policies/p").status, 404, "nothing is in force by asking")

    def test_nothing_changes(self):
        got = self.ok(self.post("/v1/policies/diff", CAPABILITIES))
        self.assertEqual((got["changes"], got["decisions"], got["agents_judged"]), ([], [], 1))
        self.assertGreater(got["operations"], 40)

    def test_what_a_reload_would_change(self):
        self.assertEqual(self.ok(self.post("/v1/policies/diff"))["changes"], [])
        self.write("etc/policies.d/p.json", DENY_WRITES)
        got = self.ok(self.post("/v1/policies/diff"))
        self.assertEqual(got["changes"][0]["id"], "p")
        self.write("etc/policies.d/p.json", "{")
        error = self.refused(self.post("/v1/policies/diff"), 422, "invalid")
        self.assertIn("p.json", error["diagnoses"][0]["file"])

    def test_mistakes_are_told(self):
        error = self.refused(self.post("/v1/policies/diff?name=x.json", {"schema": "cvf.policy/v1", "id": "p"}), 422, "invalid")
        self.assertEqual(error["diagnoses"][0]["file"], "x.json")
        self.refused(self.post("/v1/policies/diff", "["), 422, "invalid")

    def test_the_command(self):
        status, out, _ = self.ctl("policy", "diff", "-", text=json.dumps(DENY_WRITES))
        self.assertEqual(status, 0)
        self.assertIn("write /home/dev/x by coder-1: was allowed, would be denied (t.write, rule p/no)", out)
        status, _, err = self.ctl("policy", "diff", "-", text="{")
        self.assertEqual(status, 1)
        self.assertIn("stdin:1:", err)


class Replay(Authoring):
    def test_counts_and_differences(self):
        for i in range(25):
            self.assertEqual(self.do(f"write /home/dev/{i}", pid=i + 1)[0], "allow")
        self.assertEqual(self.do(SECRET, pid=99)[0], "deny")
        self.hold(PUSH, pid=100)
        self.do(READ)
        self.recorded(27)
        got = self.ok(self.post("/v1/policies/replay?since=10m", DENY_WRITES))
        self.assertEqual((got["events"], got["judged"], got["not_judged"]), (27, 27, 0))
        counts = {(c["before"], c["after"]): c["count"] for c in got["counts"]}
        self.assertEqual(counts, {("allow", "deny"): 25, ("deny", "deny"): 1, ("hold", "hold"): 1})
        self.assertEqual(len(got["differences"]), 20)
        first = got["differences"][0]
        self.assertEqual((first["event"]["object"], first["before"], first["after"], first["rule"], first["text"]),
                         ("/home/dev/0", "allow", "deny", "p/no", "not today"))
        self.assertEqual({r["rule"]: r["operations"] for r in got["rules"]}, {"p/no": 25, "p/never": 0})
        self.assertEqual(self.do(WRITE, pid=200)[0], "allow", "nothing is in force by asking")

    def test_an_approved_hold_was_a_hold(self):
        number, hold = self.hold(PUSH)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {}))
        self.wait(lambda: self.get(f"/v1/approvals/{hold['id']}")["state"] == "approved", "approval")
        got = self.ok(self.post("/v1/policies/replay?since=10m", DENY_WRITES))
        self.assertEqual([(c["before"], c["after"]) for c in got["counts"]], [("hold", "hold")])

    def test_since_and_agent(self):
        self.do(WRITE)
        self.recorded(1)
        for query, n in (("since=10m", 1), ("since=10m&agent=coder-1", 1), ("since=10m&agent=nobody", 0),
                         ("since=2099-01-01T00:00:00Z", 0), ("", 1)):
            self.assertEqual(self.ok(self.post(f"/v1/policies/replay?{query}", DENY_WRITES))["judged"], n, query)
        self.refused(self.post("/v1/policies/replay?since=yesterday", DENY_WRITES), 400, "bad-parameter")
        self.refused(self.post("/v1/policies/replay?since=1m", "{"), 422, "invalid")

    def test_an_observed_agent_counts_by_what_it_would_have_got(self):
        self.ok(self.post("/v1/agents/coder-1/mode", {"mode": "observe"}))
        self.do(SECRET)
        self.recorded(1)
        granted = {"schema": "cvf.agent/v1", "id": "coder-1", "capabilities": ["t.*"], "scope": {"paths": ["/home/dev/**"]}}
        got = self.ok(self.post("/v1/policies/replay?since=10m", granted))
        self.assertEqual([(c["before"], c["after"]) for c in got["counts"]], [("deny", "allow")])

    def test_others_are_served_meanwhile(self):
        for _ in range(6):
            self.tell("flood 5000")
        self.recorded(30000)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.post("/v1/policies/replay?since=1d", DENY_WRITES)))
                   for _ in range(2)]
        for t in threads:
            t.start()
        self.wait(lambda: self.get("/healthz").status == 200, "answer")
        for t in threads:
            t.join()
        self.assertEqual(sorted(a.status for a in answers)[0], 200)
        self.assertEqual([a["events"] for a in answers if a.status == 200][0], 30000)
        for a in answers:
            if a.status != 200:
                self.refused(a, 503, "busy")
        self.ok(self.post("/v1/policies/replay?since=1d", DENY_WRITES))

    def test_the_command(self):
        self.do(WRITE)
        self.recorded(1)
        status, out, _ = self.ctl("policy", "replay", "-", "--since", "10m", text=json.dumps(DENY_WRITES))
        self.assertEqual(status, 0)
        self.assertIn("1  allowed, would be denied", out)
        self.assertIn("write /home/dev/a", out)
        self.assertIn("p/never  (never used)", out)
        self.assertEqual(self.ctl("policy", "replay", "-", "--since", "once", text="[]")[0], 2)


if __name__ == "__main__":
    unittest.main()
