# SPDX-License-Identifier: Apache-2.0
"""cvfctl run: what a shell, a terminal and a pipe see of a command that the kernel may stop.

Usage: python3 tests/unit/test_cli_run.py CVFCTL [unittest arguments]

The daemon is a stand-in; a hold is a SIGSTOP from outside, which is exactly what the kernel's hold looks like to parents,
shells and terminals. Each deny has its twin: the same command where nothing is in its way.
"""
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import fake_cvfd  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"
SESSION = "01JSESSION00000000000000001"
HOLD = "01JHOLD0000000000000000001"


def hold(**more):
    return {"id": HOLD, "agent": "a", "session": SESSION, "operation": "exec", "object": "/usr/bin/git",
            "argv": ["git", "push"], "capability": "vcs.git.push", "risk": "HIGH", "state": "pending", **more}


def state_of(pid):
    """The letter of ps; "gone" when it has ended and was waited for."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "gone"


def wait_until(what, timeout=20.0):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def is_gone(pid):
    return state_of(pid) in ("Z", "X", "gone")


def setUpModule():
    """A runner in the background (`make check &`) ignores Ctrl-C, and what it starts would inherit that."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.dir.name, "s")
        self.fake = fake_cvfd.Fake(self.socket)
        self.children = []
        self.fake.call("POST", "/v1/agents/a/sessions", self.enrol)
        self.fake.set("GET", "/v1/approvals", 200, {"holds": []})
        self.env = {"PATH": os.environ["PATH"], "CVF_SOCKET": self.socket, "LC_ALL": "C.UTF-8", "TERM": "dumb"}

    def tearDown(self):
        for child in self.children:
            for number in (signal.SIGKILL, signal.SIGCONT):
                try:
                    os.kill(child["pid"], number)
                except OSError:
                    pass
        self.fake.close()
        self.dir.cleanup()

    def enrol(self, asked):
        pid = json.loads(asked["body"])["pid"]
        self.children.append({"pid": pid, "exe": os.readlink(f"/proc/{pid}/exe"), "asked": asked})
        return 201, {"session": SESSION, "agent": "a"}

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def command(self, *words, options=()):
        return [CVFCTL, "run", "--agent", "a", *options, "--", *words]

    def run_it(self, *words, options=(), **more):
        return subprocess.run(self.command(*words, options=options), env=self.env, capture_output=True, timeout=20, **more)

    def start(self, *words, options=(), **more):
        p = subprocess.Popen(self.command(*words, options=options), env=self.env, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        for pipe in (p.stdin, p.stdout, p.stderr):
            self.addCleanup(pipe.close)
        self.assertTrue(wait_until(lambda: self.children))
        return p

    def agent(self):
        return self.children[-1]["pid"]


class Status(Base):
    def test_exit_status_is_the_commands(self):
        for status in (0, 1, 3, 77, 126, 255):
            self.assertEqual(self.run_it("sh", "-c", f"exit {status}").returncode, status)

    def test_not_found_and_not_runnable(self):
        p = self.run_it("no-such-command-here")
        self.assertEqual((p.returncode, p.stdout), (127, b""))
        self.assertIn(b"cannot run no-such-command-here: No such file", p.stderr)
        self.assertEqual(self.run_it("/etc/passwd").returncode, 126)
        self.assertEqual(self.run_it("/etc/passwd/x").returncode, 127)

    def test_killed_by_a_signal_looks_killed_by_it(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSEGV, signal.SIGHUP, signal.SIGUSR1):
            p = self.run_it("sh", "-c", f"kill -{number.value} $$")
            self.assertEqual(p.returncode, -number, number)
            self.assertEqual(p.stderr, b"")

    def test_ignored_sigchld_of_the_caller(self):
        p = self.run_it("sh", "-c", "exit 9", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual(p.returncode, 9)

    def test_options_end_at_the_command(self):
        self.assertEqual(self.run_it("echo", "--agent", "b", "-h").stdout, b"--agent b -h\n")
        p = subprocess.run([CVFCTL, "run", "--agent=a", "echo", "--json", "--", "x"], env=self.env, capture_output=True)
        self.assertEqual(p.stdout, b"--json -- x\n")

    def test_usage(self):
        for words in (["run", "--agent", "a"], ["run", "true"], ["run", "--agent", "a", "--no", "true"]):
            self.assertEqual(subprocess.run([CVFCTL, *words], env=self.env, capture_output=True).returncode, 2)
        self.assertEqual(self.children, [])


class FailClosed(Base):
    def refused(self, status, route=None):
        if route:
            self.fake.set("POST", "/v1/agents/a/sessions", *route)
        mark = self.path("ran")
        p = self.run_it("touch", mark)
        self.assertEqual(p.returncode, status, p.stderr)
        self.assertFalse(os.path.exists(mark))
        self.assertEqual(p.stdout, b"")
        return p.stderr

    def test_control_it_runs_when_enrolled(self):
        mark = self.path("ran")
        self.assertEqual(self.run_it("touch", mark).returncode, 0)
        self.assertTrue(os.path.exists(mark))

    def test_no_daemon(self):
        self.env["CVF_SOCKET"] = self.path("nobody")
        self.assertIn(b"systemctl start cvfd", self.refused(4))

    def test_refusals_of_the_daemon(self):
        def error(text):
            return {"error": {"code": "x", "message": text, "hint": "do this"}}
        self.assertIn(b"no agent a", self.refused(3, (404, error("no agent a"))))
        self.assertIn(b"do this", self.refused(5, (403, error("not yours"))))
        self.refused(5, (401, error("who are you")))
        self.refused(1, (409, error("cannot label it")))
        self.refused(1, (500, b"<html>"))
        self.refused(1, (201, {"agent": "a"}))


class Enrolment(Base):
    def test_enrolled_before_the_command_starts(self):
        p = self.run_it("sh", "-c", 'echo "$$ $CVF_AGENT $CVF_SESSION"')
        child = self.children[0]
        self.assertEqual(os.path.realpath(child["exe"]), os.path.realpath(CVFCTL))
        self.assertEqual(p.stdout.decode().split(), [str(child["pid"]), "a", SESSION])

    def test_skill_is_named(self):
        self.run_it("true", options=("--skill", "deploy"))
        self.assertEqual(json.loads(self.children[0]["asked"]["body"])["skill"], "deploy")

    def test_command_sees_only_what_the_caller_gave(self):
        plain = subprocess.run(["ls", "/proc/self/fd"], env=self.env, capture_output=True, stdin=subprocess.DEVNULL)
        governed = self.run_it("ls", "/proc/self/fd", stdin=subprocess.DEVNULL)
        self.assertEqual(governed.stdout, plain.stdout)
        shown = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"
        self.assertEqual(self.run_it("sh", "-c", shown).stdout,
                         subprocess.run(["sh", "-c", shown], env=self.env, capture_output=True).stdout)

    def test_inherited_descriptor_is_passed_on(self):
        r, w = os.pipe()
        os.set_inheritable(w, True)
        p = self.run_it("sh", "-c", f"echo through >&{w}", pass_fds=(w,))
        os.close(w)
        self.assertEqual((p.returncode, os.read(r, 100)), (0, b"through\n"))
        os.close(r)


class Closed(Base):
    """Standard streams that the caller closed: a pipe of ours must not take their place, or a message could release the child."""

    def closed(self, *words):
        line = " ".join(f"'{w}'" for w in self.command(*words)) + " <&- >&- 2>&-"
        return subprocess.run(["sh", "-c", line], env=self.env, timeout=20).returncode

    def test_refused_and_not_run(self):
        mark = self.path("ran")
        self.fake.set("POST", "/v1/agents/a/sessions", 403, {"error": {"message": "no"}})
        self.assertEqual(self.closed("touch", mark), 5)
        self.assertFalse(os.path.exists(mark))

    def test_twin_enrolled_and_still_closed(self):
        mark = self.path("ran")
        self.assertEqual(self.closed("sh", "-c", f"ls /proc/$$/fd | tr -d \\\\n > {mark}"), 0)
        with open(mark) as f:
            self.assertNotIn("2", f.read())
        self.assertEqual(len(self.children), 1)


class Pipes(Base):
    def test_data_passes_both_ways(self):
        data = os.urandom(300000)
        self.assertEqual(self.run_it("cat", input=data).stdout, data)

    def test_output_ends_when_the_command_closes_it(self):
        p = self.start("sh", "-c", "echo done; exec >&- 2>&- <&-; sleep 30")
        self.assertEqual(p.stdout.read(), b"done\n")
        self.assertIsNone(p.poll())

    def test_inherited_descriptor_ends_when_the_command_closes_it(self):
        r, w = os.pipe()
        p = self.start("sh", "-c", f"exec {w}>&-; sleep 30", pass_fds=(w,))
        os.close(w)
        self.assertEqual(select.select([r], [], [], 5)[0], [r])
        self.assertEqual(os.read(r, 1), b"")
        self.assertIsNone(p.poll())
        os.close(r)


class Signals(Base):
    AGENT = ("import os,signal,sys,time\n"
             "signal.signal(signal.SIGUSR1, lambda *a: os.write(1, b'usr1\\n'))\n"
             "print('ready', flush=True)\n"
             "while True: time.sleep(0.1)\n")

    def ready(self, *more, **options):
        p = self.start(sys.executable, "-c", self.AGENT, *more, **options)
        self.assertEqual(p.stdout.readline(), b"ready\n")
        return p

    def test_signals_sent_to_cvfctl_reach_the_command(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            p = self.ready()
            p.send_signal(number)
            self.assertEqual(p.wait(5), -number)
            self.assertTrue(is_gone(self.agent()))

    def test_user_signal_is_passed_on(self):
        p = self.ready()
        p.send_signal(signal.SIGUSR1)
        self.assertEqual(p.stdout.readline(), b"usr1\n")
        self.assertIsNone(p.poll())

    def test_signal_reaches_a_held_command_at_once(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            p = self.ready()
            os.kill(self.agent(), signal.SIGSTOP)
            self.assertTrue(wait_until(lambda: state_of(self.agent()) == "T"))
            p.send_signal(number)
            self.assertEqual(p.wait(5), -number)

    def test_a_hold_does_not_stop_cvfctl(self):
        p = self.ready()
        os.kill(self.agent(), signal.SIGSTOP)
        time.sleep(0.8)
        self.assertEqual(state_of(p.pid), "S")
        self.assertEqual(os.waitpid(p.pid, os.WNOHANG | os.WUNTRACED), (0, 0))
        os.kill(self.agent(), signal.SIGCONT)
        p.send_signal(signal.SIGUSR1)
        self.assertEqual(p.stdout.readline(), b"usr1\n")


class Telling(Base):
    def go(self, state, options=("--verbose",), **more):
        seen = []

        def approvals(asked):
            stopped = self.children and not is_gone(self.agent()) and state_of(self.agent()) == "T"
            seen.append(stopped)
            return 200, {"holds": [hold(), hold(id="01JOTHER", session="another")] if stopped else []}
        self.fake.call("GET", "/v1/approvals", approvals)
        self.fake.set("GET", f"/v1/approvals/{HOLD}", 200, hold(state=state, **more))
        p = self.start("sh", "-c", "echo ready; sleep 0.3; exit 5", options=options)
        p.stdout.readline()
        os.kill(self.agent(), signal.SIGSTOP)
        time.sleep(1.2)
        os.kill(self.agent(), signal.SIGCONT)
        self.assertEqual(p.wait(5), 5)
        return p.stderr.read().decode().splitlines()

    def test_held_and_answered(self):
        held = f"cvf: held: exec /usr/bin/git push (vcs.git.push, HIGH): waiting for an approver, hold {HOLD}"
        for state, end in (("approved", "cvf: approved"), ("denied", "cvf: denied: not on a Friday"),
                           ("expired", "cvf: timed out")):
            note = {"note": "not on a Friday"} if state == "denied" else {}
            self.assertEqual(self.go(state, **note), [held, end])

    def test_nothing_without_a_terminal(self):
        self.assertEqual(self.go("approved", options=()), [])

    def test_json(self):
        lines = [json.loads(line) for line in self.go("approved", options=("--json",))]
        self.assertEqual([(h["id"], h["state"]) for h in lines], [(HOLD, "pending"), (HOLD, "approved")])

    def test_slow_daemon_delays_nothing(self):
        self.fake.call("GET", "/v1/approvals", lambda asked: time.sleep(20) or (200, {"holds": []}))
        before = time.monotonic()
        self.assertEqual(self.run_it("sh", "-c", "sleep 1.2; exit 4", options=("--verbose",)).returncode, 4)
        self.assertLess(time.monotonic() - before, 3.5)

    def test_daemon_that_goes_away_changes_nothing(self):
        p = self.start("sh", "-c", "sleep 1.5; exit 6", options=("--verbose",))
        self.fake.set("GET", "/v1/approvals", 500, b"")
        self.assertEqual(p.wait(8), 6)
        self.assertEqual(p.stderr.read(), b"")


AGENT = """import os, sys
print("agent ready", flush=True)
for line in sys.stdin:
    word = line.strip()
    if word == "suspend":
        os.kill(os.getpid(), 20)
        word = "resumed"
    print("got", word, flush=True)
    if word == "end":
        sys.exit(0)
"""


class Terminal(Base):
    """An interactive bash with job control on a terminal of its own, as a person would have it."""

    def setUp(self):
        super().setUp()
        with open(self.path("agent.py"), "w") as f:
            f.write(AGENT)
        self.env.update(PS1="P> ", HISTFILE="/dev/null", CVFCTL=CVFCTL, PY=sys.executable)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(self.dir.name)
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], self.env)
        self.seen = ""
        self.read_until(r"P> $")

    def tearDown(self):
        super().tearDown()
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def read_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self.fd, 4096).decode(errors="replace")
                except OSError:
                    return

    def read_until(self, pattern, timeout=30):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            self.assertLess(time.monotonic(), end, f"no {pattern!r} in {self.seen!r}")
            self.read_for(0.05)
        got, self.seen = self.seen, ""
        return got

    def type(self, text):
        os.write(self.fd, text.encode())

    def begin(self, options=""):
        self.type(f"$CVFCTL run --agent a {options} -- $PY agent.py\n")
        self.read_until("agent ready")
        self.read_for(0.1)
        self.seen = ""

    def stop_agent(self):
        os.kill(self.agent(), signal.SIGSTOP)
        self.assertTrue(wait_until(lambda: state_of(self.agent()) == "T"))

    def status(self):
        self.type("echo status=$?\n")
        return int(re.search(r"status=(\d+)\r", self.read_until(r"status=\d+\r\nP> $")).group(1))

    def test_twin_without_cvfctl_the_shell_sees_the_stop(self):
        self.type("$PY agent.py\n")
        self.read_until("agent ready")
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.pid)], capture_output=True).stdout.split() \
            if os.path.exists("/bin/ps") else open(f"/proc/{self.pid}/task/{self.pid}/children").read().split()
        os.kill(int(children[0]), signal.SIGSTOP)
        self.read_until(r"Stopped")
        os.kill(int(children[0]), signal.SIGKILL)

    def test_a_hold_is_invisible_and_then_it_goes_on(self):
        self.begin()
        self.type("one\n")
        self.read_until("got one")
        self.stop_agent()
        self.type("two\n")
        self.read_for(1.5)
        self.assertEqual(self.seen, "two\r\n")	# the terminal's echo; no Stopped, no prompt
        self.seen = ""
        os.kill(self.agent(), signal.SIGCONT)
        self.read_until("got two")
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")
        self.assertEqual(self.status(), 0)

    def test_ctrl_c_while_held_ends_it_at_once(self):
        self.begin()
        self.stop_agent()
        before = time.monotonic()
        self.type("\x03")
        self.read_until(r"P> $")
        self.assertLess(time.monotonic() - before, 2)
        self.assertTrue(is_gone(self.agent()))
        self.assertEqual(self.status(), 130)

    def test_ctrl_c_many_times_while_held_none_is_lost(self):
        for _ in range(15):
            self.begin()
            self.stop_agent()
            self.type("\x03")
            self.read_until(r"P> $", 3)
            self.assertTrue(is_gone(self.agent()))

    def test_ctrl_backslash_while_held(self):
        self.type("ulimit -c 0\n")
        self.read_until(r"P> $")
        self.begin()
        self.stop_agent()
        self.type("\x1c")
        self.read_until(r"P> $")
        self.assertEqual(self.status(), 131)

    def test_ctrl_c_that_the_agent_survives_lets_it_be_held_again(self):
        with open(self.path("agent.py"), "w") as f:
            f.write("import signal\nsignal.signal(2, lambda *a: __import__('os').write(1, b'caught\\n'))\n" + AGENT)
        self.begin()
        self.stop_agent()
        self.type("\x03")
        self.read_until("caught")
        self.stop_agent()
        self.read_for(0.7)
        self.assertNotIn("Stopped", self.seen)
        os.kill(self.agent(), signal.SIGCONT)
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")

    def press_and_be_held_again(self):
        """What the kernel does with an agent that survives and still wants the operation."""
        self.stop_agent()
        self.type("\x03")
        wait_until(lambda: is_gone(self.agent()) or state_of(self.agent()) != "T")
        time.sleep(0.2)
        try:
            os.kill(self.agent(), signal.SIGSTOP)
        except ProcessLookupError:
            pass	# it did not survive
        time.sleep(0.5)

    def test_insisting_on_ctrl_c_ends_what_handles_it_and_stays_held(self):
        for more, presses, status in (("", 2, 143), ("signal.signal(15, lambda *a: None)\n", 3, 137)):
            with open(self.path("agent.py"), "w") as f:
                f.write("import signal\nsignal.signal(2, lambda *a: None)\n" + more + AGENT)
            self.begin()
            for _ in range(presses):
                self.assertFalse(is_gone(self.agent()))
                self.press_and_be_held_again()
            self.read_until(r"P> $")
            self.assertEqual(self.status(), status)

    def test_twin_it_survives_one_ctrl_c_and_is_told_about(self):
        with open(self.path("agent.py"), "w") as f:
            f.write("import signal\nsignal.signal(2, lambda *a: None)\n" + AGENT)
        self.begin()
        self.press_and_be_held_again()
        self.read_until("cvf: still held: it handles Ctrl-C itself; press it again to end it")
        os.kill(self.agent(), signal.SIGCONT)
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")

    def test_ctrl_z_and_fg(self):
        self.begin()
        self.type("\x1a")
        self.read_until(r"Stopped(.|\n)*P> $")
        self.assertEqual(state_of(self.agent()), "T")
        self.type("echo shell is mine\n")
        self.read_until(r"shell is mine\r\nP> $")
        self.type("fg\n")
        self.read_until("fg(.|\n)*agent.py")
        self.read_for(0.8)
        self.assertNotIn("Stopped", self.seen)
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")
        self.assertEqual(self.status(), 0)

    def test_ctrl_z_while_held_gives_the_shell_back(self):
        self.begin()
        self.stop_agent()
        self.type("\x1a")
        self.read_until(r"Stopped(.|\n)*P> $")
        self.type("fg\n")
        self.read_until("agent.py")
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")

    def test_ctrl_z_and_fg_again_and_again(self):
        self.begin()
        for _ in range(8):
            self.type("\x1a")
            self.read_until(r"Stopped(.|\n)*P> $")
            self.type("fg\n")
            self.read_until("fg(.|\n)*agent.py")
            self.read_for(0.35)
            self.assertNotIn("Stopped", self.seen)
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")

    def test_agent_that_suspends_itself_takes_the_job_along(self):
        self.begin()
        self.type("suspend\n")
        self.read_until(r"Stopped(.|\n)*P> $")
        self.type("fg\n")
        self.read_until("got resumed")
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")

    def test_background_job_that_reads_stops_and_comes_back(self):
        self.type("$CVFCTL run --agent a -- $PY agent.py &\n")
        self.read_until(r"agent ready")
        self.type("\n")
        self.read_for(0.6)
        self.type("\n")
        self.read_until(r"Stopped")
        self.read_for(0.2)
        self.type("fg\n")
        self.read_until("agent.py\r\n")
        self.read_for(0.2)
        self.type("end\n")
        self.read_until(r"got end\r\nP> $")

    def test_hold_is_told_on_the_terminal_and_tostop_stops_nobody(self):
        held = {"now": False}
        self.fake.call("GET", "/v1/approvals", lambda a: (200, {"holds": [hold()] if held["now"] else []}))
        self.fake.set("GET", f"/v1/approvals/{HOLD}", 200, hold(state="approved"))
        self.type("stty tostop\n")
        self.read_until(r"P> $")
        self.type("$CVFCTL run --agent a -- sleep 100 &\n")
        self.assertTrue(wait_until(lambda: self.children))
        time.sleep(0.3)
        held["now"] = True
        self.stop_agent()
        self.assertIn("hold " + HOLD, self.read_until(r"cvf: held: .*\r\n"))
        held["now"] = False
        os.kill(self.agent(), signal.SIGCONT)
        self.read_until(r"cvf: approved\r\n")
        self.type("jobs\n")
        self.assertIn("Running", self.read_until(r"sleep 100.*\r\n"))

    def test_agent_is_a_job_control_shell(self):
        self.env["PS1"] = "Q> "
        self.type("PS1='Q> ' $CVFCTL run --agent a -- bash --norc --noprofile --noediting -i\n")
        self.read_until(r"Q> $")
        self.type("sleep 100\n")
        self.read_for(0.3)
        self.type("\x1a")
        self.read_until(r"Stopped(.|\n)*Q> $")
        self.type("kill %1; while [ -n \"$(jobs -s)\" ]; do :; done; echo inner\n")	# a shell with stopped jobs does not exit
        self.read_until(r"inner\r\n(.|\n)*Q> $")
        self.type("exit 7\n")
        self.read_until(r"P> $")
        self.assertEqual(self.status(), 7)

    def test_terminal_is_left_as_it_was(self):
        before = termios.tcgetattr(self.fd)
        self.begin()
        self.type("end\n")
        self.read_until(r"P> $")
        self.assertEqual(termios.tcgetattr(self.fd), before)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
