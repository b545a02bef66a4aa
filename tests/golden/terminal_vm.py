# SPDX-License-Identifier: Apache-2.0
"""cvfctl run against the real kernel: what a person at a terminal sees of holds.

Run it in a virtual machine with the product:
    tests/vm/run --with python3 --copy tests/golden/terminal_vm.py -- python3 /copy/terminal_vm.py
Exit status 0 and a last line "all good", or the step that went wrong with what the terminal showed.
"""
import json
import os
import pty
import re
import select
import subprocess
import sys
import time

AGENT = {"schema": "cvf.agent/v1", "id": "coder-1", "name": "Coder", "owner": "tests", "profile": "coding",
         "capabilities": ["vcs.git.*", "io.fs.*", "proc.*"], "mode": "enforce"}
HELD = r"cvf: held: exec /usr/bin/git push \S+ \(vcs\.git\.push, HIGH\): waiting for an approver, hold (\w+)\r\n"


def cvfctl(*words, given=None):
    p = subprocess.run(["cvfctl", *words], capture_output=True, text=True, input=given, timeout=60)
    if p.returncode:
        raise SystemExit(f"cvfctl {' '.join(words)}: {p.returncode} {p.stderr}")
    return p.stdout


class Terminal:
    def __init__(self):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["PS1"] = "P> "
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.until(r"P> $")

    def read_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                self.seen += os.read(self.fd, 4096).decode(errors="replace")

    def until(self, pattern, timeout=30):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            if time.monotonic() > end:
                raise SystemExit(f"FAILED: no {pattern!r} in {self.seen!r}\n" + cvfctl("approvals") + cvfctl("events", "-n", "9"))
            self.read_for(0.1)
        got, self.seen = self.seen, ""
        return got

    def type(self, text):
        os.write(self.fd, text.encode())

    def hold(self, command):
        """Starts a command that is held; the hold's id."""
        self.type(f"cvfctl run --agent coder-1 -- {command}\n")
        got = self.until(HELD)
        expect("Stopped" not in got, got)
        return re.search(HELD, got).group(1)

    def quiet(self, seconds):
        self.read_for(seconds)
        expect("Stopped" not in self.seen and "P> " not in self.seen, self.seen)

    def status(self):
        self.type("echo status=$?\n")
        return int(re.search(r"status=(\d+)\r", self.until(r"status=\d+\r\nP> $")).group(1))


def expect(is_so, seen):
    if not is_so:
        raise SystemExit(f"FAILED: {seen!r}\n" + cvfctl("events", "-n", "9"))


def push(what):
    return f"sh -c '/usr/bin/git push {what}; echo after=$?'"


def approved(t):
    hold = t.hold(push("one"))
    t.quiet(2.5)
    expect("[2] one" in cvfctl("approvals", "show", hold), hold)
    cvfctl("approve", hold)
    got = t.until(r"after=0\r\n(.|\n)*P> $")
    expect("pushed push one" in got and "cvf: approved" in got, got)


def denied(t):
    cvfctl("deny", t.hold(push("two")), "--note", "not today")
    got = t.until(r"after=126\r\n(.|\n)*P> $")
    expect("pushed" not in got and "cvf: denied: not today" in got, got)


def interrupted(t):
    for command in (push("three"), "git push three", "bash -c '/usr/bin/git push three; true'"):
        t.hold(command)
        t.type("\x03")
        got = t.until(r"P> $", 8)
        expect("pushed" not in got, got)
        expect(t.status() == 130, command)
    expect(json.loads(cvfctl("approvals", "--json"))["holds"] == [], "something still waits")


def suspended(t):
    hold = t.hold(push("four"))
    t.type("\x1a")
    t.until(r"Stopped(.|\n)*P> $")
    t.type("fg\n")
    t.until(r"fg\r\n.*four.*\r\n")
    t.quiet(2)
    cvfctl("approve", hold)
    t.until(r"pushed push four(.|\n)*P> $")


def command_itself(t):
    cvfctl("approve", t.hold("git push five"))
    t.until(r"pushed push five(.|\n)*P> $")
    expect(t.status() == 0, "five")


def granted(t):
    cvfctl("approve", t.hold(push("six")), "--scope", "agent", "--for", "1m")
    t.until(r"pushed push six(.|\n)*P> $")
    t.type(f"cvfctl run --agent coder-1 -- {push('six')}\n")
    got = t.until(r"pushed push six(.|\n)*P> $")
    expect("held" not in got, got)


def from_inside(t):
    t.type("cvfctl run --agent coder-1 -- sh -c 'cvfctl why; echo why=$?; cvfctl approvals; echo other=$?'\n")
    got = t.until(r"other=\d")
    expect("why=0" in got and "not today" not in got.split("why=0")[1] and "other=5" in got, got)


def main():
    with open("/usr/bin/git", "w") as f:
        f.write('#!/bin/sh\necho pushed "$@"\n')
    os.chmod("/usr/bin/git", 0o755)
    cvfctl("agent", "register", "-", given=json.dumps(AGENT))
    t = Terminal()
    for step in (approved, denied, interrupted, suspended, command_itself, granted, from_inside):
        step(t)
        print("ok", step.__name__, flush=True)
    print("all good")


sys.exit(main())
