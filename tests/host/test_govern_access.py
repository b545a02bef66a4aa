# SPDX-License-Identifier: Apache-2.0
"""Who may do what: peers of the sockets, labels, roles; and what the governor itself may do."""
import glob
import os
import pwd
import socket
import subprocess
import unittest

from govern_fixture import GOVERN, GovernTest, ME, NOBODY, Process, PUSH, ROOT, SECRET, call, call_as

READS = ["/v1/status", "/v1/capabilities", "/v1/agents", "/v1/policies", "/v1/profiles", "/v1/approvals", "/v1/grants",
         "/v1/events", "/v1/counters", "/v1/gaps", "/v1/why", "/v1/events/stream"]
WRITES = ["/v1/reload", "/v1/capabilities", "/v1/agents", "/v1/policies", "/v1/agents/coder-1/sessions",
          "/v1/agents/coder-1/mode"]


class Roles(GovernTest):
    """Somebody without any role, and then with one: nobody when root runs the test, else whoever runs it."""

    def as_other(self, method, url, body=None):
        path = f"{self.dir}/run/cvfd.sock"
        if os.getuid() == 0:
            return call_as(NOBODY, path, method, url, body)
        answer = call(path, method, url, body)
        return answer.status, answer.get("error", {}).get("code", "-")

    def become(self, *roles):
        other = "nobody" if os.getuid() == 0 else ME
        self.write("etc/cvfd.json", {"principals": [{"user": other, "roles": list(roles)}] if roles else []})
        self.restart()

    def pending(self):
        if os.getuid() == 0:
            return self.get("/v1/approvals")["holds"]
        return call(f"{self.dir}/run/cvfd.sock", "GET", "/v1/approvals")["holds"]

    def test_strangers_may_only_ask_whether_it_lives(self):
        self.do(PUSH)
        self.become()
        self.assertEqual(self.as_other("GET", "/healthz")[0], 200)
        self.assertEqual(self.as_other("GET", "/readyz")[0], 200)
        for url in READS:
            self.assertEqual(self.as_other("GET", url), (403, "not-permitted"), url)
        for url in WRITES + ["/v1/approvals/01ARZ3NDEKTSV4RRFFQ69G5FAV/approve", "/v1/approvals/01ARZ3NDEKTSV4RRFFQ69G5FAV/deny"]:
            self.assertEqual(self.as_other("POST", url, "{}"), (403, "not-permitted"), url)
        for url in ("/v1/grants/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/v1/agents/coder-1"):
            self.assertEqual(self.as_other("DELETE", url), (403, "not-permitted"), url)
        self.assertFalse([line for line in self.fake.lines if line.startswith("answer")])

    def test_a_role_does_what_it_says_and_no_more(self):
        self.do(PUSH)
        self.become("viewer")
        hold = self.wait(self.pending, "hold")[0]
        approve = f"/v1/approvals/{hold['id']}/approve"
        self.assertEqual(self.as_other("GET", "/v1/status")[0], 200)
        for url in WRITES + [approve]:
            self.assertEqual(self.as_other("POST", url, "{}"), (403, "not-permitted"), url)
        self.become("operator")
        self.assertEqual(self.as_other("GET", "/v1/approvals")[0], 200, "every role includes viewer")
        self.assertEqual(self.as_other("POST", approve, "{}"), (403, "not-permitted"))
        self.assertEqual(self.as_other("POST", "/v1/agents/coder-1/mode", "{}"), (403, "not-permitted"))
        self.assertEqual(self.as_other("POST", "/v1/agents/coder-1/sessions", '{"pid": 1}'), (403, "not-permitted"),
                         "an operator enrols its own processes")
        self.become("approver")
        self.assertEqual(self.as_other("POST", "/v1/reload"), (403, "not-permitted"))
        self.assertEqual(self.as_other("POST", "/v1/agents/coder-1/sessions", '{"pid": 1}'), (403, "not-permitted"))
        self.assertEqual(self.as_other("POST", approve, "{}")[0], 200)
        self.fake.wait_line("answer")


