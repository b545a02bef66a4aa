# SPDX-License-Identifier: Apache-2.0
"""Rules that say who approves, and how many: each refusal beside what it permits."""
import os
import pwd
import signal
import time
import unittest

from govern_fixture import AGENT, CAPABILITIES, GovernTest, ME, PUSH, WIPE, call_as

DELETE = {"schema": "cvf.capability/v1", "id": "t.delete", "name": "Delete", "description": "deletes",
          "operation_type": "DELETE", "risk": {"level": "HIGH", "justification": "j"},
          "match": {"file": [{"path": "/srv/**", "ops": ["delete", "rename"]}]}}
OTHERS = ["daemon", "bin", "games"]  # users that every Debian has; daemon is in the group daemon
AS_ROOT = unittest.skipUnless(os.getuid() == 0, "needs users to become")
TWICE = {"approvers": ["daemon", "bin", "@games"], "quorum": 2}


def rule(hold, **when):
    return {"schema": "cvf.policy/v1", "id": "p", "rules": [
        {"id": "several", "when": when or {"capability": "t.push"}, "effect": "REQUIRE_APPROVAL", "hold": hold}]}


class Quorum(GovernTest):
    files = {"etc/capabilities.d/t.json": [*CAPABILITIES, DELETE],
             "etc/agents.d/coder-1.json": dict(AGENT, capabilities=["t.*"])}

    def set_principals(self, **more):
        people = [{"user": name, "roles": ["approver"], "human": True} for name in OTHERS]
        self.write("etc/cvfd.json", {"principals": [{"user": ME, "roles": ["admin"], **more}, *people], **self.settings})

    def demand(self, hold, **when):
        self.write("etc/policies.d/p.json", rule(hold, **when))
        self.ok(self.post("/v1/reload"))

    def show(self, hold):
        return self.ok(self.get(f"/v1/approvals/{hold['id']}"))

    def approve(self, hold, **body):
        return self.post(f"/v1/approvals/{hold['id']}/approve", body)

    def approve_as(self, user, hold, verb="approve", **body):
        return call_as(pwd.getpwnam(user), f"{self.dir}/run/cvfd.sock", "POST", f"/v1/approvals/{hold['id']}/{verb}", body)

    def answers(self):
        return [line for line in self.fake.lines if line.startswith("answer")]


class AnyTwo(Quorum):
    def test_one_is_not_two(self):
        self.demand({"quorum": 2})
        _, hold = self.hold(PUSH)
        self.assertEqual((hold["quorum"], hold["approvers"], hold["approved_by"]), (2, [], []))
        first = self.ok(self.approve(hold, note="looks right"))
        self.assertEqual((first["state"], first["resumed"]), ("pending", 0))
        self.assertEqual([(a["name"], a["note"]) for a in first["approved_by"]], [(ME, "looks right")])
        error = self.refused(self.approve(hold), 409, "approved-already")
        self.assertIn("1 of 2", error["hint"])
        time.sleep(0.3)
        self.assertEqual((self.show(hold)["state"], self.answers()), ("pending", []))

    def test_one_that_is_enough(self):
        self.demand({"quorum": 1})
        _, hold = self.hold(PUSH)
        self.assertEqual(self.ok(self.approve(hold))["state"], "approved")
        self.assertEqual(self.show(hold)["approved_by"], [], "a quorum of one is nothing special")

    def test_one_denial_denies(self):
        self.demand({"quorum": 2})
        _, hold = self.hold(PUSH)
        self.ok(self.approve(hold))
        self.assertEqual(self.ok(self.post(f"/v1/approvals/{hold['id']}/deny", {"note": "no"}))["state"], "denied")
        self.assertEqual([a["name"] for a in self.show(hold)["approved_by"]], [ME], "what was said stays on record")
        self.refused(self.approve(hold), 409, "already-decided")

    def test_nothing_is_left_behind_and_nothing_left_before_counts(self):
        _, before = self.hold("delete /srv/a", pid=1)
        self.ok(self.approve(before, scope="agent", pattern="/srv/**"))
        self.demand({"quorum": 2}, capability="t.delete")
        self.do("delete /srv/b", pid=2)
        hold = self.wait(lambda: [h for h in self.get("/v1/approvals")["holds"] if h["pid"] == 2], "hold")[0]
        time.sleep(0.3)
        self.assertEqual(self.show(hold)["state"], "pending", "the pattern of one person must not answer for two")
        self.assertEqual([o["scope"] for o in self.show(hold)["offers"]], ["once"])
        self.refused(self.approve(hold, scope="session"), 409, "once-only")
        self.refused(self.approve(hold, scope="agent", pattern="/srv/**"), 409, "once-only")
        self.assertEqual(self.show(hold)["approved_by"], [], "a refused answer is none")

    def test_what_was_asked_before_the_rule_came_needs_two_as_well(self):
        _, hold = self.hold(PUSH)
        self.demand({"quorum": 2})
        self.assertEqual(self.ok(self.approve(hold))["state"], "pending")
        os.remove(f"{self.dir}/etc/policies.d/p.json")
        self.ok(self.post("/v1/reload"))
        self.assertEqual(self.ok(self.approve(hold))["state"], "approved", "and one when the rule has gone")


