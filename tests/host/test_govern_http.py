#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What every request and every answer has in common, and clients that mean harm."""
import os
import resource
import socket
import time
import unittest

from govern_fixture import AGENT, CAPABILITIES, NOBODY, SECRET, GovernTest, call, call_as


class Answers(GovernTest):
    def test_a_request_has_an_id(self):
        made = self.get("/healthz").headers["X-Request-Id"]
        self.assertRegex(made, "^[0-9a-f]{16}$")
        self.assertNotEqual(made, self.get("/healthz").headers["X-Request-Id"])
        self.assertEqual(self.get("/healthz", {"X-Request-Id": "my.id-1_A"}).headers["X-Request-Id"], "my.id-1_A")
        for bad in ("", "a b", "x" * 65, "\x1b[2J", "a;b"):
            self.assertRegex(self.get("/healthz", {"X-Request-Id": bad}).headers["X-Request-Id"], "^[0-9a-f]{16}$", bad)

    def test_a_refusal_is_a_problem(self):
        answer = self.get("/v1/agents/nobody", {"X-Request-Id": "abc"})
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual((answer["type"], answer["status"], answer["request_id"]), ("urn:cvf:problem:not-found", 404, "abc"))
        self.assertEqual(answer["detail"], answer["error"]["message"])
        self.assertEqual(self.get("/v1/agents").headers["Content-Type"], "application/json")

    def test_what_has_not_changed_is_not_sent_again(self):
        first = self.get("/v1/capabilities/t.read")
        tag = first.headers["ETag"]
        self.assertRegex(tag, '^"[0-9a-f]{32}"$')
        again = self.get("/v1/capabilities/t.read", {"If-None-Match": tag})
        self.assertEqual((again.status, dict(again), again.headers["ETag"]), (304, {}, tag))
        self.assertEqual(self.get("/v1/capabilities/t.read", {"If-None-Match": f'"x", W/{tag}'}).status, 304)
        self.assertEqual(self.get("/v1/capabilities/t.read", {"If-None-Match": '"other"'}).status, 200)
        self.write("etc/capabilities.d/t.json", [dict(c, name="Another") for c in CAPABILITIES])
        self.ok(self.post("/v1/reload"))
        changed = self.get("/v1/capabilities/t.read", {"If-None-Match": tag})
        self.assertEqual((changed.status, changed["name"]), (200, "Another"))
        self.assertIsNone(self.get("/v1/agents/nobody").headers["ETag"])

    def test_head_is_get_without_its_body(self):
        self.assertEqual(call(f"{self.dir}/run/cvfd.sock", "HEAD", "/healthz").status, 200)
        self.assertEqual(call(f"{self.dir}/run/cvfd.sock", "HEAD", "/v1/nothing").status, 404)
        self.assertEqual(call(f"{self.dir}/run/cvfd.sock", "HEAD", "/v1/reload").status, 405)

    def test_the_document(self):
        document = self.ok(self.get("/openapi.json"))
        self.assertEqual(document["openapi"], "3.1.0")
        self.assertEqual(document["paths"], self.get("/v1/openapi.json")["paths"])
        ids = [row["operationId"] for path in document["paths"].values() for row in path.values()]
        self.assertEqual(len(ids), len(set(ids)))


class Mistakes(GovernTest):
    def test_queries(self):
        self.refused(self.get("/v1/events?agnet=coder-1"), 400, "unknown-parameter")
        self.refused(self.get("/v1/events?limit=1&limit=2"), 400, "bad-parameter")
        self.refused(self.get("/v1/events?limit=0"), 400, "bad-parameter")
        self.refused(self.get("/v1/events?limit=1001"), 400, "bad-parameter")
        self.refused(self.get("/v1/events?agent=a%00b"), 400, "bad-parameter")
        self.refused(self.get("/v1/events?" + "&".join(f"a{i}=1" for i in range(40))), 400, "bad-parameter")
        self.ok(self.get("/v1/events?limit=1000&agent=coder-1"))

    def test_bodies(self):
        url = "/v1/agents/coder-1/mode"
        for body in ("{", "[]", '{"mode":"observe"', '{"mode":"observe","mode":"enforce"}', '{"mode":' + "[" * 5000 + "]" * 5000 + "}",
                     b'{"mode":"\xff"}', '{"mode":1e999}', "\0"):
            self.refused(self.post(url, body), 400, "bad-json")
        for body in ({"mode": "off"}, {"mode": 1}, {"mode": None}, {}, {"mode": ["observe"]}, None):
            self.refused(self.post(url, body), 400, "bad-value")
        self.refused(self.post(url, {"mode": "observe", "more": 1}), 400, "unknown-member")
        self.refused(self.post(url, {"mode": "observe", "mode\x1b[2J": 1}), 400, "unknown-member")
        self.refused(self.post("/v1/reload", {"x": 1}), 400, "unknown-member")
        self.refused(self.post("/v1/reload", " " * (1 << 20) + "{}"), 413, "too-large")
        self.assertEqual(self.get("/v1/agents/coder-1")["mode"], "enforce")
        self.ok(self.post(url, {"mode": "observe"}))


