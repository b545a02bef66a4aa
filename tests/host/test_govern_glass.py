# SPDX-License-Identifier: Apache-2.0
"""When those who should answer do not: breaking the glass, lent roles, who is asked next, approvals that come too late."""
import json
import os
import pwd
import signal
import sqlite3
import time
import unittest

from govern_fixture import CAPABILITIES, GovernTest, ME, PUSH, WIPE, call_as

AS_ROOT = unittest.skipUnless(os.getuid() == 0, "needs users to become")


class People(GovernTest):
    people = [{"user": "daemon", "roles": ["approver"]}, {"user": "bin", "roles": ["break_glass"]},
              {"user": "sys", "roles": ["human_operator", "break_glass"]}, {"user": "mail", "roles": ["viewer"]},
              {"user": "news", "roles": ["viewer"], "human": True}, {"user": "games", "roles": ["compliance_officer"]}]
    approvals = {"second_factor": "enrolled"}

    def set_principals(self, **more):
        self.write("etc/cvfd.json", {"principals": [{"user": ME, "roles": ["admin"], **more}, *self.people],
                                     "approvals": self.approvals})

    def demand(self, hold):
        self.write("etc/policies.d/p.json", {"schema": "cvf.policy/v1", "id": "p", "rules": [
            {"id": "several", "when": {"capability": ["t.push"]}, "effect": "REQUIRE_APPROVAL", "hold": hold}]})
        self.ok(self.post("/v1/reload"))

    def show(self, hold):
        return self.ok(self.get(f"/v1/approvals/{hold['id']}"))

    def as_user(self, user, method, url, body=None):
        return call_as(pwd.getpwnam(user), f"{self.dir}/run/cvfd.sock", method, url, body)

    def approve_as(self, user, hold, **body):
        return self.as_user(user, "POST", f"/v1/approvals/{hold['id']}/approve", body)

    def acts(self, *kinds):
        """What the audit trail has of these, once something of each is there."""
        def read():
            db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
            rows = [(kind, json.loads(body)) for kind, body in db.execute("SELECT kind, body FROM acts ORDER BY n") if kind in kinds]
            db.close()
            return {kind for kind, _ in rows} == set(kinds) and rows
        return self.wait(read, f"acts {kinds}")

    def reviews(self, state="open"):
        return self.ok(self.get(f"/v1/reviews?state={state}"))["reviews"]


@AS_ROOT
class Glass(People):
    GLASS = {"break_glass": True, "reason": "the site is down"}

    def test_one_does_what_two_must_and_is_reviewed(self):
        self.demand({"approvers": ["daemon", "games"], "quorum": 2})
        number, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("daemon", hold, **self.GLASS), (403, "not-permitted"), "it is a role of its own")
        self.assertEqual(self.approve_as("bin", hold), (403, "not-permitted"), "and no more than that")
        self.assertEqual(self.reviews(), [])
        self.assertEqual(self.approve_as("bin", hold, **self.GLASS), (200, "-"))
        self.fake.wait_line(f"answer {number} allow")
        self.restart(signal.SIGKILL)
        review = self.reviews()[0]
        self.assertEqual((review["hold"], review["opened_by"], review["reason"]), (hold["id"], "bin", "the site is down"))
        self.assertEqual((self.show(hold)["review"], self.show(hold)["decided_by"]), (review["id"], "bin"))
        close = f"/v1/reviews/{review['id']}/close"
        self.assertEqual(self.as_user("bin", "POST", close, {"note": "fine"}), (403, "own-review"))
        self.assertEqual(self.as_user("mail", "POST", close, {"note": "fine"}), (403, "not-permitted"))
        self.assertEqual(self.as_user("daemon", "POST", close, {"note": ""}), (400, "bad-value"))
        self.assertEqual(len(self.reviews()), 1, "it stays open")
        self.assertEqual(self.as_user("daemon", "POST", close, {"note": "it was right"}), (200, "-"))
        self.assertEqual(self.as_user("daemon", "POST", close, {"note": "again"}), (409, "already-closed"))
        self.assertEqual(self.reviews(), [])
        closed = self.reviews("all")[0]
        self.assertEqual((closed["state"], closed["closed_by"], closed["note"]), ("closed", "daemon", "it was right"))
        acts = self.acts("glass", "reviewed")
        self.assertEqual([(kind, body["review"], body["by"]) for kind, body in acts],
                         [("glass", review["id"], "bin"), ("reviewed", review["id"], "daemon")], "both are in the audit trail")

    def test_root_is_reviewed_by_somebody_else_too(self):
        _, hold = self.hold(PUSH)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", self.GLASS))
        self.refused(self.post(f"/v1/reviews/{self.reviews()[0]['id']}/close", {"note": "mine"}), 403, "own-review")

    def test_what_is_critical_still_needs_a_person_and_a_code(self):
        self.approvals = {"critical_people": 2}
        self.set_principals()
        self.ok(self.post("/v1/reload"))
        _, hold = self.hold(WIPE)
        self.assertEqual(self.approve_as("bin", hold, **self.GLASS), (403, "human-required"))
        self.assertEqual(self.approve_as("sys", hold, **self.GLASS), (403, "factor-required"))
        device = self.enrol("sys")
        self.assertEqual(self.approve_as("sys", hold, **self.GLASS), (403, "code-required"))
        self.assertEqual(self.reviews(), [], "what was refused leaves no review")
        self.assertEqual(self.approve_as("sys", hold, otp=device.code(), **self.GLASS), (200, "-"))
        self.assertEqual(self.show(hold)["state"], "approved")

    def test_who_asked_breaks_no_glass_and_nothing_is_left(self):
        _, hold = self.hold(PUSH, uid=pwd.getpwnam("bin").pw_uid)
        self.assertEqual(self.approve_as("bin", hold, **self.GLASS), (403, "own-operation"))
        self.assertEqual(self.approve_as("sys", hold, scope="agent", **self.GLASS), (400, "bad-value"))
        self.assertEqual(self.approve_as("sys", hold, break_glass=True), (400, "bad-value"))
        self.assertEqual(self.approve_as("sys", hold, reason="just so"), (400, "bad-value"))
        self.assertEqual((self.show(hold)["state"], self.reviews()), ("pending", []))


