#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An interactive program under `cvfctl run`, in a shell with job control on a pseudo-terminal: held, approved, interrupted.

Prints the test lines of lib.sh. Needs root, cvfd, and the world of r_lib.sh.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

HELD = "/srv/r/held/"
RUN = "cvfctl run --agent robust -- "
PATIENCE = 30
counts = {"passed": 0, "failed": 0}


def check(name, good, seen=""):
    counts["passed" if good else "failed"] += 1
    print(f"ok {name}" if good else f"not ok {name}: {seen!r}", flush=True)


class Terminal:
    """A shell with job control on a pseudo-terminal."""

    def __init__(self):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1="shell> ", TERM="dumb")
            os.execv("/bin/bash", ["bash", "--norc", "--noprofile", "-i"])
        self.resize(33, 77)
        self.until("shell> ")

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
            except OSError:
                return False
        return True

    def until(self, pattern, start=0, seconds=PATIENCE):
        """Waits for a pattern after the position; its match or None."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.text[start:])
            if found:
                return found
            if not self.read(0.1):
                break
        return None

    def type(self, text):
        """Types it; the position from which answers come."""
        at = len(self.text)
        os.write(self.fd, text.encode())
        return at

    def settle(self):
        """Everything typed so far is dealt with: the prompt is back."""
        at = self.type("echo pro\"mpt\" $?\n")
        found = self.until(r"\nprompt (\d+)\r?\n(?s:.)*shell> ", at)
        return int(found.group(1)) if found else None


def cvfctl(*words):
    return subprocess.run(["cvfctl", *words], capture_output=True, text=True, timeout=60)


def new_file(name):
    with open(HELD + name, "w", encoding="ascii") as f:
        f.write("x\n")
    return HELD + name


def held_line(terminal, at, path):
    """The hold that the terminal names for the path."""
    found = terminal.until(r"cvf: held: read " + re.escape(path) + r".*hold ([0-9A-Z]{26})", at)
    return found.group(1) if found else ""


def state(hold):
    found = re.search(r'"state":\s*"(\w+)"', cvfctl("approvals", "show", hold, "--json").stdout)
    return found.group(1) if found else ""


def within(seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_approved(terminal):
    path = new_file("talk-1")
    at = terminal.type(RUN + "r_tool talk " + path + "\n")
    hold = held_line(terminal, at, path)
    check("held: the terminal is told so, with the hold's id", hold, terminal.text[at:])
    check("held: the program has not gone on", "opened" not in terminal.text[at:], terminal.text[at:])
    done = cvfctl("approve", hold)
    check("approve works", done.returncode == 0, done.stderr)
    check("approved: it goes on", terminal.until("opened ok", at), terminal.text[at:])
    check("approved: the terminal is told so", terminal.until("cvf: approved", at), terminal.text[at:])
    at2 = terminal.type("hello terminal\n")
    check("approved: it reads the terminal", terminal.until("got <hello terminal>", at2), terminal.text[at2:])
    terminal.type("bye\n")
    terminal.until("shell> ", at2)
    check("its exit status is the command's", terminal.settle() == 9, terminal.text[at2:])
    return at


def test_denied(terminal):
    path = new_file("talk-2")
    at = terminal.type(RUN + "r_tool talk " + path + "\n")
    hold = held_line(terminal, at, path)
    cvfctl("deny", hold, "--note", "not today")
    check("denied: the program sees EPERM", terminal.until("opened EPERM", at), terminal.text[at:])
    check("denied: the terminal is told why", terminal.until("cvf: denied.*not today", at), terminal.text[at:])
    at2 = terminal.type("\x04")
    terminal.until("shell> ", at2)
    check("denied: it goes on reading until the end of input", terminal.settle() == 3, terminal.text[at2:])


def test_interrupted(terminal):
    path = new_file("talk-3")
    at = terminal.type(RUN + "r_tool talk " + path + "\n")
    hold = held_line(terminal, at, path)
    at2 = terminal.type("\x03")
    check("held, Ctrl-C: the prompt is back", terminal.until("shell> ", at2), terminal.text[at2:])
    check("held, Ctrl-C: the status is that of SIGINT", terminal.settle() == 130, terminal.text[at2:])
    check("held, Ctrl-C: nothing was opened", "opened" not in terminal.text[at:], terminal.text[at:])
    check("held, Ctrl-C: the hold is abandoned", within(15, lambda: state(hold) == "abandoned"), state(hold))
    at = terminal.type("jobs\n")
    terminal.settle()
    check("held, Ctrl-C: the shell has no job left", "talk" not in terminal.text[at:], terminal.text[at:])


def test_suspended(terminal):
    path = new_file("talk-4")
    at = terminal.type(RUN + "r_tool talk " + path + "\n")
    hold = held_line(terminal, at, path)
    check("until here the shell never saw a stopped job", "Stopped" not in terminal.text, terminal.text)
    at2 = terminal.type("\x1a")
    check("held, Ctrl-Z: suspended as any job", terminal.until("Stopped(?s:.)*shell> ", at2), terminal.text[at2:])
    check("held, Ctrl-Z: still held", state(hold) == "pending", state(hold))
    at2 = terminal.type("fg\n")
    cvfctl("approve", hold)
    check("held, Ctrl-Z, fg, approved: it goes on", terminal.until("opened ok", at), terminal.text[at:])
    terminal.type("again\n")
    check("and reads the terminal", terminal.until("got <again>", at2), terminal.text[at2:])
    at2 = terminal.type("\x03")
    terminal.until("shell> ", at2)
    terminal.settle()


def test_window(terminal):
    at = terminal.type(RUN + "r_tool winsize\n")
    check("the window's size passes through", terminal.until("size 33x77", at), terminal.text[at:])
    terminal.resize(20, 50)
    check("SIGWINCH passes through", terminal.until("size 20x50", at), terminal.text[at:])
    terminal.until("shell> ", at)
    terminal.settle()


def test_streams():
    data = os.urandom(1 << 18)
    run = ["cvfctl", "run", "--agent", "robust", "--"]
    out = subprocess.run(run + ["cat"], input=data, capture_output=True, timeout=60, check=False)
    check("stdin and stdout pass every byte", out.stdout == data, out.stderr[:200])
    out = subprocess.run(run + ["bash", "-c", "echo out; echo err >&2; exit 42"], capture_output=True, timeout=60, check=False)
    check("stdout, stderr and the status pass", (out.stdout, out.stderr, out.returncode) == (b"out\n", b"err\n", 42), out)
    out = subprocess.run(run + ["bash", "-c", "kill -USR1 $$"], capture_output=True, timeout=60, check=False)
    check("a death by signal passes", out.returncode == -signal.SIGUSR1, out)
    child = subprocess.Popen(run + ["bash", "-c", "trap 'echo caught; exit 5' TERM; echo up; while :; do sleep 0.1; done"],
                             stdout=subprocess.PIPE)
    first = child.stdout.readline()
    child.send_signal(signal.SIGTERM)
    rest = child.stdout.read()
    check("a signal to cvfctl reaches the command", (first, rest, child.wait(30)) == (b"up\n", b"caught\n", 5), (first, rest))
    out = subprocess.run(["bash", "-c", " ".join(run) + " yes | head -n 1; echo ${PIPESTATUS[0]}"], capture_output=True,
                         timeout=60, check=False)
    check("a pipe closed by its reader ends the command", out.stdout == b"y\n141\n", out)


def main():
    terminal = Terminal()
    test_approved(terminal)
    test_denied(terminal)
    test_interrupted(terminal)
    test_window(terminal)
    test_suspended(terminal)
    test_streams()
    print(f"# terminal: {len(terminal.text)} bytes seen")
    print(f"{counts['passed']} passed, {counts['failed']} failed, 0 skipped")
    return counts["failed"] != 0


if __name__ == "__main__":
    sys.exit(main())
