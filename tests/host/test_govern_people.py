# SPDX-License-Identifier: Apache-2.0
"""Who approves: not who asked, by their roles, with a second factor, two of them; each refusal beside what it permits."""
import os
import pwd
import signal
import sqlite3
import unittest

from govern_fixture import AGENT, Authenticator, GovernTest, ME, PUSH, WIPE, call_as

AS_ROOT = unittest.skipUnless(os.getuid() == 0, "needs users to become")


class People(GovernTest):
    people = [{"user": "daemon", "roles": ["approver"], "human": True}, {"user": "bin", "roles": ["approval_manager"]},
              {"group": "games", "roles": ["compliance_officer"]}, {"user": "sys", "roles": ["human_operator"]},
              {"user": "mail", "roles": ["human_operator", "compliance_officer"]}]
    approvals = {}

    def set_principals(self, **more):
        self.write("etc/cvfd.json", {"principals": [{"user": ME, "roles": ["admin"], **more}, *self.people],
                                     "approvals": self.approvals})

    def show(self, hold):
        return self.ok(self.get(f"/v1/approvals/{hold['id']}"))

    def approve(self, hold, **body):
        return self.post(f"/v1/approvals/{hold['id']}/approve", body)

    def approve_as(self, user, hold, verb="approve", **body):
        return call_as(pwd.getpwnam(user), f"{self.dir}/run/cvfd.sock", "POST", f"/v1/approvals/{hold['id']}/{verb}", body)

    def answers(self):
        return [line for line in self.fake.lines if line.startswith("answer")]

    def pass_time(self, user=ME, seconds=60):
        """The second factor's last failure becomes older: what it is to wait."""
        self.stop()
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        db.execute("UPDATE factors SET failed_ms = failed_ms - ? WHERE name = ?", (seconds * 1000, user))
        db.commit()
        db.close()
        self.start()