@AS_ROOT
class Lent(People):
    def lend(self, user, to, seconds=3600):
        return self.as_user(user, "POST", "/v1/delegations", {"to": to, "for_s": seconds, "note": "away"})

    def delegations(self):
        return self.ok(self.get("/v1/delegations"))["delegations"]

    def test_what_is_lent_can_be_used_and_ended(self):
        _, hold = self.hold(PUSH, pid=1)
        self.assertEqual(self.approve_as("mail", hold), (403, "not-permitted"))
        self.assertEqual(self.lend("daemon", "mail"), (201, "-"))
        one = self.delegations()[0]
        self.assertEqual((one["from"], one["to"], one["note"]), ("daemon", "mail", "away"))
        self.restart(signal.SIGKILL)
        self.assertEqual(self.approve_as("mail", hold), (200, "-"))
        self.assertEqual(self.show(hold)["decided_by"], "mail")
        end = f"/v1/delegations/{one['id']}"
        self.assertEqual(self.as_user("mail", "DELETE", end), (403, "not-permitted"))
        self.assertEqual(self.as_user("daemon", "DELETE", end), (200, "-"))
        self.assertEqual(self.as_user("daemon", "DELETE", end), (404, "not-found"))
        _, hold = self.hold(PUSH, pid=2)
        self.assertEqual(self.approve_as("mail", hold), (403, "not-permitted"))
        acts = self.acts("lent", "lent-ended")
        self.assertEqual([(body["delegation"], body["by"]) for _, body in acts], [(one["id"], "daemon"), (one["id"], "daemon")])

    def test_it_ends_by_itself(self):
        self.assertEqual(self.lend("daemon", "mail", 1), (201, "-"))
        self.wait(lambda: not self.delegations(), "end of it")
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("mail", hold), (403, "not-permitted"))

    def test_a_lender_who_lost_the_role_lends_nothing(self):
        self.assertEqual(self.lend("daemon", "mail"), (201, "-"))
        self.people = [p for p in self.people if p["user"] != "daemon"]
        self.set_principals()
        self.ok(self.post("/v1/reload"))
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("mail", hold), (403, "not-permitted"))

    def test_it_is_not_lent_on(self):
        self.assertEqual(self.lend("daemon", "mail"), (201, "-"))
        self.lend("mail", "news")
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("news", hold), (403, "not-permitted"))
        self.assertEqual(self.approve_as("mail", hold), (200, "-"))

    def test_duties_go_to_people_only(self):
        for to in ("mail", "news"):
            self.assertEqual(self.lend("sys", to), (201, "-"))
        _, hold = self.hold(WIPE)
        self.assertEqual(self.approve_as("mail", hold)[0], 403)
        self.assertEqual(self.approve_as("news", hold), (200, "-"))

    def test_who_is_named_by_a_rule_is_stood_for(self):
        self.demand({"approvers": ["games"]})
        self.assertEqual(self.lend("daemon", "mail"), (201, "-"))
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("mail", hold), (403, "not-an-approver"))
        self.demand({"approvers": ["daemon"]})
        self.assertEqual(self.approve_as("mail", hold), (200, "-"))

    def test_bad_loans(self):
        self.assertEqual(self.lend("daemon", "no-such-user"), (404, "not-found"))
        self.assertEqual(self.lend("daemon", "daemon"), (400, "bad-value"))
        self.assertEqual(self.lend("daemon", "mail", 10**9)[0], 400)
        self.assertEqual(self.lend("news", "mail"), (403, "not-permitted"))


