# SPDX-License-Identifier: Apache-2.0
"""Everything that cvfctl prints, with hostile texts wherever a text can come from: nothing gets through that would deceive a reader.

Usage: python3 tests/unit/test_cli_hostile.py CVFCTL [unittest arguments]

The command lines and documents are those of tests/golden/cases.json: what its stand-in answers is poisoned in every string, with
--json and without, and so are the operands, and the files that are read.
"""
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden")
sys.path[:0] = [GOLDEN, os.path.join(HERE, "..", "hostile")]
import fake_cvfd  # noqa: E402
import hostile  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"
ALL = hostile.everything()
# Words that say which way a text is laid out: poisoned in one pass, left as they are in the other.
WORDS = {"state", "verdict", "would", "risk", "operation", "scope", "type", "how", "level", "mode", "decision", "strategy", "expires_at",
         "kept_at", "requested_at", "last_use", "effect", "reason", "kind"}


def poison(value, keeps=frozenset(), what=ALL, key=None):
    """The same document with hostile strings: all, or all but those of the keys in keeps."""
    if isinstance(value, dict):
        made = {k: poison(v, keeps, what, k) for k, v in value.items()}
        made[what[:2000].replace("\0", "") + "key"] = what	# a NUL in a key is refused by every parser here
        return made
    if isinstance(value, list):
        return [poison(v, keeps, what, key) for v in value]
    if isinstance(value, str) and key not in keeps:
        return value[:2] + what
    return value


def answer_of(answer):
    status, document = answer if isinstance(answer, list) else (200, answer)
    if isinstance(document, str):
        with open(os.path.join(GOLDEN, "api", document), encoding="utf-8") as f:
            document = json.load(f)
    return status, document


def cases():
    """All but completions and help, which say nothing of anybody else's."""
    with open(os.path.join(GOLDEN, "cases.json"), encoding="utf-8") as f:
        return [c for c in json.load(f) if not {"completion", "--help"} & set(c["args"])]


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.socket = os.path.join(self.dir.name, "s")
        self.fake = fake_cvfd.Fake(self.socket)
        self.addCleanup(self.fake.close)

    def run_it(self, words, feed=b"", cwd=GOLDEN, locale="C.UTF-8"):
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": locale, "CVF_SOCKET": self.socket}
        p = subprocess.run([CVFCTL, *words], env=env, cwd=cwd, capture_output=True, timeout=60, input=feed)
        self.assertGreaterEqual(p.returncode, 0, f"{words}: killed")
        return p

    def check(self, words, name, **more):
        p = self.run_it(words, **more)
        self.assertEqual(hostile.leaks(p.stderr), [], f"{name}: standard error")
        if "--json" in words:
            # What becomes a file is laid out in lines.
            whole = "new" in words or "--policy" in words
            self.assertEqual(hostile.json_leaks(p.stdout, lines=not whole), [], f"{name}: JSON")
        else:
            self.assertEqual(hostile.leaks(p.stdout), [], f"{name}: text")
        return p


class Answers(Base):
    """What the daemon answers."""

    def serve(self, case, keeps, what=ALL):
        self.fake.routes.clear()
        for method in ("get", "post", "delete"):
            for path, answer in case.get(method, {}).items():
                status, document = answer_of(answer)
                self.fake.set(method.upper(), path, status, poison(document, keeps, what))

    def test_every_verb_in_text_and_json(self):
        asked = 0
        for case in cases():
            for keeps in (frozenset(), WORDS, WORDS | {"id"}):
                self.serve(case, keeps)
                # Ids that were made up while walking a list are asked for again: everything is there.
                for words in (case["args"], ["--json", *case["args"]]):
                    with self.subTest(words):
                        self.check(words, f"{case['name']} {words}", feed=case.get("input", "").encode())
                        asked += 1
        self.assertGreater(asked, 500)

    def test_terminals_that_know_no_utf8(self):
        for case in cases():
            if case.get("get"):
                self.serve(case, WORDS)
                p = self.check(case["args"], case["name"], locale="C")
                self.assertTrue(p.stdout.isascii(), case["name"])

    def test_each_text_alone(self):
        for name, data in hostile.STRINGS.items():
            error = {"error": {"code": "x", "message": hostile.text(data), "hint": hostile.text(data),
                               "diagnoses": [{"file": hostile.text(data), "line": 1, "message": hostile.text(data), "level": "error"}]}}
            self.fake.set("GET", "/v1/status", 403, error)
            for words in (["status"], ["status", "--json"]):
                p = self.check(words, name)
                self.assertEqual(p.returncode, 5)
                self.assertEqual(p.stderr.count(b"\n"), 3, f"{name}: one line each for message, hint, diagnosis")

    def test_an_answer_that_is_no_json(self):
        for name, data in [*hostile.STRINGS.items(), ("huge", hostile.HUGE)]:
            self.fake.set("GET", "/v1/status", 200, b'{"version": "' + data + b'"}')
            self.check(["status"], name)
            self.fake.set("GET", "/v1/status", 500, data)
            self.check(["status"], name)
            self.check(["status", "--json"], name)

    def test_a_mebibyte(self):
        case = next(c for c in cases() if c["name"] == "approvals")
        self.serve(case, WORDS, hostile.HUGE.decode() + ALL)
        for words in (["approvals"], ["approvals", "--json"]):
            self.check(words, "1 MiB")


