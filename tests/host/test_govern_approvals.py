# SPDX-License-Identifier: Apache-2.0
"""Approvals from the hold to the answer, whoever dies in between."""
import signal
import threading
import time
import unittest

from govern_fixture import GovernTest, PUSH, READ, WIPE, call

FIELDS = ("id agent session pid exe argv cwd capability risk operation object digest state requested_at expires_at uid comm"
          " side_effects compensation description justification reason decision args_total args_count args_cut object2"
          " address waiting decided_by decided_at note scope").split()


class Approvals(GovernTest):
    def test_a_hold_says_what_an_approver_must_know(self):
        self.tell("exec pid=1000 1 /bin/bash bash -c x")
        _, hold = self.hold(exec=1)
        for field in FIELDS:
            self.assertIn(field, hold)
        self.assertEqual(hold["agent"], "coder-1")
        self.assertEqual(hold["capability"], "t.push")
        self.assertEqual(hold["risk"], "HIGH")
        self.assertEqual(hold["decision"], "APPROVAL_REQUIRED")
        self.assertEqual(hold["operation"], "exec")
        self.assertEqual(hold["object"], "/usr/bin/git")
        self.assertEqual(hold["argv"], ["/usr/bin/git", "push", "origin"])
        self.assertEqual(hold["justification"], "leaves the host")
        self.assertRegex(hold["digest"], "^[0-9a-f]{16}$")
        self.assertRegex(hold["requested_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(hold["waiting"], 1)

    def test_approve_releases_it_once(self):
        number, hold = self.hold()
        answer = self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"note": "fine"}))
        self.assertEqual((answer["state"], answer["resumed"], answer["note"]), ("approved", 1, "fine"))
        self.assertEqual(self.fake.wait_line("answer").split(" digest ")[0], f"answer {number} allow reason 22")
        self.refused(self.post(f"/v1/approvals/{hold['id']}/approve"), 409, "already-decided")
        self.refused(self.post(f"/v1/approvals/{hold['id']}/deny"), 409, "already-decided")
        self.assertEqual(self.do(PUSH, pid=1000)[0], "hold", "one approval must not cover the next operation")

    def test_deny_refuses_it(self):
        number, hold = self.hold()
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny", {"note": "no"}))
        self.assertEqual(self.fake.wait_line("answer").split(" digest ")[0], f"answer {number} deny reason 23")
        self.assertEqual(self.ok(self.get(f"/v1/approvals/{hold['id']}"))["state"], "denied")
        self.wait(lambda: [e for e in self.events(verdict="deny") if e["hold"] == hold["id"]], "event of the denial")

    def test_nobody_is_answered_unasked(self):
        self.hold()
        time.sleep(1.5)
        self.assertFalse([s for s in self.fake.lines if s.startswith("answer")])

    def test_unknown_and_ambiguous_ids(self):
        _, first = self.hold(pid=1)
        _, second = self.hold(pid=2)
        self.refused(self.post("/v1/approvals/01ZZZZZZZZ/approve"), 404, "not-found")
        self.refused(self.post(f"/v1/approvals/{first['id'][:5]}/approve"), 404, "not-found")
        self.refused(self.post(f"/v1/approvals/{first['id'][:6]}/approve"), 409, "ambiguous")
        self.assertEqual(self.ok(self.get(f"/v1/approvals/{second['id'].lower()}"))["id"], second["id"])
        self.assertFalse([s for s in self.fake.lines if s.startswith("answer")])

    def test_one_question_of_many_processes_is_one_entry(self):
        for pid in (11, 12, 13):
            self.do(PUSH, pid=pid)
        self.do(PUSH + " --force", pid=14)
        holds = self.wait(lambda: len(self.get("/v1/approvals")["holds"]) == 2 and self.get("/v1/approvals")["holds"], "list")
        self.assertEqual(sorted(h["waiting"] for h in holds), [1, 3])
        everyone = self.get("/v1/approvals?state=all")["holds"]
        self.assertEqual(len(everyone), 4)
        middle = [h for h in everyone if h["pid"] == 12][0]
        self.assertEqual(self.get(f"/v1/approvals/{middle['id']}")["waiting"], 3)
        self.assertEqual(self.ok(self.post(f"/v1/approvals/{middle['id']}/approve"))["resumed"], 3)
        self.wait(lambda: len([s for s in self.fake.lines if s.startswith("answer")]) == 3, "three answers")
        left = self.get("/v1/approvals")["holds"]
        self.assertEqual([h["pid"] for h in left], [14], "another question must stay held")

    def test_expiry_denies(self):
        number, hold = self.hold(timeout=5)
        self.assertEqual(self.fake.wait_line("answer").split(" digest ")[0], f"answer {number} deny reason 24")
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "expired")
        self.refused(self.post(f"/v1/approvals/{hold['id']}/approve"), 409, "already-decided")

    def test_death_of_the_task_abandons(self):
        number, hold = self.hold()
        self.tell(f"abandon {number}")
        self.wait(lambda: self.get(f"/v1/approvals/{hold['id']}")["state"] == "abandoned", "abandoned hold")
        self.refused(self.post(f"/v1/approvals/{hold['id']}/approve"), 409, "already-decided")

    def test_bad_requests_decide_nothing(self):
        _, hold = self.hold()
        url = f"/v1/approvals/{hold['id']}/approve"
        self.refused(self.post(url, {"scope": "always"}), 400, "bad-value")
        self.refused(self.post(url, {"scope": "once", "uses": 3}), 400, "bad-value")
        self.refused(self.post(url, {"scope": "agent", "for_s": -1}), 400, "bad-value")
        self.refused(self.post(url, {"socpe": "once"}), 400, "unknown-member")
        self.refused(self.post(url, '{"scope":"once","scope":"agent"}'), 400, "bad-json")
        self.refused(self.post(url, "[]"), 400, "bad-json")
        self.refused(self.post(url, "x" * (1 << 20) + "x"), 413, "too-large")
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "pending")


