# SPDX-License-Identifier: Apache-2.0
"""The life of a capability: what each state means for what agents do, who moved it when, and what is kept of it."""
import signal
import unittest

from govern_fixture import AGENT, GovernTest, ME, PUSH, READ

OWN = {"schema": "cvf.capability/v1", "id": "t.deploy", "name": "Deploy", "description": "deploys",
       "operation_type": "EXECUTE", "risk": {"level": "LOW", "justification": "j"},
       "side_effects": {"reversible": True, "scope": "external", "description": "d"},
       "match": {"exec": [{"path": "**/deploy", "argv": ["**"]}]}}
DEPLOY = "exec /opt/deploy now"


class Lifecycle(GovernTest):
    files = {"etc/agents.d/coder-1.json": dict(AGENT, capabilities=["t.*"])}

    def state(self, to, capability="t.deploy", **more):
        return self.post(f"/v1/capabilities/{capability}/state", {"state": to, **more})

    def versions(self, capability="t.deploy", kind="capabilities"):
        return self.ok(self.get(f"/v1/{kind}/{capability}/versions"))["versions"]

    def test_from_proposal_to_retirement(self):
        self.ok(self.post("/v1/capabilities", dict(OWN, state="PROPOSED")), 201)
        self.assertEqual(self.get("/v1/capabilities/t.deploy")["state"], "PROPOSED")
        self.assertEqual(self.do(DEPLOY, pid=1)[0], "hold", "a proposal is in force")
        self.refused(self.state("DEPRECATED"), 409, "no-such-move")
        self.ok(self.state("ACTIVE"))
        self.assertEqual(self.do(DEPLOY, pid=2)[0], "allow")
        self.refused(self.state("RETIRED"), 409, "no-such-move")
        self.refused(self.state("PROPOSED"), 409, "no-such-move")
        self.ok(self.state("DEPRECATED", note="use t.ship"))
        self.assertEqual(self.do(DEPLOY, pid=3)[0], "allow")
        self.ok(self.state("ACTIVE"))
        self.ok(self.state("DEPRECATED"))
        self.ok(self.state("RETIRED"))
        self.assertEqual(self.do(DEPLOY, pid=4)[0], "deny")
        denied = self.wait(lambda: self.events(verdict="deny", capability="t.deploy"), "event")[0]
        self.assertEqual(denied["reason"], "retired")
        self.assertIn("anew", self.refused(self.state("ACTIVE"), 409, "no-such-move")["hint"])
        self.restart(signal.SIGKILL)
        self.assertEqual(self.do(DEPLOY, pid=5)[0], "deny", "a state outlives the governor")
        self.ok(self.post("/v1/capabilities?replace=1", OWN), 201)
        self.assertEqual(self.do(DEPLOY, pid=6)[0], "allow", "registered anew it has the state it declares")

    def test_what_is_in_force_is_not_pushed_out_by_a_proposal(self):
        self.ok(self.post("/v1/capabilities", OWN), 201)
        error = self.refused(self.post("/v1/capabilities?replace=1", dict(OWN, state="PROPOSED")), 409, "in-force")
        self.assertIn("another id", error["hint"])
        self.assertEqual(self.do(DEPLOY)[0], "allow")

    def test_a_file_may_be_overruled_and_who_names_it_is_told(self):
        self.ok(self.post("/v1/agents", dict(AGENT, id="coder-2", capabilities=["t.push"])), 201)
        answer = self.ok(self.state("DEPRECATED", "t.push"))
        self.assertTrue(any("coder-2" in w["message"] and "deprecated" in w["message"] for w in answer["warnings"]), answer)
        self.assertTrue(self.ok(self.post("/v1/reload"))["warnings"])
        self.assertEqual(self.do(PUSH)[0], "hold")
        self.ok(self.state("RETIRED", "t.push"))
        self.assertEqual(self.do(PUSH, pid=2)[0], "deny")
        self.assertEqual(self.do(READ)[0], "allow")

    def test_bad_requests_change_nothing(self):
        before = self.get("/v1/status")["generation"]
        self.refused(self.state("active", "t.push"), 400, "bad-value")
        self.refused(self.post("/v1/capabilities/t.push/state", {}), 400, "bad-value")
        self.refused(self.state("ACTIVE", "t.none"), 404, "not-found")
        self.refused(self.get("/v1/capabilities/t.none/versions"), 404, "not-found")
        self.assertEqual(self.get("/v1/status")["generation"], before)

    def test_versions_say_who_and_when(self):
        self.ok(self.post("/v1/capabilities?name=deploy.json", dict(OWN, version="1.0.0")), 201)
        self.ok(self.post("/v1/capabilities?name=deploy.json&replace=1", dict(OWN, version="1.1.0")), 201)
        self.ok(self.state("DEPRECATED", note="use t.ship"))
        self.ok(self.post("/v1/reload"))
        self.restart()
        self.ok(self.delete("/v1/capabilities/t.deploy"))
        rows = self.versions()
        self.assertEqual([r["revision"] for r in rows], [4, 3, 2, 1])
        self.assertEqual([r["version"] for r in rows], [None, "1.1.0", "1.1.0", "1.0.0"])
        self.assertEqual([r["state"] for r in rows], [None, "DEPRECATED", "ACTIVE", "ACTIVE"])
        self.assertEqual([r["removed"] for r in rows], [True, False, False, False])
        self.assertEqual({r["made_by"] for r in rows}, {ME})
        self.assertEqual(rows[1]["note"], "use t.ship")
        self.assertEqual(rows[3]["source"], "deploy.json")
        self.assertEqual(rows[3]["declaration"]["risk"]["level"], "LOW")
        self.assertLess(rows[3]["generation"], rows[0]["generation"])
        self.ok(self.post("/v1/capabilities", OWN), 201)
        self.assertEqual(self.versions()[0]["revision"], 5)

    def test_files_have_versions_too(self):
        first = self.versions("t.push")
        self.assertEqual([(r["revision"], r["made_by"]) for r in first], [(1, "start")])
        self.assertTrue(first[0]["source"].endswith("t.json"))
        self.ok(self.post("/v1/agents/coder-1/mode", {"mode": "observe"}))
        rows = self.versions("coder-1", "agents")
        self.assertEqual([(r["revision"], r["mode"], r["made_by"]) for r in rows], [(2, "observe", ME), (1, "enforce", "start")])
        self.ok(self.post("/v1/reload"))
        self.assertEqual(len(self.versions("coder-1", "agents")), 2, "a reload that changes nothing is no version")


class FaultyOverlay(GovernTest):
    def test_a_mode_refused_says_why(self):
        """What the API set is checked with everything else: a refusal is never without a diagnosis."""
        self.ok(self.post("/v1/agents", [dict(AGENT, id=f"a-{i}") for i in range(20)]), 201)
        for mode in ("observe", "learn", "enforce"):
            self.assertEqual(self.ok(self.post("/v1/agents/a-7/mode", {"mode": mode}))["mode"], mode)
        self.write("etc/agents.d/broken.json", "{")
        error = self.refused(self.post("/v1/agents/a-7/mode", {"mode": "observe"}), 422, "invalid")
        self.assertTrue(error["diagnoses"])
        self.assertEqual(self.get("/v1/agents/a-7")["mode"], "enforce")


if __name__ == "__main__":
    unittest.main()