class Words(Base):
    """What stands on the command line: it may have been pasted, or come out of a list of files."""

    def test_operands_and_options(self):
        no_nul = [s for s in hostile.STRINGS.values() if b"\0" not in s]
        every = b"".join(no_nul)
        for case in cases():
            args = [a.encode() for a in case["args"]]
            n = 2 if len(args) > 1 and args[1].islower() and not args[1].startswith(b"-") else 1
            self.fake.call("GET", "x", None)
            for i in range(n, len(args)):
                if not args[i].startswith(b"-"):
                    self.check(args[:i] + [args[i] + every] + args[i + 1:], f"{case['name']} {i}", feed=b"{}")
        for each in no_nul:
            for words in ([each], ["agent", each], ["status", each], [b"status", b"--" + each], [b"events", b"--since=" + each],
                          [b"capability", b"validate", each], [b"run", b"--agent", each, b"--", b"true"]):
                self.check(words, repr(each))

    def test_what_was_done_is_said_of_any_name(self):
        every = b"".join(s for s in hostile.STRINGS.values() if b"\0" not in s)
        for words in ([b"approve", every], [b"deny", every], [b"agent", b"mode", every, b"observe"], [b"agent", b"remove", every],
                      [b"capability", b"state", every, b"RETIRED"], [b"grants", b"revoke", every], [b"quarantine", b"purge", every],
                      [b"quarantine", b"restore", every], [b"agent", b"attach", every, b"--pid", b"1"], [b"token", b"revoke", every],
                      [b"audit", b"match", every, b"input/words"], [b"alerts", b"ack", every], [b"maintenance", b"end", every]):
            class Any(dict):
                def get(self, key, default=None):
                    return 200, {"id": ALL, "state": "approved", "matches": True}
            self.fake.routes = Any()
            p = self.check(words, repr(words[:2]))
            self.assertEqual(p.returncode, 0, p.stderr)


    def test_a_file_that_is_made(self):
        copy = bytearray(512)
        copy[:16], copy[16:18], copy[28:32] = b"SQLite format 3\0", b"\2\0", b"\0\0\0\1"
        self.fake.set("GET", "/v1/store/backup", 200, bytes(copy))
        for name, data in hostile.STRINGS.items():
            if b"\0" not in data and b"/" not in data and len(data) < 250:
                with tempfile.TemporaryDirectory() as folder:
                    for words in ([b"store", b"backup", data], [b"store", b"backup", b"--json", b"again" + data]):
                        self.assertEqual(self.check(words, name, cwd=folder).returncode, 0)


class Files(Base):
    """What is read from files: declarations, scenarios."""

    def poisoned(self, name):
        with open(os.path.join(GOLDEN, name), "rb") as f:
            raw = f.read()
        try:
            document = json.loads(raw)
        except ValueError:
            document = None
        if document is not None:
            for keeps in (frozenset(), {"schema"}, {"schema", "id"}, WORDS | {"schema", "id", "operation_type", "agent", "path", "paths"}):
                yield json.dumps(poison(document, keeps)).encode()
        yield raw
        for data in hostile.STRINGS.values():
            yield raw.replace(b'"', b'"' + data, 3)
            yield data + raw

    def test_declarations_and_scenarios(self):
        read = 0
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "hostile\x1b[2J\u202e.json")
            for name, verb in (("etc/agents.d/coder.json", ["agent", "validate"]), ("input/capability.json", ["capability", "validate"]),
                               ("etc/policies.d/prod.json", ["policy", "validate"]), ("input/profile.json", ["profile", "validate"]),
                               ("input/scenarios.json", ["policy", "test", "--etc", "etc"]),
                               ("input/no-push.json", ["policy", "diff", "--offline", "--etc", "etc"])):
                for data in self.poisoned(name):
                    with open(path, "wb") as f:
                        f.write(data)
                    for more in ([], ["--json"]):
                        self.check([*verb, "--share", "share", *more, path], name)
                        read += 1
        self.assertGreater(read, 1000)


