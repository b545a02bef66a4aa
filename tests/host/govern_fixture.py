# SPDX-License-Identifier: Apache-2.0
"""The governor and the fake enforcer as a pair of processes in a directory of their own; a client of the API.

Programs: $CVF_GOVERN and $CVF_FAKE, default build/release/cvfd-govern and build/release/tests/fake_cvfd.
Runs as any user. As root the governor runs as nobody, so that the test does not depend on a user cvf.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import pwd
import queue
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

import openapi_check

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOVERN = os.environ.get("CVF_GOVERN", ROOT + "/build/release/cvfd-govern")
FAKE = os.environ.get("CVF_FAKE", ROOT + "/build/release/tests/fake_cvfd")
SHARE = ROOT + "/share"
PATIENCE = float(os.environ.get("CVF_PATIENCE", "10"))
ME = pwd.getpwuid(os.getuid()).pw_name
NOBODY = pwd.getpwnam("nobody")

CAPABILITIES = [
    {"schema": "cvf.capability/v1", "id": "t.read", "name": "Read", "description": "reads", "operation_type": "READ",
     "risk": {"level": "LOW", "justification": "harmless"},
     "side_effects": {"reversible": True, "scope": "local", "description": "none"},
     "match": {"file": [{"path": "/**", "ops": ["read"]}]}},
    {"schema": "cvf.capability/v1", "id": "t.write", "name": "Write", "description": "writes", "operation_type": "WRITE",
     "risk": {"level": "MEDIUM", "justification": "reversible"},
     "side_effects": {"reversible": True, "scope": "local", "description": "a file"},
     "match": {"file": [{"path": "/home/dev/**", "ops": ["write"]}]}},
    {"schema": "cvf.capability/v1", "id": "t.push", "name": "Push", "description": "publishes", "operation_type": "EXECUTE",
     "risk": {"level": "HIGH", "justification": "leaves the host"},
     "side_effects": {"reversible": True, "scope": "external", "description": "a branch"},
     "match": {"exec": [{"path": "**/git", "argv": ["push", "**"]}]}},
    {"schema": "cvf.capability/v1", "id": "t.wipe", "name": "Wipe", "description": "destroys", "operation_type": "EXECUTE",
     "risk": {"level": "CRITICAL", "justification": "for ever"},
     "side_effects": {"reversible": False, "scope": "local", "description": "a disk"},
     "match": {"exec": [{"path": "**/mkfs", "argv": ["**"]}]}},
    {"schema": "cvf.capability/v1", "id": "t.secret", "name": "Secret", "description": "not granted",
     "operation_type": "EXECUTE", "risk": {"level": "LOW", "justification": "none"},
     "side_effects": {"reversible": True, "scope": "local", "description": "none"},
     "match": {"exec": [{"path": "**/secret", "argv": ["**"]}]}},
]
AGENT = {"schema": "cvf.agent/v1", "id": "coder-1", "name": "Coder", "owner": "team",
         "capabilities": ["t.read", "t.write", "t.push", "t.wipe"],
         "scope": {"paths": ["/home/dev/**"]}, "mode": "enforce"}
READ, WRITE, PUSH, WIPE = "read /etc/hostname", "write /home/dev/a", "exec /usr/bin/git push origin", "exec /sbin/mkfs /dev/x"
SECRET = "exec /bin/secret x"


class Process:
    """A child whose lines of output can be waited for."""

    def __init__(self, argv, name, **more):
        self.name = name
        self.lines = []
        self.news = queue.Queue()
        self.child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True, errors="replace", bufsize=1, **more)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            self.lines.append(line.rstrip("\n"))
            self.news.put(line)

    def wait_line(self, start, since=0, patience=PATIENCE):
        """The first line from `since` on that starts so; and where it is."""
        end = time.monotonic() + patience
        while True:
            for i in range(since, len(self.lines)):
                if self.lines[i].startswith(start):
                    return self.lines[i]
            if time.monotonic() > end:
                raise AssertionError(f"{self.name} did not say {start!r}; it said: {self.lines[since:]}")
            time.sleep(0.01)

    def stop(self, sig=signal.SIGTERM):
        if self.child.poll() is None:
            self.child.send_signal(sig)
        try:
            status = self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise AssertionError(f"{self.name} does not end; it said: {self.lines}")
        self.reader.join(PATIENCE)
        self.child.stdin.close()
        self.child.stdout.close()
        if sig != signal.SIGKILL and any("Sanitizer" in line or "runtime error" in line for line in self.lines):
            raise AssertionError("\n".join(self.lines))
        return status


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE * 3)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Authenticator:
    """What shows the codes of a second factor: RFC 6238 with the defaults, from the otpauth:// URI."""

    def __init__(self, uri):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(uri).query)
        self.secret = base64.b32decode(query["secret"][0])

    def code(self, offset=0):
        """Of the step now, or of one before or after it: each is good once."""
        step = int(time.time()) // 30 + offset
        digest = hmac.new(self.secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
        at = digest[-1] & 15
        return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 1000000:06}"

    def wrong(self):
        good = [self.code(o) for o in range(-2, 3)]
        return next(c for c in ("000000", "111111", "222222", "333333", "444444", "555555") if c not in good)


