# SPDX-License-Identifier: Apache-2.0
"""cvfctl top against a stand-in for the daemon, on a terminal and in a pipe.

Usage: python3 tests/unit/test_cli_top.py CVFCTL [unittest arguments]
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "golden"), os.path.join(HERE, "..", "hostile")]
import fake_cvfd  # noqa: E402
import hostile  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"
PATIENCE = 60
ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l\x1b[?7l", b"\x1b[?7h\x1b[?25h\x1b[?1049l"


class Screen:
    """As much of a terminal as top uses; anything else stays in `rest`."""

    def __init__(self):
        self.lines, self.rest, self.size = {}, b"", 0

    def feed(self, data):
        self.size += len(data)
        data = self.rest + data
        while True:
            m = re.match(rb"\x1b\[(\d+);1H([^\x1b]*)\x1b\[K", data) or re.match(rb"(?:%s|%s)" % (re.escape(ENTER), re.escape(LEAVE)), data)
            if not m:
                break
            if m.re.groups:
                self.lines[int(m.group(1))] = m.group(2).decode()
            data = data[m.end():]
        self.rest = data

    def text(self):
        return "\n".join(self.lines[n] for n in sorted(self.lines)) + "\n"


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.socket = os.path.join(self.dir.name, "s")
        self.env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "CVF_SOCKET": self.socket}
        self.count = 0
        self.serve()

    def serve(self):
        self.fake = fake_cvfd.Fake(self.socket)
        self.addCleanup(self.close)
        self.fake.set("GET", "/v1/status", 200, {"enforcing": True, "flavour": "lsm", "kernel": "6.1", "generation": 3, "agents": 2,
                                                 "holds_pending": 1, "events_recorded": 7, "events_lost": 0})
        self.fake.call("GET", "/v1/counters", self.counters)
        self.fake.set("GET", "/v1/health/agents", 200, {"agents": [
            {"agent": name, "health": "good", "holds_pending": 0} for name in ["busy", *(f"quiet-{i}" for i in range(40))]]})
        self.fake.set("GET", "/v1/approvals", 200, {"holds": [
            {"id": f"01HOLD{i}", "agent": "busy", "risk": "HIGH", "state": "pending", "operation": "exec", "object": "/bin/x",
             "argv": ["x"] * 60} for i in range(30)]})
        self.fake.set("GET", "/v1/events", 200, {"events": [
            {"id": f"01E{i}", "time": "2026-01-01T10:00:00Z", "agent": "busy", "capability": "io.fs.delete", "reason": "policy-deny",
             "operation": "delete", "object": "/srv/x"} for i in range(30)]})

    def counters(self, asked):
        self.count += 100
        return 200, {"counters": [
            {"agent": "busy", "capability": "a", "operation": "read", "verdict": "allow", "count": self.count},
            {"agent": "busy", "capability": "b", "operation": "read", "verdict": "allow", "count": self.count},
            {"agent": None, "capability": "b", "operation": "read", "verdict": "deny", "count": 5}]}

    def close(self):
        if self.fake:
            self.fake.close()
            self.fake = None


class Pipe(Base):
    def run_it(self, *words):
        return subprocess.run([CVFCTL, "top", *words], env=self.env, capture_output=True, timeout=PATIENCE)

    def test_rates_are_differences(self):
        p = self.run_it("--once", "--json")
        self.assertEqual((p.returncode, p.stderr), (0, b""))
        seen = json.loads(p.stdout)
        self.assertEqual(seen["agents"][0]["agent"], "busy")
        self.assertAlmostEqual(seen["agents"][0]["allow_per_s"] * seen["interval_s"], 200, places=3)
        self.assertEqual(seen["agents"][0]["allow"], 400)
        self.assertAlmostEqual(seen["rates"]["allow"] * seen["interval_s"], 200, places=3)
        several = next(a for a in seen["agents"] if a["agent"] is None)
        self.assertEqual((several["deny"], several["deny_per_s"], several["waiting"]), (5, 0, None))
        self.assertEqual(len(seen["agents"]), 42)

    def test_counted_anew_is_no_negative_rate(self):
        self.fake.call("GET", "/v1/counters", lambda asked: (200, {"counters": [
            {"agent": "busy", "verdict": "allow", "count": 1000 - len(self.fake.asked)}]}))
        self.assertIsNone(json.loads(self.run_it("--once", "--json").stdout)["agents"][0]["allow_per_s"])

    def test_one_document_a_line_until_the_reader_goes(self):
        p = subprocess.Popen([CVFCTL, "top", "--json", "--every", "1s"], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        first, second = json.loads(p.stdout.readline()), json.loads(p.stdout.readline())
        self.assertIsNone(first["rates"]["allow"])
        self.assertGreater(second["rates"]["allow"], 0)
        p.stdout.close()
        self.assertNotEqual(p.wait(PATIENCE), 0)
        p.stderr.close()

    def test_everything_is_listed(self):
        text = self.run_it("--once").stdout.decode()
        self.assertEqual(text.count("quiet-"), 40)
        self.assertEqual(text.count("01HOLD"), 30)
        self.assertNotIn("\x1b", text)


class Terminal(Base):
    def start(self, lines=24, columns=80, *words):
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.slave)
        self.addCleanup(os.close, self.master)
        self.resize(lines, columns)
        self.found = termios.tcgetattr(self.slave)
        self.child = subprocess.Popen([CVFCTL, "top", "--every", "1s", *words], env=self.env, stdin=self.slave, stdout=self.slave,
                                      stderr=self.slave, start_new_session=True)
        self.addCleanup(self.kill)
        self.output, self.screen = b"", Screen()

    def resize(self, lines, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()

    def read(self, seconds):
        while select.select([self.master], [], [], seconds)[0]:
            data = os.read(self.master, 65536)
            self.output += data
            self.screen.feed(data)
            seconds = 0

    def until(self, condition, what):
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end, f"{what}: {self.screen.text()}{self.screen.rest!r}")
            self.read(0.1)

    def page(self):
        self.until(lambda: "delete /srv/x" in self.screen.text() and not self.screen.rest, "a page")

    def looks(self):
        return sum(a["path"] == "/v1/events" for a in self.fake.asked)

    def check_left(self):
        self.read(0.2)
        self.assertTrue(self.output.endswith(LEAVE), self.output[-60:])
        self.assertEqual(termios.tcgetattr(self.slave), self.found)

    def test_it_fits(self):
        for lines, columns in ((24, 80), (50, 200), (12, 40), (3, 10)):
            self.start(lines, columns)
            self.until(lambda: len(self.screen.lines) == lines and not self.screen.rest, f"{lines} lines")
            self.assertLessEqual(max(len(t) for t in self.screen.lines.values()), columns)
            if lines > 20:
                self.assertRegex(self.screen.text(), r"and \d+ more")
                for words in ("WAITS: HOLD", "AGENT ", "REFUSED", "Enforcing (lsm"):
                    self.assertIn(words, self.screen.text())
            self.kill()

    def test_signals_leave_the_terminal_as_it_was(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            self.start()
            self.page()
            self.assertTrue(self.output.startswith(ENTER))
            self.assertFalse(termios.tcgetattr(self.slave)[3] & termios.ECHO)
            self.child.send_signal(number)
            self.assertEqual(self.child.wait(PATIENCE), -number)
            self.check_left()

    def test_q_ends_it(self):
        self.start()
        self.page()
        os.write(self.master, b"xq")
        self.until(lambda: self.child.poll() is not None, "end")
        self.assertEqual(self.child.returncode, 0)
        self.check_left()

    def test_a_refusal_leaves_the_terminal_alone(self):
        self.fake.set("GET", "/v1/counters", 403, {"error": {"code": "no", "message": "you may not", "hint": "ask"}})
        self.start()
        self.until(lambda: self.child.poll() is not None, "end")
        self.assertEqual(self.child.returncode, 5)
        self.read(0.2)
        self.assertNotIn(b"\x1b", self.output)
        self.assertIn(b"you may not", self.output)

    def test_only_what_changed_is_written(self):
        self.fake.set("GET", "/v1/counters", 200, {"counters": []})
        self.start()
        self.page()
        self.until(lambda: self.looks() > 1, "a second look")
        self.page()
        whole, looks = self.screen.size, self.looks()
        self.until(lambda: self.looks() > looks + 2, "more looks")
        self.assertGreater(whole, 1000)
        self.assertLess(self.screen.size - whole, 5 * 100)

    def test_another_size(self):
        self.start(24, 80)
        self.page()
        self.screen = Screen()
        self.resize(40, 120)
        self.child.send_signal(signal.SIGWINCH)
        self.until(lambda: len(self.screen.lines) == 40 and not self.screen.rest, "the larger page")
        self.assertGreater(max(len(t) for t in self.screen.lines.values()), 80)

    def test_the_daemon_goes_and_comes_back(self):
        self.start()
        self.page()
        status = self.fake.routes[("GET", "/v1/status")]

        def fail(asked):
            raise OSError("the connection ends here")
        self.fake.call("GET", "/v1/status", fail)
        self.until(lambda: "What follows is older" in self.screen.text(), "the loss")
        self.assertIn("delete /srv/x", self.screen.text())
        self.fake.set("GET", "/v1/status", *status)
        self.until(lambda: "What follows is older" not in self.screen.text(), "the return")

    def test_hostile_texts(self):
        for name, data in hostile.STRINGS.items():
            text = hostile.text(data)
            row = {"id": text, "agent": text, "risk": text, "capability": text, "reason": text, "time": text, "operation": text,
                   "object": text, "argv": [text], "health": text, "verdict": text, "count": 1, "expires_at": text}
            self.fake.set("GET", "/v1/status", 200, {"enforcing": True, "flavour": text, "kernel": text, "generation": text, "agents": 1})
            for path, field in (("counters", "counters"), ("health/agents", "agents"), ("approvals", "holds"), ("events", "events")):
                self.fake.set("GET", "/v1/" + path, 200, {field: [row]})
            self.start(24, 200)
            self.until(lambda: len(self.screen.lines) == 24 and not self.screen.rest, name)
            self.assertEqual(hostile.leaks(self.screen.text().encode()), [], name)
            os.write(self.master, b"q")
            self.until(lambda: self.child.poll() is not None, "end")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
