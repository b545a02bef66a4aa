# SPDX-License-Identifier: Apache-2.0
"""The API on TCP: off unless asked for, tokens, what they may not do, how often, for whom, with TLS."""
import http.client
import json
import socket
import ssl
import subprocess
import time
import unittest

from govern_fixture import GovernTest, NOBODY
import os


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class TcpTest(GovernTest):
    api = {}

    def setUp(self):
        self.port = free_port()
        self.settings = {"api": {"listen": f"127.0.0.1:{self.port}", "requests_per_minute": 100000, **self.api}}
        super().setUp()

    def tcp(self, method, url, token=None, body=None, headers=None, how="bearer", tls=None):
        c = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=tls) if tls else \
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            given = {**({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
            if token:
                given.update({"Authorization": f"Bearer {token}"} if how == "bearer" else {"X-API-Key": token})
            c.request(method, url, json.dumps(body) if body is not None else None, given)
            r = c.getresponse()
            text = r.read()
            answer = dict(json.loads(text)) if text else {}
            return r.status, answer.get("error", {}).get("code"), r.headers, answer
        finally:
            c.close()

    def token(self, roles=("viewer",), **more):
        return self.ok(self.post("/v1/tokens", {"name": "t", "roles": list(roles), **more}), 201)


class Tokens(TcpTest):
    def test_without_a_token_only_what_anybody_may(self):
        self.assertEqual(self.tcp("GET", "/healthz")[0], 200)
        self.assertEqual(self.tcp("GET", "/readyz")[0], 200)
        status, code, headers, _ = self.tcp("GET", "/v1/status")
        self.assertEqual((status, code, headers["WWW-Authenticate"]), (401, "unauthorized", 'Bearer realm="cvf"'))
        for bad in ("x", "cvf_", "cvf_01ARZ3NDEKTSV4RRFFQ69G5FAV_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "y" * 2000):
            self.assertEqual(self.tcp("GET", "/v1/status", bad)[:2], (401, "unauthorized"), bad)

    def test_a_token_is_shown_once_kept_as_a_hash_used_and_revoked(self):
        made = self.token()
        self.assertEqual(self.tcp("GET", "/v1/status", made["token"])[0], 200)
        self.assertEqual(self.tcp("GET", "/v1/status", made["token"], how="key")[0], 200)
        self.assertEqual(self.tcp("GET", "/v1/status", made["token"][:-1] + ("A" if made["token"][-1] != "A" else "B"))[0], 401)
        listed = self.ok(self.get("/v1/tokens"))["tokens"][0]
        self.assertEqual((listed["id"], listed["state"]), (made["id"], "active"))
        self.assertNotIn("token", listed)
        self.assertIsNotNone(listed["last_use"])
        secret = made["token"].rsplit("_", 1)[1] if made["token"].count("_") == 2 else made["token"][31:]
        self.stop()
        for name in os.listdir(f"{self.dir}/state"):
            with open(f"{self.dir}/state/{name}", "rb") as f:
                self.assertNotIn(secret.encode(), f.read(), name)
        self.start()
        self.assertEqual(self.tcp("GET", "/v1/status", made["token"])[0], 200, "after a restart")
        self.ok(self.delete(f"/v1/tokens/{made['id']}"))
        self.assertEqual(self.tcp("GET", "/v1/status", made["token"])[:2], (401, "unauthorized"))
        self.refused(self.delete(f"/v1/tokens/{made['id']}"), 404, "not-found")

    def test_roles_and_routes(self):
        viewer, operator = self.token()["token"], self.token(["operator"])["token"]
        self.assertEqual(self.tcp("POST", "/v1/agents/coder-1/sessions", viewer, {"pid": 1})[:2], (403, "not-permitted"))
        self.assertEqual(self.tcp("POST", "/v1/agents/coder-1/sessions", operator, {"pid": 1})[:2], (403, "not-permitted"), "not its process")
        narrow = self.token(["viewer"], routes=["/v1/agents*"])["token"]
        self.assertEqual(self.tcp("GET", "/v1/agents/coder-1", narrow)[0], 200)
        self.assertEqual(self.tcp("GET", "/v1/events", narrow)[:2], (403, "not-permitted"))

    def test_a_token_approves_nothing_and_administers_nothing(self):
        mighty = self.token(["approver", "admin", "viewer"])["token"]
        number, hold = self.hold()
        self.assertEqual(self.tcp("POST", f"/v1/approvals/{hold['id']}/approve", mighty, {})[:2], (403, "not-permitted"))
        self.assertEqual(self.tcp("POST", "/v1/tokens", mighty, {"name": "x", "roles": ["admin"]})[:2], (403, "not-permitted"))
        self.assertEqual(self.tcp("POST", "/v1/agents/coder-1/mode", mighty, {"mode": "observe"})[:2], (403, "not-permitted"))
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "pending")

    def test_mistakes(self):
        for body in ({"name": "x"}, {"name": "", "roles": ["viewer"]}, {"name": "x", "roles": []}, {"name": "x", "roles": ["root"]},
                     {"name": "x", "roles": "viewer"}, {"name": "x", "roles": ["viewer"], "for_s": 1}):
            self.refused(self.post("/v1/tokens", body), 400, "bad-value")
        self.assertEqual(self.ok(self.get("/v1/tokens"))["tokens"], [])

    def test_pages(self):
        made = [self.token()["id"] for _ in range(5)]
        first = self.ok(self.get("/v1/tokens?limit=3"))
        rest = self.ok(self.get(f"/v1/tokens?limit=3&cursor={first['next']}"))
        self.assertEqual([t["id"] for t in first["tokens"] + rest["tokens"]], made[::-1])
        self.assertIsNone(rest["next"])


class Approving(TcpTest):
    api = {"token_roles": ["viewer", "approver"]}

    def test_where_the_administrator_says_so(self):
        token = self.token(["approver"])["token"]
        _, hold = self.hold()
        self.assertEqual(self.tcp("POST", f"/v1/approvals/{hold['id']}/approve", token, {})[0], 200)
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["decided_by"], "token:t")
        _, hold = self.hold("exec /sbin/mkfs /dev/x", pid=1001)
        self.assertEqual(self.tcp("POST", f"/v1/approvals/{hold['id']}/approve", token, {})[:2], (403, "human-required"))


class Limits(TcpTest):
    api = {"requests_per_minute": 30}

    def test_a_bucket_for_each_credential(self):
        one, other = self.token()["token"], self.token(["viewer"])
        other = self.ok(self.post("/v1/tokens", {"name": "other", "roles": ["viewer"]}), 201)["token"]
        answers = [self.tcp("GET", "/v1/agents", one) for _ in range(40)]
        self.assertEqual([a[0] for a in answers[:30]], [200] * 30)
        limited = [a for a in answers if a[0] == 429]
        self.assertTrue(limited)
        self.assertEqual(limited[0][1], "too-many-requests")
        self.assertGreaterEqual(int(limited[0][2]["Retry-After"]), 1)
        self.assertEqual(self.tcp("GET", "/v1/agents", other)[0], 200)
        self.ok(self.get("/v1/agents"))

    def test_guessing_is_limited_too(self):
        codes = [self.tcp("GET", "/v1/agents", "cvf_guess")[0] for _ in range(40)]
        self.assertEqual((codes[0], codes[-1]), (401, 429))


class Browsers(TcpTest):
    api = {"origins": ["https://desk.example"], "hosts": ["cvf.example"]}

    def test_what_doctor_will_say(self):
        api = self.get("/v1/status")["api"]
        self.assertEqual([api[k] for k in ("listen", "tls", "any_host", "any_origin")], [f"127.0.0.1:{self.port}", False, False, False])
        self.settings["api"].update({"origins": ["*"], "hosts": ["a.example", "*"]})
        self.set_principals()
        self.ok(self.post("/v1/reload", {}))
        api = self.get("/v1/status")["api"]
        self.assertEqual([api["any_host"], api["any_origin"]], [True, True])

    def test_host(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "cvf.example.evil", ""):
            self.assertIn(self.tcp("GET", "/healthz", headers={"Host": host})[0], (400, 403), host)
        for host in ("localhost", f"localhost:{self.port}", f"127.0.0.1:{self.port}", "cvf.example", "CVF.example:443"):
            self.assertEqual(self.tcp("GET", "/healthz", headers={"Host": host})[0], 200, host)
        self.refused(self.get("/healthz", {"Host": "evil.example"}), 403, "host")

    def test_origin(self):
        for origin in ("https://evil.example", "null", "https://desk.example.test", "http://desk.example"):
            status, code, headers, _ = self.tcp("GET", "/healthz", headers={"Origin": origin})
            self.assertEqual((status, code, headers["Access-Control-Allow-Origin"]), (403, "origin", None))
        status, _, headers, _ = self.tcp("GET", "/healthz", headers={"Origin": "https://desk.example"})
        self.assertEqual((status, headers["Access-Control-Allow-Origin"], headers["Vary"]), (200, "https://desk.example", "Origin"))
        status, _, headers, _ = self.tcp("OPTIONS", "/v1/status", headers={"Origin": "https://desk.example", "Access-Control-Request-Method": "GET"})
        self.assertEqual((status, headers["Access-Control-Allow-Methods"]), (204, "GET, POST, DELETE"))
        self.assertEqual(self.tcp("OPTIONS", "/v1/status", headers={"Origin": "https://evil.example"})[0], 403)
        self.refused(self.get("/healthz", {"Origin": "https://evil.example"}), 403, "origin")

    def test_a_form_of_another_page(self):
        token = self.token()["token"]
        status, code, _, _ = self.tcp("POST", "/v1/explain", token, {"agent": "coder-1", "operation": ["read", "/x"]}, {"Content-Type": "text/plain"})
        self.assertEqual((status, code), (415, "media-type"))
        self.assertEqual(self.tcp("POST", "/v1/explain", token, {"agent": "coder-1", "operation": ["read", "/x"]})[0], 200)


class Slow(TcpTest):
    api = {"request_timeout_s": 1}

    def test_a_byte_now_and_then_is_not_enough(self):
        """Each byte comes within the idle time; the whole request does not come within its own."""
        for family, address in ((socket.AF_UNIX, f"{self.dir}/run/cvfd.sock"), (socket.AF_INET, ("127.0.0.1", self.port))):
            s = socket.socket(family)
            s.settimeout(0.2)
            s.connect(address)
            s.sendall(b"GET /healthz HTTP/1.1\r\n")
            closed, end = False, time.monotonic() + 60
            while not closed and time.monotonic() < end:
                try:
                    s.sendall(b"X")
                    closed = s.recv(1024) == b""
                except (BrokenPipeError, ConnectionResetError):
                    closed = True
                except TimeoutError:
                    pass
            s.close()
            self.assertTrue(closed, family)
        self.ok(self.get("/healthz"))


class Encrypted(GovernTest):
    def certificate(self):
        where = f"{self.dir}/etc"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{where}/key.pem",
                        "-out", f"{where}/cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if os.getuid() == 0:
            os.chown(f"{where}/key.pem", NOBODY.pw_uid, NOBODY.pw_gid)
        return f"{where}/cert.pem", f"{where}/key.pem"

    tcp, token = TcpTest.tcp, TcpTest.token

    def test_tls(self):
        self.port = free_port()
        certificate, key = self.certificate()
        self.settings = {"api": {"listen": f"0.0.0.0:{self.port}", "certificate": certificate, "key": key}}
        self.set_principals()
        self.restart()
        tls = ssl.create_default_context(cafile=certificate)
        token = self.token()["token"]
        self.assertEqual(self.tcp("GET", "/v1/status", token, tls=tls)[0], 200)
        with self.assertRaises((http.client.HTTPException, OSError)):
            self.tcp("GET", "/v1/status", token)
        self.ok(self.get("/healthz"))

    def test_a_certificate_that_is_not_there_closes_tcp_alone(self):
        self.port = free_port()
        self.settings = {"api": {"listen": f"127.0.0.1:{self.port}", "certificate": "/nonexistent", "key": "/nonexistent"}}
        self.set_principals()
        self.restart()
        self.ok(self.get("/healthz"))
        with self.assertRaises(OSError):
            self.tcp("GET", "/healthz")


class Off(GovernTest):
    def test_nothing_listens_unless_asked(self):
        mine = set()
        for fd in os.listdir(f"/proc/{self.govern.child.pid}/fd"):
            try:
                mine.add(os.readlink(f"/proc/{self.govern.child.pid}/fd/{fd}"))
            except OSError:
                pass
        for table in ("tcp", "tcp6"):
            with open(f"/proc/net/{table}", encoding="ascii") as f:
                self.assertFalse([line for line in f if f"socket:[{line.split()[9]}]" in mine])


class Repeats(GovernTest):
    def again(self, key, body=None, url="/v1/agents/coder-1/mode"):
        from govern_fixture import call
        return call(f"{self.dir}/run/cvfd.sock", "POST", url, body, {"Idempotency-Key": key})

    def test_what_is_sent_again_is_done_once(self):
        first = self.ok(self.again("k1", {"mode": "observe"}))
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        second = self.ok(self.again("k1", {"mode": "observe"}))
        self.assertEqual((second, second.headers["Idempotent-Replayed"]), (first, "true"))
        other = self.ok(self.again("k2", {"mode": "observe"}))
        self.assertGreater(other["generation"], first["generation"])
        self.restart()
        self.assertEqual(self.ok(self.again("k1", {"mode": "observe"})), first)

    def test_a_key_belongs_to_one_request(self):
        self.ok(self.again("k", {"mode": "observe"}))
        self.refused(self.again("k", {"mode": "enforce"}), 422, "key-reused")
        self.assertEqual(self.get("/v1/agents/coder-1")["mode"], "observe")
        for bad in ("", "a b", "x" * 129):
            self.refused(self.again(bad, {"mode": "enforce"}), 400, "bad-header")

    def test_a_refusal_is_repeated_too_and_a_secret_is_not(self):
        body = {"name": "x", "roles": ["viewer"]}
        made = self.ok(self.again("t", body, "/v1/tokens"), 201)
        self.assertIn("token", made)
        self.refused(self.again("t", body, "/v1/tokens"), 409, "done-before")
        self.assertEqual(len(self.get("/v1/tokens")["tokens"]), 1)
        for _ in range(2):
            self.refused(self.again("n", {"mode": "observe"}, "/v1/agents/nobody/mode"), 404, "not-found")

    def test_an_approval_that_is_sent_twice_is_one(self):
        _, hold = self.hold()
        url = f"/v1/approvals/{hold['id']}/approve"
        first = self.ok(self.again("a", {}, url))
        self.assertEqual((self.ok(self.again("a", {}, url))["resumed"], first["resumed"]), (1, 1))
        self.refused(self.again("b", {}, url), 409, "already-decided")


if __name__ == "__main__":
    unittest.main()
