# SPDX-License-Identifier: Apache-2.0
"""cvfctl approve of what needs a code: asked for on the terminal, not shown there, sent once.

Usage: python3 tests/unit/test_cli_prompt.py CVFCTL [unittest arguments]
"""
import json
import os
import pty
import re
import select
import signal
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import fake_cvfd  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"
PATIENCE = 20
APPROVE = "/v1/approvals/01HOLD/approve"


class Prompt(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.dir.name, "s")
        self.fake = fake_cvfd.Fake(self.socket)
        self.fake.call("POST", APPROVE, self.answer)

    def tearDown(self):
        self.fake.close()
        self.dir.cleanup()

    def answer(self, asked):
        if json.loads(asked["body"]).get("otp") == "123456":
            return 200, {"id": "01HOLD", "state": "approved", "resumed": 1}
        return 403, {"error": {"code": "code-required", "message": "it needs a second factor"}}

    def run_on_terminal(self, *args, typed=None):
        """What the terminal showed, and the exit status."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(CVFCTL, [CVFCTL, *args], {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "CVF_SOCKET": self.socket})
        shown, end = b"", time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                part = os.read(terminal, 4096)
            except OSError:
                part = b""
            if not part:
                break
            shown += part
            if typed and b"second factor: " in shown:
                os.write(terminal, typed)
                typed = None
        if time.monotonic() >= end:
            os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        return shown.decode(), status

    def sent(self):
        return [json.loads(a["body"]).get("otp") for a in self.fake.asked if a["path"] == APPROVE]

    def test_it_is_asked_for_and_not_shown(self):
        shown, status = self.run_on_terminal("approve", "01HOLD", typed=b"123456\n")
        self.assertEqual(status, 0, shown)
        self.assertIn("hold 01HOLD approved", shown)
        self.assertNotIn("123456", shown)
        self.assertEqual(self.sent(), [None, "123456"])

    def test_a_code_that_was_given_is_not_asked_for(self):
        shown, status = self.run_on_terminal("approve", "01HOLD", "--otp", "123456")
        self.assertEqual((status, self.sent()), (0, ["123456"]), shown)
        shown, status = self.run_on_terminal("approve", "01HOLD", "--otp", "1")
        self.assertNotIn("Code", shown)
        self.assertEqual(status, 5, shown)

    def test_nothing_typed_is_no_code(self):
        shown, status = self.run_on_terminal("approve", "01HOLD", typed=b"\x03")
        self.assertEqual(self.sent()[:1], [None], shown)
        self.assertNotEqual(status, 0)

    def test_a_secret_is_a_qr_code_on_a_terminal(self):
        uri = "otpauth://totp/CVF:maria?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CVF&algorithm=SHA1&digits=6&period=30"
        self.fake.call("POST", "/v1/approvers/maria/factor", lambda asked: (201, {"name": "maria", "uri": uri}))
        shown, status = self.run_on_terminal("approver", "enrol", "maria")
        self.assertEqual(status, 0, shown)
        self.assertIn(uri, shown)
        lines = re.findall(r"\x1b\[97;40m([\u2588\u2580\u2584 ]+)\x1b\[0m", shown)
        dark = []  # by rows of modules
        for line in lines:
            dark.append([c in "\u2584 " for c in line])
            dark.append([c in "\u2580 " for c in line])
        size = len(lines[0]) - 4
        self.assertEqual((size - 17) % 4, 0, "the size of a version")
        code = [row[2:2 + size] for row in dark[2:2 + size]]
        finder = [[max(abs(x - 3), abs(y - 3)) != 2 for x in range(7)] for y in range(7)]
        for x, y in ((0, 0), (size - 7, 0), (0, size - 7)):
            self.assertEqual([row[x:x + 7] for row in code[y:y + 7]], finder, (x, y))
        self.assertEqual([code[6][i] for i in range(8, size - 8)], [i % 2 == 0 for i in range(8, size - 8)], "the line between them")
        self.assertFalse(any(any(row) for row in dark[:2]), "light around it")


if __name__ == "__main__":
    del sys.argv[1:2]
    unittest.main()
