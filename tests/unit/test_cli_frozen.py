# SPDX-License-Identifier: Apache-2.0
"""cvfctl run of an agent that is frozen says so: else a command that does not begin looks like one that hangs.

Usage: python3 tests/unit/test_cli_frozen.py CVFCTL [unittest arguments]
"""
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import fake_cvfd  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"


class Frozen(unittest.TestCase):
    def run_it(self, **more):
        with tempfile.TemporaryDirectory() as folder:
            fake = fake_cvfd.Fake(folder + "/s")
            fake.set("GET", "/v1/approvals", 200, {"holds": []})
            fake.set("POST", "/v1/agents/a/sessions", 201, {"session": "01S", "agent": "a", "skill": None, **more})
            env = {"PATH": os.environ["PATH"], "CVF_SOCKET": folder + "/s", "LC_ALL": "C.UTF-8", "TERM": "dumb"}
            try:
                return subprocess.run([CVFCTL, "run", "--agent", "a", "--", "true"], env=env, capture_output=True, timeout=60)
            finally:
                fake.close()

    def test_it_is_named(self):
        run = self.run_it(frozen={"since": "2025-01-01T00:00:00.000Z", "by": "root", "note": None, "how": "frozen"})
        self.assertEqual(run.returncode, 0)
        self.assertIn(b"the agent a is frozen", run.stderr)

    def test_its_twin_is_not(self):
        self.assertEqual((self.run_it().returncode, self.run_it().stderr), (0, b""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[2:])