class Follow(Base):
    HOLD = {"id": "01H", "agent": "a", "session": "01S", "operation": "exec", "object": "/usr/bin/git", "argv": ["git", "push"],
            "capability": "c", "risk": "HIGH", "state": "pending", "note": "n", "decided_by": "d", "expires_at": "e"}

    def start(self, *words, **more):
        p = subprocess.Popen([CVFCTL, *words], env={"PATH": "/usr/bin:/bin", "CVF_SOCKET": self.socket, "LC_ALL": "C.UTF-8"},
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        # The command that it runs holds the pipes, too: it ends with its input.
        watchdog = threading.Timer(60, lambda: (p.kill(), p.stdin.close()))
        watchdog.start()
        for last in (p.stdin.close, p.stdout.close, p.stderr.close, p.wait, p.kill, watchdog.cancel):
            self.addCleanup(last)
        return p

    def hold(self, state):
        return {**poison(self.HOLD, {"id", "session", "state"} if state == "pending" else {"id", "session"}), "id": "01H"}

    def line(self, stream, is_json):
        line = stream.readline()
        self.assertTrue(line)
        self.assertEqual(hostile.json_leaks(line) if is_json else hostile.leaks(line), [])

    def test_approvals_as_they_come_and_end(self):
        for more in ([], ["--json"]):
            self.fake.set("GET", "/v1/approvals/01H", 200, self.hold("ended"))
            self.fake.set("GET", "/v1/approvals", 200, {"holds": [self.hold("pending")]})
            p = self.start("approvals", "--watch", *more)
            self.line(p.stdout, more)
            self.fake.set("GET", "/v1/approvals", 200, {"holds": []})
            self.line(p.stdout, more)

    def test_what_run_says_meanwhile(self):
        self.fake.set("POST", "/v1/agents/a/sessions", 201, {"session": "01S", "agent": "a"})
        for more in ([], ["--json"]):
            self.fake.set("GET", "/v1/approvals/01H", 200, self.hold("ended"))
            self.fake.set("GET", "/v1/approvals", 200, {"holds": [self.hold("pending")]})
            p = self.start("run", "--agent", "a", "--verbose", *more, "--", "cat")
            self.line(p.stderr, more)
            self.fake.set("GET", "/v1/approvals", 200, {"holds": []})
            self.line(p.stderr, more)

    def test_what_run_says_of_a_session_it_cannot_have(self):
        for status, document in ((403, {"error": {"code": "x", "message": ALL, "hint": ALL}}), (201, {"session": ALL, "agent": ALL})):
            self.fake.set("POST", "/v1/agents/a/sessions", status, document)
            self.fake.set("GET", "/v1/approvals", 200, {"holds": []})
            for more in ([], ["--verbose"], ["--json"]):
                p = self.run_it(["run", "--agent", "a", *more, "--", "true"])
                self.assertEqual(hostile.leaks(p.stderr), [])

    def test_events_as_they_come(self):
        for keeps in (frozenset(), WORDS):
            for name, data in [("all", ALL), *((n, hostile.text(s)) for n, s in hostile.STRINGS.items())]:
                event = poison({"id": "E1", "time": "t", "agent": "a", "verdict": "deny", "risk": "HIGH", "capability": "c", "reason": "r",
                                "operation": "delete", "object": "o", "object2": "p", "argv": ["a", "b"]}, keeps, data)
                raw = b"id: E1\nevent: event\ndata: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"
                self.fake.call("GET", "/v1/events/stream", lambda asked, raw=raw: ("stream", iter([raw])))
                for more in ([], ["--json"]):
                    p = subprocess.Popen([CVFCTL, "events", "--follow", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                         env={"PATH": "/bin", "CVF_SOCKET": self.socket, "LC_ALL": "C.UTF-8"})
                    watchdog = threading.Timer(20, p.kill)
                    watchdog.start()
                    line = p.stdout.readline()
                    watchdog.cancel()
                    p.kill()
                    p.communicate()
                    self.assertTrue(line, name)
                    self.assertEqual(hostile.json_leaks(line) if more else hostile.leaks(line), [], name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:], verbosity=1)