class Grants(GovernTest):
    def test_scope_agent_covers_later_operations(self):
        _, hold = self.hold(session=1)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent", "for_s": 60}))
        self.assertEqual(self.do(PUSH, pid=5, session=2)[0], "allow")
        self.assertEqual(self.do(PUSH + " other", pid=5, session=2)[0], "hold", "a grant covers one question")
        grant = self.get("/v1/grants")["grants"][0]
        self.assertEqual((grant["scope"], grant["agent"], grant["capability"]), ("agent", "coder-1", "t.push"))
        self.assertIn("git push origin", grant["covers"])
        self.wait(lambda: self.get("/v1/grants")["grants"][0]["last_use"], "use of the grant")

    def test_scope_session_covers_the_session_only(self):
        _, hold = self.hold(session=1)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "session"}))
        self.assertEqual(self.do(PUSH, pid=5, session=1)[0], "allow")
        self.assertEqual(self.do(PUSH, pid=6, session=2)[0], "hold")
        self.tell("session 1 1 0")
        self.fake.wait_line("grant drop")
        self.wait(lambda: not self.get("/v1/grants")["grants"], "end of the grant")

    def test_uses_are_counted_beyond_the_approved_operation(self):
        _, hold = self.hold()
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent", "uses": 2}))
        self.assertEqual([self.do(PUSH, pid=p)[0] for p in (1, 2, 3)], ["allow", "allow", "hold"])
        self.wait(lambda: not self.get("/v1/grants")["grants"], "end of the grant")

    def test_revoke(self):
        _, hold = self.hold()
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent"}))
        grant = self.get("/v1/grants")["grants"][0]
        self.assertIsNotNone(grant["expires_at"], "a grant for an agent always ends")
        self.ok(self.delete(f"/v1/grants/{grant['id']}"))
        self.assertEqual(self.do(PUSH, pid=5)[0], "hold")
        self.assertEqual(self.get("/v1/grants")["grants"], [])
        self.refused(self.delete(f"/v1/grants/{grant['id']}"), 404, "not-found")

    def test_grants_come_back_when_the_kernel_lost_them(self):
        _, hold = self.hold()
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent", "for_s": 60}))
        self.stop(signal.SIGKILL)
        start = len(self.fake.lines)
        self.start()
        self.assertFalse([s for s in self.fake.lines[start:] if s.startswith("grant")], "the kernel still has it")
        self.stop()
        self.tell("attach")
        start = len(self.fake.lines)
        self.start()
        self.fake.wait_line("grant add", start)
        self.assertEqual(self.do(PUSH, pid=5)[0], "allow")


class Critical(GovernTest):
    def test_only_a_person_may_approve(self):
        number, hold = self.hold(WIPE)
        self.assertEqual((hold["risk"], hold["decision"]), ("CRITICAL", "HUMAN_INTERVENTION"))
        url = f"/v1/approvals/{hold['id']}/approve"
        error = self.refused(self.post(url), 403, "human-required")
        self.assertIn("principals", error["hint"])
        self.assertFalse([s for s in self.fake.lines if s.startswith("answer")])
        self.set_principals(human=True)
        self.ok(self.post("/v1/reload"))
        self.refused(self.post(url, {"scope": "agent"}), 403, "once-only")
        self.refused(self.post(url, {"scope": "session"}), 403, "once-only")
        self.ok(self.post(url, {"otp": self.enrol().code()}))
        self.fake.wait_line(f"answer {number} allow reason 22")
        self.assertEqual(self.do(WIPE, pid=1000)[0], "hold")

    def test_anybody_may_deny(self):
        number, hold = self.hold(WIPE)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))
        self.fake.wait_line(f"answer {number} deny reason 23")

    def test_each_operation_is_decided_by_itself(self):
        self.set_principals(human=True)
        self.ok(self.post("/v1/reload"))
        self.do(WIPE, pid=1)
        self.do(WIPE, pid=2)
        holds = self.wait(lambda: len(self.get("/v1/approvals")["holds"]) == 2 and self.get("/v1/approvals")["holds"], "list")
        self.assertEqual([h["waiting"] for h in holds], [1, 1])
        otp = self.enrol().code()
        self.assertEqual(self.ok(self.post(f"/v1/approvals/{holds[0]['id']}/approve", {"otp": otp}))["resumed"], 1)
        self.assertEqual(len(self.get("/v1/approvals")["holds"]), 1)


