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


class Suggest(Authoring):
    files = {"etc/agents.d/pupil.json": {"schema": "cvf.agent/v1", "id": "pupil", "owner": "team", "mode": "learn"},
             "etc/capabilities.d/u.json": [{"schema": "cvf.capability/v1", "id": "t.keys", "operation_type": "READ",
                                            "risk": {"level": "HIGH"}, "match": {"file": [{"path": "/**/secret", "ops": ["read"]}]}}]}

    def pupil(self, operation, **keys):
        numbers = {a["id"]: i + 1 for i, a in enumerate(sorted(self.get("/v1/agents")["agents"], key=lambda a: a["id"]))}
        return self.do(operation, agent=numbers["pupil"], **keys)[0]

    def learn(self):
        """Nothing is refused meanwhile."""
        for i, name in enumerate("abcde"):
            self.assertEqual(self.pupil(f"write /home/dev/work/src/{name}.c", pid=i + 1), "allow")
        self.assertEqual(self.pupil(READ), "allow")
        self.assertEqual(self.pupil(PUSH), "allow")
        self.assertEqual(self.pupil("exec /sbin/mkfs /dev/x"), "allow")
        self.recorded(8)

    def test_what_is_suggested(self):
        self.learn()
        got = self.ok(self.get("/v1/agents/pupil/suggestion?since=10m"))
        agent = got["agent"]
        self.assertEqual((agent["id"], agent["owner"], agent["mode"]), ("pupil", "team", "enforce"))
        self.assertEqual(agent["capabilities"], ["t.push", "t.read", "t.write"])
        self.assertEqual(agent["scope"]["paths"], ["/home/dev/work/src/**"])
        self.assertTrue(any("CRITICAL is never suggested: t.wipe" in line for line in got["report"]), got["report"])
        self.assertTrue(any("asked for each time: t.push" in line for line in got["report"]), got["report"])
        self.refused(self.get("/v1/agents/nobody/suggestion"), 404, "not-found")
        self.refused(self.get("/v1/agents/pupil/suggestion?since=x"), 400, "bad-parameter")

    def test_what_it_means_when_it_is_in_force(self):
        self.learn()
        status, text, report = self.ctl("agent", "suggest", "pupil")
        self.assertEqual(status, 0, report)
        self.assertIn("added to its scope: /home/dev/work/src/**", report)
        status, policy, _ = self.ctl("agent", "suggest", "pupil", "--policy")
        self.assertEqual(status, 0)
        for noun, one in (("agent", text), ("policy", policy)):
            self.write(f"{noun}.json", one)
            words = ("--etc", f"{self.dir}/etc", "--share", f"{self.dir}/share", f"{self.dir}/{noun}.json")
            status, out, err = self.ctl(noun, "validate", "--strict", *words)
            self.assertEqual((status, err), (0, ""), out)
        got = self.ok(self.post("/v1/policies/replay?since=10m&agent=pupil", f"[{text},{policy}]"))
        self.assertEqual({(c["before"], c["after"]): c["count"] for c in got["counts"]},
                         {("deny", "allow"): 6, ("deny", "hold"): 1, ("deny", "deny"): 1})
        os.remove(f"{self.dir}/etc/agents.d/pupil.json")
        self.ok(self.post("/v1/reload"))
        self.ok(self.post("/v1/agents", text), 201)
        self.ok(self.post("/v1/policies", policy), 201)
        self.assertEqual(self.pupil("write /home/dev/work/src/new.c", pid=20), "allow")
        self.assertEqual(self.pupil("write /home/dev/other.c", pid=21), "hold")
        self.assertEqual(self.pupil("exec /sbin/mkfs /dev/x", pid=22), "deny")


if __name__ == "__main__":
    unittest.main()
