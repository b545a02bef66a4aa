# SPDX-License-Identifier: Apache-2.0
"""Disks that fail in every way a disk can, files that are gone or not ours, and a wall clock that jumps: what cvfd-govern(8) states.

In all of them: what was refused for the store's sake released nothing, nothing is lost, and the chain is whole afterwards.
"""
import errno
import glob
import mmap
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
import unittest

from govern_fixture import FAKE, GovernTest, NOBODY, PATIENCE, Process, READ, ROOT, SECRET, verify_chain

SHIM = os.environ.get("CVF_FAULTS_SO", os.path.dirname(FAKE) + "/faults.so")
CVFCTL = os.environ.get("CVFCTL", ROOT + "/build/release/cvfctl")
WRITE, SYNC, READ_BACK, OPEN = 1, 2, 4, 8
EVER = 0xffffffff
DAY_S = 86400


class Faulty(GovernTest):
    def setUp(self):
        self.control = None
        super().setUp()

    def spawn(self):
        path = f"{self.dir}/faults"
        if not self.control:
            with open(path, "wb") as f:
                f.write(bytes(96))
            os.chmod(path, 0o666)
            with open(path, "r+b") as f:
                self.control = mmap.mmap(f.fileno(), 96)
            self.addCleanup(self.control.close)
        more = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
        return Process(self.argv(), "cvfd-govern", env={**os.environ, "LD_PRELOAD": SHIM, "CVF_FAULTS": path}, **more)

    def fail(self, *args, **keys):
        if keys or (args and isinstance(args[0], int)):
            return self.break_disk(*args, **keys)
        return super().fail(*args)

    def break_disk(self, kinds, error, match="cvf.db-wal", skip=0, count=EVER):
        self.control[32:96] = match.encode().ljust(64, b"\0")
        self.control[4:20] = struct.pack("<IIII", skip, count, error, 0)
        self.control[0:4] = struct.pack("<I", kinds)

    def mend_disk(self):
        """How often it failed."""
        self.control[0:4] = bytes(4)
        return struct.unpack("<I", self.control[16:20])[0]

    def jump(self, seconds):
        self.control[24:32] = struct.pack("<q", seconds * 10**9)

    def approve(self, hold):
        return self.post(f"/v1/approvals/{hold['id']}/approve")

    def answers(self):
        return [line.split()[1] for line in self.fake.lines if line.startswith("answer")]

    def push(self, i):
        return self.hold(f"exec /usr/bin/git push origin b{i}", pid=3000 + i)

    def is_whole(self):
        """All that the kernel numbered is stored, in an unbroken chain; every answer that went out has its decision on the disk."""
        self.wait(lambda: self.get("/readyz").status == 200, "recovery")
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records that waited")
        status = self.get("/v1/status")
        self.assertEqual((status["events_lost"], status["store_problem"]), (0, None))
        verify_chain(self, f"{self.dir}/state/cvf.db")
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
        approved = {str(n) for (n,) in db.execute("SELECT hold_no FROM holds WHERE state = 1")}
        db.close()
        self.assertEqual(approved, set(self.answers()))


