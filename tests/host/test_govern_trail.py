# SPDX-License-Identifier: Apache-2.0
"""The audit trail: every record once, in a chain, with its losses; and what can be read from it."""
import http.client
import json
import signal
import socket
import sqlite3
import time
import unittest

from govern_fixture import AGENT, GovernTest, PUSH, READ, SECRET, WRITE

FIELDS = ("id seq cpu time agent session pid exe operation object capability risk decision verdict reason rule generation"
          " hold argv cwd object2 uid mode would digest").split()


class Trail(GovernTest):
    def status(self):
        return self.ok(self.get("/v1/status"))

    def recorded(self, n):
        self.wait(lambda: self.status()["events_recorded"] == n, f"{n} events: {self.status()}")

    def test_an_event_has_all_fields(self):
        self.tell("exec pid=7 1 /bin/bash bash -c x")
        self.assertEqual(self.do(WRITE, pid=7, exec=1)[0], "allow")
        event = self.wait(self.events, "event")[0]
        for field in FIELDS:
            self.assertIn(field, event)
        self.assertEqual((event["exe"], event["argv"], event["cwd"]), ("/bin/bash", ["bash", "-c", "x"], "/home/dev"))
        self.assertEqual((event["capability"], event["risk"], event["decision"]), ("t.write", "MEDIUM", "SCOPE_GUARD"))
        self.assertEqual((event["verdict"], event["reason"], event["would"]), ("allow", "in-scope", None))
        self.assertEqual((event["operation"], event["object"]), ("write", "/home/dev/a"))

    def test_refusals_carry_their_reason(self):
        self.assertEqual(self.do(SECRET)[0], "deny")
        event = self.wait(lambda: self.events(verdict="deny"), "event")[0]
        self.assertEqual((event["capability"], event["reason"]), ("t.secret", "not-granted"))
        why = self.ok(self.get("/v1/why?agent=coder-1"))
        self.assertEqual(why["events"][0]["id"], event["id"])
        self.assertIn("not among the agent's grants", why["events"][0]["reason_text"])

    def test_programs_and_exits_are_shown_when_asked_for(self):
        self.tell("exec pid=7 1 /bin/bash bash")
        self.tell("exit 1 7 256")
        self.recorded(2)
        self.assertEqual(self.events(), [])
        self.assertEqual([e["kind"] for e in self.events(kind="all", order="asc")], ["exec", "exit"])

    def test_an_observed_agent_was_not_refused(self):
        self.ok(self.post("/v1/agents/coder-1/mode", {"mode": "observe"}))
        self.assertEqual(self.do(SECRET)[0], "allow")
        event = self.wait(self.events, "event")[0]
        self.assertEqual((event["verdict"], event["would"], event["mode"]), ("allow", "deny", "observe"))
        self.assertEqual(self.events(verdict="deny"), [])
        counters = self.get("/v1/counters")["counters"]
        self.assertEqual([(c["capability"], c["verdict"], c["would"], c["count"]) for c in counters],
                         [("t.secret", "allow", "deny", 1)])

    def test_pages_and_filters(self):
        for i in range(7):
            self.do(f"write /home/dev/{i}", pid=i + 1)
        self.do(SECRET)
        self.recorded(8)
        seen, after = [], ""
        while after is not None:
            page = self.get(f"/v1/events?limit=3&order=asc{after and '&after=' + after}")
            seen += [e["id"] for e in page["events"]]
            after = page["next"]
        self.assertEqual(len(seen), 8)
        self.assertEqual(seen, sorted(seen))
        self.assertEqual([e["id"] for e in self.events(limit=100)], seen[::-1])
        self.assertEqual(len(self.events(capability="t.w*")), 7)
        self.assertEqual(len(self.events(capability="t.*")), 8)
        self.assertEqual(len(self.events(capability="nothing.*")), 0)
        self.assertEqual(len(self.events(verdict="allow")), 7)
        self.assertEqual(len(self.events(agent="coder-1")), 8)
        self.assertEqual(len(self.events(agent="coder-2")), 0)
        self.assertEqual(len(self.events(since="10m")), 8)
        self.assertEqual(len(self.events(until="10m")), 0)
        for bad in ("verdict=no", "limit=0", "limit=1001", "since=yesterday", "order=up", "after=x", "kind=x"):
            self.refused(self.get(f"/v1/events?{bad}"), 400, "bad-parameter")

    def test_pages_of_a_period_miss_nothing_and_repeat_nothing(self):
        self.tell("flood 300")  # many in one millisecond
        for i in range(20):
            self.do(SECRET, pid=i + 1)
        self.recorded(320)
        for filters, n in (("since=10m", 320), ("until=2099-01-01T00:00:00Z", 320), ("since=10m&verdict=deny", 20),
                           ("since=10m&agent=coder-1", 320), ("since=10m&capability=t.*", 20), ("capability=t.secret", 20),
                           ("since=10m&capability=t.secret", 20), ("capability=t.push", 0), ("capability=no.such", 0), ("since=2099-01-01T00:00:00Z", 0)):
            for order in ("asc", "desc"):
                seen, after = [], ""
                while after is not None:
                    page = self.ok(self.get(f"/v1/events?limit=7&order={order}&{filters}{after and '&after=' + after}"))
                    seen += page["events"]
                    after = page["next"]
                self.assertEqual(len(seen), n, (filters, order))
                self.assertEqual(len({e["id"] for e in seen}), n)
                times = [e["time"] for e in seen]
                if "verdict" not in filters and "agent" not in filters:
                    self.assertEqual(times, sorted(times, reverse=order == "desc"))

    def test_unregistered_operations_have_a_name(self):
        self.do("delete /home/dev/a")
        event = self.wait(lambda: self.events(capability="unregistered.*"), "event")[0]
        self.assertEqual((event["capability"], event["risk"]), ("unregistered.delete", "HIGH"))

    def test_network_objects_have_an_address(self):
        self.tell("deny address=10.0.0.7 port=443 1 connect -")
        event = self.wait(self.events, "event")[0]
        self.assertEqual((event["object"], event["address"], event["port"], event["protocol"]),
                         ("10.0.0.7:443", "10.0.0.7", 443, "tcp"))

    def test_bytes_that_are_no_text_are_shown_escaped(self):
        self.fake.child.stdin.buffer.write(b"deny 1 read /tmp/\xff\xe2\x82\xac\x1b[2J\n")
        self.fake.child.stdin.buffer.flush()
        event = self.wait(self.events, "event")[0]
        self.assertEqual(event["object"], "/tmp/\\xff\u20ac\x1b[2J")

    def test_a_gap_becomes_a_row(self):
        self.do(WRITE, cpu=1)
        self.tell("gap 5 1 1")
        self.do(WRITE, cpu=1)
        self.recorded(2)
        self.assertEqual(self.get("/v1/gaps")["gaps"], [], "records may overtake each other for a moment")
        gap = self.wait(lambda: self.get("/v1/gaps")["gaps"], "gap")[0]
        self.assertEqual((gap["cpu"], gap["ring"], gap["first"], gap["last"], gap["missing"]), (1, "event", 2, 6, 5))
        status = self.status()
        self.assertEqual(status["events_lost"], 5)
        self.assertAlmostEqual(status["audit_completeness"], 100 * 2 / 7, 6)
        self.tell("late 1 1 4")
        self.wait(lambda: self.status()["events_lost"] == 4, "late record to fill the gap")

    def test_gaps_have_pages(self):
        for i in range(5):
            self.tell("gap 2 1 1")
            self.do(WRITE, cpu=1, pid=i + 1)
        self.wait(lambda: len(self.get("/v1/gaps")["gaps"]) == 5, "gaps")
        seen, after = [], ""
        while after is not None:
            page = self.ok(self.get(f"/v1/gaps?limit=2{after and '&after=' + after}"))
            self.assertLessEqual(len(page["gaps"]), 2)
            seen += [g["id"] for g in page["gaps"]]
            after = page["next"]
        self.assertEqual(seen, [g["id"] for g in self.get("/v1/gaps")["gaps"]])
        for bad in ("limit=0", "limit=1001", "after=x"):
            self.refused(self.get(f"/v1/gaps?{bad}"), 400, "bad-parameter")

    def test_the_end_of_an_abandoned_hold_says_what_was_asked(self):
        verdict, number = self.do("exec /usr/bin/git push origin")
        self.assertEqual(verdict, "hold")
        self.wait(self.events, "event of the hold")
        self.tell(f"abandon {number}")
        end = self.wait(lambda: [e for e in self.events() if e["kind"] == "resume"], "end of the hold")[0]
        self.assertEqual((end["reason"], end["operation"], end["object"], end["capability"], end["risk"], end["verdict"]),
                         ("abandoned", "exec", "/usr/bin/git", "t.push", "HIGH", "deny"))
        self.assertEqual(end["argv"][1:], ["push", "origin"])

    def test_completeness_without_records_is_unknown(self):
        self.assertIsNone(self.status()["audit_completeness"])

    def test_overtaking_is_no_loss(self):
        self.tell("late 2 0 2")
        self.tell("late 2 0 1")
        self.recorded(2)
        time.sleep(2.5)
        self.assertEqual(self.status()["events_lost"], 0)

    def test_what_was_lost_last_becomes_a_row(self):
        """Nothing comes after it that would show the hole."""
        self.do(WRITE)
        self.recorded(1)
        self.tell("gap 4 1 1")
        gap = self.wait(lambda: self.get("/v1/gaps")["gaps"], "gap")[0]
        self.assertEqual((gap["cpu"], gap["ring"], gap["first"], gap["last"], gap["missing"]), (1, "event", 1, 4, 4))
        status = self.status()
        self.assertEqual((status["events_lost"], status["records_unseen"]), (4, 0))

    def test_gaps_are_found_across_a_restart(self):
        self.do(WRITE)
        self.recorded(1)
        self.tell("gap 3 0 1")
        self.stop(signal.SIGKILL)
        self.do(WRITE)
        self.start()
        self.wait(lambda: self.status()["events_lost"] == 3, "gap")

    def test_records_sent_twice_are_stored_once(self):
        self.fake.child.stdin.write(f"do 1 {WRITE}\nmute on\n")
        self.fake.child.stdin.flush()
        self.fake.wait_line("ok mute")
        time.sleep(0.3)
        self.stop(signal.SIGKILL)
        self.tell("mute off")
        self.start()
        self.wait(lambda: self.events(), "event")
        self.assertEqual(self.status()["events_recorded"], 1)
        self.assertEqual(self.status()["events_lost"], 0)

    def test_a_malformed_record_harms_no_other(self):
        self.do(SECRET)
        self.tell("bad")
        self.do(SECRET)
        self.recorded(2)
        self.assertEqual(self.status()["records_bad"], 1)
        self.wait(lambda: self.status()["events_lost"] == 1, "gap of the malformed record")

    def test_many_records(self):
        self.tell("flood 20000")
        self.wait(lambda: self.status()["events_recorded"] == 20000, "all records", 60)
        self.assertEqual(self.status()["events_lost"], 0)
        self.assertEqual(self.status()["audit_completeness"], 100.0)

    def test_counters_survive_generations_and_restarts(self):
        def count(verdict="allow", capability="t.read"):
            rows = self.get("/v1/counters?agent=coder-1")["counters"]
            return sum(c["count"] for c in rows if c["capability"] == capability and c["verdict"] == verdict)

        for _ in range(3):
            self.do(READ)
        self.assertEqual(count(), 3)
        self.assertEqual(self.events(), [], "a permission of LOW risk leaves no event, only a count")
        self.do(READ)
        self.ok(self.post("/v1/reload"))
        self.do(READ)
        self.assertEqual(count(), 5)
        self.restart(signal.SIGKILL)
        self.do(READ)
        self.assertEqual(count(), 6)
        self.do(SECRET)
        self.assertEqual(count("deny", "t.secret"), 1)
        self.assertEqual(self.get("/v1/counters?agent=nobody")["counters"], [])

    def test_the_chain_covers_every_event(self):
        for _ in range(3):
            self.do(WRITE)
        self.recorded(3)
        self.assertEqual(self.status()["records_unseen"], 0)
        self.restart()
        self.do(WRITE)
        self.recorded(4)
        self.stop()
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        hashes = [h for (h,) in db.execute("SELECT hash FROM events ORDER BY n")]
        db.close()
        self.assertEqual(len(set(hashes)), 4)
        self.assertTrue(all(len(h) == 32 for h in hashes))


