# SPDX-License-Identifier: Apache-2.0
"""cvfd-notify: what a loopback receiver and a program hear, how often, signed how; and where nothing is sent."""
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import pty
import pwd
import signal
import socket
import sqlite3
import struct
import threading
import time
import tty
import unittest

from govern_fixture import GovernTest, ME, NOBODY, Process, PUSH, ROOT

NOTIFY = os.environ.get("CVF_NOTIFY", ROOT + "/build/release/cvfd-notify")
SECRET = "0123456789abcdef0123456789abcdef"
PATIENCE = 30


class Receiver:
    """Answers with the statuses of a list, the last for ever; keeps what came."""

    def __init__(self, *statuses, location=None):
        self.got, self.statuses, lock = [], list(statuses or (204,)), threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    receiver.got.append((self.path, dict(self.headers), body))
                    status = receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0]
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def events(self):
        return [json.loads(body) for _, _, body in list(self.got)]


class Notify(GovernTest):
    notifications = {}

    def setUp(self):
        self.notify = None
        self.receivers = []
        super().setUp()

    def clean_up(self):
        if self.notify:
            self.notify.stop()
        for one in self.receivers:
            one.close()
        super().clean_up()

    def receiver(self, *statuses, **more):
        self.receivers.append(Receiver(*statuses, **more))
        return self.receivers[-1]

    def set_principals(self, **more):
        people = [{"user": ME, "roles": ["admin"]}]
        if os.getuid() == 0:
            people.append({"user": "nobody", "roles": ["notifier"]})
        self.write("etc/cvfd.json", {"principals": people, "notifications": self.notifications})

    def configure(self, **notifications):
        self.notifications = notifications
        self.write("etc/key", SECRET + "\n")
        os.chmod(f"{self.dir}/etc/key", 0o440)
        if os.getuid() == 0:
            os.chown(f"{self.dir}/etc/key", 0, NOBODY.pw_gid)
        self.set_principals()
        self.ok(self.post("/v1/reload"))

    def webhook(self, receiver, **more):
        return {"id": "ops", "url": receiver.url, "secret_file": f"{self.dir}/etc/key", **more}

    def start_notify(self, config="cvfd.json", utmp="/dev/null"):
        more = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        self.notify = Process([NOTIFY, "--config", f"{self.dir}/etc/{config}", "--socket", f"{self.dir}/run/cvfd.sock",
                               "--utmp", utmp], "cvfd-notify",
                              **more)
        self.notify.wait_line(("cvfd-notify: 0 targets", "cvfd-notify: 1 targets", "cvfd-notify: 2 targets"), patience=PATIENCE)

    def notices(self):
        return self.ok(self.get("/v1/notices?state=all"))["notices"]

    def settled(self, count):
        """So many notices, none of them due."""
        return self.wait(lambda: (lambda n: len(n) == count and all(x["state"] != "due" for x in n) and n)(self.notices()),
                         "end of the notices", PATIENCE)


