# SPDX-License-Identifier: Apache-2.0
"""The n-th allocation or system call of the governor fails, for n = 1, 2, 3 ... until a run in which none did.

Each time it works, or refuses with 5xx, or ends with a message and a status; by no signal, and not late. No approval goes out that
is not stored, no answer lacks what it has otherwise, no hold is lost, and the trail verifies.

$CVF_EVERY=all tries every n (make check-long). Otherwise one call for each of some places in the program that make one, chosen by
$CVF_SEED (1).
"""
import http.client
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import time
import unittest

import nth
from govern_fixture import FAKE, GOVERN, GovernTest, NOBODY, PATIENCE, PUSH, Process, ROOT, SECRET, call, verify_chain

LIBRARY = os.environ.get("CVF_NTH_SO", os.path.dirname(FAKE) + "/nth.so")
CVFCTL = os.environ.get("CVFCTL", ROOT + "/build/release/cvfctl")
ALL = os.environ.get("CVF_EVERY") == "all"
SEED = int(os.environ.get("CVF_SEED") or 1)
KINDS = ((nth.ALLOCATION, "allocation"), (nth.CALL, "call"))
POLICY = {"schema": "cvf.policy/v1", "id": "p", "priority": 1, "rules": [
    {"id": "no", "when": {"path": ["/srv/**"]}, "effect": "DENY", "reason": "the test says no"}]}


