# SPDX-License-Identifier: Apache-2.0
"""cvfctl doctor: what it says about a daemon, and about agents whose holds a shell would see.

Usage: python3 tests/unit/test_cli_doctor.py CVFCTL [unittest arguments]

What the host offers is whatever it is here; only the checks that depend on the stand-in are compared.
"""
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import fake_cvfd  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"
GOOD = {"enforcing": True, "flavour": "lsm", "generation": 3, "events_lost": 0, "policy_problem": None, "store_problem": None}


class Doctor(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.dir.name, "s")
        self.fake = fake_cvfd.Fake(self.socket)
        self.sleep = os.path.join(self.dir.name, "agent-program")
        with open("/bin/sleep", "rb") as f, open(self.sleep, "wb") as to:
            to.write(f.read())
        os.chmod(self.sleep, 0o755)
        self.env = {"PATH": os.environ["PATH"], "CVF_SOCKET": self.socket, "LC_ALL": "C.UTF-8"}
        self.set()

    def tearDown(self):
        self.fake.close()
        self.dir.cleanup()

    def set(self, ready=200, **status):
        self.fake.set("GET", "/v1/status", 200, {**GOOD, **status})
        self.fake.set("GET", "/readyz", ready, {} if ready == 200 else {"error": {"message": "not ready: the canary ran"}})
        self.fake.set("GET", "/v1/agents", 200, {"agents": [{"id": "a", "match": {"exe": [self.sleep], "cgroup": []}}]})

    def look(self):
        p = subprocess.run([CVFCTL, "doctor", "--json"], env=self.env, capture_output=True, timeout=20)
        document = json.loads(p.stdout)
        self.assertEqual(document["ok"], p.returncode == 0)
        self.assertIn(p.returncode, (0, 1))
        return {c["check"]: c for c in document["checks"]}

    def test_good(self):
        for name in ("daemon", "enforcing", "canary", "policy", "store", "quarantine", "notices", "trail", "events-lost", "api", "terminals"):
            self.assertEqual(self.look()[name]["result"], "OK", name)

    def test_each_problem_and_how_to_put_it_right(self):
        for name, level, change in (("enforcing", "FAIL", {"enforcing": False}), ("canary", "FAIL", {"ready": 503}),
                                    ("policy", "FAIL", {"policy_problem": "x.json:1:2: no"}),
                                    ("store", "FAIL", {"store_problem": "disk full"}), ("events-lost", "WARN", {"events_lost": 3}),
                                    ("enforcing", "WARN", {"flavour": "fmod_ret", "flavour_problem": "bpf is among them"}),
                                    ("notices", "WARN", {"notices_waiting": 2, "notice_problem": "nobody takes them"}),
                                    ("quarantine", "WARN", {"quarantine_problem": "it does not run"}),
                                    ("trail", "FAIL", {"trail_problem": "it was damaged"}),
                                    ("api", "WARN", {"api": {"any_host": True}}), ("api", "WARN", {"api": {"any_origin": True}}),
                                    ("api", "WARN", {"api": {"listen": "127.0.0.1:8470", "tls": False}})):
            self.set(**change)
            found = self.look()
            self.assertEqual((name, found[name]["result"]), (name, level))
            self.assertTrue(found[name]["fix"])
            self.assertEqual([n for n in ("daemon", "enforcing", "canary", "policy", "store", "quarantine", "notices", "trail", "events-lost", "api")
                              if found[n]["result"] != "OK"], [name])

    def test_an_api_with_tls(self):
        self.set(api={"listen": "10.0.0.1:8470", "tls": True, "any_host": False, "any_origin": False})
        self.assertEqual(self.look()["api"]["result"], "OK")

    def test_without_daemon(self):
        self.env["CVF_SOCKET"] = self.socket + "x"
        found = self.look()
        self.assertEqual(found["daemon"]["result"], "FAIL")
        self.assertIn("systemctl start cvfd", found["daemon"]["fix"])
        self.assertEqual(found["enforcing"]["result"], "WARN")
        p = subprocess.run([CVFCTL, "doctor"], env=self.env, capture_output=True, text=True, timeout=20)
        self.assertEqual(p.returncode, 1)
        self.assertIn("FAIL  daemon", p.stdout)

    def in_terminal(self, *words):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(words[0], words, self.env)
        time.sleep(0.5)
        try:
            return self.look()["terminals"]
        finally:
            os.kill(pid, signal.SIGTERM)
            os.close(fd)
            os.waitpid(pid, 0)

    def test_agent_in_a_terminal(self):
        found = self.in_terminal(self.sleep, "30")
        self.assertEqual(found["result"], "WARN")
        self.assertIn("agent a runs in a terminal", found["seen"])
        self.assertIn("cvfctl run --agent", found["fix"])

    def test_twin_under_cvfctl_run(self):
        self.fake.set("POST", "/v1/agents/a/sessions", 201, {"session": "S", "agent": "a"})
        self.fake.set("GET", "/v1/approvals", 200, {"holds": []})
        found = self.in_terminal(CVFCTL, "run", "--agent", "a", "--", "sh", "-c", f"{self.sleep} 30; true")
        self.assertEqual(found["result"], "OK")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:])
