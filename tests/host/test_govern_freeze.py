# SPDX-License-Identifier: Apache-2.0
"""Agents that are frozen: noted, told to the enforcer, shown, kept over reloads and restarts, and in the trail."""
import json
import os
import signal
import sqlite3
import unittest

from govern_fixture import AGENT, GovernTest, NOBODY, call_as

FREEZE, THAW = "/v1/agents/coder-1/freeze", "/v1/agents/coder-1/thaw"


class Freeze(GovernTest):
    files = {"etc/agents.d/coder-2.json": dict(AGENT, id="coder-2")}

    def told(self, since=0):
        """What it was told: all that it has said by now is read when it answers the next line."""
        start = len(self.fake.lines)
        self.fake.child.stdin.write("said\n")
        self.fake.child.stdin.flush()
        self.fake.wait_line("wrong said", start)
        return [line for line in self.fake.lines[since:] if line.startswith("freeze ")]

    def frozen(self, agent="coder-1"):
        return self.ok(self.get(f"/v1/agents/{agent}")).get("frozen")

    def acts(self):
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
        rows = db.execute("SELECT kind, body FROM acts WHERE kind IN ('frozen', 'thawed') ORDER BY n").fetchall()
        db.close()
        return [(kind, json.loads(body)) for kind, body in rows]

    def test_frozen_shown_and_thawed(self):
        self.assertIsNone(self.frozen())
        answer = self.ok(self.post(FREEZE, {"note": "looks wrong"}))
        self.assertEqual(answer["processes"], 2)
        self.assertEqual(self.told(), ["freeze agent 1 how 1"])
        shown = self.frozen()
        self.assertEqual((shown["note"], shown["how"]), ("looks wrong", "frozen"))
        self.assertEqual(answer["frozen"], shown)
        self.assertTrue(shown["by"])
        self.assertIsNone(self.frozen("coder-2"))
        listed = {a["id"]: a.get("frozen") for a in self.get("/v1/agents")["agents"]}
        self.assertEqual(listed, {"coder-1": shown, "coder-2": None})
        self.assertEqual(self.get("/v1/status")["agents_frozen"], 1)
        self.assertIsNone(self.ok(self.post(THAW, {"note": "was nothing"}))["frozen"])
        self.assertEqual(self.told()[1:], ["freeze agent 1 how 0"])
        self.assertIsNone(self.frozen())
        self.assertEqual(self.get("/v1/status")["agents_frozen"], 0)
        acts = self.acts()
        self.assertEqual([(kind, body["agent"], body["note"]) for kind, body in acts],
                         [("frozen", "coder-1", "looks wrong"), ("thawed", "coder-1", "was nothing")])
        self.assertEqual({body["by"] for _, body in acts}, {shown["by"]})

    def test_whoever_enrols_a_process_is_told(self):
        new = {"pid": os.getpid()}
        self.assertNotIn("frozen", self.ok(self.post("/v1/agents/coder-1/sessions", new), 201))
        self.ok(self.post(FREEZE))
        self.assertEqual(self.ok(self.post("/v1/agents/coder-1/sessions", new), 201)["frozen"], self.frozen())
        self.assertNotIn("frozen", self.ok(self.post("/v1/agents/coder-2/sessions", new), 201))

    def test_again_changes_nothing(self):
        first = self.ok(self.post(FREEZE, {"note": "first"}))["frozen"]
        self.assertEqual(self.ok(self.post(FREEZE, {"note": "second"}))["frozen"], first)
        self.ok(self.post(THAW))
        self.ok(self.post(THAW))
        self.assertEqual([kind for kind, _ in self.acts()], ["frozen", "thawed"])

    def test_it_outlives_reloads_and_every_process(self):
        self.ok(self.post(FREEZE, {}))
        self.ok(self.post("/v1/agents/coder-2/freeze", {}))
        self.ok(self.post("/v1/agents/coder-2/thaw", {}))
        shown = self.frozen()
        self.ok(self.post("/v1/reload"))
        self.assertEqual(self.frozen(), shown)
        for kind in (signal.SIGTERM, signal.SIGKILL):
            since = len(self.fake.lines)
            self.restart(kind)
            self.assertEqual(self.frozen(), shown)
            # before any policy: what is frozen and what is not any more
            told = self.told(since)
            said = [line.split()[0] for line in self.fake.lines[since:] if line.startswith(("freeze ", "image "))]
            self.assertEqual(said[:3], ["freeze", "freeze", "image"], self.fake.lines[since:])
            self.assertEqual(told, ["freeze agent 1 how 1", "freeze agent 2 how 0"])

    def test_refused(self):
        self.refused(self.post("/v1/agents/nobody/freeze", {}), 404, "not-found")
        self.refused(self.post("/v1/agents/nobody/thaw", {}), 404, "not-found")
        self.refused(self.post(FREEZE, {"note": 7}), 400, "bad-value")
        self.refused(self.post(FREEZE, {"why": "x"}), 400, "unknown-member")
        self.assertEqual((self.told(), self.frozen()), ([], None))

    @unittest.skipUnless(os.getuid() == 0, "needs root to be somebody else")
    def test_who_may(self):
        def ask(url):
            return call_as(NOBODY, f"{self.dir}/run/cvfd.sock", "POST", url, {})
        for role, status in (("viewer", 403), ("approver", 403), ("operator", 200)):
            self.write("etc/cvfd.json", {"principals": [{"user": "nobody", "roles": [role]}, {"user": "root", "roles": ["admin"]}]})
            self.ok(self.post("/v1/reload"))
            self.assertEqual([ask(FREEZE)[0], ask(THAW)[0]], [status, status], role)

    def test_a_removed_agent_can_be_thawed(self):
        self.ok(self.post("/v1/agents", dict(AGENT, id="coder-3")), 201)
        self.ok(self.post("/v1/agents/coder-3/freeze", {}))
        self.ok(self.delete("/v1/agents/coder-3"))
        self.ok(self.post("/v1/agents/coder-3/thaw", {}))
        self.assertEqual(self.told()[-1], "freeze agent 3 how 0")

    def on_miss(self, action):
        self.settings = {"canary": {"on_miss": action}}
        self.set_principals()
        self.ok(self.post("/v1/reload"))

    def alert(self):
        return self.wait(lambda: [a["reason"] for a in self.get("/v1/alerts")["alerts"] if a["kind"] == "not-enforcing"], "alert", 40)[0]

    def test_a_missed_canary_is_logged_by_default(self):
        self.tell("canary fail")
        self.assertNotIn("frozen", self.alert())
        self.refused(self.get("/readyz"), 503, "not-enforcing")
        self.assertEqual((self.told(), self.frozen()), ([], None))

    def missed(self, action, how, word):
        self.on_miss(action)
        self.assertEqual((self.told(), self.frozen()), ([], None))
        self.tell("canary fail")
        shown = self.wait(self.frozen, "frozen agent")
        self.assertEqual((shown["by"], shown["how"]), ("canary", word))
        self.assertIn("not refused", shown["note"])
        self.assertEqual(self.frozen("coder-2")["how"], word)
        self.wait(lambda: len(self.told()) >= 2, "orders")
        self.assertEqual(sorted(self.told()), [f"freeze agent {n} how {how}" for n in (1, 2)])
        self.refused(self.get("/readyz"), 503, "not-enforcing")
        self.assertIn(word, self.alert())
        self.assertEqual(len(self.told()), 2, "it is done once")
        self.ok(self.post("/v1/agents", dict(AGENT, id="coder-3")), 201)
        self.wait(lambda: self.frozen("coder-3"), "frozen newcomer")
        self.tell("canary ok")
        self.wait(lambda: self.get("/readyz").status == 200, "readiness")
        self.assertEqual(self.frozen(), shown, "it lasts until somebody thaws it")
        self.ok(self.post(THAW))
        self.assertIsNone(self.frozen())
        self.assertIsNotNone(self.frozen("coder-2"))

    def test_a_missed_canary_freezes(self):
        self.missed("freeze", 1, "frozen")

    def test_a_missed_canary_stops(self):
        self.missed("stop", 2, "stopped")

    def test_frozen_agents_are_stopped_when_that_is_asked_for(self):
        self.ok(self.post(FREEZE))
        self.on_miss("stop")
        self.tell("canary fail")
        self.wait(lambda: self.frozen()["how"] == "stopped", "stopped agent")
        self.assertEqual([body["how"] for kind, body in self.acts() if body["agent"] == "coder-1"], [1, 2])

    def test_actions_there_are(self):
        self.settings = {"canary": {"on_miss": "explode"}}
        self.set_principals()
        self.refused(self.post("/v1/reload"), 422, "invalid")
        self.tell("canary fail")
        self.refused(self.get("/readyz"), 503, "not-enforcing")
        self.assertIsNone(self.frozen(), "the settings before stay")

    def test_settings_that_cannot_be_read_freeze(self):
        self.write("etc/cvfd.json", "{")
        self.restart()
        self.tell("canary fail")
        self.wait(lambda: self.told(), "orders")


if __name__ == "__main__":
    unittest.main()
