# SPDX-License-Identifier: Apache-2.0
"""Backup, check and restore by command: a copy made under load is compared row by row, and nothing is replaced by what is not sound."""
import glob
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
import unittest

from govern_fixture import Connection, GovernTest, NOBODY, PATIENCE, PUSH, ROOT, SECRET, call_as, verify_chain

CVFCTL = os.environ.get("CVFCTL", ROOT + "/build/release/cvfctl")
RECORDS = 80000


class StoreTest(GovernTest):
    def cvfctl(self, *words, as_governor=False):
        """As whoever runs the test, or as the user of the store: status, output, errors."""
        more = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if as_governor and os.getuid() == 0 else {}
        got = subprocess.run([CVFCTL, *words], capture_output=True, text=True, timeout=PATIENCE * 12,
                             env={**os.environ, "CVF_SOCKET": f"{self.dir}/run/cvfd.sock"}, **more)
        self.assertNotIn("Sanitizer", got.stderr)
        return got.returncode, got.stdout, got.stderr

    def backup(self, name="b.db"):
        status, out, err = self.cvfctl("store", "backup", "--json", f"{self.dir}/{name}")
        self.assertEqual(status, 0, err)
        if os.getuid() == 0:
            os.chown(f"{self.dir}/{name}", NOBODY.pw_uid, NOBODY.pw_gid)
        return json.loads(out)

    def offline(self, verb, *words):
        return self.cvfctl("store", verb, *words, "--state", f"{self.dir}/state", as_governor=True)

    def restore(self, name="b.db"):
        return self.offline("restore", f"{self.dir}/{name}")


class Backup(StoreTest):
    def compare(self, path):
        """Each row of the copy is in the store, unchanged; of what only grows there is nothing missing before the last."""
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
        db.execute("ATTACH ? AS copy", (f"file:{path}?immutable=1",))
        self.assertEqual(db.execute("PRAGMA copy.integrity_check").fetchall(), [("ok",)])
        (n,) = db.execute("SELECT COUNT(*) FROM copy.events").fetchone()
        for table, columns in (("events", "*"), ("numbers", "*"), ("boots", "*"), ("generations", "generation, model, cells"), ("models", "*")):
            more = db.execute(f"SELECT COUNT(*) FROM (SELECT {columns} FROM copy.{table} EXCEPT SELECT {columns} FROM main.{table})")
            self.assertEqual(more.fetchone()[0], 0, f"{table} has other rows")
        db.close()
        self.assertEqual(verify_chain(self, path), n)
        return n

    def test_a_copy_made_under_load_has_every_row_up_to_a_moment(self):
        self.tell(f"pour {RECORDS}")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] > 2000, "records")
        said = self.backup()
        at_the_end = self.get("/v1/status")["events_recorded"]
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == RECORDS, "all records", PATIENCE * 6)
        n = self.compare(f"{self.dir}/b.db")
        self.assertGreater(n, 2000)
        self.assertLessEqual(n, at_the_end)
        self.assertEqual(said["bytes"], os.path.getsize(f"{self.dir}/b.db"))
        self.assertEqual(os.stat(f"{self.dir}/b.db").st_mode & 0o777, 0o600)
        status = self.get("/v1/status")
        self.assertEqual((status["events_lost"], status["store_problem"]), (0, None))
        self.assertEqual(os.path.exists(f"{self.dir}/state/backup.tmp"), False)

    def test_one_backup_at_a_time_and_one_that_is_given_up_leaves_nothing(self):
        self.tell(f"pour {RECORDS // 2}")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == RECORDS // 2, "records", PATIENCE * 6)
        slow = Connection(f"{self.dir}/run/cvfd.sock")
        self.addCleanup(slow.close)
        slow.request("GET", "/v1/store/backup")  # more than a socket holds, and nobody reads it
        self.wait(lambda: any("backup" in line for line in self.govern.lines), "word of the backup")
        self.refused(self.get("/v1/store/backup"), 503, "busy")
        status, _, err = self.cvfctl("store", "backup", f"{self.dir}/c.db")
        self.assertEqual(status, 1)
        self.assertIn("another backup", err)
        self.assertFalse(os.path.exists(f"{self.dir}/c.db"))
        slow.close()
        self.wait(lambda: self.cvfctl("store", "backup", f"{self.dir}/c.db")[0] == 0, "backup after the first was given up")
        self.assertEqual(glob.glob(f"{self.dir}/state/backup*"), [])

    def test_only_a_new_file_is_written_and_only_for_admins(self):
        self.write("there.db", "mine")
        status, _, err = self.cvfctl("store", "backup", f"{self.dir}/there.db")
        self.assertEqual(status, 1)
        self.assertIn("not there yet", err)
        os.symlink(f"{self.dir}/there.db", f"{self.dir}/link.db")
        self.assertEqual(self.cvfctl("store", "backup", f"{self.dir}/link.db")[0], 1)
        with open(f"{self.dir}/there.db", encoding="utf-8") as f:
            self.assertEqual(f.read(), "mine")
        self.assertEqual(self.cvfctl("store", "backup", "/nonexistent/x.db")[0], 1)
        self.assertEqual(self.as_agent("GET", "/v1/store/backup").status, 404)
        if os.getuid() == 0:
            self.assertEqual(call_as(NOBODY, f"{self.dir}/run/cvfd.sock", "GET", "/v1/store/backup"), (403, "not-permitted"))
        self.assertEqual(self.cvfctl("store", "backup", f"{self.dir}/new.db")[0], 0)

    def test_a_daemon_that_dies_on_the_way_leaves_no_half_file(self):
        self.tell(f"pour {RECORDS // 2}")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == RECORDS // 2, "records", PATIENCE * 6)
        slow = Connection(f"{self.dir}/run/cvfd.sock")
        self.addCleanup(slow.close)
        slow.request("GET", "/v1/store/backup")
        self.wait(lambda: any("backup" in line for line in self.govern.lines), "word of the backup")
        self.stop(9)
        answer = slow.getresponse()
        with self.assertRaises(http.client.HTTPException):
            answer.read()
        status, _, err = self.cvfctl("store", "backup", f"{self.dir}/c.db")
        self.assertEqual(status, 4, err)
        self.assertFalse(os.path.exists(f"{self.dir}/c.db"))
        self.start()
        self.assertEqual(glob.glob(f"{self.dir}/state/backup*"), [], "a start removes what was left")


