# SPDX-License-Identifier: Apache-2.0
"""Declarations: all or nothing, from files and from the API; a mistake never takes what is in force away."""
import json
import os
import signal
import time
import unittest

from govern_fixture import AGENT, CAPABILITIES, GovernTest, PUSH, SECRET, SHARE

DEPLOY = {"schema": "cvf.capability/v1", "id": "t.deploy", "name": "Deploy", "description": "deploys",
          "operation_type": "EXECUTE", "risk": {"level": "HIGH", "justification": "j"},
          "side_effects": {"reversible": True, "scope": "external", "description": "d"},
          "match": {"exec": [{"path": "**/deploy", "argv": ["**"]}]}}


def policy(effect, policy_id="p", reason="because"):
    return {"schema": "cvf.policy/v1", "id": policy_id,
            "rules": [{"id": "r", "when": {"capability": ["t.push"]}, "effect": effect, "reason": reason}]}


class Declarations(GovernTest):
    def generation(self):
        return self.get("/v1/status")["generation"]

    def test_lists_and_single_ones(self):
        ids = [c["id"] for c in self.ok(self.get("/v1/capabilities"))["capabilities"]]
        self.assertEqual(ids, sorted(c["id"] for c in CAPABILITIES))
        one = self.ok(self.get("/v1/capabilities/t.push"))
        self.assertEqual((one["id"], one["risk"]["level"], one["builtin"]), ("t.push", "HIGH", False))
        self.assertTrue(one["source"].endswith("t.json"))
        self.assertEqual([a["id"] for a in self.get("/v1/agents")["agents"]], ["coder-1"])
        self.assertEqual(self.ok(self.get("/v1/policies"))["policies"], [])
        self.ok(self.get("/v1/profiles"))
        for url in ("/v1/capabilities/no", "/v1/agents/no", "/v1/policies/no", "/v1/profiles/no"):
            self.refused(self.get(url), 404, "not-found")

    def test_registered_is_in_force_at_once_and_after_a_restart(self):
        self.assertEqual(self.do("exec /opt/deploy now", pid=1)[0], "hold")
        before = self.generation()
        answer = self.ok(self.post("/v1/capabilities?name=deploy.json", DEPLOY), 201)
        self.assertEqual([c["id"] for c in answer["capabilities"]], ["t.deploy"])
        self.assertGreater(answer["generation"], before)
        self.assertEqual(self.do("exec /opt/deploy now", pid=2)[0], "deny", "registered, and not among the agent's grants")
        self.restart(signal.SIGKILL)
        self.assertEqual(self.ok(self.get("/v1/capabilities/t.deploy"))["source"], "deploy.json")
        self.assertEqual(self.do("exec /opt/deploy now", pid=3)[0], "deny")
        self.ok(self.delete("/v1/capabilities/t.deploy"))
        self.assertEqual(self.do("exec /opt/deploy now", pid=4)[0], "hold")

    def test_replacing_must_be_asked_for(self):
        self.ok(self.post("/v1/capabilities", [DEPLOY]), 201)
        changed = dict(DEPLOY, name="Deploy again")
        self.assertIn("replace", self.refused(self.post("/v1/capabilities", changed), 409, "exists")["hint"])
        self.assertEqual(self.get("/v1/capabilities/t.deploy")["name"], "Deploy")
        self.ok(self.post("/v1/capabilities?replace=1", changed), 201)
        self.assertEqual(self.get("/v1/capabilities/t.deploy")["name"], "Deploy again")

    def test_policies_are_replaced_by_id(self):
        self.ok(self.post("/v1/policies", policy("DENY")), 201)
        self.assertEqual(self.do(PUSH)[0], "deny")
        self.ok(self.post("/v1/policies", policy("REQUIRE_APPROVAL")), 201)
        self.assertEqual(self.do(PUSH)[0], "hold")
        self.assertEqual(len(self.get("/v1/policies")["policies"]), 1)
        self.ok(self.delete("/v1/policies/p"))
        self.assertEqual(self.get("/v1/policies")["policies"], [])

    def test_what_a_file_declares_belongs_to_the_file(self):
        error = self.refused(self.post("/v1/agents?replace=1", AGENT), 409, "exists")
        self.assertIn("agents.d/coder-1.json", error["message"])
        error = self.refused(self.delete("/v1/agents/coder-1"), 409, "from-file")
        self.assertIn("agents.d/coder-1.json", error["message"])
        self.refused(self.delete("/v1/agents/nobody"), 404, "not-found")

    def test_a_mistake_names_its_place_and_changes_nothing(self):
        before = self.generation()
        text = '{"schema": "cvf.capability/v1",\n "id": "t.bad", "operation_type": "DELETE",\n "risk": {"level": "high"}}'
        error = self.refused(self.post("/v1/capabilities?name=bad.json", text), 422, "invalid")
        first = error["diagnoses"][0]
        self.assertEqual((first["file"], first["line"]), ("bad.json", 3))
        self.assertTrue(first["column"] and first["message"])
        self.assertEqual(self.generation(), before)
        self.refused(self.get("/v1/capabilities/t.bad"), 404, "not-found")
        self.refused(self.post("/v1/capabilities", "{"), 422, "invalid")
        self.refused(self.post("/v1/capabilities"), 400, "bad-json")
        self.assertEqual(self.generation(), before)

    def test_one_mistake_in_an_array_refuses_all(self):
        bad = dict(DEPLOY, id="t.bad", risk={"level": "SUPER_HIGH"})
        self.refused(self.post("/v1/capabilities", [DEPLOY, bad]), 422, "invalid")
        self.refused(self.get("/v1/capabilities/t.deploy"), 404, "not-found")

    def test_the_consistency_rule_holds_for_the_api(self):
        bad = dict(DEPLOY, risk={"level": "LOW", "justification": "j"}, side_effects={
            "reversible": False, "scope": "local", "description": "d"})
        error = self.refused(self.post("/v1/capabilities", bad), 422, "invalid")
        self.assertIn("Risk Consistency Check Failed: Irreversible side effects (reversible=false) require risk level HIGH or"
                      " CRITICAL, got LOW", " ".join(d["message"] for d in error["diagnoses"]))

    def test_reload_takes_new_files(self):
        self.write("etc/policies.d/p.json", policy("DENY"))
        self.assertEqual(self.do(PUSH, pid=1)[0], "hold")
        answer = self.ok(self.post("/v1/reload"))
        self.assertEqual(answer["generation"], self.generation())
        self.assertEqual(answer["warnings"], [])
        self.assertEqual(self.do(PUSH, pid=2)[0], "deny")

    def test_profiles_of_the_host(self):
        base = {"schema": "cvf.profile/v1", "id": "base", "rules": [{"effect": "DENY", "when": {"capability": ["t.push"]}}]}
        own = {"schema": "cvf.profile/v1", "id": "own", "extends": ["base"], "rules": [{"effect": "REQUIRE_APPROVAL"}]}
        self.write("etc/profiles.d/p.json", [base, own])
        self.ok(self.post("/v1/reload"))
        self.assertEqual(self.do(PUSH, pid=1)[0], "hold")
        self.write("etc/agents.d/coder-1.json", dict(AGENT, profile="own"))
        self.ok(self.post("/v1/reload"))
        self.assertEqual(self.do(PUSH, pid=2)[0], "deny")
        one = self.ok(self.get("/v1/profiles/own"))
        self.assertEqual((one["extends"], one["builtin"]), (["base"], False))
        self.assertTrue(one["source"].endswith("profiles.d/p.json"))
        before = self.generation()
        self.write("etc/profiles.d/p.json", [own])
        error = self.refused(self.post("/v1/reload"), 422, "invalid")
        self.assertIn('"own" extends a profile that does not exist: "base"', error["diagnoses"][0]["message"])
        self.assertEqual(self.generation(), before)
        self.restart()
        self.assertIn("does not exist", self.get("/v1/status")["policy_problem"])
        self.assertEqual(self.do(PUSH, pid=3)[0], "deny", "the last good set has the profiles, too")

    def test_an_overlay_takes_away_and_gives_nothing(self):
        allow = policy("ALLOW")
        allow["rules"][0]["standing_grant"] = {"expires": "2099-01-01T00:00:00Z", "ticket": "T"}
        self.ok(self.post("/v1/policies", dict(allow, priority=1000)), 201)
        self.assertEqual(self.do(PUSH, pid=1)[0], "allow")
        self.ok(self.post("/v1/policies", dict(policy("REQUIRE_APPROVAL", "o"), overlay=True)), 201)
        self.assertEqual(self.do(PUSH, pid=2)[0], "hold")
        self.ok(self.post("/v1/policies", dict(policy("DENY"), priority=-5)), 201)
        self.assertEqual(self.do(PUSH, pid=3)[0], "deny")
        error = self.refused(self.post("/v1/policies", dict(allow, id="o", overlay=True)), 422, "invalid")
        self.assertIn("an overlay only tightens", error["diagnoses"][0]["message"])
        self.assertEqual(self.do(PUSH, pid=4)[0], "deny")

    def test_reload_of_a_broken_file_keeps_the_old_generation(self):
        before = self.generation()
        self.write("etc/agents.d/coder-1.json", '{"schema": "cvf.agent/v1",\n "id": "coder-1",\n "mode": "enfroce"}')
        error = self.refused(self.post("/v1/reload"), 422, "invalid")
        self.assertEqual(error["diagnoses"][0]["line"], 3)
        self.assertTrue(error["diagnoses"][0]["file"].endswith("coder-1.json"))
        self.assertEqual(self.generation(), before)
        self.assertEqual(self.do(SECRET)[0], "deny")

    def test_a_broken_file_at_start_leaves_the_last_good_set_in_force(self):
        self.ok(self.post("/v1/policies", policy("DENY")), 201)
        self.stop()
        self.write("etc/agents.d/coder-1.json", "{")
        self.start()
        status = self.get("/v1/status")
        self.assertIn("coder-1.json", status["policy_problem"])
        self.assertEqual(status["agents"], 1)
        self.assertEqual(self.do(PUSH)[0], "deny")
        self.assertEqual([p["id"] for p in self.get("/v1/policies")["policies"]], ["p"])
        self.write("etc/agents.d/coder-1.json", AGENT)
        self.ok(self.post("/v1/reload"))
        self.assertIsNone(self.get("/v1/status")["policy_problem"])

    def test_broken_settings_are_said_and_give_nobody_rights(self):
        self.write("etc/cvfd.json", '{"principals": [{"user": "root",\n "human": "yes"}]}')
        self.refused(self.post("/v1/reload"), 422, "invalid")
        if os.getuid() == 0:
            self.restart()
            self.assertIn("cvfd.json:2:", self.get("/v1/status")["policy_problem"])

    def test_modes(self):
        self.assertEqual(self.do(SECRET)[0], "deny")
        answer = self.ok(self.post("/v1/agents/coder-1/mode", {"mode": "observe"}))
        self.assertEqual((answer["agent"], answer["mode"]), ("coder-1", "observe"))
        self.assertEqual(self.do(SECRET)[0], "allow")
        self.assertEqual(self.get("/v1/agents/coder-1")["mode"], "observe")
        self.assertEqual(self.get("/v1/status")["modes"], {"enforce": 0, "observe": 1, "learn": 0})
        self.restart()
        self.assertEqual(self.do(SECRET)[0], "allow", "a mode outlives the governor")
        self.ok(self.post("/v1/agents/coder-1/mode", {"mode": "enforce"}))
        self.assertEqual(self.do(SECRET)[0], "deny")
        self.refused(self.post("/v1/agents/coder-1/mode", {"mode": "off"}), 400, "bad-value")
        self.refused(self.post("/v1/agents/nobody/mode", {"mode": "learn"}), 404, "not-found")

    def test_an_agent_registered_anew_has_the_mode_it_declares(self):
        agent = dict(AGENT, id="coder-2")
        self.ok(self.post("/v1/agents", agent), 201)
        self.ok(self.post("/v1/agents/coder-2/mode", {"mode": "learn"}))
        answer = self.ok(self.post("/v1/agents?replace=1", agent), 201)
        self.assertEqual(answer["agents"][0]["mode"], "enforce")
        self.restart()
        self.assertEqual(self.get("/v1/agents/coder-2")["mode"], "enforce")

    def test_numbers_are_never_used_again(self):
        self.ok(self.post("/v1/agents", dict(AGENT, id="coder-2")), 201)
        self.tell("deny 2 read /x")
        self.wait(lambda: self.events(agent="coder-2"), "event")
        self.ok(self.delete("/v1/agents/coder-2"))
        self.ok(self.post("/v1/agents", dict(AGENT, id="coder-3")), 201)
        self.assertEqual(len(self.events(agent="coder-2")), 1)
        self.assertEqual(len(self.events(agent="coder-3")), 0)


