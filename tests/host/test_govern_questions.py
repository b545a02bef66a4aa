# SPDX-License-Identifier: Apache-2.0
"""Fewer and better questions: grants with patterns, what is offered, what administrators forbid, budgets, numbers."""
import json
import signal
import time
import unittest

from govern_fixture import AGENT, CAPABILITIES, GovernTest, PUSH, WIPE, WRITE

DELETE = {"schema": "cvf.capability/v1", "id": "t.delete", "name": "Delete", "description": "deletes",
          "operation_type": "DELETE", "risk": {"level": "HIGH", "justification": "j"},
          "match": {"file": [{"path": "/srv/**", "ops": ["delete", "rename"]}]}}
FILES = {"etc/capabilities.d/t.json": [*CAPABILITIES, DELETE],
         "etc/agents.d/coder-1.json": dict(AGENT, capabilities=["t.*"])}


class Questions(GovernTest):
    files = FILES

    def approve(self, hold, status=200, **body):
        return self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", body), status)

    def pending(self, **filters):
        query = "&".join(f"{k}={v}" for k, v in filters.items())
        return self.ok(self.get(f"/v1/approvals?{query}"))["holds"]

    def settled(self, pid):
        """What became of the only hold of a process."""
        def look():
            found = [h for h in self.pending(state="all") if h["pid"] == pid]
            return found and found[0]["state"] != "pending" and found[0]
        return self.wait(look, f"answer for {pid}")

    def stays(self, pid):
        self.wait(lambda: [h for h in self.pending() if h["pid"] == pid], f"hold of {pid}")
        time.sleep(0.3)
        self.assertTrue([h for h in self.pending() if h["pid"] == pid], "it was answered")