class Factor(People):
    def setUp(self):
        super().setUp()
        self.set_principals(human=True)
        self.ok(self.post("/v1/reload"))

    def test_what_is_critical_needs_one(self):
        number, hold = self.hold(WIPE)
        error = self.refused(self.approve(hold), 403, "factor-required")
        self.assertIn("cvfctl approver enrol", error["hint"])
        self.refused(self.approve(hold, otp="123456"), 403, "factor-required")
        device = self.enrol()
        self.refused(self.approve(hold), 403, "code-required")
        self.assertEqual((self.show(hold)["state"], self.answers()), ("pending", []))
        self.assertEqual(self.ok(self.approve(hold, otp=device.code()))["state"], "approved")
        self.fake.wait_line(f"answer {number} allow")

    def test_what_is_not_needs_none_and_denying_needs_none(self):
        _, push = self.hold(PUSH, pid=1)
        _, wipe = self.hold(WIPE, pid=2)
        self.ok(self.approve(push))
        self.assertEqual(self.ok(self.post(f"/v1/approvals/{wipe['id']}/deny"))["state"], "denied")

    def test_a_code_is_good_once_even_after_a_kill(self):
        device = self.enrol()
        _, one = self.hold(WIPE, pid=1)
        _, two = self.hold(WIPE, pid=2)
        used = device.code()
        self.ok(self.approve(one, otp=used))
        self.refused(self.approve(two, otp=used), 403, "code-used")
        self.restart(signal.SIGKILL)
        self.refused(self.approve(two, otp=used), 403, "code-used")
        self.refused(self.approve(two, otp=device.code(-1)), 403, "code-used")
        self.assertEqual(self.show(two)["state"], "pending")
        self.ok(self.approve(two, otp=device.code(1)))

    def test_codes_of_other_moments_and_other_secrets(self):
        device = self.enrol()
        _, hold = self.hold(WIPE)
        for seconds, code in enumerate((device.code(-3), device.code(3), "12345", "1234567", "12345a", "")):
            if code in (device.code(-1), device.code(), device.code(1)):
                continue
            self.refused(self.approve(hold, otp=code), 403, "wrong-code")
            self.pass_time()
            self.ok(self.post(f"/v1/approvers/{ME}/unlock"))
        self.ok(self.approve(hold, otp=device.code(-1)))

    def test_guesses_slow_down_and_lock_and_an_administrator_lifts_it(self):
        device = self.enrol()
        _, hold = self.hold(WIPE)
        for guess in range(5):
            self.refused(self.approve(hold, otp=device.wrong()), 403, "wrong-code")
            if guess == 3:  # it is 8 s then: no slow machine is past them
                self.refused(self.approve(hold, otp=device.code()), 429, "too-soon")
            self.pass_time()
        self.refused(self.approve(hold, otp=device.code()), 403, "factor-locked")
        self.restart(signal.SIGKILL)
        self.refused(self.approve(hold, otp=device.code()), 403, "factor-locked")
        listed = {a["name"]: a for a in self.ok(self.get("/v1/approvers"))["approvers"]}
        self.assertEqual((listed[ME]["locked"], listed["daemon"]["locked"]), (True, False))
        self.ok(self.post(f"/v1/approvers/{ME}/unlock"))
        self.assertEqual(self.ok(self.approve(hold, otp=device.code()))["state"], "approved")

    def test_the_secret_is_told_once(self):
        answer = self.ok(self.post(f"/v1/approvers/{ME}/factor"), 201)
        secret = answer["uri"].split("secret=")[1].split("&")[0]
        self.assertEqual(len(Authenticator(answer["uri"]).secret), 20)
        self.refused(self.post(f"/v1/approvers/{ME}/factor"), 409, "exists")
        self.assertNotIn(secret, str(self.get("/v1/approvers")))
        self.assertFalse(any(secret in line for line in self.govern.lines))
        again = self.ok(self.post(f"/v1/approvers/{ME}/factor?replace=1"), 201)
        self.assertNotEqual(again["uri"], answer["uri"])
        _, hold = self.hold(WIPE)
        self.refused(self.approve(hold, otp=Authenticator(answer["uri"]).code()), 403, "wrong-code")
        self.assertEqual(os.stat(f"{self.dir}/state/cvf.db").st_mode & 0o077, 0)

    def test_removed_it_is_required_again(self):
        device = self.enrol()
        _, hold = self.hold(WIPE)
        self.ok(self.delete(f"/v1/approvers/{ME}/factor"))
        self.refused(self.approve(hold, otp=device.code()), 403, "factor-required")
        self.refused(self.delete(f"/v1/approvers/{ME}/factor"), 404, "not-found")
        self.refused(self.post(f"/v1/approvers/{ME}/unlock"), 404, "not-found")
        self.refused(self.post("/v1/approvers/no-such-user-here/factor"), 404, "not-found")

    def test_a_refused_answer_uses_no_code_up(self):
        device = self.enrol()
        _, hold = self.hold(WIPE)
        self.refused(self.approve(hold, otp=device.code(), scope="agent"), 403, "once-only")
        self.refused(self.approve(hold, otp=device.code(), digest="0" * 16), 409, "changed")
        self.ok(self.approve(hold, otp=device.code()))

    @AS_ROOT
    def test_only_an_administrator_enrols(self):
        path = f"{self.dir}/run/cvfd.sock"
        for method, url in (("GET", "/v1/approvers"), ("POST", "/v1/approvers/daemon/factor"),
                            ("DELETE", "/v1/approvers/daemon/factor"), ("POST", "/v1/approvers/daemon/unlock")):
            self.assertEqual(call_as(pwd.getpwnam("daemon"), path, method, url), (403, "not-permitted"), url)
        self.enrol("daemon")

    @AS_ROOT
    def test_a_code_is_its_owners(self):
        device = self.enrol("daemon")
        self.enrol("sys")
        _, hold = self.hold(WIPE)
        self.assertEqual(self.approve_as("sys", hold, otp=device.code()), (403, "wrong-code"))
        self.assertEqual(self.approve_as("daemon", hold, otp=device.code()), (200, "-"))


class Enrolled(People):
    approvals = {"second_factor": "enrolled"}

    def test_who_has_none_needs_none(self):
        self.set_principals(human=True)
        self.ok(self.post("/v1/reload"))
        _, hold = self.hold(WIPE, pid=1)
        self.assertEqual(self.ok(self.approve(hold))["state"], "approved")
        device = self.enrol()
        _, hold = self.hold(WIPE, pid=2)
        self.refused(self.approve(hold), 403, "code-required")
        self.ok(self.approve(hold, otp=device.code()))