class Explained(GovernTest):
    def test_an_event_is_explained_by_the_rules_of_its_time(self):
        rule = {"id": "no", "when": {"capability": ["t.push"]}, "effect": "DENY", "reason": "ask the release team"}
        self.ok(self.post("/v1/policies", {"schema": "cvf.policy/v1", "id": "p", "rules": [rule]}), 201)
        self.assertEqual(self.do(PUSH)[0], "deny")
        event = self.wait(lambda: self.events(verdict="deny"), "event")[0]
        self.assertEqual(event["rule"], "p/no")
        self.ok(self.delete("/v1/policies/p"))
        told = self.ok(self.get(f"/v1/events/{event['id']}/explain"))
        self.assertEqual(told["event"]["id"], event["id"])
        self.assertEqual(told["rule_text"], "ask the release team")
        self.assertEqual(told["generation"], event["generation"])
        self.assertEqual((told["then"]["verdict"], told["then"]["rule"]), ("deny", "p/no"))
        self.assertTrue(told["trace"])
        self.assertEqual(told["now"]["verdict"], "hold")
        self.restart()
        again = self.ok(self.get(f"/v1/events/{event['id']}/explain"))
        self.assertEqual(again["then"], told["then"], "explanations survive a restart")
        self.refused(self.get("/v1/events/01ARZ3NDEKTSV4RRFFQ69G5FAV/explain"), 404, "not-found")

    def test_a_question(self):
        def ask(*words, agent="coder-1"):
            return self.post("/v1/explain", {"agent": agent, "operation": list(words)})

        told = self.ok(ask("exec", "/usr/bin/git", "push", "origin"))
        self.assertEqual((told["verdict"], told["decision"], told["capability"], told["risk"], told["reason"]),
                         ("hold", "APPROVAL_REQUIRED", "t.push", "HIGH", "approval-required"))
        self.assertTrue(told["trace"])
        self.assertEqual(self.ok(ask("read", "/etc/passwd"))["verdict"], "allow")
        self.assertEqual(self.ok(ask("exec", "/bin/secret", "x"))["reason"], "not-granted")
        self.refused(ask("read", "/x", agent="nobody"), 404, "not-found")
        self.refused(ask("fly", "/x"), 422, "bad-operation")
        self.refused(ask(), 400, "bad-value")
        self.refused(self.post("/v1/explain", {"agent": "coder-1", "operation": [1]}), 400, "bad-value")