class Webhooks(Notify):
    def test_asked_and_answered_are_each_heard_once(self):
        receiver = self.receiver()
        self.configure(webhooks=[self.webhook(receiver)])
        self.start_notify()
        _, hold = self.hold(PUSH)
        self.wait(lambda: receiver.got, "request", PATIENCE)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.settled(2)
        asked, ended = receiver.events()
        self.assertEqual(len(receiver.got), 2)
        for event in (asked, ended):
            self.assertEqual((event["specversion"], event["subject"], event["datacontenttype"]), ("1.0", hold["id"], "application/json"))
            self.assertTrue(event["id"] and event["source"].startswith("urn:cvf:host:") and event["time"].endswith("Z"))
        self.assertNotEqual(asked["id"], ended["id"])
        self.assertEqual((asked["type"], asked["data"]["state"]), ("cvf.approval.requested", "pending"))
        self.assertEqual((ended["type"], ended["data"]["state"], ended["data"]["decided_by"]), ("cvf.approval.ended", "approved", ME))
        self.assertNotIn("argv", asked["data"], "arguments may hold secrets")
        self.assertEqual(asked["data"]["digest"], hold["digest"])

    def test_the_signature_verifies_and_covers_everything(self):
        receiver = self.receiver()
        self.configure(webhooks=[self.webhook(receiver)])
        self.start_notify()
        self.hold(PUSH, pid=1)
        self.hold(PUSH + " other", pid=2)
        self.settled(2)
        nonces = set()
        for _, headers, body in receiver.got:
            text = f"{headers['CVF-Time']}.{headers['CVF-Nonce']}.".encode() + body
            self.assertEqual(headers["CVF-Signature"], "v1=" + hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest())
            self.assertLess(abs(time.time() - int(headers["CVF-Time"])), 60)
            self.assertTrue(headers["Content-Type"].startswith("application/cloudevents+json"))
            nonces.add(headers["CVF-Nonce"])
        self.assertEqual(len(nonces), 2)

    def test_a_failure_is_tried_again_with_the_same_id_and_another_nonce(self):
        receiver = self.receiver(500, 503, 204)
        self.configure(webhooks=[self.webhook(receiver)])
        self.start_notify()
        self.hold(PUSH)
        notice = self.settled(1)[0]
        self.assertEqual((notice["state"], notice["attempts"]), ("sent", 3))
        self.assertEqual(len({e["id"] for e in receiver.events()}), 1)
        self.assertEqual(len({h["CVF-Nonce"] for _, h, _ in receiver.got}), 3)

    def test_a_redirect_is_no_success_and_leads_nowhere(self):
        other = self.receiver()
        receiver = self.receiver(307, location=other.url)
        self.configure(webhooks=[self.webhook(receiver)])
        self.start_notify()
        self.hold(PUSH)
        self.wait(lambda: len(receiver.got) >= 2, "second attempt", PATIENCE)
        self.assertEqual(other.got, [])
        self.assertIn("307", self.notices()[0]["error"])

    def test_what_is_due_outlives_everybody(self):
        receiver = self.receiver()
        self.configure(webhooks=[self.webhook(receiver)])
        self.hold(PUSH)
        self.wait(lambda: len(self.notices()) == 1, "notice")
        self.restart(signal.SIGKILL)
        self.assertEqual(receiver.got, [], "the governor sends nothing itself")
        self.start_notify()
        self.settled(1)
        self.assertEqual(len(receiver.got), 1)

    def problem(self):
        status = self.ok(self.get("/v1/status"))
        return status["notices_waiting"], status["notice_problem"]

    def test_the_status_says_that_nobody_takes_them(self):
        receiver = self.receiver()
        self.configure(webhooks=[self.webhook(receiver)])
        self.assertEqual(self.problem(), (0, None))
        self.hold(PUSH)
        self.wait(lambda: self.notices(), "notice")
        self.assertEqual(self.problem(), (1, None), "not for long yet")
        self.stop()
        with contextlib.closing(sqlite3.connect(f"{self.dir}/state/cvf.db")) as db, db:
            db.execute("UPDATE notices SET due_ms = due_ms - 3600000")
        self.start()
        waiting, problem = self.problem()
        self.assertEqual(waiting, 1)
        self.assertIn("cvfd-notify does not take", problem)
        self.start_notify()
        self.settled(1)
        self.assertEqual(self.problem(), (0, None))

    def test_the_status_says_that_telling_fails(self):
        receiver = self.receiver(*[500] * 100)
        self.configure(webhooks=[self.webhook(receiver)])
        self.start_notify()
        self.hold(PUSH)
        waiting, problem = self.wait(lambda: self.problem()[1] and self.problem(), "problem", PATIENCE)
        self.assertEqual(waiting, 1)
        self.assertIn("telling people by webhook:ops fails", problem)
        self.assertIn("500", problem)

    def test_only_the_events_that_are_wanted(self):
        receiver, everything = self.receiver(), self.receiver()
        self.configure(webhooks=[self.webhook(receiver, events=["ended"]), dict(self.webhook(everything), id="all")])
        self.start_notify()
        _, hold = self.hold(PUSH)
        self.wait(lambda: everything.got, "request", PATIENCE)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))
        self.settled(3)
        self.assertEqual([e["type"] for e in receiver.events()], ["cvf.approval.ended"])

    def test_the_governor_cannot_name_a_target(self):
        """What it asks for is looked up in the settings that the sender read; without an entry nothing is sent."""
        receiver, unlisted = self.receiver(), self.receiver()
        self.configure(webhooks=[dict(self.webhook(unlisted), id="evil")])
        self.write("etc/own.json", {"notifications": {"webhooks": [self.webhook(receiver)]}})
        self.start_notify("own.json")
        self.hold(PUSH)
        self.wait(lambda: any(n["attempts"] for n in self.notices()), "attempt", PATIENCE)
        self.assertIn("no such target", self.notices()[0]["error"])
        self.assertEqual((receiver.got, unlisted.got), ([], []))
        self.write("etc/own.json", {"notifications": self.notifications})
        self.settled(1)
        self.assertEqual(len(unlisted.got), 1, "the twin: now it stands there, and was read without being asked to")

    def test_settings_with_a_mistake_leave_those_from_before(self):
        receiver = self.receiver()
        self.configure(webhooks=[self.webhook(receiver)])
        self.write("etc/own.json", {"notifications": self.notifications})
        self.start_notify("own.json")
        self.write("etc/own.json", '{"notifications": {')
        self.notify.wait_line(f"cvfd-notify: {self.dir}/etc/own.json:1:", patience=PATIENCE)
        self.hold(PUSH)
        self.settled(1)
        self.assertEqual(len(receiver.got), 1)

    def test_a_key_that_everybody_can_read_is_none(self):
        receiver = self.receiver()
        self.configure(webhooks=[self.webhook(receiver)])
        os.chmod(f"{self.dir}/etc/key", 0o444)
        self.start_notify()
        self.assertTrue(any("everybody, can read it" in line for line in self.notify.lines), self.notify.lines)

    def test_what_a_target_may_not_be(self):
        receiver = self.receiver()
        port = receiver.server.server_port
        bad = [f"http://{socket.gethostname() or 'x'}.invalid:{port}/", f"ftp://127.0.0.1:{port}/", f"http:" f"//u:p@127.0.0.1:{port}/", "file:///etc/passwd"]
        self.configure(webhooks=[dict(self.webhook(receiver), id=f"b{i}", url=url) for i, url in enumerate(bad)])
        self.start_notify()
        said = [line for line in self.notify.lines if "left out" in line]
        self.assertEqual(len(said), len(bad), self.notify.lines)

    def test_only_the_notifier_may_ask_what_is_due(self):
        self.assertEqual(self.get("/v1/notices").status, 200, "an administrator includes every role")
        self.write("etc/cvfd.json", {"principals": [{"user": ME, "roles": ["approver"]}]})
        self.ok(self.post("/v1/reload"))
        if os.getuid() != 0:
            self.refused(self.get("/v1/notices"), 403, "not-permitted")