@AS_ROOT
class Roles(People):
    approvals = {"second_factor": "enrolled"}

    def test_each_risk_has_its_roles(self):
        _, push = self.hold(PUSH, pid=1)
        _, wipe = self.hold(WIPE, pid=2)
        self.assertEqual(self.approve_as("sys", push), (403, "not-permitted"), "a human operator is no approver")
        self.assertEqual(self.approve_as("games", push), (403, "not-permitted"))
        self.assertEqual(self.approve_as("bin", wipe), (403, "human-required"), "a service approves nothing that is CRITICAL")
        self.assertEqual(self.approve_as("bin", push), (200, "-"))
        self.assertEqual(self.approve_as("sys", wipe), (200, "-"))

    def test_a_duty_may_refuse_whatever_waits(self):
        _, push = self.hold(PUSH)
        self.assertEqual(self.approve_as("games", push, "deny"), (200, "-"), "a member of a group that is a principal")

    def test_a_group_is_no_user_of_that_name(self):
        self.people = [{"group": "daemon", "roles": ["approver"]}]
        self.set_principals()
        self.ok(self.post("/v1/reload"))
        _, push = self.hold(PUSH)
        self.assertEqual(self.approve_as("bin", push), (403, "not-permitted"))
        self.assertEqual(self.approve_as("daemon", push), (200, "-"))

    def test_who_asked_never_approves(self):
        daemon = pwd.getpwnam("daemon").pw_uid
        _, hold = self.hold(PUSH, uid=daemon)
        self.assertEqual(self.approve_as("daemon", hold), (403, "own-operation"))
        self.assertEqual(self.show(hold)["state"], "pending")
        self.assertEqual(self.approve_as("bin", hold), (200, "-"), "somebody else may")
        _, hold = self.hold(PUSH, uid=daemon, pid=2)
        self.assertEqual(self.approve_as("daemon", hold, "deny"), (200, "-"), "and who asked may think better of it")

    def test_nor_does_the_owner_of_the_agent(self):
        self.write("etc/agents.d/coder-1.json", dict(AGENT, owner="daemon"))
        self.ok(self.post("/v1/reload"))
        _, hold = self.hold(PUSH)
        self.assertEqual(self.approve_as("daemon", hold), (403, "own-operation"))
        self.assertEqual(self.approve_as("bin", hold), (200, "-"))

    def test_root_can_be_anybody_and_is_not_kept_out(self):
        self.write("etc/agents.d/coder-1.json", dict(AGENT, owner="root"))
        self.ok(self.post("/v1/reload"))
        _, hold = self.hold(PUSH, uid=0)
        self.ok(self.approve(hold))

    def test_a_host_of_one_person_may_say_so(self):
        self.approvals = {"self_approval": True}
        self.set_principals()
        self.ok(self.post("/v1/reload"))
        _, hold = self.hold(PUSH, uid=pwd.getpwnam("daemon").pw_uid)
        self.assertEqual(self.approve_as("daemon", hold), (200, "-"))


@AS_ROOT
class Two(People):
    approvals = {"second_factor": "enrolled", "critical_people": 2}

    def test_one_of_each_duty(self):
        number, hold = self.hold(WIPE)
        self.assertEqual((hold["quorum"], hold["duties"]), (2, ["human_operator", "compliance_officer"]))
        self.assertEqual(self.approve_as("sys", hold), (200, "-"))
        self.assertEqual(self.approve_as("sys", hold), (409, "approved-already"))
        self.assertEqual(self.approve_as("daemon", hold), (200, "-"), "a person who approves is an operator, too")
        self.assertEqual((self.show(hold)["state"], self.answers()), ("pending", []), "two operators are not enough")
        self.restart(signal.SIGKILL)
        self.assertEqual(self.approve_as("games", hold), (200, "-"))
        done = self.show(hold)
        self.assertEqual(done["state"], "approved")
        self.assertEqual({a["name"]: a["duties"] for a in done["approved_by"]},
                         {"sys": ["human_operator"], "daemon": ["human_operator"], "games": ["compliance_officer"]})
        self.fake.wait_line(f"answer {number} allow")

    def test_one_person_with_both_duties_is_one_person(self):
        _, hold = self.hold(WIPE)
        self.assertEqual(self.approve_as("mail", hold), (200, "-"))
        self.assertEqual(self.show(hold)["state"], "pending")
        self.assertEqual(self.approve_as("sys", hold), (200, "-"))
        self.assertEqual(self.show(hold)["state"], "approved")

    def test_what_is_not_critical_needs_one(self):
        _, hold = self.hold(PUSH)
        self.assertEqual((hold["quorum"], hold["duties"]), (1, []))
        self.assertEqual(self.approve_as("bin", hold), (200, "-"))
        self.assertEqual(self.show(hold)["state"], "approved")


class Digests(People):
    def test_an_answer_to_something_else_is_none(self):
        _, hold = self.hold(PUSH)
        for verb in ("approve", "deny"):
            self.refused(self.post(f"/v1/approvals/{hold['id']}/{verb}", {"digest": "0123456789abcdef"}), 409, "changed")
        self.assertEqual((self.show(hold)["state"], self.answers()), ("pending", []))
        self.assertEqual(self.ok(self.approve(hold, digest=hold["digest"]))["state"], "approved")


if __name__ == "__main__":
    unittest.main()
