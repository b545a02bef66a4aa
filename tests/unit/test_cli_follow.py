# SPDX-License-Identifier: Apache-2.0
"""cvfctl events --follow and approvals --watch: what comes, in order, once, through restarts of the daemon.

Usage: python3 tests/unit/test_cli_follow.py CVFCTL [unittest arguments]
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import fake_cvfd  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"


def event(n, **more):
    return {"id": f"E{n}", "time": "2025-11-21T01:44:02Z", "agent": "a", "verdict": "deny", "risk": "HIGH", "capability": "io.fs.delete",
            "reason": "policy-deny", "operation": "delete", "object": f"/srv/{n}", **more}


def message(e):
    return f"id: {e['id']}\nevent: event\ndata: {json.dumps(e)}\n\n".encode()


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.dir.name, "s")
        self.fake = fake_cvfd.Fake(self.socket)
        self.env = {"PATH": os.environ["PATH"], "CVF_SOCKET": self.socket, "LC_ALL": "C.UTF-8"}
        self.open = threading.Event()

    def tearDown(self):
        self.open.set()
        self.fake.close()
        self.dir.cleanup()

    def start(self, *words):
        p = subprocess.Popen([CVFCTL, *words], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(p.stderr.close)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def asked(self, path):
        return [a for a in self.fake.asked if a["path"] == path]


class Follow(Base):
    def serve(self, *connections):
        left = list(connections)

        def route(asked):
            chunks = left.pop(0) if left else None

            def stream():
                yield from chunks or ()
                if chunks is None:
                    self.open.wait(10)
            return "stream", stream()
        self.fake.call("GET", "/v1/events/stream", route)

    def ids(self, p, n):
        return [json.loads(p.stdout.readline())["id"] for _ in range(n)]

    def test_events_one_on_each_line(self):
        self.serve([b": hello\n\n", message(event(1)), message(event(2))])
        p = self.start("events", "--follow", "--json")
        self.assertEqual(self.ids(p, 2), ["E1", "E2"])
        self.assertIsNone(p.poll())

    def test_text(self):
        self.serve([message(event(1, object="/srv/\x1b[2J"))])
        p = self.start("events", "-f")
        self.assertEqual(p.stdout.readline(), '2025-11-21T01:44:02Z  a  deny  HIGH  io.fs.delete  policy-deny  delete "/srv/\\x1b[2J"\n')

    def test_resumes_after_the_last_complete_message(self):
        half = message(event(3))
        self.serve([message(event(1)), message(event(2)), half[:25]], [half, message(event(4))])
        p = self.start("events", "--follow", "--json")
        self.assertEqual(self.ids(p, 4), ["E1", "E2", "E3", "E4"])
        self.assertEqual([a["last"] for a in self.asked("/v1/events/stream")][:2], [None, "E2"])

    def test_filters_here_too(self):
        self.serve([message(event(1, agent="b")), message(event(2, verdict="allow")), message(event(3, capability="net.x")), message(event(4))])
        p = self.start("events", "-f", "--json", "--agent", "a", "--verdict", "deny", "--capability", "io.*")
        self.assertEqual(self.ids(p, 1), ["E4"])
        self.assertEqual(self.asked("/v1/events/stream")[0]["query"], "agent=a&capability=io.%2A&verdict=deny")

    def test_since_then_follow_without_a_gap(self):
        pages = {"": {"events": [event(1), event(2)], "next": "E2"}, "E2": {"events": [], "next": "E2b"},
                 "E2b": {"events": [event(3)], "next": None}}

        def page(asked):
            after = [q[6:] for q in asked["query"].split("&") if q.startswith("after=")]
            return 200, pages[after[0] if after else ""]
        self.fake.call("GET", "/v1/events", page)
        self.serve([message(event(4))])
        p = self.start("events", "--follow", "--since", "2025-01-01", "--json")
        self.assertEqual(self.ids(p, 4), ["E1", "E2", "E3", "E4"])
        self.assertEqual(self.asked("/v1/events/stream")[0]["last"], "E3")

    def test_an_empty_page_is_not_the_last_and_one_that_leads_to_itself_is(self):
        pages = {"": {"events": [], "next": "E7"}, "E7": {"events": [event(2)], "next": "E1"}, "E1": {"events": [event(1)], "next": "E1"}}

        def page(asked):
            after = [q[6:] for q in asked["query"].split("&") if q.startswith("after=")]
            return 200, pages[after[0] if after else ""]
        self.fake.call("GET", "/v1/events", page)
        p = self.start("events", "--json", "--capability", "io.*")
        self.assertEqual(self.ids(p, 2), ["E1", "E2"])
        self.assertEqual(p.wait(5), 0)

    def test_limit_then_follow(self):
        self.fake.set("GET", "/v1/events", 200, {"events": [event(9), event(8)], "next": None})
        self.serve([message(event(10))])
        p = self.start("events", "-f", "-n", "2", "--json")
        self.assertEqual(self.ids(p, 3), ["E8", "E9", "E10"])
        self.assertEqual(self.asked("/v1/events/stream")[0]["last"], "E9")

    def test_no_daemon_and_refusal(self):
        self.env["CVF_SOCKET"] = self.socket + "x"
        self.assertEqual(self.start("events", "--follow").wait(5), 4)
        self.env["CVF_SOCKET"] = self.socket
        self.fake.set("GET", "/v1/events/stream", 403, {"error": {"message": "no"}})
        p = self.start("events", "--follow")
        self.assertEqual(p.wait(5), 5)
        self.assertEqual(p.stderr.read(), "cvfctl: cannot follow the events: no\n")

    def test_closed_output_ends_it(self):
        self.serve([message(event(n)) for n in range(4000)])
        p = subprocess.Popen(f"{CVFCTL} events --follow --json | head -1", env=self.env, shell=True, stdout=subprocess.PIPE)
        self.assertIn(b"E0", p.communicate(timeout=20)[0])


class Pages(Base):
    def test_a_limit_beyond_one_page(self):
        everything = [event(n) for n in range(25)]

        def page(asked):
            q = dict(x.split("=") for x in asked["query"].split("&"))
            rest = [e for e in reversed(everything) if "after" not in q or int(e["id"][1:]) < int(q["after"][1:])]
            part = rest[:min(10, int(q["limit"]))]
            return 200, {"events": part, "next": part[-1]["id"] if len(rest) > len(part) else None}
        self.fake.call("GET", "/v1/events", page)
        p = self.start("events", "--json", "--limit", "23")
        got = [json.loads(line)["id"] for line in p.stdout]
        self.assertEqual(got, [f"E{n}" for n in range(2, 25)])


class Watch(Base):
    def hold(self, n, state="pending"):
        return {"id": f"H{n}", "agent": "a", "risk": "HIGH", "capability": "c", "operation": "read", "object": "/x", "state": state}

    def test_comes_and_is_decided_through_a_restart(self):
        self.fake.set("GET", "/v1/approvals", 200, {"holds": []})
        p = self.start("approvals", "--watch", "--json")
        time.sleep(0.3)
        self.fake.set("GET", "/v1/approvals", 200, {"holds": [self.hold(1)]})
        self.assertEqual(json.loads(p.stdout.readline())["state"], "pending")
        self.fake.close()
        time.sleep(1.5)
        self.fake = fake_cvfd.Fake(self.socket)
        self.fake.set("GET", "/v1/approvals/H1", 200, self.hold(1, "approved"))
        self.fake.set("GET", "/v1/approvals", 200, {"holds": [self.hold(2)]})
        got = [json.loads(p.stdout.readline()) for _ in range(2)]
        self.assertEqual(sorted((h["id"], h["state"]) for h in got), [("H1", "approved"), ("H2", "pending")])
        self.assertIsNone(p.poll())

    def test_text(self):
        self.fake.set("GET", "/v1/approvals", 200, {"holds": [self.hold(1)]})
        p = self.start("approvals", "-w")
        self.assertEqual(p.stdout.readline().split(), ["H1", "pending", "a", "HIGH", "c", "read", "/x"])

    def test_no_daemon(self):
        self.env["CVF_SOCKET"] = self.socket + "x"
        self.assertEqual(self.start("approvals", "--watch").wait(5), 4)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
