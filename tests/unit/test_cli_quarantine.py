# SPDX-License-Identifier: Apache-2.0
"""cvfctl quarantine purge --older-than: what is chosen over several pages, and that nothing is removed without --yes.

Usage: python3 tests/unit/test_cli_quarantine.py CVFCTL [unittest arguments]
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
import fake_cvfd  # noqa: E402

CVFCTL = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "cvfctl"


def item(n):
    """The nth day of January: a higher number is newer."""
    return {"id": f"01Q{n:02}", "state": "kept", "kept_at": f"2025-01-{n:02}T00:00:00.000Z", "object": f"/srv/{n}"}


class Purge(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.dir.name, "s")
        self.fake = fake_cvfd.Fake(self.socket)
        self.items = [item(n) for n in range(20, 0, -1)]
        self.fake.call("GET", "/v1/quarantine", self.page)
        for one in self.items:
            self.fake.set("POST", f"/v1/quarantine/{one['id']}/purge", 200, {**one, "state": "purged"})

    def tearDown(self):
        self.fake.close()
        self.dir.cleanup()

    def page(self, asked):
        """Seven at a time, whatever was asked for."""
        before = urllib.parse.parse_qs(asked["query"]).get("before", ["~"])[0]
        rest = [one for one in self.items if one["id"] < before]
        return 200, {"kept": rest[:7], "bytes": 1, "next": rest[6]["id"] if len(rest) > 7 else None}

    def purge(self, *words):
        env = {"PATH": os.environ["PATH"], "CVF_SOCKET": self.socket, "LC_ALL": "C.UTF-8"}
        p = subprocess.run([CVFCTL, "quarantine", "purge", *words, "--json"], env=env, capture_output=True, timeout=20)
        self.assertEqual(p.returncode, 0, p.stderr)
        return json.loads(p.stdout)

    def removed(self):
        return sorted(a["path"].split("/")[3] for a in self.fake.asked if a["method"] == "POST")

    def test_every_page_is_looked_through(self):
        document = self.purge("--older-than", "2025-01-15", "--yes")
        wanted = [f"01Q{n:02}" for n in range(1, 16)]
        self.assertEqual(self.removed(), wanted)
        self.assertEqual(sorted(one["id"] for one in document["items"]), wanted)

    def test_nothing_is_removed_without_yes(self):
        document = self.purge("--older-than", "2025-01-15")
        self.assertEqual((document["purged"], len(document["items"])), (False, 15))
        self.assertEqual(self.removed(), [])

    def test_a_page_that_leads_to_itself_is_the_last(self):
        self.fake.call("GET", "/v1/quarantine", lambda asked: (200, {"kept": [item(2)], "bytes": 1, "next": "01Q02"}))
        document = self.purge("--older-than", "2025-01-15", "--yes")
        self.assertEqual(set(self.removed()), {"01Q02"})
        self.assertTrue(document["purged"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