class Named(Quorum):
    def test_who_is_not_named_may_deny_only(self):
        self.demand({"approvers": ["daemon", "@no-such-group", "no-such-user"]})
        _, hold = self.hold(PUSH)
        error = self.refused(self.approve(hold), 403, "not-an-approver")
        self.assertIn("daemon", error["hint"])
        self.assertEqual(self.show(hold)["state"], "pending")
        self.assertEqual(self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))["state"], "denied")

    def test_who_is_named_may(self):
        self.demand({"approvers": [ME]})
        _, hold = self.hold(PUSH)
        done = self.ok(self.approve(hold))
        self.assertEqual((done["state"], done["decided_by"], done["resumed"]), ("approved", ME, 1))
        self.assertEqual((done["quorum"], done["approvers"], [a["name"] for a in done["approved_by"]]), (1, [ME], [ME]))

    def test_another_operation_is_not_theirs(self):
        self.demand({"approvers": ["daemon"], "quorum": 1}, capability="t.delete")
        _, hold = self.hold(PUSH)
        self.assertEqual(self.ok(self.approve(hold, scope="agent"))["state"], "approved")

    @AS_ROOT
    def test_two_of_those_named(self):
        self.demand(TWICE)
        number, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("daemon", hold), (200, "-"))
        self.assertEqual(self.approve_as("daemon", hold), (409, "approved-already"))
        self.assertEqual(self.approve(hold).status, 403, "root is none of them")
        self.restart(signal.SIGKILL)
        self.assertEqual([a["name"] for a in self.show(hold)["approved_by"]], ["daemon"], "it outlives the governor")
        self.assertEqual(self.answers(), [])
        self.assertEqual(self.approve_as("games", hold), (200, "-"), "a member of the group")
        done = self.show(hold)
        self.assertEqual((done["state"], done["decided_by"], [a["name"] for a in done["approved_by"]]),
                         ("approved", "games", ["daemon", "games"]))
        self.assertTrue(self.fake.wait_line(f"answer {number} "))

    @AS_ROOT
    def test_each_of_them_shows_in_the_statistics(self):
        self.demand({"quorum": 2})
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("daemon", hold), (200, "-"))
        self.ok(self.approve(hold))
        stats = self.ok(self.get("/v1/approvals/stats"))
        self.assertEqual((stats["asked"], stats["approved"], stats["answers"]), (1, 1, 1))
        self.assertEqual({p["name"]: (p["approved"], p["answers"]) for p in stats["people"]}, {"daemon": (1, 1), ME: (1, 1)})

    def test_explain_says_who_will_be_asked(self):
        self.demand({"approvers": ["@release"], "quorum": 2})
        ask = {"agent": "coder-1", "operation": PUSH.split()}
        answer = self.ok(self.post("/v1/explain", ask))
        self.assertEqual((answer["verdict"], answer["quorum"], answer["approvers"]), ("hold", 2, ["@release"]))
        answer = self.ok(self.post("/v1/explain", dict(ask, operation=["read", "/x"])))
        self.assertEqual((answer["verdict"], answer["quorum"], answer["approvers"]), ("allow", None, []))

    @AS_ROOT
    def test_approvals_for_other_approvers_do_not_count(self):
        self.demand(TWICE)
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("daemon", hold), (200, "-"))
        self.demand({"approvers": ["bin", "games"], "quorum": 2})
        self.assertEqual(self.approve_as("bin", hold), (200, "-"))
        now = self.show(hold)
        self.assertEqual((now["state"], [a["name"] for a in now["approved_by"]]), ("pending", ["bin"]))
        self.assertEqual(self.approve_as("games", hold), (200, "-"))
        self.assertEqual(self.show(hold)["state"], "approved")

    @AS_ROOT
    def test_what_is_critical_stays_with_people(self):
        self.demand({"quorum": 2}, capability="t.wipe")
        _, hold = self.hold(WIPE)
        self.refused(self.approve(hold), 403, "human-required")
        self.assertEqual(self.approve_as("daemon", hold, scope="session"), (403, "once-only"))
        self.assertEqual(self.approve_as("daemon", hold, otp=self.enrol("daemon").code()), (200, "-"))
        self.assertEqual(self.show(hold)["state"], "pending")
        self.refused(self.approve(hold), 403, "human-required")
        self.assertEqual(self.approve_as("bin", hold, otp=self.enrol("bin").code()), (200, "-"))
        self.assertEqual(self.show(hold)["state"], "approved")


if __name__ == "__main__":
    unittest.main()
