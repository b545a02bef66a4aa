# SPDX-License-Identifier: Apache-2.0
"""A store that cannot be written: nothing is released unrecorded, nothing is lost, and it recovers by itself."""
import glob
import os
import sqlite3
import time
import unittest

from govern_fixture import GovernTest, ME, PUSH, READ, SECRET


class Full(GovernTest):
    """The database may not grow beyond a few pages more than its schema needs."""
    settings = {"store": {"max_bytes": 700 * 1024}}

    def fill(self):
        for _ in range(20):
            self.tell("flood 500")
            if self.get("/v1/status")["store_problem"]:
                break
            time.sleep(0.2)
        self.wait(lambda: self.get("/v1/status")["store_problem"], "full store")

    def test_nothing_is_released_unrecorded(self):
        number, hold = self.hold()
        self.fill()
        self.refused(self.post(f"/v1/approvals/{hold['id']}/approve"), 503, "store")
        self.assertFalse([s for s in self.fake.lines if s.startswith("answer")], "nothing may be answered")
        self.refused(self.get("/readyz"), 503, "store")
        self.assertEqual(self.get("/healthz").status, 200)
        self.assertEqual(self.do(READ)[0], "allow", "LOW risk goes on in the kernel")
        self.assertTrue(any("store cannot be written" in line for line in self.govern.lines))
        # More room, as a restart with another limit: all records and the hold are still there.
        before = self.get("/v1/status")["events_recorded"]
        self.write("etc/cvfd.json", {"principals": [{"user": ME, "roles": ["admin"]}]})
        self.restart()
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records that waited")
        self.assertGreater(self.get("/v1/status")["events_recorded"], before)
        self.assertEqual(self.get("/v1/status")["events_lost"], 0)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")


class Recovery(GovernTest):
    """Somebody else holds the database, as a disk that cannot be written would."""

    def lock(self):
        db = sqlite3.connect(f"{self.dir}/state/cvf.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.addCleanup(db.close)
        return db

    def test_it_recovers_when_there_is_room_again(self):
        number, hold = self.hold()
        other = self.lock()
        self.tell("flood 300")
        self.wait(lambda: self.get("/v1/status")["store_problem"], "failing store")
        self.refused(self.post(f"/v1/approvals/{hold['id']}/approve"), 503, "store")
        self.refused(self.post("/v1/policies", {"schema": "cvf.policy/v1", "id": "p", "rules": []}), 503, "store")
        self.assertFalse([s for s in self.fake.lines if s.startswith("answer")])
        self.assertEqual(self.do(SECRET)[0], "deny", "the kernel goes on")
        other.execute("ROLLBACK")
        self.wait(lambda: self.get("/readyz").status == 200, "recovery")
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records that waited")
        self.assertEqual(self.get("/v1/status")["events_lost"], 0)
        self.assertEqual(len(self.events(verdict="deny")), 1)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")

    def test_a_refused_change_changes_nothing(self):
        before = self.get("/v1/status")["generation"]
        other = self.lock()
        agent = {"schema": "cvf.agent/v1", "id": "coder-2", "name": "n", "owner": "o", "capabilities": ["*"]}
        self.refused(self.post("/v1/agents", agent), 503, "store")
        other.execute("ROLLBACK")
        self.refused(self.get("/v1/agents/coder-2"), 404, "not-found")
        self.assertEqual(self.get("/v1/status")["generation"], before)
        self.ok(self.post("/v1/agents", agent), 201)


class Damaged(GovernTest):
    def damage(self, content):
        self.stop()
        for name in glob.glob(f"{self.dir}/state/cvf.db-*"):
            os.unlink(name)
        with open(f"{self.dir}/state/cvf.db", "r+b") as f:
            f.write(content)

    def test_a_damaged_store_is_kept_and_a_new_one_begins(self):
        for _ in range(3):
            self.do(SECRET)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 3, "events")
        self.damage(b"this is no database" * 500)
        self.do(PUSH, pid=9)
        self.start()
        aside = glob.glob(f"{self.dir}/state/cvf.db.corrupt-*[0-9]")
        self.assertEqual(len(aside), 1)
        with open(aside[0], "rb") as f:
            self.assertTrue(f.read().startswith(b"this is no database"))
        self.wait(lambda: any("damaged" in line for line in self.govern.lines), "word of the damage")
        self.assertEqual(self.wait(lambda: self.get("/v1/approvals")["holds"], "hold")[0]["pid"], 9)
        gap = self.wait(lambda: self.get("/v1/gaps")["gaps"], "gap")[0]
        self.assertEqual((gap["first"], gap["last"]), (1, 3), "what the old store had is missing here, and says so")

    def test_damage_met_while_running_is_set_aside_by_the_next_start(self):
        self.do(SECRET)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 1, "event")
        self.stop()
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'events_time'").fetchone()
        db.close()
        with open(f"{self.dir}/state/cvf.db", "r+b") as f:
            f.seek((page - 1) * 4096)
            f.write(b"\x5a" * 4096)
        self.start()
        self.assertEqual(glob.glob(f"{self.dir}/state/cvf.db.corrupt-*"), [], "it starts without reading all of it")
        self.do(SECRET)
        self.assertEqual(self.govern.child.wait(10), 1)
        self.govern.stop()
        self.start()
        self.assertEqual(len(glob.glob(f"{self.dir}/state/cvf.db.corrupt-*[0-9]")), 1)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 1, "record that waited")
        self.assertEqual(self.do(SECRET)[0], "deny")

    def test_a_newer_schema_is_left_alone(self):
        self.stop()
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute("PRAGMA user_version=9999")
        db.close()
        newer = self.spawn()
        self.assertEqual(newer.child.wait(10), 1)
        newer.stop()
        self.assertIn("newer version", " ".join(newer.lines))
        self.assertEqual(glob.glob(f"{self.dir}/state/cvf.db.corrupt-*"), [])
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        db.execute(f"PRAGMA user_version={version}")
        db.close()
        self.start()


if __name__ == "__main__":
    unittest.main()