class Stream(GovernTest):
    def open(self, url="/v1/events/stream", last=None):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(10)
        s.connect(f"{self.dir}/run/cvfd.sock")
        header = f"Last-Event-ID: {last}\r\n" if last else ""
        s.sendall(f"GET {url} HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
        self.addCleanup(s.close)
        response = http.client.HTTPResponse(s)
        response.begin()
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream")
        return response

    def next(self, response):
        message = {}
        while True:
            line = response.readline().decode().rstrip("\n")
            if not line and "data" in message:
                return message["id"], json.loads(message["data"])
            if ": " in line and not line.startswith(":"):
                key, value = line.split(": ", 1)
                message[key] = value

    def test_events_come_as_they_happen(self):
        self.do(f"{WRITE}-before")
        self.wait(self.events, "event")
        stream = self.open()
        self.do(SECRET)
        number, event = self.next(stream)
        self.assertEqual((event["id"], event["capability"]), (number, "t.secret"))

    def test_a_reader_that_comes_back_misses_nothing(self):
        for i in range(5):
            self.do(f"write /home/dev/{i}")
        first = self.wait(lambda: len(self.events()) == 5 and self.events(order="asc"), "events")[0]
        stream = self.open(last=first["id"])
        self.assertEqual([self.next(stream)[1]["object"] for _ in range(4)], [f"/home/dev/{i}" for i in range(1, 5)])
        self.do("write /home/dev/5")
        self.assertEqual(self.next(stream)[1]["object"], "/home/dev/5")

    def test_filters(self):
        stream = self.open("/v1/events/stream?verdict=deny")
        self.do(WRITE)
        self.do(SECRET)
        self.assertEqual(self.next(stream)[1]["verdict"], "deny")

    def test_more_than_a_page(self):
        self.tell("flood 1000")
        first = self.wait(lambda: self.get("/v1/status")["events_recorded"] == 1000 and self.events(order="asc", limit=1),
                          "events")[0]
        stream = self.open(last=first["id"])
        ids = [self.next(stream)[0] for _ in range(999)]
        self.assertEqual(ids, sorted(set(ids)))

    def test_what_is_rare_is_found_a_part_at_a_time(self):
        """A glob that no index can follow: pages may be empty, a follower is led on, and others are served in between."""
        self.do("delete /home/dev/a", pid=1)
        self.tell("flood 45000")
        self.do("delete /home/dev/b", pid=2)
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0 and self.get("/v1/status")["events_recorded"] >= 45002,
                  "events", 60)
        seen, sizes, after = [], [], ""
        while after is not None:
            page = self.ok(self.get(f"/v1/events?capability=unregistered.delete&kind=all&limit=5{after and '&after=' + after}"))
            seen += [e["object"] for e in page["events"]]
            sizes.append(len(page["events"]))
            after = page["next"]
        self.assertEqual(seen, ["/home/dev/b", "/home/dev/a"])
        self.assertIn(0, sizes)
        first = self.events(order="asc", limit=1)[0]
        stream = self.open("/v1/events/stream?capability=unregistered.delete", last=first["id"])
        self.assertEqual(self.next(stream)[1]["object"], "/home/dev/b")

    def test_readers_that_leave_harm_nobody(self):
        for _ in range(20):
            self.open().close()
        self.do(SECRET)
        self.wait(self.events, "event")
        self.ok(self.get("/healthz"))