class Disk(Faulty):
    def nothing_goes_out(self, kinds, error, match="cvf.db-wal"):
        number, hold = self.push(0)
        self.break_disk(kinds, error, match)
        self.refused(self.approve(hold), 503, "store")
        self.tell("flood 300")
        self.wait(lambda: self.get("/v1/status")["store_problem"], "word of the problem")
        self.refused(self.approve(hold), 503, "store")
        self.refused(self.post("/v1/policies", {"schema": "cvf.policy/v1", "id": "p", "rules": []}), 503, "store")
        self.refused(self.get("/readyz"), 503, "store")
        self.assertEqual(self.get("/healthz").status, 200)
        self.assertEqual((self.do(READ)[0], self.do(SECRET)[0]), ("allow", "deny"), "the kernel goes on")
        self.assertEqual(self.answers(), [])
        self.assertGreater(self.mend_disk(), 0, "nothing failed")
        self.wait(lambda: self.get("/readyz").status == 200, "recovery")
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "pending")
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.is_whole()

    def test_a_full_disk(self):
        self.nothing_goes_out(WRITE, errno.ENOSPC)

    def test_a_disk_that_cannot_be_written(self):
        self.nothing_goes_out(WRITE, errno.EIO)

    def test_a_file_system_that_became_read_only(self):
        self.nothing_goes_out(WRITE | SYNC, errno.EROFS)

    def test_a_quota(self):
        self.nothing_goes_out(WRITE, errno.EDQUOT)

    def test_a_disk_that_does_not_keep_what_was_written(self):
        """Batches wait for the system alone; whoever waits for the disk is refused."""
        number, hold = self.push(0)
        self.break_disk(SYNC, errno.EIO)
        self.refused(self.approve(hold), 503, "store")
        self.assertEqual(self.answers(), [])
        self.assertGreater(self.mend_disk(), 0)
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.is_whole()

    def test_a_refused_approval_is_not_found_in_the_log_by_the_next_start(self):
        number, hold = self.push(0)
        self.break_disk(SYNC, errno.EIO)
        self.refused(self.approve(hold), 503, "store")
        self.stop(signal.SIGKILL)
        self.mend_disk()
        self.start()
        self.assertEqual(self.wait(lambda: self.get("/v1/approvals")["holds"], "hold")[0]["state"], "pending")
        self.assertEqual(self.answers(), [])
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.is_whole()

    def test_a_disk_that_cannot_be_read(self):
        """An error is no damage: it is said, nothing is set aside, and it goes on when the disk can be read."""
        self.tell("flood 3000")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 3000, "events")
        self.restart()
        number, hold = self.push(0)
        self.break_disk(READ_BACK, errno.EIO, "cvf.db")
        self.refused(self.get("/v1/events?limit=1000"), 503, "store")
        self.assertIn(self.get("/healthz").status, (200,))
        self.assertGreater(self.mend_disk(), 0)
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.assertEqual(len(self.events(limit=1000)), 1000)
        self.assertEqual(glob.glob(f"{self.dir}/state/*corrupt*"), [])
        self.is_whole()

    def sweep(self, kinds, error, points):
        """The n-th call alone fails, for each n: an approval is either refused and nothing went out, or it is stored and answered."""
        refused = 0
        for i in range(points):
            number, hold = self.push(i)
            self.break_disk(kinds, error, "cvf.db-wal", skip=i, count=1)
            answer = self.approve(hold)
            went_out = str(number) in self.answers()
            self.mend_disk()
            if answer.status == 200:
                self.fake.wait_line(f"answer {number} allow")
                continue
            refused += 1
            self.refused(answer, 503, "store")
            self.assertFalse(went_out, f"answered at point {i}")
            self.wait(lambda: self.approve(hold).status == 200, "approval on a disk that works")
            self.fake.wait_line(f"answer {number} allow")
        self.assertGreater(refused, 0, "no point was met")
        self.is_whole()

    def test_each_write_of_a_decision_may_fail(self):
        self.sweep(WRITE, errno.EIO, 24)

    def test_each_sync_of_a_decision_may_fail(self):
        self.sweep(SYNC, errno.EIO, 3)


class Backup(Faulty):
    def test_a_backup_that_finds_no_room_harms_nothing_else(self):
        self.tell("flood 3000")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 3000, "events")
        for error in (errno.ENOSPC, errno.EIO):
            self.break_disk(WRITE, error, "backup.tmp", skip=100)
            got = subprocess.run([CVFCTL, "store", "backup", f"{self.dir}/b.db"], capture_output=True, text=True, timeout=PATIENCE * 6,
                                 env={**os.environ, "CVF_SOCKET": f"{self.dir}/run/cvfd.sock"})
            self.assertEqual(got.returncode, 1, got.stderr)
            self.assertIn("the copy could not be made", got.stderr)
            self.assertFalse(os.path.exists(f"{self.dir}/b.db"))
            self.assertEqual(self.get("/readyz").status, 200)
            self.do(SECRET)
            self.mend_disk()
        self.assertEqual(glob.glob(f"{self.dir}/state/*tmp*"), [])
        number, hold = self.push(0)
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.is_whole()