class Patterns(Questions):
    def test_a_pattern_answers_what_it_covers_and_nothing_else(self):
        _, hold = self.hold("delete /srv/build/a.o", pid=10, session=1)
        self.approve(hold, scope="session", pattern="/srv/build/*")
        self.do("delete /srv/build/b.o", pid=11, session=1)
        answered = self.settled(11)
        grant = self.get("/v1/grants")["grants"][0]
        self.assertEqual((answered["state"], answered["answer"], answered["decided_by"]),
                         ("approved", "granted", f"grant {grant['id']}"))
        self.assertEqual((grant["pattern"], grant["covers"]), ("/srv/build/*", "delete /srv/build/*"))
        self.assertIsNotNone(grant["last_use"])
        for pid, session, operation in ((12, 1, "delete /srv/build/sub/c.o"), (13, 1, "delete /srv/other/b.o"),
                                        (14, 2, "delete /srv/build/b.o"), (15, 1, "rename /srv/build/b.o /srv/build/c.o"),
                                        (16, 1, "rename /srv/build/x.o /srv/x/c.o")):
            self.do(operation, pid=pid, session=session)
            self.stays(pid)

    def test_what_waits_already_is_answered_too(self):
        self.hold("delete /srv/build/b.o", pid=11)
        _, hold = self.hold("delete /srv/build/a.o", pid=10)
        self.approve(hold, scope="agent", pattern="/srv/build/**")
        self.assertEqual(self.settled(11)["state"], "approved")

    def test_uses_are_counted_and_the_last_one_ends_it(self):
        _, hold = self.hold("delete /srv/build/a", pid=10)
        self.approve(hold, scope="agent", pattern="/srv/build/*", uses=2)
        for pid in (11, 12):
            self.do(f"delete /srv/build/{pid}", pid=pid)
            self.assertEqual(self.settled(pid)["state"], "approved")
        self.assertEqual(self.get("/v1/grants")["grants"], [])
        self.do("delete /srv/build/13", pid=13)
        self.stays(13)

    def test_it_ends_when_it_said_it_would(self):
        _, hold = self.hold("delete /srv/build/a", pid=10)
        self.approve(hold, scope="agent", pattern="/srv/build/*", for_s=1)
        time.sleep(1.2)
        self.do("delete /srv/build/b", pid=11)
        self.stays(11)

    def test_it_outlives_the_governor_and_ends_with_its_session_or_by_revocation(self):
        _, hold = self.hold("delete /srv/build/a", pid=10, session=1)
        self.approve(hold, scope="session", pattern="/srv/build/*")
        self.restart(signal.SIGKILL)
        self.do("delete /srv/build/b", pid=11, session=1)
        self.assertEqual(self.settled(11)["state"], "approved")
        self.ok(self.delete(f"/v1/grants/{self.get('/v1/grants')['grants'][0]['id']}"))
        self.do("delete /srv/build/c", pid=12, session=1)
        self.stays(12)
        self.approve([h for h in self.pending() if h["pid"] == 12][0], scope="session", pattern="/srv/build/*")
        self.tell("session 1 1 0")
        self.wait(lambda: not self.get("/v1/grants")["grants"], "end of the grant")
        self.assertFalse([s for s in self.fake.lines if s.startswith("grant")], "the kernel knows no patterns")

    def test_programs(self):
        _, hold = self.hold("exec /usr/bin/git push origin main", pid=10)
        self.approve(hold, scope="agent", pattern="/usr/bin/git push origin *")
        self.do("exec /usr/bin/git push origin dev", pid=11)
        self.assertEqual(self.settled(11)["state"], "approved")
        self.do("exec /usr/bin/git push origin dev --force", pid=12)
        self.stays(12)

    def test_a_storm_is_not_let_through_by_what_was_granted_before_it(self):
        _, hold = self.hold("delete /srv/build/a", pid=10)
        self.approve(hold, scope="agent", pattern="/srv/build/*")
        self.tell("hold pid=11 reason=36 cell=8 1 delete /srv/build/b")
        self.stays(11)
        storm = [h for h in self.pending() if h["pid"] == 11][0]
        self.assertEqual(storm["reason"], "rate")
        self.approve(storm, scope="agent", pattern="/srv/build/*")
        self.tell("hold pid=12 reason=36 cell=8 1 delete /srv/build/c")
        self.assertEqual(self.settled(12)["answer"], "granted")

    def test_patterns_that_are_refused_decide_nothing(self):
        _, hold = self.hold("delete /srv/build/a", pid=10)
        url = f"/v1/approvals/{hold['id']}/approve"
        for pattern in ("/**", "srv/*", "/srv/other/*", "/srv/build/[", "${HOME}/x"):
            error = self.refused(self.post(url, {"scope": "session", "pattern": pattern}), 400, "bad-pattern")
            self.assertTrue(error["diagnoses"])
        self.refused(self.post(url, {"pattern": "/srv/build/*"}), 400, "bad-value")
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "pending")
        self.assertEqual(self.get("/v1/grants")["grants"], [])

    def test_what_was_cut_and_what_is_critical_leaves_none(self):
        self.set_principals(human=True)
        self.ok(self.post("/v1/reload"))
        self.tell("hold pid=3 flags=2 1 " + PUSH)
        cut = self.wait(self.pending, "hold")[0]
        self.refused(self.post(f"/v1/approvals/{cut['id']}/approve", {"scope": "agent", "pattern": "/usr/bin/git **"}), 409,
                     "once-only")
        _, wipe = self.hold(WIPE, pid=4)
        self.refused(self.post(f"/v1/approvals/{wipe['id']}/approve", {"scope": "agent", "pattern": "/sbin/mkfs **"}), 403,
                     "once-only")
        _, push = self.hold(PUSH, pid=5)
        self.approve(push, scope="agent", pattern="/usr/bin/git **")
        self.tell("hold pid=6 reason=15 1 " + PUSH)
        self.stays(6)


class Offers(Questions):
    def offers(self, hold):
        return self.ok(self.get(f"/v1/approvals/{hold['id']}"))["offers"]

    def test_the_narrowest_comes_first(self):
        _, hold = self.hold("delete /srv/build/a.o", pid=10)
        offers = self.offers(hold)
        self.assertEqual([(o["scope"], o["pattern"]) for o in offers],
                         [("once", None), ("session", None), ("session", "/srv/build/*"), ("agent", None)])
        self.assertEqual((offers[2]["covers"], offers[2]["example"], offers[2]["earlier"]),
                         ("delete /srv/build/*", "delete /srv/build/another.o", 0))
        self.approve(hold, scope="session", pattern=offers[2]["pattern"])

    def test_a_wider_one_only_if_it_would_have_spared_questions(self):
        for i in range(4):
            self.hold(f"delete /srv/build/{i}/x", pid=10 + i)
        _, hold = self.hold("delete /srv/build/[1]/y", pid=20)
        offers = [o for o in self.offers(hold) if o["pattern"]]
        self.assertEqual([(o["pattern"], o["earlier"]) for o in offers], [("/srv/build/\\[1\\]/*", 0), ("/srv/build/**", 4)])
        self.assertEqual(offers[1]["example"], "delete /srv/build/3/x")
        self.assertEqual(offers[1]["earlier_of"], 4)

    def test_programs_keep_their_options(self):
        self.hold("exec /usr/bin/git push --force origin a", pid=10)
        _, hold = self.hold("exec /usr/bin/git push --force origin b", pid=11)
        self.assertEqual([o["pattern"] for o in self.offers(hold) if o["pattern"]], ["/usr/bin/git push --force origin *"])

    def test_what_is_critical_is_approved_once(self):
        _, hold = self.hold(WIPE)
        self.assertEqual([o["scope"] for o in self.offers(hold)], ["once"])