class Restarts(GovernTest):
    def test_a_hold_outlives_the_governor(self):
        number, hold = self.hold()
        self.restart(signal.SIGKILL)
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "pending")
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")

    def test_a_hold_that_came_while_nobody_listened_is_listed(self):
        self.stop(signal.SIGKILL)
        self.do(PUSH, pid=8)
        self.start()
        hold = self.wait(lambda: self.get("/v1/approvals")["holds"], "hold")[0]
        self.assertEqual(hold["pid"], 8)
        self.assertEqual(len(self.get("/v1/approvals?state=all")["holds"]), 1, "heard of twice, kept once")

    def test_a_hold_that_ended_while_nobody_listened_is_abandoned(self):
        number, hold = self.hold()
        self.stop(signal.SIGKILL)
        self.tell(f"abandon {number}")
        self.start()
        self.wait(lambda: self.get(f"/v1/approvals/{hold['id']}")["state"] == "abandoned", "abandoned hold")

    def test_an_answer_that_was_not_sent_is_sent_after_the_restart(self):
        number, hold = self.hold()
        path = f"{self.dir}/run/cvfd.sock"

        def approve():
            try:
                call(path, "POST", f"/v1/approvals/{hold['id']}/approve")
            except OSError:
                pass  # the governor dies under it

        self.tell("mute answers")
        thread = threading.Thread(target=approve)
        thread.start()
        self.fake.wait_line("swallowed answer")
        self.stop(signal.SIGKILL)
        thread.join()
        self.tell("mute off")
        self.start()
        self.fake.wait_line(f"answer {number} allow reason 22")
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "approved")

    def test_a_decision_outlives_the_process_that_asked(self):
        number, hold = self.hold()
        self.tell(f"forget {number}")
        error = self.refused(self.post(f"/v1/approvals/{hold['id']}/approve"), 409, "hold-gone")
        self.assertIn("nothing was released", error["message"])
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "abandoned")


class Judged(GovernTest):
    """What a new rule decides is not left to a person."""

    def policy(self, effect, **when):
        rule = {"id": "r", "when": {"capability": ["t.push"], **when}, "effect": effect, "reason": "because"}
        return {"schema": "cvf.policy/v1", "id": "p", "priority": 100, "rules": [rule]}

    def test_a_denying_rule_answers_what_waits(self):
        number, hold = self.hold()
        self.ok(self.post("/v1/policies", self.policy("DENY")), 201)
        self.fake.wait_line(f"answer {number} deny reason 5")
        view = self.get(f"/v1/approvals/{hold['id']}")
        self.assertEqual((view["state"], view["decided_by"], view["note"]), ("denied", "policy p/r", "because"))

    def test_an_allowing_rule_needs_a_standing_grant(self):
        number, _ = self.hold()
        self.ok(self.post("/v1/policies", self.policy("ALLOW")), 201)
        time.sleep(0.3)
        self.assertFalse([s for s in self.fake.lines if s.startswith("answer")], "ALLOW on HIGH is an approval")
        standing = self.policy("ALLOW")
        standing["rules"][0]["standing_grant"] = {"expires": "2099-01-01T00:00:00Z", "ticket": "T-1"}
        self.ok(self.post("/v1/policies", standing), 201)
        self.fake.wait_line(f"answer {number} allow")

    def test_a_rule_about_others_leaves_it(self):
        self.hold()
        self.ok(self.post("/v1/policies", self.policy("DENY", agent=["somebody-*"])), 201)
        time.sleep(0.3)
        self.assertFalse([s for s in self.fake.lines if s.startswith("answer")])

    def test_what_the_kernel_could_not_judge_stays_with_a_person(self):
        self.tell(f"hold pid=3 reason=15 1 {PUSH}")
        self.tell(f"hold pid=4 flags=2 1 {PUSH} cut")
        self.wait(lambda: len(self.get("/v1/approvals")["holds"]) == 2, "holds")
        self.ok(self.post("/v1/policies", self.policy("DENY")), 201)
        time.sleep(0.3)
        self.assertEqual(len(self.get("/v1/approvals")["holds"]), 2)


if __name__ == "__main__":
    unittest.main()