class Alike(GovernTest):
    """Two agents of one row: what each did is its own."""

    files = {"etc/agents.d/coder-2.json": {**AGENT, "id": "coder-2", "scope": {"paths": ["/home/two/**"]}, "mode": "observe"}}

    def rows(self, agent):
        return {(c["agent"], c["capability"], c["verdict"], c["would"]): c["count"]
                for c in self.get(f"/v1/counters?agent={agent}")["counters"]}

    def test_counters_tell_apart_who_shares_a_row(self):
        self.assertEqual(self.do(WRITE)[0], "allow")
        self.assertEqual(self.do(SECRET)[0], "deny")
        for _ in range(2):
            self.assertEqual(self.do(WRITE, agent=2)[0], "allow", "out of its scope, and only watched")
        self.assertEqual(self.do(SECRET, agent=2)[0], "allow")
        one = {("coder-1", "t.write", "allow", None): 1, ("coder-1", "t.secret", "deny", None): 1}
        two = {("coder-2", "t.write", "allow", "deny"): 2, ("coder-2", "t.secret", "allow", "deny"): 1}
        self.assertEqual(self.rows("coder-1"), one)
        self.assertEqual(self.rows("coder-2"), two)
        # And in the next generation, and after a restart.
        self.ok(self.post("/v1/agents/coder-2/mode", {"mode": "enforce"}))
        self.assertEqual(self.do(SECRET, agent=2)[0], "deny")
        two[("coder-2", "t.secret", "deny", None)] = 1
        self.assertEqual(self.rows("coder-2"), two)
        self.restart(signal.SIGKILL)
        self.assertEqual(self.do(WRITE, agent=2)[0], "deny")
        two[("coder-2", "t.write", "deny", None)] = 1
        self.assertEqual(self.rows("coder-2"), two)
        self.assertEqual(self.rows("coder-1"), one)


if __name__ == "__main__":
    unittest.main()