class Place(Faulty):
    def refuses_to_start(self, *words):
        process = self.spawn()
        self.assertEqual(process.child.wait(PATIENCE), 1)
        process.stop()
        said = " ".join(process.lines)
        for word in words:
            self.assertIn(word, said)
        return said

    def test_a_file_that_is_removed_or_replaced_while_it_is_used(self):
        number, hold = self.push(0)
        os.rename(f"{self.dir}/state/cvf.db", f"{self.dir}/state/elsewhere.db")
        answer = self.approve(hold)
        self.refused(answer, 503, "store")
        self.do(SECRET)
        self.assertEqual(self.govern.child.wait(PATIENCE), 1)
        self.assertIn("the file of the store is gone", " ".join(self.govern.lines))
        self.govern.stop()
        self.assertEqual(self.answers(), [])
        os.rename(f"{self.dir}/state/elsewhere.db", f"{self.dir}/state/cvf.db")
        self.start()
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.is_whole()

    def test_a_directory_that_is_missing(self):
        self.stop()
        shutil.move(f"{self.dir}/state", f"{self.dir}/away")
        self.refuses_to_start(f"{self.dir}/state")
        shutil.move(f"{self.dir}/away", f"{self.dir}/state")
        self.start()

    def test_a_directory_that_vanishes_while_it_is_used(self):
        _, hold = self.push(0)
        shutil.move(f"{self.dir}/state", f"{self.dir}/away")
        self.refused(self.approve(hold), 503, "store")
        self.do(SECRET)
        self.assertEqual(self.govern.child.wait(PATIENCE), 1)
        self.govern.stop()
        self.assertEqual(self.answers(), [])
        shutil.move(f"{self.dir}/away", f"{self.dir}/state")
        self.start()
        self.ok(self.approve(hold))
        self.is_whole()

    def test_a_file_that_others_may_write(self):
        self.stop()
        for mode in (0o666, 0o620):
            os.chmod(f"{self.dir}/state/cvf.db", mode)
            self.refuses_to_start("others may write", "0600")
        os.chmod(f"{self.dir}/state/cvf.db", 0o640)  # reading is the administrator's choice
        self.start()

    def test_a_file_of_another_user(self):
        if os.getuid() != 0:
            self.skipTest("only root can give files away")
        self.stop()
        os.chown(f"{self.dir}/state/cvf.db", 0, 0)
        os.chmod(f"{self.dir}/state/cvf.db", 0o644)
        self.refuses_to_start("another user's")
        os.chown(f"{self.dir}/state/cvf.db", NOBODY.pw_uid, NOBODY.pw_gid)
        self.start()

    def test_a_file_that_may_only_be_read(self):
        self.stop()
        os.chmod(f"{self.dir}/state/cvf.db", 0o400)
        self.refuses_to_start("Permission denied")
        os.chmod(f"{self.dir}/state/cvf.db", 0o600)
        self.start()

    def test_a_link_in_the_place_of_the_file(self):
        self.stop()
        os.rename(f"{self.dir}/state/cvf.db", f"{self.dir}/state/other.db")
        os.symlink("other.db", f"{self.dir}/state/cvf.db")
        self.refuses_to_start("cannot open the store")
        os.unlink(f"{self.dir}/state/cvf.db")
        os.rename(f"{self.dir}/state/other.db", f"{self.dir}/state/cvf.db")
        self.start()


class Clock(Faulty):
    def test_a_wall_clock_that_jumps_ends_and_lengthens_nothing(self):
        number, granted = self.push(0)
        self.ok(self.post(f"/v1/approvals/{granted['id']}/approve", {"scope": "agent", "for_s": 3600}))
        self.fake.wait_line(f"answer {number} allow")
        number, hold = self.push(1)
        ids = [self.events(limit=1)[0]["id"]]
        for i, jump in enumerate((DAY_S, -DAY_S, 0)):
            self.jump(jump)
            before = self.get("/v1/status")["events_lost"]
            self.tell("gap 3")
            self.do(SECRET, pid=90 + i)
            # A hole is declared after two seconds that pass, not two that are set.
            self.wait(lambda: self.get("/v1/status")["events_lost"] == before + 3, "gap", PATIENCE)
            newest = self.events(limit=1, order="desc")[0]
            self.assertGreater(newest["id"], ids[-1], "ids grow whatever the clock does")
            ids.append(newest["id"])
            there = time.mktime(time.strptime(newest["time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
            self.assertLess(abs(there - time.time() - jump), 3600, "the time of an event is that of the wall clock then")
            self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "pending")
            self.assertEqual([g["hold"] for g in self.get("/v1/grants")["grants"]], [granted["id"]])
            self.assertLess(self.get("/v1/status")["uptime_s"], 3600)
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        verify_chain(self, f"{self.dir}/state/cvf.db")


if __name__ == "__main__":
    unittest.main()