class Answer(dict):
    status = 0


def call(path, method, url, body=None, headers=None):
    c = Connection(path)
    try:
        raw = body if isinstance(body, (bytes, str, type(None))) else json.dumps(body)
        c.request(method, url, raw, headers or {})
        r = c.getresponse()
        text = r.read()
        answer = Answer(json.loads(text) if text else {})
        answer.status = r.status
        answer.headers = r.headers
        wrong = openapi_check.check(GOVERN, method, url, r.status, answer)
        if wrong:
            raise AssertionError("not as the OpenAPI document says: " + "; ".join(wrong[:5]))
        return answer
    finally:
        c.close()


def call_as(user, path, method, url, body=None):
    """The same, asked by a process of another user (a struct passwd); root only. Status and error code."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
            os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
            answer = call(path, method, url, body)
            os.write(writer, f"{answer.status} {answer.get('error', {}).get('code', '-')}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as f:
        words = f.read().split()
    os.waitpid(child, 0)
    return int(words[0]), words[1]


def verify_chain(test, path):
    """Every hash of the trail of a database, made again from the rows; the number of events."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names = {(k, n): name for k, n, name in db.execute("SELECT kind, number, name FROM numbers")}
    boots = dict(db.execute("SELECT no, boot_id FROM boots"))
    before, n = bytes(32), 0
    entries = "SELECT n, id, boot, time_ms, record, NULL, hash FROM events UNION ALL SELECT n, id, boot, time_ms, kind, body, hash FROM acts"
    for place, row_id, boot, ms, record, body, digest in db.execute(entries + " ORDER BY 1"):
        title, parts = b"cvf.act/1\0", [str(record).encode(), str(body).encode()]
        if body is None:
            n += 1
            agent, = struct.unpack_from("<I", record, 40)
            capability, rule = struct.unpack_from("<II", record, 88)
            title = b"cvf.event/1\0"
            parts = [names.get(key, "").encode() for key in ((0, agent), (1, capability), (2, rule))] + [record]
        h = hashlib.blake2b(title + before, digest_size=32)
        for part in [row_id.encode(), boots[boot].encode(), struct.pack("<q", ms)] + parts:
            h.update(struct.pack("<I", len(part)) + part)
        test.assertEqual(h.digest(), digest, f"the hash of entry {place}")
        before = digest
    db.close()
    return n