@AS_ROOT
class Escalation(People):
    approvals = {"second_factor": "enrolled", "escalation": [{"after_s": 1, "approvers": ["daemon"]},
                                                             {"after_s": 3600, "approvers": ["@games"]}]}

    def test_the_next_are_asked_after_a_while(self):
        self.demand({"approvers": ["root"]})
        _, hold = self.hold(PUSH)
        steps = self.show(hold)["escalation"]
        self.assertEqual([s["approvers"] for s in steps], [["daemon"], ["@games"]])
        self.wait(lambda: self.show(hold)["escalation"][0]["reached"], "first step")
        self.assertFalse(self.show(hold)["escalation"][1]["reached"])
        self.assertEqual(self.approve_as("mail", hold)[0], 403, "a step gives nobody a role")
        self.assertEqual(self.approve_as("daemon", hold), (200, "-"))
        self.assertEqual((self.show(hold)["state"], self.show(hold)["escalation"]), ("approved", []))

    def test_and_not_before(self):
        self.approvals = {"escalation": [{"after_s": 3600, "approvers": ["daemon"]}]}
        self.set_principals()
        self.demand({"approvers": ["root"]})
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("daemon", hold), (403, "not-an-approver"))

    def test_a_capability_has_steps_of_its_own(self):
        self.demand({"approvers": ["root"]})
        own = [dict(c, hold={"escalation": [{"after_s": 1, "approvers": "sys"}, {"after_s": 3600, "approvers": ["@mail", "bin"]}]})
               if c["id"] == "t.push" else c for c in CAPABILITIES]
        self.write("etc/capabilities.d/t.json", own)
        self.people = [{"user": "daemon", "roles": ["approver"]}, {"user": "sys", "roles": ["approver"]}]
        self.set_principals()
        self.ok(self.post("/v1/reload"))
        _, hold = self.hold(PUSH)
        self.assertEqual([s["approvers"] for s in self.show(hold)["escalation"]], [["sys"], ["@mail", "bin"]])
        self.wait(lambda: self.show(hold)["escalation"][0]["reached"], "first step")
        self.assertEqual(self.approve_as("daemon", hold), (403, "not-an-approver"), "of cvfd.json's steps, which are not asked")
        self.assertEqual(self.approve_as("sys", hold), (200, "-"))

    def test_steps_that_make_no_sense(self):
        for bad in ({}, [{"after_s": 5}], [{"after_s": 0, "approvers": ["a"]}],
                    [{"after_s": 9, "approvers": ["a"]}, {"after_s": 5, "approvers": ["b"]}]):
            self.approvals = {"escalation": bad}
            self.set_principals()
            self.assertEqual(self.post("/v1/reload").status, 422, bad)


class TooLate(People):
    approvals = {"use_s": 1}

    def test_an_approval_that_cannot_be_used_in_time_is_void(self):
        number, hold = self.hold(PUSH, pid=1)
        self.tell("mute answers")
        self.assertEqual(self.post(f"/v1/approvals/{hold['id']}/approve").status, 503)
        time.sleep(1.2)  # what is to pass, not what is waited for
        self.tell("mute off")
        self.fake.wait_line(f"answer {number} deny", patience=40)
        self.assertFalse([s for s in self.fake.lines if s.startswith(f"answer {number} allow")])
        self.wait(lambda: self.show(hold)["state"] == "expired", "state")

    def test_one_that_can_is_good(self):
        self.approvals = {"use_s": 3600}
        self.set_principals()
        self.ok(self.post("/v1/reload"))
        number, hold = self.hold(PUSH, pid=1)
        self.tell("mute answers")
        self.assertEqual(self.post(f"/v1/approvals/{hold['id']}/approve").status, 503)
        self.tell("mute off")
        self.fake.wait_line(f"answer {number} allow", patience=40)
        self.assertEqual(self.show(hold)["state"], "approved")


if __name__ == "__main__":
    unittest.main()
