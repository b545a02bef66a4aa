# SPDX-License-Identifier: Apache-2.0
"""Links by which one who is told by a webhook answers: once, as one user, what that user may; and everything a link is not."""
import http.client
import json
import os
import pwd
import re
import signal
import unittest

from govern_fixture import GovernTest, ME, PUSH, WIPE, openapi_check, GOVERN
from test_govern_tcp import free_port

APPROVER = "daemon"


class Links(GovernTest):
    people = [{"user": APPROVER, "roles": ["approver"]}]
    webhook = {"id": "ops", "url": "https://ops.example/hook", "secret_file": "/nowhere", "answer_as": APPROVER}
    approvals = {}

    def setUp(self):
        self.port = free_port()
        super().setUp()

    def set_principals(self, **more):
        self.write("etc/cvfd.json", {
            "principals": [{"user": ME, "roles": ["admin"]}, *self.people], "approvals": self.approvals,
            "api": {"listen": f"127.0.0.1:{self.port}", "requests_per_minute": 100000},
            "notifications": {"answer_url": f"http://127.0.0.1:{self.port}", "webhooks": [self.webhook]}})

    def reload(self):
        self.set_principals()
        self.ok(self.post("/v1/reload"))

    def notice(self, hold):
        return self.wait(lambda: [n for n in self.ok(self.get("/v1/notices?state=all"))["notices"] if n["hold"] == hold["id"]],
                         "notice")[0]["data"]

    def link(self, hold):
        url = self.notice(hold)["answer_url"]
        begin = f"http://127.0.0.1:{self.port}"
        self.assertTrue(url.startswith(begin + "/v1/answers/" + hold["id"] + "." + hold["digest"] + "."), url)
        return url[len(begin):]

    def ask(self, method, path, body=None, **headers):
        """What a browser does: status, error code or "page", the text."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            if body is not None:
                headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
            c.request(method, path, body, headers)
            r = c.getresponse()
            text = r.read().decode("ascii")
            self.headers = r.headers
            if r.headers["Content-Type"].startswith("text/html"):
                return r.status, "page", text
            self.assertEqual(openapi_check.check(GOVERN, method, path, r.status, json.loads(text)), [])
            return r.status, json.loads(text)["error"]["code"], text
        finally:
            c.close()

    def state(self, hold):
        return self.ok(self.get(f"/v1/approvals/{hold['id']}"))

    def test_it_shows_then_answers_once(self):
        number, hold = self.hold(PUSH)
        path = self.link(hold)
        for _ in range(2):
            status, kind, page = self.ask("GET", path)
            self.assertEqual((status, kind), (200, "page"))
        self.assertEqual(self.headers["Content-Security-Policy"], "default-src 'none'; form-action 'self'; frame-ancestors 'none'")
        self.assertEqual((self.headers["Referrer-Policy"], self.headers["Cache-Control"]), ("no-referrer", "no-store"))
        for text in ("coder-1", "HIGH", "t.push", "/usr/bin/git", hold["digest"], f"You answer as {APPROVER}", '<form method="post">'):
            self.assertIn(text, page)
        self.assertNotIn("origin", page, "arguments may hold secrets")
        self.assertEqual(self.state(hold)["state"], "pending", "opening it answers nothing")
        # A browser says where the form came from: "null", since the page lets out no referrer.
        self.assertEqual(self.ask("POST", path, "answer=approve", Origin="null")[:2], (200, "page"))
        self.fake.wait_line(f"answer {number} allow")
        done = self.state(hold)
        self.assertEqual((done["state"], done["decided_by"]), ("approved", f"{APPROVER}, link of webhook:ops"))
        for method, body in (("GET", None), ("POST", "answer=approve"), ("POST", "answer=deny")):
            self.assertEqual(self.ask(method, path, body)[:2], (409, "already-decided"))
        self.restart(signal.SIGKILL)
        self.assertEqual(self.ask("POST", path, "answer=deny")[:2], (409, "already-decided"))
        self.assertFalse(any(path[-64:] in line for line in self.govern.lines), "the journal has no link")

    def test_it_denies_and_outlives_the_governor(self):
        number, hold = self.hold(PUSH)
        path = self.link(hold)
        self.restart(signal.SIGKILL)
        self.assertEqual(self.ask("POST", path, "answer=deny")[:2], (200, "page"))
        self.fake.wait_line(f"answer {number} deny")
        self.assertEqual(os.stat(f"{self.dir}/state/links.key").st_mode & 0o777, 0o600)

    def test_what_was_answered_otherwise_is_answered(self):
        _, hold = self.hold(PUSH)
        path = self.link(hold)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))
        self.assertEqual(self.ask("POST", path, "answer=approve")[:2], (409, "already-decided"))
        self.assertEqual(self.state(hold)["state"], "denied")

    def test_what_is_none_of_ours(self):
        _, hold = self.hold(PUSH, pid=1)
        _, other = self.hold(PUSH + " other", pid=2)
        path, second = self.link(hold), self.link(other)
        last = path[-1]
        forged = [path[:-1] + ("0" if last != "0" else "1"), path[:-64] + second[-64:], path.replace(hold["id"], other["id"]),
                  path.replace(hold["digest"], other["digest"]), path[:-1], path + "0", path.rsplit(".", 1)[0],
                  "/v1/answers/x", "/v1/answers/" + "." * 121, "/v1/answers/" + "%00" * 40, "/v1/answers/" + "a" * 400,
                  path.replace(path.split(".")[2], "f" * 12)]
        for bad in forged:
            self.assertEqual(self.ask("POST", bad, "answer=approve")[:2], (404, "not-found"), bad)
            self.assertEqual(self.ask("GET", bad)[:2], (404, "not-found"), bad)
        for body in ("", "answer=", "answer=approve&answer=deny", "answer=APPROVE", '{"answer": "approve"}', "answer=approve\0", "x" * 100000):
            self.assertEqual(self.ask("POST", path, body)[:2], (400, "bad-value"), body[:30])
        self.assertEqual((self.state(hold)["state"], self.state(other)["state"]), ("pending", "pending"))
        self.assertEqual(self.ask("POST", path, "answer=approve", Host="evil.example")[:2], (403, "host"))
        self.assertEqual(self.ask("POST", path, "answer=approve")[:2], (200, "page"), "the twin")

    def test_nothing_critical_is_answered_so(self):
        _, hold = self.hold(WIPE)
        self.assertNotIn("answer_url", self.notice(hold))

    def test_what_became_a_matter_of_several_is_not(self):
        _, hold = self.hold(PUSH)
        path = self.link(hold)
        self.write("etc/policies.d/p.json", {"schema": "cvf.policy/v1", "id": "p", "rules": [
            {"id": "several", "when": {"capability": ["t.push"]}, "effect": "REQUIRE_APPROVAL", "hold": {"quorum": 2}}]})
        self.ok(self.post("/v1/reload"))
        self.assertEqual(self.ask("POST", path, "answer=approve")[:2], (403, "not-by-link"))
        _, second = self.hold(PUSH, pid=2)
        self.assertNotIn("answer_url", self.notice(second))
        self.assertEqual(self.state(hold)["state"], "pending")

    def test_it_is_worth_what_its_user_may(self):
        _, own = self.hold(PUSH, pid=1, uid=pwd.getpwnam(APPROVER).pw_uid)
        self.assertEqual(self.ask("POST", self.link(own), "answer=approve")[:2], (403, "own-operation"))
        _, hold = self.hold(PUSH, pid=2)
        path = self.link(hold)
        self.people = []
        self.reload()
        self.assertEqual(self.ask("POST", path, "answer=approve")[:2], (403, "not-permitted"), "the role was taken away")
        self.assertEqual(self.ask("POST", path, "answer=deny")[:2], (403, "not-permitted"))
        self.people = [{"user": APPROVER, "roles": ["approver"]}, {"user": "bin", "roles": ["approver"]}]
        self.webhook = dict(self.webhook, answer_as="bin")
        self.reload()
        self.assertEqual(self.ask("POST", path, "answer=approve")[:2], (404, "not-found"), "it was another's")
        self.webhook = dict(self.webhook, answer_as=APPROVER)
        self.reload()
        self.assertEqual(self.ask("POST", path, "answer=approve")[:2], (200, "page"), "the twin")

    def test_it_expires_with_its_hold(self):
        _, hold = self.hold(PUSH, timeout=8)
        path = self.link(hold)
        self.wait(lambda: self.ask("POST", path, "answer=bad")[:2] == (410, "expired"), "end of the link", 60)
        self.assertIn(self.ask("POST", path, "answer=approve")[:2], [(410, "expired")])

    def test_off_unless_asked_for(self):
        _, hold = self.hold(PUSH, pid=1)
        path = self.link(hold)
        self.webhook = {k: v for k, v in self.webhook.items() if k != "answer_as"}
        self.reload()
        self.assertEqual(self.ask("POST", path, "answer=approve")[:2], (404, "not-found"))
        _, second = self.hold(PUSH, pid=2)
        self.assertNotIn("answer_url", self.notice(second))

    def test_a_hostile_name_is_text(self):
        _, hold = self.hold('exec /tmp/"<script>&amp;/git push')
        page = self.ask("GET", self.link(hold))[2]
        self.assertIn("/tmp/&#x22;&#x3c;script&#x3e;&#x26;amp;/git", page)
        self.assertEqual(set(re.findall(r"<(\w+)", page)), {"html", "meta", "title", "h1", "table", "tr", "th", "td", "form", "p", "button"})

    def test_settings_that_would_not_work(self):
        good = {"answer_url": f"http://127.0.0.1:{self.port}", "webhooks": [self.webhook]}
        api = {"listen": f"127.0.0.1:{self.port}"}
        for words, notifications, with_api in (
                ("must begin with https", {**good, "answer_url": "http://host.example"}, api),
                ("must begin with https", {**good, "answer_url": "http://127.0.0.1.host.example"}, api),
                ("must begin with https", {**good, "answer_url": "http://localhost:80.host.example"}, api),
                ("must begin with https", {**good, "answer_url": good["answer_url"] + "/"}, api),
                ("must begin with https", {**good, "answer_url": "https://x\"b"}, api),
                ("there are none", {"webhooks": [self.webhook]}, api),
                ("needs the API on TCP", good, {})):
            self.write("etc/cvfd.json", {"principals": [{"user": ME, "roles": ["admin"]}], "api": with_api, "notifications": notifications})
            answer = self.post("/v1/reload")
            self.assertIn(words, json.dumps(answer), notifications)
            self.assertNotEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main()