class Agents(GovernTest):
    """A governed process reaches nothing but what is its own."""

    def setUp(self):
        super().setUp()
        self.do(SECRET)
        self.do(PUSH, pid=3)
        self.wait(lambda: len(self.events()) == 2, "events")
        self.ok(self.post("/v1/agents", {"schema": "cvf.agent/v1", "id": "coder-2", "name": "n", "owner": "o",
                                         "capabilities": ["*"]}), 201)
        self.tell("label 1")

    def test_the_control_socket_is_closed_to_it(self):
        for url in READS:
            self.refused(self.get(url), 403, "labelled")
        for url in WRITES:
            self.refused(self.post(url, {}), 403, "labelled")
        self.assertEqual(self.post("/v1/approvals/01ARZ3NDEK/approve").status, 403)
        self.ok(self.get("/healthz"))

    def test_it_is_told_why(self):
        why = self.ok(self.as_agent("GET", "/v1/why"))
        self.assertEqual(why["agent"], "coder-1")
        self.assertEqual([e["capability"] for e in why["events"]], ["t.secret"])
        self.assertEqual([h["capability"] for h in why["holds"]], ["t.push"])
        self.assertTrue(why["events"][0]["reason_text"])
        self.tell("label 2")
        why = self.ok(self.as_agent("GET", "/v1/why"))
        self.assertEqual((why["agent"], why["events"], why["holds"]), ("coder-2", [], []))

    def test_it_may_ask_about_itself_only(self):
        body = {"operation": ["exec", "/usr/bin/git", "push"]}
        self.assertEqual(self.ok(self.as_agent("POST", "/v1/explain", body))["verdict"], "hold")
        self.assertEqual(self.ok(self.as_agent("POST", "/v1/explain", {"agent": "coder-1", **body}))["verdict"], "hold")
        self.refused(self.as_agent("POST", "/v1/explain", {"agent": "coder-2", **body}), 403, "not-permitted")
        self.refused(self.as_agent("GET", "/v1/why?agent=coder-2"), 403, "not-permitted")

    def test_nothing_else_is_on_its_socket(self):
        self.ok(self.as_agent("GET", "/readyz"))
        for url in READS:
            if url != "/v1/why":
                self.refused(self.as_agent("GET", url), 404, "not-found")
        for url in WRITES:
            self.refused(self.as_agent("POST", url, {}), 404, "not-found")

    def test_others_are_sent_away_from_its_socket(self):
        self.tell("label 0")
        self.refused(self.as_agent("GET", "/v1/why"), 403, "not-an-agent")
        self.refused(self.as_agent("POST", "/v1/explain", {"operation": ["read", "/x"]}), 403, "not-an-agent")


class Sessions(GovernTest):
    def test_a_process_of_the_caller_is_enrolled(self):
        child = subprocess.Popen(["sleep", "60"])
        self.addCleanup(lambda: (child.kill(), child.wait()))
        answer = self.ok(self.post("/v1/agents/coder-1/sessions", {"pid": child.pid}), 201)
        self.assertEqual(answer["agent"], "coder-1")
        said = self.fake.wait_line(f"enrol {child.pid} agent 1 start")
        self.assertGreater(int(said.split()[-1]), 0, "its start time guards against another process of that number")
        self.tell("deny session=1 1 read /x")
        event = self.wait(self.events, "event")[0]
        self.assertEqual(event["session"], answer["session"])

    def test_what_it_is_run_for_is_kept_with_it(self):
        child = subprocess.Popen(["sleep", "60"])
        self.addCleanup(lambda: (child.kill(), child.wait()))
        url = "/v1/agents/coder-1/sessions"
        for bad in ("", "a b", "../x", "x" * 129, 3):
            self.refused(self.post(url, {"pid": child.pid, "skill": bad}), 400, "bad-value")
        self.assertFalse([s for s in self.fake.lines if s.startswith("enrol")], "refused, and enrolled all the same")
        answer = self.ok(self.post(url, {"pid": child.pid, "skill": "code.review"}), 201)
        self.assertEqual(answer["skill"], "code.review")
        self.tell("deny session=1 1 read /x")
        self.tell("deny session=2 1 read /y")
        seen = self.wait(lambda: len(self.events()) == 2 and self.events(), "events")
        self.assertEqual({e["object"]: e["skill"] for e in seen}, {"/x": "code.review", "/y": None})
        _, hold = self.hold("exec /usr/bin/git push origin", session=1)
        self.assertEqual(hold["skill"], "code.review")

    def test_mistakes(self):
        self.refused(self.post("/v1/agents/nobody/sessions", {"pid": 1}), 404, "not-found")
        self.refused(self.post("/v1/agents/coder-1/sessions", {}), 400, "bad-value")
        self.refused(self.post("/v1/agents/coder-1/sessions", {"pid": "1"}), 400, "bad-value")
        self.refused(self.post("/v1/agents/coder-1/sessions", {"pid": 0}), 400, "bad-value")
        if os.getuid() != 0:
            self.refused(self.post("/v1/agents/coder-1/sessions", {"pid": 1}), 403, "not-permitted")