class GovernTest(unittest.TestCase):
    settings = {}
    files = {}
    share = None

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="cvf-host-")
        self.govern = self.fake = None
        self.addCleanup(self.clean_up)
        for name in ("state", "run", "etc/capabilities.d", "etc/profiles.d", "etc/agents.d", "etc/policies.d", "share/capabilities",
                     "share/profiles"):
            os.makedirs(f"{self.dir}/{name}")
        self.write("etc/capabilities.d/t.json", CAPABILITIES)
        self.write("etc/agents.d/coder-1.json", AGENT)
        for name, content in self.files.items():
            self.write(name, content)
        self.set_principals()
        if os.getuid() == 0:
            os.chmod(self.dir, 0o755)
            for name in ("state", "run"):
                os.chown(f"{self.dir}/{name}", NOBODY.pw_uid, NOBODY.pw_gid)
        self.fake = Process([FAKE, f"{self.dir}/link.sock"], "fake_cvfd")
        self.fake.wait_line("listening")
        self.start()

    def clean_up(self):
        try:
            for process in (self.govern, self.fake):
                if process:
                    process.stop()
        finally:
            shutil.rmtree(self.dir)

    def set_principals(self, **more):
        """Whoever runs the test may do everything, but is nobody's person unless the test says so."""
        principal = {"user": ME, "roles": ["admin"]}
        principal.update(more)
        self.write("etc/cvfd.json", {"principals": [principal], **self.settings})

    def write(self, name, content):
        with open(f"{self.dir}/{name}", "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content, indent=1))

    def argv(self):
        d = self.dir
        return [GOVERN, "--link", f"{d}/link.sock", "--state", f"{d}/state", "--run", f"{d}/run", "--config",
                f"{d}/etc/cvfd.json", "--etc", f"{d}/etc", "--share", self.share or f"{d}/share"]

    def spawn(self):
        more = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        return Process(self.argv(), "cvfd-govern", **more)

    def start(self):
        self.govern = self.spawn()
        self.wait(lambda: self.get("/healthz").status == 200, "the API")

    def stop(self, sig=signal.SIGTERM):
        status = self.govern.stop(sig)
        self.govern = None
        return status

    def restart(self, sig=signal.SIGTERM):
        self.stop(sig)
        self.start()

    def wait(self, what, name, patience=PATIENCE):
        """Until what() is true; exceptions of a governor that is not there yet count as false."""
        end = time.monotonic() + patience
        while True:
            try:
                result = what()
                if result:
                    return result
            except (OSError, http.client.HTTPException, KeyError, IndexError) as e:
                result = e
            if time.monotonic() > end:
                self.fail(f"no {name}: {result}; the governor said {self.govern and self.govern.lines}")
            time.sleep(0.02)

    def tell(self, line):
        """A line of the fake's script; what it said about it."""
        start = len(self.fake.lines)
        self.fake.child.stdin.write(line + "\n")
        self.fake.child.stdin.flush()
        self.fake.wait_line(("ok ", "wrong "), start)
        said = self.fake.lines[start:]
        self.assertTrue(any(s.startswith("ok ") for s in said), said)
        return said

    def do(self, operation, agent=1, **keys):
        """What the agent does and what it gets: "allow", "deny" or "hold"; and the number of the hold."""
        words = " ".join(f"{k}={v}" for k, v in keys.items())
        said = [s for s in self.tell(f"do {words} {agent} {operation}") if s.startswith("verdict ")]
        words = said[0].split()
        return words[1], int(words[2]) if words[1] == "hold" else 0

    def hold(self, operation=PUSH, **keys):
        """An operation that is held: number in the kernel, view of the governor."""
        verdict, number = self.do(operation, **keys)
        self.assertEqual(verdict, "hold")
        pid = int(keys.get("pid", 1000))
        hold = self.wait(lambda: [h for h in self.get("/v1/approvals?state=all&limit=1000")["holds"]
                                  if h["pid"] == pid and h["state"] == "pending"], "hold")[0]
        return number, hold

    def enrol(self, user=ME):
        return Authenticator(self.ok(self.post(f"/v1/approvers/{user}/factor"), 201)["uri"])

    def get(self, url, headers=None):
        return call(f"{self.dir}/run/cvfd.sock", "GET", url, headers=headers)

    def post(self, url, body=None):
        return call(f"{self.dir}/run/cvfd.sock", "POST", url, body)

    def delete(self, url):
        return call(f"{self.dir}/run/cvfd.sock", "DELETE", url)

    def as_agent(self, method, url, body=None):
        return call(f"{self.dir}/run/agent.sock", method, url, body)

    def events(self, **filters):
        query = "&".join(f"{k}={v}" for k, v in filters.items())
        answer = self.get(f"/v1/events?{query}")
        self.assertEqual(answer.status, 200, answer)
        return answer["events"]

    def ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer)
        return answer

    def refused(self, answer, status, code):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer["error"]["code"], code)
        self.assertTrue(answer["error"]["message"])
        return answer["error"]