def flat(value, where=""):
    """Path to each leaf: text as it is, of everything else the kind."""
    if isinstance(value, dict):
        return {k: v for key, one in value.items() for k, v in flat(one, f"{where}.{key}").items()} or {where: "{}"}
    if isinstance(value, list):
        return {k: v for i, one in enumerate(value) for k, v in flat(one, f"{where}[{i}]").items()} or {where: "[]"}
    if isinstance(value, str):
        return {where: "time" if re.match(r"\d{4}-\d\d-\d\dT", value) else value}
    return {where: "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else value}


def lasting(answer):
    """Without what says how it is at this moment."""
    return {k: v for k, v in flat(answer).items() if not re.search(r"\.(enforcing|canary\w*|burn_\w+|\w*problem|checks)\b", k)}


class Every(GovernTest):
    def setUp(self):
        self.nth = None
        self.answered = []
        self.pid = 5000
        self.random = random.Random(SEED)
        print(f"# CVF_SEED={SEED}", flush=True)
        super().setUp()

    def spawn(self):
        if not self.nth:
            self.nth = nth.Nth(f"{self.dir}/nth")
            self.addCleanup(self.nth.close)
        more = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        return Process(self.argv(), "cvfd-govern", env={**os.environ, **self.nth.env(LIBRARY)}, **more)

    def points(self, kind, act, at_most):
        """Which calls of act() are to fail, one after the other; endless when all are."""
        if ALL:
            return iter(range(1, 1 << 30))
        self.nth.list(kind)
        act()
        found = self.nth.listed()
        return iter(sorted(self.random.sample(found, min(at_most, len(found)))))

    # --- what must hold

    def ended(self, what, patience=PATIENCE):
        """It has ended or ends now: by itself, with a message and not by a signal."""
        try:
            status = self.govern.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.fail(f"{what}: it neither works nor ends: {self.govern.lines}")
        self.govern.reader.join(PATIENCE)
        said = "\n".join(self.govern.lines)
        govern, self.govern = self.govern, None
        self.addCleanup(lambda: (govern.child.stdin.close(), govern.child.stdout.close()))
        self.assertIn(status, (0, 1), f"{what}: ended with {status}: {said}")
        self.assertNotIn("Sanitizer", said)
        self.assertNotIn("runtime error", said)
        self.assertTrue(said, f"{what}: ended without a word")
        return status

    def kill(self):
        if self.govern:
            self.govern.stop(signal.SIGKILL)
            self.govern = None

    def is_up(self):
        return self.govern and self.govern.child.poll() is None

    def again(self):
        """A governor that works, the same one if it does."""
        if self.is_up():
            try:
                self.wait(lambda: not self.is_up() or self.get("/readyz").status == 200, "recovery", 3 * PATIENCE)
            except http.client.HTTPException:
                pass
        if not self.is_up():
            if self.govern:
                self.ended("it ended by itself")
            self.start()
            self.wait(lambda: self.get("/readyz").status == 200, "readiness", 3 * PATIENCE)

    def is_whole(self):
        """The trail verifies, nothing is lost, and exactly what was approved was answered."""
        self.again()
        self.do(SECRET)
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records that waited")
        self.wait(lambda: self.get("/v1/status")["store_problem"] is None, "a store without a problem")
        self.assertEqual(self.get("/v1/status")["events_lost"], 0)
        verify_chain(self, f"{self.dir}/state/cvf.db")
        got = subprocess.run([CVFCTL, "audit", "verify", "--json", "--store", f"{self.dir}/state/cvf.db"], capture_output=True,
                             text=True, check=False)
        self.assertEqual((got.returncode, json.loads(got.stdout)["findings"]), (0, []), got.stderr)

    def answers(self):
        return [tuple(line.split()[1:3]) for line in self.fake.lines if line.startswith("answer") and line.split()[2] in ("allow", "deny")]

    def ask(self, method, url, body=None):
        """The answer, or None when there was none."""
        try:
            return call(f"{self.dir}/run/cvfd.sock", method, url, body)
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as e:
            self.assertNotIsInstance(e, TimeoutError, f"{method} {url}: no answer in time")
            return None

    def new_hold(self):
        self.pid += 1
        return self.hold(PUSH, pid=self.pid)

    @staticmethod
    def result(act, given):
        try:
            return act(given), None
        except AssertionError as e:
            return None, e

    def sweep(self, name, prepare, act, check, at_most=40):
        """act(what prepare() gave) with each call failing; check(the same, what act() gave, where, has anything failed)."""
        for kind, word in KINDS:
            points = self.points(kind, lambda: check(*(lambda p: (p, act(p), f"{name}, listing", False))(prepare())), at_most)
            hits, tried = 1, 0
            for n in points:
                given = prepare()
                self.nth.arm(kind, n)
                got, wrong = self.result(act, given)
                _, hits = self.nth.disarm()
                what = f"{name}, {word} {n}: {self.nth.where(GOVERN) if hits else 'none failed'}"
                with self.subTest(what):
                    if wrong:
                        self.again()
                        self.fail(f"{what}: {wrong}")
                    if self.govern and not self.is_up():
                        self.ended(what)
                    self.again()
                    check(given, got, what, bool(hits))
                tried += 1
                if not hits and ALL:
                    break
            print(f"# {name}: {tried} {word}s failed", flush=True)


class Start(Every):
    def begin(self, what):
        """Up, or ended in order: which?"""
        self.govern = self.spawn()
        end = time.monotonic() + 3 * PATIENCE
        while self.is_up() and time.monotonic() < end:
            answer = self.ask("GET", "/healthz")
            if answer is not None and answer.status == 200:
                return True
            time.sleep(0.005)
        if self.is_up():
            self.fail(f"{what}: neither works nor ends: {self.govern.lines}")
        status = self.ended(what)
        self.assertEqual(status, 1, what)
        return False

    def one(self, what):
        if not self.begin(what):
            return
        self.assertEqual(self.do(SECRET)[0], "deny")
        number, _ = self.do(PUSH, pid=self.pid + 1)[1], None
        self.pid += 1
        answer = self.ask("GET", "/v1/approvals?limit=1000")
        holds = [h for h in (answer or {}).get("holds", []) if h["pid"] == self.pid]
        if holds:
            self.assertEqual(len(holds), 1, what)
            approved = self.ask("POST", f"/v1/approvals/{holds[0]['id']}/approve")
            if approved is not None and approved.status == 200:
                self.fake.wait_line(f"answer {number} allow")
        if self.is_up():
            self.govern.child.terminate()
        self.ended(what)

    def failing(self, fresh):
        for kind, word in KINDS:
            def begin():
                if fresh:
                    self.forget()
                self.one("listing")
            self.stop()
            hits, tried = 1, 0
            for n in self.points(kind, begin, 40):
                if fresh:
                    self.forget()
                self.nth.arm(kind, n)
                self.one_at(n, word)
                _, hits = self.nth.disarm()
                tried += 1
                if not hits and ALL:
                    break
                if tried % 50 == 0:
                    self.start()
                    self.whole_answers()
                    self.stop()
            print(f"# start, {'empty' if fresh else 'old'} store: {tried} {word}s failed", flush=True)
            self.start()
            self.whole_answers()

    def one_at(self, n, word):
        with self.subTest(f"start, {word} {n}"):
            try:
                self.one(f"start, {word} {n}")
                aside = [name for name in os.listdir(f"{self.dir}/state") if "corrupt" in name]
                self.assertEqual(aside, [], "a call that fails is no damage")
            except AssertionError as e:
                self.kill()
                raise AssertionError(f"{e}\n{self.nth.where(GOVERN)}") from None

    def forget(self):
        for name in os.listdir(f"{self.dir}/state"):
            os.unlink(f"{self.dir}/state/{name}")

    def whole_answers(self):
        self.again()
        verify_chain(self, f"{self.dir}/state/cvf.db")
        got = subprocess.run([CVFCTL, "audit", "verify", "--json", "--store", f"{self.dir}/state/cvf.db"], capture_output=True,
                             text=True, check=False)
        self.assertEqual((got.returncode, json.loads(got.stdout)["findings"]), (0, []), got.stderr)

    def test_an_empty_store(self):
        self.failing(True)

    def test_a_store_that_is_there(self):
        self.failing(False)


class Work(Every):
    def answer_is(self, answer, what, good=(200, 201)):
        """True: done; false: refused for a reason that is ours, or because a file could not be read."""
        if answer is None or answer.status >= 500:
            if answer is not None:
                self.assertTrue(answer["error"]["message"], what)
            return False
        if answer.status == 422 and re.search(r"Too many open files|Input/output error", json.dumps(answer)):
            return False
        self.assertIn(answer.status, good, f"{what}: {answer}")
        return True

    def test_every_answer(self):
        """A GET has all that it has otherwise, or is no 200."""
        number, hold = self.new_hold()
        _, done = self.new_hold()
        self.ok(self.post(f"/v1/approvals/{done['id']}/approve", {"scope": "agent", "for_s": 3600}))
        self.tell("exec pid=77 1 /bin/secret x")
        self.ok(self.post("/v1/policies", POLICY), 201)
        self.ok(self.post("/v1/tokens", {"name": "t", "roles": ["viewer"]}), 201)
        event = self.events(limit=1)[0]["id"]
        ids = {"capabilities": "t.read", "agents": "coder-1", "policies": "p", "events": event, "approvals": hold["id"]}
        document = self.get("/openapi.json")
        for path, methods in document["paths"].items():
            kind = path.split("/")[2] if path.startswith("/v1/") and path.count("/") > 1 else path.split("/")[1]
            if "get" not in methods or path.endswith(("/stream", "/store/backup")) or path in ("/metrics",):
                continue
            if "{" in path and kind not in ids:
                continue
            if path.startswith("/v1/audit/con"):
                continue
            self.again()
            url = re.sub(r"\{\w+\}", ids.get(kind, ""), path)
            clean = self.ask("GET", url)
            if clean.status != 200:
                continue

            def check(_, answer, what, is_hit):
                if answer is not None and answer.status == 200 and answer.get("error", {}).get("code"):
                    return  # made in slices: it says at its end that it failed
                if self.answer_is(answer, what, (200,)):
                    self.assertEqual(lasting(answer), lasting(self.get(url)), what)
                else:
                    self.assertTrue(is_hit, f"{what}: {answer}")
                self.again()
            self.sweep(url, lambda: None, lambda _, u=url: self.ask("GET", u), check, 8)
        self.is_whole()

    def test_an_answer_to_a_hold(self):
        for verb, word in (("approve", "allow"), ("deny", "deny")):
            def prepare():
                self.again()
                return self.new_hold()

            def check(given, answer, what, is_hit):
                number, hold = given
                went_out = (str(number), word) in self.answers()
                if not self.answer_is(answer, what):
                    self.assertTrue(is_hit, what)
                self.again()
                state = self.get(f"/v1/approvals/{hold['id']}")["state"]
                if went_out or (answer is not None and answer.status == 200):
                    self.fake.wait_line(f"answer {number} {word}")
                    self.assertIn(state, ("approved", "denied"), what)
                if state == "pending":
                    self.ok(self.post(f"/v1/approvals/{hold['id']}/{verb}"))
                self.fake.wait_line(f"answer {number} {word}")
                self.assertEqual([a for a in self.answers() if a[0] == str(number)], [(str(number), word)], what)
            self.sweep(verb, prepare, lambda given, v=verb: self.ask("POST", f"/v1/approvals/{given[1]['id']}/{v}"), check, 15)
        self.is_whole()

    def test_a_question(self):
        """It is listed in the end, whatever failed when it came."""
        def act(_):
            self.pid += 1
            verdict, number = self.do(PUSH, pid=self.pid)
            self.assertEqual(verdict, "hold")
            self.ask("GET", "/v1/status")
            return self.pid, number

        def check(_, got, what, is_hit):
            pid, number = got
            self.again()
            hold = self.wait(lambda: [h for h in self.get("/v1/approvals?limit=1000")["holds"] if h["pid"] == pid],
                             f"hold after {what}", 2 * PATIENCE)
            self.assertEqual(len(hold), 1, what)
            self.ok(self.post(f"/v1/approvals/{hold[0]['id']}/deny"))
            self.fake.wait_line(f"answer {number} deny")
        self.sweep("question", self.again, act, check, 4)
        self.is_whole()

    def test_records(self):
        def act(_):
            before = self.recorded
            self.tell("flood 20")
            self.ask("GET", "/v1/status")
            return before

        def prepare():
            self.again()
            self.recorded = len(self.rows())

        def check(_, before, what, is_hit):
            self.again()
            self.wait(lambda: len(self.rows()) == before + 20, f"20 records more than {before} after {what}")
        self.recorded = 0
        self.sweep("records", prepare, act, check, 4)
        self.is_whole()

    def rows(self):
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
        try:
            return db.execute("SELECT n FROM events").fetchall()
        finally:
            db.close()

    def change(self, name, do, undo, look, at_most=25):
        """do() and undo() are requests (method, url, body); look() is what a reader sees. Refused: as it was."""
        def side(word, request, back):
            def prepare():
                self.again()
                return look()

            def check(before, answer, what, is_hit):
                done = self.answer_is(answer, what)
                self.again()
                after = look()
                if done:
                    self.assertNotEqual(after, before, f"{what}: done, but nothing changed")
                elif answer is not None and "it is noted" in answer["error"]["message"]:
                    self.assertTrue(is_hit, what)  # and said so: it stays, and the enforcer is told later
                elif answer is not None:
                    self.assertTrue(is_hit, f"{what}: {answer}")
                    self.assertEqual(after, before, f"{what}: refused ({answer}), but changed")
                if after != before:
                    self.answer_is(self.ask(*back(after)), what)
                    self.wait(lambda: look() == before, f"what was before {what}")
            self.sweep(f"{name} {word}", prepare, lambda _: self.ask(*request), check, at_most)
        side("do", do, undo)

    def test_a_policy(self):
        self.change("policy", ("POST", "/v1/policies", POLICY), lambda _: ("DELETE", "/v1/policies/p"),
                    lambda: [p["id"] for p in self.get("/v1/policies")["policies"]])
        self.is_whole()

    def test_a_token(self):
        self.change("token", ("POST", "/v1/tokens", {"name": "t", "roles": ["viewer"]}),
                    lambda ids: ("DELETE", f"/v1/tokens/{ids[0]}"),
                    lambda: [t["id"] for t in self.get("/v1/tokens?limit=1000")["tokens"] if t["state"] == "active"])
        self.is_whole()

    def test_a_mode(self):
        self.change("mode", ("POST", "/v1/agents/coder-1/mode", {"mode": "observe"}),
                    lambda _: ("POST", "/v1/agents/coder-1/mode", {"mode": "enforce"}),
                    lambda: self.get("/v1/agents/coder-1")["mode"])
        self.is_whole()

    def test_a_freeze(self):
        self.change("freeze", ("POST", "/v1/agents/coder-1/freeze", None),
                    lambda _: ("POST", "/v1/agents/coder-1/thaw", None),
                    lambda: self.get("/v1/agents/coder-1").get("frozen"))
        self.is_whole()


if __name__ == "__main__":
    unittest.main()