class Restore(StoreTest):
    def setUp(self):
        super().setUp()
        for i in range(4):
            self.do(SECRET, pid=10 + i)
        self.ok(self.post("/v1/policies", {"schema": "cvf.policy/v1", "id": "kept", "rules": []}), 201)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 4, "events")
        self.backup()

    def bytes_of_store(self):
        with open(f"{self.dir}/state/cvf.db", "rb") as f:
            return f.read()

    def test_the_store_of_a_running_governor_is_not_replaced(self):
        status, _, err = self.restore()
        self.assertEqual(status, 1)
        self.assertIn("stop it", err)
        self.assertEqual(self.get("/v1/status")["events_recorded"], 4)

    def test_what_was_there_comes_back_and_what_came_since_shows_as_a_gap(self):
        number, hold = self.hold(pid=50)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent", "for_s": 600}))
        self.fake.wait_line(f"answer {number} allow")
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records")
        self.ok(self.delete("/v1/policies/kept"))
        since = self.get("/v1/status")["events_recorded"] - 4
        self.assertGreater(since, 0)
        self.stop()
        status, out, err = self.restore()
        self.assertEqual(status, 0, err)
        aside = glob.glob(f"{self.dir}/state/cvf.db.before-restore-*[0-9]")
        self.assertEqual(len(aside), 1)
        self.assertIn(aside[0], out)
        self.assertGreater(verify_chain(self, aside[0]), 4, "what was there is kept")
        start = len(self.fake.lines)
        self.start()
        self.fake.wait_line("grant drop", start)  # the kernel had it, the store has not
        self.assertEqual(self.get("/v1/grants")["grants"], [])
        self.assertEqual(self.get("/v1/policies/kept").status, 200)
        self.do(SECRET, pid=60)
        self.wait(lambda: sum(g["missing"] for g in self.get("/v1/gaps")["gaps"]) == since, "gaps")
        self.assertEqual(self.get("/v1/status")["events_lost"], since)
        number, hold = self.hold(pid=61)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")
        self.assertFalse(os.path.exists(f"{self.dir}/state/restored"))
        verify_chain(self, f"{self.dir}/state/cvf.db")

    def test_a_grant_of_the_backup_does_not_come_back(self):
        _, hold = self.hold(pid=50)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent", "for_s": 600}))
        self.backup("with-grant.db")
        grant = self.get("/v1/grants")["grants"][0]["id"]
        self.ok(self.delete(f"/v1/grants/{grant}"))
        self.stop()
        self.assertEqual(self.restore("with-grant.db")[0], 0)
        self.start()
        self.assertEqual(self.get("/v1/grants")["grants"], [])
        self.assertEqual(self.do(PUSH, pid=51)[0], "hold")

    def test_a_restore_that_was_cut_short_leaves_the_old_store(self):
        """Killed between its last two steps: the old store has its second name, the copy not yet the first."""
        self.do(SECRET, pid=40)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 5, "event")
        self.stop()
        os.link(f"{self.dir}/state/cvf.db", f"{self.dir}/state/cvf.db.before-restore-1")
        shutil.copy(f"{self.dir}/b.db", f"{self.dir}/state/restore.tmp")
        self.write("state/restored", "0123456789abcdef\n")
        if os.getuid() == 0:
            os.chown(f"{self.dir}/state/restored", NOBODY.pw_uid, NOBODY.pw_gid)
        self.start()
        self.assertEqual(self.get("/v1/status")["events_recorded"], 5)
        self.fake.wait_line("grant drop 0123456789abcdef")
        self.assertEqual(sorted(os.path.basename(p) for p in glob.glob(f"{self.dir}/state/*restore*")), ["cvf.db.before-restore-1"])
        self.stop()
        self.assertEqual(self.restore()[0], 0)
        self.start()
        self.assertEqual(self.get("/v1/status")["events_recorded"], 4)

    def spoil(self, name, change):
        shutil.copy(f"{self.dir}/b.db", f"{self.dir}/{name}")
        change(f"{self.dir}/{name}")
        if os.getuid() == 0:
            os.chown(f"{self.dir}/{name}", NOBODY.pw_uid, NOBODY.pw_gid)

    def test_what_is_not_sound_replaces_nothing(self):
        def sql(text):
            def change(path):
                db = sqlite3.connect(path)
                db.execute("PRAGMA journal_mode=DELETE")
                db.executescript(text)
                db.close()
            return change

        def page(path):
            db = sqlite3.connect(path)
            (at,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'events_time'").fetchone()
            db.close()
            with open(path, "r+b") as f:
                f.seek((at - 1) * 4096)
                f.write(b"\x5a" * 4096)

        def garbage(path):
            with open(path, "wb") as f:
                f.write(b"this is no database" * 500)

        self.spoil("garbage.db", garbage)
        self.spoil("short.db", lambda path: os.truncate(path, os.path.getsize(path) // 8192 * 4096))
        self.spoil("page.db", page)
        self.spoil("newer.db", sql("PRAGMA user_version=9999"))
        self.spoil("foreign.db", sql("PRAGMA user_version=0"))
        self.spoil("trigger.db", sql("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM events; END"))
        self.spoil("table.db", sql("DROP TABLE gaps"))
        self.spoil("loose.db", sql("PRAGMA foreign_keys=OFF; INSERT INTO rings VALUES (77, 0, 0, 1)"))
        self.stop()
        before = self.bytes_of_store()
        words = {"garbage": "not a database", "short": "sound", "page": "sound", "newer": "newer", "foreign": "no store", "trigger": '"t"',
                 "table": "tables", "loose": "rings"}
        for name, word in words.items():
            for verb in ("check", "restore"):
                status, out, err = self.offline(verb, f"{self.dir}/{name}.db")
                self.assertEqual((status, out), (1, ""), f"{verb} {name}: {err}")
                self.assertIn(word, err, f"{verb} {name}")
        self.assertEqual(self.restore("none.db")[0], 3)
        self.assertEqual(self.restore("etc")[0], 1)
        self.assertEqual(self.bytes_of_store(), before)
        self.assertEqual(glob.glob(f"{self.dir}/state/*restore*"), [])
        status, _, err = self.restore()
        self.assertEqual(status, 0, err)

    def test_check_reads_the_store_in_use_and_finds_what_is_damaged(self):
        status, out, err = self.offline("check", "--json")
        self.assertEqual(status, 0, err)
        said = json.loads(out)
        self.assertEqual((said["sound"], said["file"]), (True, f"{self.dir}/state/cvf.db"))
        self.assertEqual(self.offline("check", f"{self.dir}/b.db")[0], 0)
        self.do(SECRET, pid=70)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 5, "the governor goes on")
        self.stop()
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        (at,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'events_time'").fetchone()
        db.close()
        with open(f"{self.dir}/state/cvf.db", "r+b") as f:
            f.seek((at - 1) * 4096)
            f.write(b"\x5a" * 4096)
        status, out, err = self.offline("check")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("not sound", err)


if __name__ == "__main__":
    unittest.main()
