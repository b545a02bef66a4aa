#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The n-th allocation or system call of cvfd fails: r_nth.py adopt|work COUNTERS, r_nth.py load. Prints the test lines of lib.sh.

Each time it is ready, with all of its programs, or it ends by itself with a message that says what to do; whatever was pinned goes on
refusing, and what is half pinned is gone. COUNTERS is what `r_tool mixed` counts: the agent that is enforced all the while.
"""
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

import nth
from r_lib import PATIENCE, PINS, call, check, counts, enforcer_pid, is_ready, is_there, pid_of, start_enforcer, wait

LIBRARY = "/usr/lib/nth.so"
ALL = os.environ.get("CVF_EVERY") == "all"
SEED = int(os.environ.get("CVF_SEED") or 1)
KINDS = ((nth.ALLOCATION, "allocation"), (nth.CALL, "call"))
LOG = "/tmp/nth-cvfd.log"
WORK, TOOL = "/srv/r", "/usr/bin/r_tool"
PLACES, AT_WORK = 8, 4	# so many of those that make a call, unless all are wanted
EARLY = 200	# of the loads only what fails before the kernel verifies them is short enough, unless all are wanted


class Wrong(Exception):
    pass


def pins():
    return sorted(os.listdir(PINS)) if os.path.isdir(PINS) else []


class Enforcer:
    def __init__(self, counters=None):
        self.nth = nth.Nth("/tmp/nth.map")
        self.counters = counters
        self.random = random.Random(SEED)
        self.child = None
        self.said = ""
        self.words = {}
        self.kill()

    def kill(self):
        """Nothing of it is left: the next one finds the lock and the socket free."""
        pid = enforcer_pid()
        if is_there(pid):
            os.kill(pid, signal.SIGKILL)
        if self.child:
            self.child.wait(PATIENCE)
            self.child = None
        wait(lambda: not is_there(pid) and not any(pid_of(n) for n in ("cvfd", "cvfd-govern", "cvfd-keeper", "cvfd-canary")), "its end")

    def start(self):
        """True: ready; False: it has ended, as it should."""
        open(LOG, "wb").close()
        self.child = start_enforcer(self.nth.env(LIBRARY, "cvfd"), LOG)
        wait(lambda: self.child.poll() is not None or is_ready(), "readiness or end")
        return self.child.poll() is None

    def log(self):
        with open(LOG, encoding="utf-8", errors="replace") as f:
            return f.read()

    def ended_well(self):
        """It says what it tried, what is wrong and what to do; and not that something enforces that does not."""
        said = self.log()
        lines = [line for line in said.splitlines() if line.startswith("cvfd: ")]
        if self.child.returncode not in (0, 1):
            raise Wrong(f"it ended with {self.child.returncode}: {said}")
        if not lines or not re.search(r"start cvfd again|ending; the pinned programs go on", lines[-1]):
            raise Wrong(f"it does not say what to do: {said}")
        if ("pinned" in lines[-1]) != ("state" in pins()):
            raise Wrong(f"what it says of the pins ({pins()[:3]}...) is not so: {said}")
        last = re.sub(r"\d+", "N", lines[-1])
        self.words[last] = self.words.get(last, 0) + 1

    def load_is_right(self):
        if self.counters:
            with open(self.counters, "rb") as f:
                _, refused, through = struct.unpack("<3q", f.read(24))
            if refused or through:
                raise Wrong(f"the agent had {refused} wrong refusals, and {through} were let through")

    def points(self, kind, act, at_most, places):
        """Which of the calls of act() are to fail: all, or one of each of some places; or some of the first at_most."""
        if at_most and not ALL:
            return sorted(self.random.sample(range(1, at_most), 2))
        self.nth.arm(kind, 0)
        act()
        seen, _ = self.nth.disarm()
        if ALL and at_most is None:
            return range(1, seen + 1)
        self.nth.list(kind)
        act()
        found = self.nth.listed()
        return found if ALL else sorted(self.random.sample(found, min(places, len(found))))

    def sweep(self, name, listing, one, at_most=None, places=PLACES):
        for kind, word in KINDS:
            wrong, hits, ends = [], 0, 0
            began = time.monotonic()
            points = self.points(kind, listing, at_most, places)
            for n in points:
                self.nth.arm(kind, n)
                try:
                    ends += not one()
                    self.load_is_right()
                except (Wrong, AssertionError) as e:
                    where = self.nth.places()
                    wrong.append(f"{word} {n}: {e} ({where[0]} from {' '.join(f'{a:#x}' for a in where[1])})")
                hits += bool(self.nth.disarm()[1])
            check(f"{name}: one {word} fails: ready, or an end that says what to do, and nothing is let through", not wrong, wrong[:3])
            check(f"{name}: some {word}s did fail", hits or not points, points)
            print(f"# {name}: {len(points)} {word}s of cvfd tried, {hits} failed, after {ends} it ended; {time.monotonic() - began:.0f} s", flush=True)

    # --- what fails meanwhile

    def adopt(self):
        before = pins()

        def one():
            self.kill()
            is_up = self.start()
            if pins() != before:
                raise Wrong(f"the pins changed: {set(before) ^ set(pins())}; {self.log()}")
            if not is_up:
                self.ended_well()
            elif "adopted from the pins" not in self.log():
                raise Wrong(f"it did not take over what was pinned: {self.log()}")
            return is_up
        self.sweep("taking over the pins", one, one)

    def load(self):
        usual = []

        def one():
            self.kill()
            subprocess.run(["/usr/sbin/cvfd", "--unpin"], check=True, capture_output=True)
            is_up = self.start()
            found = re.findall(r"enforcing: \d+ programs as \w+", self.log())
            if not is_up:
                self.ended_well()
                if pins() and "state" not in pins():
                    raise Wrong(f"half a set is left: {pins()}")
                return False
            if not usual:
                usual.extend(found)
            if found != usual:
                raise Wrong(f"it is ready with {found}, otherwise {usual}")
            self.enforces()
            return True
        one()
        self.sweep("loading the programs", one, one, EARLY)

    def enforces(self):
        got = subprocess.run(["cvfctl", "run", "--agent", "robust", "--", TOOL, "open", WORK + "/free/file", WORK + "/denied/file"],
                             capture_output=True, text=True, check=False)
        if f"{WORK}/denied/file ok" in got.stdout:
            raise Wrong(f"the agent may read what it must not: {got.stdout}")
        return got

    def hold(self, number):
        """A question, and a denial of it."""
        path = f"{WORK}/held/nth.{number:06}"
        with open(path, "wb"):
            pass
        with open("/tmp/nth.one", "wb") as f:
            f.truncate(4096)
        child = subprocess.Popen(["cvfctl", "run", "--agent", "robust", "--", "/bin/bash", "-c", f"echo x >>{path}"],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        is_found = []

        def answered():
            try:
                for one in call("GET", "/v1/approvals?limit=1000")[1].get("holds", []):
                    is_found.append(call("POST", f"/v1/approvals/{one['id']}/deny", "{}")[0])
            except Exception:	# whoever is being restarted answers later
                self.again()
            return child.poll() is not None
        wait(answered, "an end of what was held")
        if os.stat(path).st_size:
            raise Wrong("a denied operation happened")

    def again(self):
        """It works, the same one or the next."""
        if not is_ready():
            if self.child and self.child.poll() is not None:
                self.ended_well()
                self.nth.disarm()
                self.child = None
                wait(lambda: not any(pid_of(n) for n in ("cvfd", "cvfd-govern", "cvfd-keeper", "cvfd-canary")), "its end")
                if not self.start():
                    raise Wrong(f"it does not start again: {self.log()}")
            else:
                wait(lambda: is_ready() or self.child.poll() is not None, "readiness or end")

    def work(self):
        """A reload, an agent that begins, a question and its answer, while it runs."""
        numbers = iter(range(1, 1 << 30))
        if not self.start():
            raise Wrong(f"it does not start: {self.log()}")

        def one():
            child = self.child
            subprocess.run(["cvfctl", "reload"], capture_output=True, check=False)
            self.enforces()
            self.hold(next(numbers))
            self.again()
            return child is self.child
        self.sweep("at work", one, one, places=AT_WORK)
        self.nth.disarm()
        got = self.enforces()
        check("at work: afterwards it does what it did", f"{WORK}/free/file ok" in got.stdout and f"{WORK}/denied/file EPERM" in got.stdout, got)


def main():
    print(f"# CVF_SEED={SEED}", flush=True)
    enforcer = Enforcer(*sys.argv[2:3])
    getattr(enforcer, sys.argv[1])()
    enforcer.nth.disarm()
    enforcer.kill()
    check(f"{sys.argv[1]}: without a fault it is ready", enforcer.start(), enforcer.log()[-500:])
    for words, n in sorted(enforcer.words.items()):
        print(f"# {n} times: {words}", flush=True)
    return 0


sys.exit(main())