class Protocol(GovernTest):
    def raw(self, data):
        """Sends bytes and hangs up; whatever is answered is fine. Half a request may be waited for until its time is up."""
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(1)
        s.connect(f"{self.dir}/run/cvfd.sock")
        got = b""
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while True:
                more = s.recv(65536)
                if not more:
                    return got
                got += more
        except (ConnectionError, TimeoutError):
            return got
        finally:
            s.close()

    def test_paths_and_methods(self):
        self.refused(self.get("/v1/nothing"), 404, "not-found")
        self.refused(self.get("/v1/agents/a/b/c"), 404, "not-found")
        self.refused(self.get("/v1/agents/"), 404, "not-found")
        self.refused(self.get("/" + "x" * 600), 414, "uri-too-long")
        answer = self.post("/v1/status")
        self.refused(answer, 405, "method-not-allowed")
        self.assertEqual(answer.headers["Allow"], "GET")

    def test_nonsense_harms_nobody(self):
        for data in (b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"x" * 100000, b"POST /v1/reload HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                     b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999\r\n\r\nx"):
            self.raw(data)
        self.ok(self.get("/healthz"))

    def test_many_connections(self):
        held = []
        for _ in range(700):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            s.connect(f"{self.dir}/run/cvfd.sock")
            held.append(s)
        for s in held:
            s.close()
        self.wait(lambda: self.get("/healthz").status == 200, "answer after a flood of connections")

    def test_the_api_document_is_current(self):
        printed = subprocess.run([GOVERN, "--print-api"], stdout=subprocess.PIPE, check=True).stdout.decode()
        with open(ROOT + "/docs/API.md", encoding="utf-8") as f:
            self.assertEqual(f.read(), printed, "make it anew: cvfd-govern --print-api > docs/API.md")


class Itself(GovernTest):
    def test_it_gave_up_what_it_does_not_need(self):
        with open(f"/proc/{self.govern.child.pid}/status", encoding="ascii") as f:
            status = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
        self.assertEqual(status["NoNewPrivs"], "1")
        if "__SANITIZE__" not in os.environ:
            self.assertEqual(status["Seccomp"], "2")
        for which in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            self.assertEqual(int(status[which], 16), 0, which)
        self.assertNotIn("0", status["Uid"].split())

    def test_started_as_root_it_is_the_user_cvf_or_says_how_to_make_one(self):
        if os.getuid() != 0:
            return
        self.stop()
        try:
            user = pwd.getpwnam("cvf")
        except KeyError:
            user = None
        if user:
            for path in [f"{self.dir}/run", *(d for d, _, _ in os.walk(f"{self.dir}/state")), *glob.glob(f"{self.dir}/state/*")]:
                os.chown(path, user.pw_uid, user.pw_gid)
        self.govern = Process(self.argv(), "cvfd-govern")
        if not user:
            self.assertEqual(self.govern.child.wait(10), 1)
            self.govern.reader.join(10)
            self.assertIn("useradd --system", " ".join(self.govern.lines))
            return
        self.wait(lambda: self.get("/healthz").status == 200, "API")
        with open(f"/proc/{self.govern.child.pid}/status", encoding="ascii") as f:
            uids = [line.split()[1:] for line in f if line.startswith("Uid:")][0]
        self.assertEqual(uids, [str(user.pw_uid)] * 4)

    def test_health_follows_the_canary(self):
        self.ok(self.get("/readyz"))
        self.assertTrue(self.get("/v1/status")["enforcing"])
        self.tell("canary fail")
        self.wait(lambda: self.get("/readyz").status == 503, "readiness to fail")
        error = self.refused(self.get("/readyz"), 503, "not-enforcing")
        self.assertIn("not refused", error["message"])
        self.ok(self.get("/healthz"))
        status = self.get("/v1/status")
        self.assertEqual((status["enforcing"], status["canary"]["ok"]), (False, False))
        self.tell("canary ok")
        self.wait(lambda: self.get("/readyz").status == 200, "readiness to return")

    def test_status(self):
        status = self.ok(self.get("/v1/status"))
        for field in ("enforcing flavour kernel generation agents holds_pending events_recorded events_lost audit_completeness"
                      " version modes hooks recursion_misses label_failed policy_problem uptime_s canary").split():
            self.assertIn(field, status)
        self.assertEqual((status["enforcing"], status["flavour"], status["agents"]), (True, "lsm", 1))
        self.assertRegex(status["canary"]["at"], "Z$")

    def test_it_ends_when_the_enforcer_goes(self):
        self.tell("disconnect")
        self.assertEqual(self.govern.child.wait(10), 0)
        self.govern.stop()
        self.start()
        self.ok(self.get("/v1/status"))

    def test_it_ends_when_told_to(self):
        self.assertEqual(self.stop(), 0)
        self.start()

    def test_two_do_not_share_a_store(self):
        other = self.spawn()
        self.assertEqual(other.child.wait(10), 1)
        other.stop()
        self.assertIn("another cvfd-govern", " ".join(other.lines))
        self.ok(self.get("/healthz"))

    def test_it_says_when_there_is_no_enforcer(self):
        self.stop()
        self.fake.stop()
        os.unlink(f"{self.dir}/link.sock")
        alone = self.spawn()
        self.assertEqual(alone.child.wait(30), 1)
        alone.stop()
        self.assertIn("start cvfd first", " ".join(alone.lines))

    def test_options(self):
        run = lambda *a: subprocess.run([GOVERN, *a], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(run("--help").returncode, 0)
        self.assertIn("--state", run("--help").stdout)
        self.assertEqual(run("--version").returncode, 0)
        self.assertEqual(run("--nonsense").returncode, 2)
        self.assertEqual(run("word").returncode, 2)


if __name__ == "__main__":
    unittest.main()