class Expiry(GovernTest):
    def test_a_standing_grant_ends_without_a_reload(self):
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 4))
        one = policy("ALLOW")
        one["rules"][0]["standing_grant"] = {"expires": end, "ticket": "T-1"}
        generation = self.ok(self.post("/v1/policies", one), 201)["generation"]
        self.assertEqual(self.do(PUSH, pid=1)[0], "allow")
        self.wait(lambda: self.get("/v1/status")["generation"] > generation, "new generation")
        self.assertEqual(self.do(PUSH, pid=2)[0], "hold")
        self.assertEqual(self.get("/v1/policies")["policies"][0]["rules"][0]["standing_grant"]["ticket"], "T-1")


class Shipped(GovernTest):
    """What the product ships can be put in force, kept and read back."""
    share = SHARE

    @unittest.skipUnless(os.path.isdir(SHARE + "/capabilities") and os.listdir(SHARE + "/capabilities"), "nothing is shipped yet")
    def test_shipped_declarations_survive_as_the_last_good_set(self):
        self.assertIsNone(self.get("/v1/status")["policy_problem"])
        shipped = [c for c in self.get("/v1/capabilities")["capabilities"] if c["builtin"]]
        self.assertTrue(shipped)
        self.refused(self.delete(f"/v1/capabilities/{shipped[0]['id']}"), 409, "builtin")
        own = dict(DEPLOY, id=shipped[0]["id"])
        self.refused(self.post("/v1/capabilities", own), 409, "exists")
        self.ok(self.post("/v1/capabilities?replace=1", own), 201)
        self.assertFalse(self.get(f"/v1/capabilities/{own['id']}")["builtin"])
        self.ok(self.delete(f"/v1/capabilities/{own['id']}"))
        self.assertTrue(self.get(f"/v1/capabilities/{own['id']}")["builtin"])
        before = self.get("/v1/capabilities")
        self.stop()
        self.write("etc/agents.d/coder-1.json", "{")
        self.start()
        self.assertIn("coder-1.json", self.get("/v1/status")["policy_problem"])
        self.assertEqual(json.dumps(self.get("/v1/capabilities")), json.dumps(before))
        self.assertEqual(self.get("/v1/status")["agents"], 1)


if __name__ == "__main__":
    unittest.main()