class Commands(Notify):
    def command(self, text):
        path = f"{self.dir}/etc/hook"
        self.write("etc/hook", "#!/bin/sh\n" + text)
        os.chmod(path, 0o755)
        return {"id": "page", "path": path}

    def test_a_program_gets_the_event_and_nothing_else(self):
        out = f"{self.dir}/run/out"
        self.configure(commands=[self.command(f"cat > {out}.part; id -u >> {out}.part; env | sort >> {out}.part; mv {out}.part {out}\n")])
        os.environ["CVF_TEST_SECRET"] = "not for hooks"
        self.start_notify()
        _, hold = self.hold(PUSH)
        self.settled(1)
        with open(out, encoding="utf-8") as f:
            text = f.read()
        event, end = json.JSONDecoder().raw_decode(text)
        self.assertEqual((event["type"], event["subject"]), ("cvf.approval.requested", hold["id"]))
        self.assertNotIn("CVF_TEST_SECRET", text)
        if os.getuid() == 0:
            self.assertEqual(text[end:].split()[0], str(NOBODY.pw_uid), "not root")

    def test_one_that_others_could_write_does_not_run(self):
        out = f"{self.dir}/run/out"
        self.configure(commands=[self.command(f": > {out}\n")])
        os.chmod(f"{self.dir}/etc/hook", 0o777)
        self.start_notify()
        self.assertTrue(any("nobody else can write" in line for line in self.notify.lines), self.notify.lines)
        self.hold(PUSH)
        self.wait(lambda: any(n["attempts"] for n in self.notices()), "attempt", PATIENCE)
        self.assertFalse(os.path.exists(out))
        os.chmod(f"{self.dir}/etc/hook", 0o755)
        self.notify.child.send_signal(signal.SIGHUP)
        self.settled(1)
        self.assertTrue(os.path.exists(out), "its twin does")

    def test_one_that_fails_is_tried_again(self):
        mark = f"{self.dir}/run/mark"
        self.configure(commands=[self.command(f"[ -e {mark} ] && exit 0; : > {mark}; exit 3\n")])
        self.start_notify()
        self.hold(PUSH)
        notice = self.settled(1)[0]
        self.assertEqual((notice["state"], notice["attempts"]), ("sent", 2))