class Pages(GovernTest):
    def walk(self, url, name, limit):
        """Every id, page by page."""
        seen, cursor = [], ""
        while cursor is not None:
            page = self.ok(self.get(f"{url}{'&' if '?' in url else '?'}limit={limit}{cursor}"))
            self.assertLessEqual(len(page[name]), limit)
            seen += [one["id"] for one in page[name]]
            cursor = page["next"] and f"&cursor={page['next']}"
        return seen

    def test_every_list_has_pages(self):
        for i in range(7):
            self.hold(pid=2000 + i)
        for url, name in (("/v1/capabilities", "capabilities"), ("/v1/agents", "agents"), ("/v1/policies", "policies"),
                          ("/v1/profiles", "profiles"), ("/v1/grants", "grants"), ("/v1/approvals", "holds"),
                          ("/v1/approvals?state=all", "holds"), ("/v1/events", "events"), ("/v1/gaps", "gaps"), ("/v1/quarantine", "kept"),
                          ("/v1/tokens", "tokens")):
            whole = [one["id"] for one in self.ok(self.get(url))[name]]
            for limit in (1, 3):
                self.assertEqual(self.walk(url, name, limit), whole, url)
        self.assertEqual(len(self.walk("/v1/approvals?state=all", "holds", 2)), 7)
        self.do("read /tmp/a")
        self.wait(lambda: self.get("/v1/counters")["counters"], "counters")
        for url in ("/v1/counters", "/v1/counters?agent=coder-1"):
            whole = [one["id"] for one in self.get(url)["counters"]]
            self.assertEqual([self.walk(url, "counters", limit) for limit in (1, 3, 1000)], [whole] * 3)
        for i in range(3):
            self.ok(self.post("/v1/maintenance", {"for_s": 60, "note": f"n{i}"}), 201)
        whole = [one["id"] for one in self.get("/v1/maintenance")["maintenance"]]
        self.assertEqual(([self.walk("/v1/maintenance", "maintenance", limit) for limit in (1, 2, 3)], len(whole)), ([whole] * 3, 3))
        self.ok(self.post("/v1/agents", [{**AGENT, "id": f"a{i}"} for i in range(3)]), 201)
        first = self.ok(self.get("/v1/health/agents?limit=3"))
        rest = self.ok(self.get(f"/v1/health/agents?limit=3&cursor={first['next']}"))
        self.assertEqual(([a["agent"] for a in first["agents"] + rest["agents"]], rest["next"]), (["a0", "a1", "a2", "coder-1"], None))
        for cursor in ("gone", "1.2.3", "1.2.3.4.5", "1.2.3.4x", "-1.2.3.4", "1.2.70000.4"):
            self.refused(self.get(f"/v1/counters?cursor={cursor}"), 400, "bad-parameter")
        self.refused(self.get("/v1/capabilities?cursor=gone"), 400, "bad-parameter")
        self.refused(self.get("/v1/events?cursor=gone"), 400, "bad-parameter")

    def test_why_has_pages_of_two_lists(self):
        for i in range(5):
            self.hold(pid=2000 + i)
        for _ in range(3):
            self.assertEqual(self.do(SECRET)[0], "deny")
        self.wait(lambda: len(self.get("/v1/why")["events"]) == 3, "refusals")
        whole = self.get("/v1/why")
        self.assertEqual((len(whole["holds"]), whole["next"]), (5, None))
        for limit in (1, 2, 3, 4, 5):
            events, holds, cursor, pages = [], [], "", 0
            while cursor is not None:
                page = self.ok(self.get(f"/v1/why?agent=coder-1&limit={limit}{cursor}"))
                events += page["events"]
                holds += page["holds"]
                pages += 1
                cursor = page["next"] and f"&cursor={page['next']}"
            self.assertEqual([e["id"] for e in events], [e["id"] for e in whole["events"]])
            self.assertEqual([h["id"] for h in holds], [h["id"] for h in whole["holds"]])
            self.assertEqual(pages, -(-5 // limit))
        for cursor in ("gone", "-", ".", "-.", ".-", "-.x", whole["events"][0]["id"], whole["events"][0]["id"] + ".-.-"):
            self.refused(self.get(f"/v1/why?cursor={cursor}"), 400, "bad-parameter")
        self.assertEqual(self.get("/v1/why?cursor=-.-")["events"], [])

    def test_versions_have_pages(self):
        for mode in ("observe", "enforce", "learn", "enforce"):
            self.ok(self.post("/v1/agents/coder-1/mode", {"mode": mode}))
        whole = [v["revision"] for v in self.ok(self.get("/v1/agents/coder-1/versions"))["versions"]]
        self.assertEqual(whole, [5, 4, 3, 2, 1])
        for limit in (1, 2, 5, 6):
            seen, cursor = [], ""
            while cursor is not None:
                page = self.ok(self.get(f"/v1/agents/coder-1/versions?limit={limit}{cursor}"))
                seen += [v["revision"] for v in page["versions"]]
                cursor = page["next"] and f"&cursor={page['next']}"
            self.assertEqual(seen, whole)
        for cursor in ("x", "0", "-1", "1x"):
            self.refused(self.get(f"/v1/agents/coder-1/versions?cursor={cursor}"), 400, "bad-parameter")
        self.refused(self.get("/v1/agents/nobody/versions"), 404, "not-found")

    def test_what_was_refused_is_counted(self):
        before = self.get("/v1/status")["api"]
        self.get("/v1/nothing")
        after = self.get("/v1/status")["api"]
        self.assertEqual(after["refused"], before["refused"] + 1)
        self.assertGreater(after["requests"], before["requests"])


class Often(GovernTest):
    settings = {"api": {"local_requests_per_minute": 5}}

    @unittest.skipUnless(os.getuid() == 0, "needs root to be somebody else")
    def test_a_user_has_so_many_and_root_any_number(self):
        socket_path = f"{self.dir}/run/cvfd.sock"
        codes = [call_as(NOBODY, socket_path, "GET", "/healthz") for _ in range(8)]
        self.assertEqual(codes[:5], [(200, "-")] * 5)
        self.assertIn((429, "too-many-requests"), codes[5:])
        for _ in range(30):
            self.ok(self.get("/v1/status"))

    def test_agents_have_their_own(self):
        answers = [self.as_agent("GET", "/readyz") for _ in range(20)]
        limited = [a for a in answers if a.status == 429]
        self.assertGreaterEqual(len(limited), 10)
        self.assertGreaterEqual(int(limited[0].headers["Retry-After"]), 1)
        self.refused(limited[0], 429, "too-many-requests")
        self.ok(self.get("/healthz"))


class Hostile(GovernTest):
    def connect(self, name="cvfd.sock"):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(f"{self.dir}/run/{name}")
        self.addCleanup(s.close)
        return s

    def read_all(self, s):
        got = b""
        try:
            while more := s.recv(65536):
                got += more
        except (ConnectionError, TimeoutError):
            pass
        return got

    def test_headers_that_are_too_large(self):
        for bomb in (b"X-Bomb: " + b"x" * 100000, b"\r\n".join(b"X-%d: y" % i for i in range(20000))):
            s = self.connect()
            try:
                s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + bomb + b"\r\n\r\n")
            except BrokenPipeError:
                pass  # it has heard enough
            self.assertIn(b" 431 ", self.read_all(s).split(b"\r\n")[0])
        self.ok(self.get("/healthz"))
        self.assertEqual(self.get("/v1/status")["api"]["malformed"], 2)

    def test_what_the_library_refuses_is_counted(self):
        for n, (nonsense, status) in enumerate(((b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", b"505"), (b"GET /healthz HTTP/1.1\r\n\r\n", b"400"),
                                                (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
                                                (b"\x16\x03\x01 hello\r\n\r\n", b"400")), 1):
            s = self.connect()
            s.sendall(nonsense)
            s.shutdown(socket.SHUT_WR)
            self.assertIn(status, self.read_all(s).split(b"\r\n")[0], nonsense)
            self.assertEqual(self.get("/v1/status")["api"]["malformed"], n, nonsense)

    def test_whoever_is_in_time_is_not_shut_out(self):
        """Over several sweeps for those who are too slow."""
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            self.ok(self.get("/healthz"))
        self.assertEqual(self.get("/v1/status")["api"]["timed_out"], 0)

    def test_requests_one_behind_the_other(self):
        s = self.connect()
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50 + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        self.assertEqual(self.read_all(s).count(b"HTTP/1.1 200"), 51)

    def test_a_request_smuggled_in_a_body(self):
        s = self.connect()
        s.sendall(b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                  b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
        s.shutdown(socket.SHUT_WR)
        self.assertLessEqual(self.read_all(s).count(b"HTTP/1.1 200"), 2)
        self.ok(self.get("/healthz"))

    def test_half_requests_hold_up_nobody(self):
        for half in (b"G", b"GET /healthz HTTP/1.1\r\n", b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
                     b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nx"):
            for _ in range(12):
                self.connect().sendall(half)
        for _ in range(20):
            self.ok(self.get("/v1/status"))

    def test_ten_thousand_connections(self):
        """Up to the quota they are kept; whoever is turned away is told; the other socket is open all the time."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        quota = 512 if os.getuid() == 0 else 64
        held = [self.connect() for _ in range(quota)]
        self.wait(lambda: self.connect().recv(12) == b"HTTP/1.1 503", "the door to close")
        told = 0
        for _ in range(10000 - quota):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(10)
            s.connect(f"{self.dir}/run/cvfd.sock")
            told += self.read_all(s).startswith(b"HTTP/1.1 503 ")
            s.close()
        self.assertGreater(told, 9000)
        if os.getuid() != 0:
            self.ok(self.as_agent("GET", "/readyz"))
        for s in held:
            s.close()
        self.wait(lambda: self.get("/healthz").status == 200, "the door to open")
        self.assertGreaterEqual(self.get("/v1/status")["api"]["connections_refused"], told)


if __name__ == "__main__":
    unittest.main()
