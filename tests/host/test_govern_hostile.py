# SPDX-License-Identifier: Apache-2.0
"""What agents do under hostile names, and requests that quote hostile texts: nothing comes out of the governor's answers, streams
and log that would deceive who reads them, or that could pass for another line, header or field.

The routes are those of its own /openapi.json, so that a new one cannot go without.
"""
import http.client
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hostile"))
import hostile  # noqa: E402
import exposition_check  # noqa: E402
from govern_fixture import AGENT, CAPABILITIES, GOVERN, Connection, GovernTest  # noqa: E402

CVFCTL = os.path.join(os.path.dirname(GOVERN), "cvfctl")

# What a path of the kernel can be: anything but NUL and the slashes.
NAMES = {name: data for name, data in hostile.STRINGS.items() if b"\0" not in data}
STREAM = "/v1/events/stream"


def in_script(data):
    """As a word of the fake enforcer's script."""
    return "".join(f"\\x{c:02x}" for c in data)


class Hostile(GovernTest):
    connection = None

    def raw(self, method, url, body=None, headers=None):
        """Status, headers and the very bytes. One connection, made anew when the governor has closed it."""
        for _ in range(100):
            try:
                if not self.connection:
                    self.connection = Connection(f"{self.dir}/run/cvfd.sock")
                    self.addCleanup(self.connection.close)
                self.connection.request(method, url, body, headers or {})
                r = self.connection.getresponse()
                return r.status, r.headers, r.read()
            except (OSError, http.client.HTTPException) as e:
                why = e
                self.connection.close()
                self.connection = None
                time.sleep(0.02)
        self.fail(f"no answer to {method} {url[:100]}: {why}")

    def check(self, method, url, body=None, name="", headers=None):
        status, headers, data = self.raw(method, url, body, headers)
        what = f"{method} {url[:100]} {name}"
        self.assertIn(status, range(200, 600), what)
        self.assertEqual(headers["X-Content-Type-Options"], "nosniff", what)
        for key, value in headers.items():
            self.assertEqual(hostile.leaks(f"{key}: {value}".encode()), [], what)
        self.assertNotIn("X-Injected", headers)
        if headers["Content-Type"].startswith("application/") and "json" in headers["Content-Type"]:
            self.assertEqual(hostile.json_leaks(data, lines=False), [], what)
        else:
            self.assertEqual(hostile.leaks(data), [], what)
        return status, data

    def routes(self):
        """(method, path) of every route but the streams, which do not end, and the store as a file, which no terminal shows."""
        status, _, data = self.raw("GET", "/openapi.json")
        self.assertEqual(status, 200)
        found = [(method.upper(), path) for path, methods in json.loads(data)["paths"].items() for method in methods
                 if method in ("get", "post", "delete", "put", "patch")]
        found = [r for r in found if not r[1].endswith(("/stream", "/store/backup"))]
        self.assertGreater(len(found), 30)
        return found

    def live(self):
        """Events and holds with every text in the object, the new name and an argument; declarations that have them, too."""
        for i, data in enumerate(NAMES.values()):
            word = in_script(data)
            self.tell(f"deny pid={2000 + i} object2=/b/{word} 1 rename /a/{word}")
            self.tell(f"do pid={3000 + i} 1 exec /usr/bin/git push {word}")
        text = hostile.everything().replace("\0", "")
        capability = {**CAPABILITIES[2], "id": "t.hostile", "name": text[:64], "description": text[:2000],
                      "risk": {"level": "HIGH", "justification": text[:500]}}
        self.post("/v1/capabilities", capability)
        self.post("/v1/agents", {**AGENT, "id": "coder-2", "name": text[:64], "owner": text[:64]})
        self.wait(lambda: len(self.get("/v1/events?limit=1000")["events"]) >= 2 * len(NAMES), "events")
        return self.wait(lambda: len(h) >= len(NAMES) and h if (h := self.get("/v1/approvals?limit=1000")["holds"]) else None, "holds")

    def test_what_agents_did(self):
        holds = self.live()
        answer = self.post(f"/v1/approvals/{holds[0]['id']}/deny", {"note": hostile.text(hostile.STRINGS["csi-clear"])})
        self.ok(answer)
        events = self.get("/v1/events?limit=1000")["events"]
        ids = {"events": [e["id"] for e in events], "approvals": [h["id"] for h in holds], "agents": ["coder-1", "coder-2"],
               "capabilities": ["t.push", "t.hostile"]}
        for method, path in self.routes():
            if method != "GET":
                continue
            if "{" not in path:
                status, _ = self.check("GET", path + ("?limit=1000" if path in ("/v1/events", "/v1/approvals") else ""))
                self.assertLess(status, 500, path)
            for some in ids.get(path.split("/")[2] if path.count("/") > 1 else "", []):
                self.check("GET", re.sub(r"\{\w+\}", some, path))
        shown = self.get("/v1/events?limit=1000")["events"]
        self.assertIn("/a/" + hostile.text(NAMES["csi-clear"]), [e["object"] for e in shown], "nothing is lost either")
        self.assertIn("/a/\\x80\\xbf\\xfe\\xff", [e["object"] for e in shown])

    def test_the_stream_has_one_message_for_each_event(self):
        self.tell("deny 1 read /first")
        first = self.wait(self.events, "event")[0]
        self.live()
        wanted = len(self.get("/v1/events?limit=1000")["events"]) - 1
        c = Connection(f"{self.dir}/run/cvfd.sock")
        self.addCleanup(c.close)
        c.request("GET", STREAM, headers={"Last-Event-ID": first["id"]})
        r = c.getresponse()
        ids = []
        while len(ids) < wanted:
            line = r.readline()
            self.assertEqual(hostile.leaks(line), [])
            self.assertRegex(line, rb"^(id: [0-9A-Z]{26}|event: \w+|data: \{.*\}|:.*|)\r?\n$")
            if line.startswith(b"data: "):
                self.assertEqual(hostile.json_leaks(line[6:]), [])
                ids.append(json.loads(line[6:])["id"])
        self.assertEqual(len(set(ids)), wanted)
        self.assertNotIn("forged", ids)

    def test_requests_that_quote(self):
        routes = self.routes()
        for name, data in {**hostile.STRINGS, "long": hostile.HUGE[:4000]}.items():
            quoted = urllib.parse.quote(data, safe="")
            for method, path in routes:
                url = re.sub(r"\{\w+\}", quoted, path)
                body = None if method in ("GET", "DELETE") else json.dumps({hostile.text(data).replace("\0", ""): hostile.text(data)})
                if "{" in path or body:
                    self.check(method, url, body, name)
            for url in (f"/{quoted}", f"/v1/events?agent={quoted}&before={quoted}", f"/v1/events?limit={quoted}", f"/v1/approvals?state={quoted}",
                        f"/v1/quarantine?state={quoted}", f"/v1/why?agent={quoted}", f"/v1/approvals/stats?since={quoted}"):
                self.check("GET", url, name=name)
            for url in ("/v1/capabilities", "/v1/agents", "/v1/policies", "/v1/explain", "/v1/policies/replay"):
                self.check("POST", url, data, name)
                self.check("POST", f"{url}?name={quoted}", json.dumps({"schema": hostile.text(data), "id": hostile.text(data)}), name)

    def test_headers_that_quote(self):
        """Whatever the library lets through: a line feed it does not."""
        for name, data in NAMES.items():
            if b"\n" in data or b"\r" in data:
                continue
            for key in ("X-Request-Id", "Idempotency-Key", "If-None-Match", "Authorization", "Host", "Origin", "Content-Type", "Last-Event-ID",
                        "User-Agent", "Accept", "Cookie"):
                for method, url in (("GET", "/v1/agents"), ("POST", "/v1/explain")):
                    self.check(method, url, "{}" if method == "POST" else None, f"{name} {key}", {key: data})

    def test_a_mebibyte(self):
        for body in (b'{"id": "' + hostile.HUGE + b'"}', hostile.HUGE, b'{"' + hostile.HUGE[:900000] + b'": 1}'):
            for url in ("/v1/capabilities", "/v1/agents", "/v1/explain"):
                status, _ = self.check("POST", url, body)
                self.assertIn(status, (400, 413, 422))
        self.assertEqual(self.get("/healthz").status, 200)

    def cvfctl(self, *words):
        """What it prints, with and without --json; statuses are other tests' business."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "CVF_SOCKET": f"{self.dir}/run/cvfd.sock"}
        for more in ([], ["--json"]):
            p = subprocess.run([CVFCTL, *words, *more], env=env, capture_output=True, timeout=120)
            name = " ".join([*words, *more])
            self.assertGreaterEqual(p.returncode, 0, name)
            self.assertEqual(hostile.leaks(p.stderr), [], name)
            is_json = more or words[:2] in (("audit", "export"), ("audit", "prove"))
            self.assertEqual(hostile.json_leaks(p.stdout) if is_json else hostile.leaks(p.stdout), [], name)
            self.assertTrue(p.stdout, name + repr(p.stderr))
        return p.stdout

    def read_trail(self):
        store = ("--store", f"{self.dir}/state/cvf.db")
        for words in (("verify",), ("export",), ("heads",), ("keys",), ("prove", "1")):
            said = self.cvfctl("audit", *words, *store)
            if words == ("export",):
                self.assertGreater(said.count(b"\n"), len(NAMES))

    def test_the_trail(self):
        self.live()
        self.wait(lambda: self.get("/v1/audit/heads")["heads"], "a head")
        self.read_trail()

    def lie(self):
        """Somebody wrote into the store: every name and every word of it is hostile."""
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        db.create_function("lies", 1, lambda n: f"{n}{hostile.everything()}".replace("\0", ""))
        db.execute("UPDATE numbers SET name = lies(number)")
        db.execute("INSERT INTO alerts (id, kind, subject, severity, reason, opened_ms, seen_ms)"
                   " VALUES ('01ALERT', lies(1), lies(2), lies(3), lies(4), 1, 9000000000000)")
        for table, columns in (("acts", ("id", "kind", "body")), ("versions", ("made_by", "note")), ("holds", ("decided_by", "note"))):
            for column in columns:
                db.execute(f"UPDATE {table} SET {column} = lies(rowid)")
        db.commit()
        db.close()

    def test_a_store_that_lies(self):
        self.live()
        self.do("read /tmp/a")
        self.wait(lambda: self.get("/v1/counters")["counters"], "counters")
        self.wait(lambda: self.get("/v1/audit/heads")["heads"], "a head")
        self.stop()
        self.lie()
        self.read_trail()
        self.start()
        _, text = self.check("GET", "/metrics")
        self.assertIn(b"\\\\u001b", text)
        exposition_check.read(text.decode())
        for url in ("/v1/alerts?state=all", "/v1/dashboard", "/v1/metrics", "/v1/counters", "/v1/why", "/v1/events?kind=all", "/v1/approvals?state=all",
                    "/v1/health/agents", "/v1/capabilities/t.push/versions"):
            status, _ = self.check("GET", url)
            self.assertEqual(status, 200, url)
        for words in (("alerts", "--all"), ("dashboard",), ("metrics",), ("counters",), ("why",), ("top", "--once"), ("status",), ("events",),
                      ("approvals", "--all"), ("agent", "health"), ("capability", "show", "t.push", "--versions")):
            self.cvfctl(*words)
        for line in self.govern.lines:
            self.assertEqual(hostile.leaks(line.encode()), [])

    def test_the_log(self):
        for i, data in enumerate(NAMES.values()):
            if b"/" not in data and len(data) < 100:
                with open(os.path.join(f"{self.dir}/etc/agents.d".encode(), b"x%d" % i + data + b".json"), "wb") as f:
                    f.write(b'{"schema": "cvf.agent/v1", "id": "' + data + b'"')
        self.check("POST", "/v1/reload", "{}")
        for data in hostile.STRINGS.values():
            self.write("etc/cvfd.json", {"principals": [{"user": "root", "roles": [hostile.text(data)]}]})
            self.restart()
        self.govern.wait_line("cvfd-govern: ")
        for line in self.govern.lines:
            self.assertRegex(line, "^cvfd-govern: ", "one line is one message")
            self.assertEqual(hostile.leaks(line.encode()), [])
            self.assertNotIn("\ufffd", line)


if __name__ == "__main__":
    unittest.main()