@unittest.skipUnless(os.getuid() == 0, "needs terminals of other users")
class Terminals(Notify):
    """Each terminal is a pair of its own; utmp is a file that says who sits at it."""

    def setUp(self):
        self.pairs = {}
        super().setUp()
        self.addCleanup(lambda: [os.close(fd) for fd in self.pairs.values()])

    def sit(self, name, user, mode=0o622, owner=None):
        master, slave = pty.openpty()
        line = os.ttyname(slave)
        tty.setraw(slave)
        os.chown(line, pwd.getpwnam(owner or user).pw_uid, NOBODY.pw_gid)
        os.chmod(line, mode)
        os.set_blocking(master, False)
        self.pairs[name], self.pairs[name + " slave"] = master, slave
        line = line.removeprefix("/dev/")
        with open(f"{self.dir}/run/utmp", "ab") as f:
            f.write(struct.pack("<hxxi32s4s32s256s", 7, os.getpid(), line.encode(), b"x", user.encode(), b"").ljust(384, b"\0"))

    def read(self, name):
        try:
            return os.read(self.pairs[name], 65536).decode("ascii")
        except BlockingIOError:
            return ""

    def set_principals(self, **more):
        self.write("etc/cvfd.json", {"principals": [
            {"user": ME, "roles": ["viewer"]}, {"user": "nobody", "roles": ["notifier"]}, {"user": "daemon", "roles": ["approver"]},
            {"user": "bin", "roles": ["approver"]}, {"user": "mail", "roles": ["viewer"]}],
            "notifications": self.notifications, "approvals": {"escalation": [{"after_s": 86400, "approvers": ["games"]}]}})

    def test_only_those_who_may_answer_hear_of_it(self):
        self.sit("approver", "daemon")
        self.sit("viewer", "mail")
        self.sit("closed", "daemon", mode=0o600)
        self.sit("another's", "daemon", owner="mail")
        self.sit("requester", "bin")
        self.sit("later", "games")
        self.sit("gone", "daemon")
        os.close(self.pairs.pop("gone slave"))
        os.close(self.pairs.pop("gone"))
        self.configure(terminals={"events": ["requested", "ended"]})
        self.start_notify(utmp=f"{self.dir}/run/utmp")
        number, hold = self.hold("exec /usr/bin/git push origin", uid=pwd.getpwnam("bin").pw_uid)
        said = self.settled(1)
        self.assertEqual(sorted(said[0]["data"]["people"]), ["daemon", "root"])
        heard = self.read("approver")
        self.assertIn("CVF: agent coder-1 waits until", heard)
        self.assertIn("HIGH, t.push\r\n     exec /usr/bin/git\r\n     cvfctl approvals show " + hold["id"], heard)
        self.assertNotIn("origin", heard, "arguments may hold secrets")
        for name in ("viewer", "closed", "another's", "requester", "later"):
            self.assertEqual(self.read(name), "", name)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))
        self.settled(2)
        self.assertIn("CVF: denied: exec /usr/bin/git of agent coder-1", self.read("approver"))
        self.fake.wait_line(f"answer {number} deny")

    def test_a_hostile_name_is_text(self):
        self.sit("approver", "daemon")
        self.configure(terminals={})
        self.start_notify(utmp=f"{self.dir}/run/utmp")
        self.hold("delete /home/dev/\x1b]0;evil\x07\u202e" + "x" * 300)
        self.settled(1)
        heard = self.read("approver")
        self.assertIn("/home/dev/", heard)
        self.assertIn("xxx...", heard)
        self.assertEqual([c for c in heard.replace("\a", "", 1) if not (c in "\r\n" or " " <= c <= "~")], [])


if __name__ == "__main__":
    unittest.main()