class Forbidden(Questions):
    settings = {"approvals": {"scopes": ["session"]}}

    def test_wide_scopes_are_neither_offered_nor_taken(self):
        _, hold = self.hold("delete /srv/build/a", pid=10)
        self.assertEqual([o["scope"] for o in self.get(f"/v1/approvals/{hold['id']}")["offers"]], ["once", "session"])
        url = f"/v1/approvals/{hold['id']}/approve"
        self.refused(self.post(url, {"scope": "agent"}), 403, "scope-forbidden")
        self.refused(self.post(url, {"scope": "session", "pattern": "/srv/build/*"}), 403, "scope-forbidden")
        self.assertEqual(self.pending()[0]["state"], "pending")
        self.approve(hold, scope="session")

    def test_a_mistake_in_the_settings_permits_nothing_lasting(self):
        if self.get("/v1/status").status != 200:
            self.skipTest("needs a role that does not come from the settings")
        self.write("etc/cvfd.json", '{"approvals": {"scopes": ["always"]}}')
        error = self.refused(self.post("/v1/reload"), 422, "invalid")
        self.assertIn("session", json.dumps(error["diagnoses"]))
        _, hold = self.hold("delete /srv/build/a", pid=10)
        self.refused(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent"}), 403, "scope-forbidden")


class Queue(Questions):
    def test_the_worst_comes_first_then_the_oldest(self):
        self.hold("delete /srv/a", pid=1)
        self.hold("exec /usr/bin/git push a", pid=2)
        self.hold(WIPE, pid=3)
        self.hold("delete /srv/b", pid=4)
        self.assertEqual([h["pid"] for h in self.pending()], [3, 1, 2, 4])
        self.assertEqual([h["pid"] for h in self.pending(capability="t.del*")], [1, 4])
        self.assertEqual([h["pid"] for h in self.pending(capability="t.p*", state="all")], [2])
        self.assertEqual(self.pending(capability="t.none"), [])

    def test_a_rule_that_denies_closes_what_is_critical_too_and_one_that_allows_does_not(self):
        number, hold = self.hold(WIPE)
        rule = {"schema": "cvf.policy/v1", "id": "p", "rules": [{"id": "r", "when": {"capability": ["t.wipe"]}, "effect": "ALLOW",
                "standing_grant": {"expires": "2099-01-01T00:00:00Z", "ticket": "T"}}]}
        self.ok(self.post("/v1/policies", rule), 201)
        self.stays(1000)
        rule["rules"][0] = {"id": "r", "when": {"capability": ["t.wipe"]}, "effect": "DENY"}
        self.ok(self.post("/v1/policies", rule), 201)
        self.fake.wait_line(f"answer {number} deny reason 5")


    def test_both_names_of_a_rename_are_judged_again(self):
        number, _ = self.hold("rename /srv/a", pid=1, object2="/srv/b")
        self.hold("rename /srv/a2", pid=2, object2="/srv/c")
        self.ok(self.post("/v1/policies", {"schema": "cvf.policy/v1", "id": "p", "rules": [
            {"id": "r", "when": {"path": ["/srv/b"]}, "effect": "DENY"}]}), 201)
        self.fake.wait_line(f"answer {number} deny reason 5")
        self.stays(2)


class Hours(Questions):
    """A condition of time is the governor's to look at."""

    def policy(self, time_text):
        return {"schema": "cvf.policy/v1", "id": "hours", "priority": 10, "rules": [
            {"id": "r", "when": {"capability": ["t.delete"], "time": time_text}, "effect": "DENY"}]}

    def test_it_denies_in_its_hours(self):
        self.ok(self.post("/v1/policies", self.policy("Mon-Sun 00:00-24:00")), 201)
        self.do("delete /srv/a", pid=1)
        self.assertEqual((self.settled(1)["state"], self.settled(1)["decided_by"]), ("denied", "policy hours/r"))

    def test_outside_of_them_people_are_asked_and_nothing_lasting_is_left(self):
        now = time.gmtime()
        day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][(now.tm_wday + 3) % 7]
        self.ok(self.post("/v1/policies", self.policy(f"{day} 10:00-11:00")), 201)
        _, hold = self.hold("delete /srv/a", pid=1)
        self.stays(1)
        self.refused(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent"}), 409, "once-only")
        self.approve(hold)


class Budget(Questions):
    files = dict(FILES, **{"etc/capabilities.d/t.json": [*CAPABILITIES, dict(DELETE, hold={"questions_per_hour": 2})]})

    def test_beyond_it_nobody_is_asked(self):
        self.hold("delete /srv/1", pid=1)
        self.hold("delete /srv/2", pid=2)
        self.do("delete /srv/3", pid=3)
        third = self.settled(3)
        self.assertEqual((third["state"], third["answer"], third["decided_by"]), ("denied", "question-budget", "budget"))
        self.do("delete /srv/2", pid=4)
        self.wait(lambda: [h for h in self.pending() if h["waiting"] == 2], "the same question of two processes")
        self.hold("exec /usr/bin/git push x", pid=5)
        self.assertEqual(len(self.pending()), 3, "another capability has its own budget")
        stats = self.ok(self.get("/v1/approvals/stats"))
        self.assertEqual(stats["over_budget"], 1)

    def test_what_a_grant_answers_is_no_question(self):
        _, hold = self.hold("delete /srv/d/1", pid=1)
        self.approve(hold, scope="agent", pattern="/srv/d/*")
        for pid in range(2, 6):
            self.do(f"delete /srv/d/{pid}", pid=pid)
            self.assertEqual(self.settled(pid)["state"], "approved")
        self.hold("delete /srv/e", pid=9)
        self.stays(9)

    def test_the_settings_have_one_for_all_others(self):
        self.settings = {"approvals": {"questions_per_hour": 1}}
        self.set_principals()
        self.ok(self.post("/v1/reload"))
        self.hold("exec /usr/bin/git push 1", pid=1)
        self.do("exec /usr/bin/git push 2", pid=2)
        self.assertEqual(self.settled(2)["answer"], "question-budget")
        self.hold("delete /srv/1", pid=3)
        self.hold("delete /srv/2", pid=4)


class Stats(Questions):
    def test_rubber_stamps_show(self):
        for pid in (1, 2):
            _, hold = self.hold(f"delete /srv/{pid}", pid=pid)
            self.approve(hold)
        self.do("delete /srv/same", pid=3)
        self.do("delete /srv/same", pid=4)
        same = self.wait(lambda: [h for h in self.pending() if h["waiting"] == 2], "two processes")[0]
        self.approve(same, scope="agent", pattern="/srv/*")
        self.do("delete /srv/granted", pid=5)
        self.settled(5)
        _, slow = self.hold(PUSH, pid=6)
        time.sleep(2.2)
        self.ok(self.post(f"/v1/approvals/{slow['id']}/deny"))
        self.hold("exec /usr/bin/git push other", pid=7)
        stats = self.ok(self.get("/v1/approvals/stats?since=1h"))
        self.assertEqual([stats[k] for k in ("asked", "approved", "denied", "by_grant", "by_rule", "pending", "answers")],
                         [6, 3, 1, 1, 0, 1, 4])
        self.assertEqual(stats["quick_share"], 0.75)
        self.assertLess(stats["median_s"], 2)
        (person,) = stats["people"]
        self.assertEqual((person["approved"], person["denied"], person["quick_share"]), (3, 1, 0.75))
        by_id = {c["capability"]: c for c in stats["capabilities"]}
        self.assertEqual((by_id["t.delete"]["asked"], by_id["t.push"]["asked"]), (4, 2))
        self.assertGreaterEqual(by_id["t.push"]["median_s"], 2)
        self.assertEqual(self.ok(self.get("/v1/approvals/stats?since=2099-01-01T00:00:00Z"))["asked"], 0)
        self.refused(self.get("/v1/approvals/stats?since=tea"), 400, "bad-parameter")


class FirstUse(Questions):
    files = {**FILES, "etc/policies.d/new.json": {"schema": "cvf.policy/v1", "id": "new", "rules": [
        {"id": "ask", "when": {"capability": ["t.write"], "first_use": True}, "effect": "REQUIRE_APPROVAL"}]}}

    def test_asked_about_once_and_never_again(self):
        generation = self.get("/v1/status")["generation"]
        _, hold = self.hold(WRITE, pid=10)
        self.assertEqual(hold["rule"], "new/ask")
        self.approve(hold)
        self.wait(lambda: self.get("/v1/status")["generation"] > generation, "a policy without the question")
        self.assertEqual(self.do(WRITE, pid=11)[0], "allow")
        self.restart()
        self.assertEqual(self.do(WRITE, pid=12)[0], "allow")

    def test_a_denial_is_no_use(self):
        _, hold = self.hold(WRITE, pid=10)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny", {}))
        self.settled(10)
        _, hold = self.hold("write /home/dev/b", pid=11)
        self.assertEqual(hold["rule"], "new/ask")


if __name__ == "__main__":
    unittest.main()
