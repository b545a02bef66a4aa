# SPDX-License-Identifier: Apache-2.0
"""Disks that fail in every way a disk can, files that are gone or not ours, and a wall clock that jumps: what cvfd-govern(8) states.

In all of them: what was refused for the store's sake released nothing, nothing is lost, and the chain is whole afterwards.
"""
import errno
import glob
import json
import mmap
import os
import pwd
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import time
import unittest

from govern_fixture import FAKE, GovernTest, ME, NOBODY, PATIENCE, Process, READ, ROOT, SECRET, WIPE, call_as, verify_chain

SHIM = os.environ.get("CVF_FAULTS_SO", os.path.dirname(FAKE) + "/faults.so")
CVFCTL = os.environ.get("CVFCTL", ROOT + "/build/release/cvfctl")
WRITE, SYNC, READ_BACK, OPEN, SHORT, TORN = 1, 2, 4, 8, 16, 32
EVER = 0xffffffff
DAY_S = 86400


def audit(*words):
    return subprocess.run([CVFCTL, "audit", *words], capture_output=True, text=True, check=False)


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
        alert = self.wait(self.store_alerts, "the alert")[0]
        self.assertEqual((alert["severity"], alert["state"]), ("critical", "open"))
        self.assertIn("cannot be stored", alert["reason"])
        self.assertEqual([a["id"] for a in self.get("/v1/alerts?limit=1")["alerts"]], [alert["id"]])
        self.assertEqual(self.get("/healthz").status, 200)
        self.assertEqual((self.do(READ)[0], self.do(SECRET)[0]), ("allow", "deny"), "the kernel goes on")
        self.assertEqual(self.answers(), [])
        self.assertGreater(self.mend_disk(), 0, "nothing failed")
        self.wait(lambda: self.get("/readyz").status == 200, "recovery")
        self.assertEqual(self.get(f"/v1/approvals/{hold['id']}")["state"], "pending")
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.is_whole()
        db = f"file:{self.dir}/state/cvf.db?mode=ro"
        self.wait(lambda: list(sqlite3.connect(db, uri=True).execute("SELECT 1 FROM alerts WHERE kind = 'store'")), "the alert as a row")
        self.assertEqual([(a["id"], a["opened_at"]) for a in self.store_alerts()], [(alert["id"], alert["opened_at"])])

    def store_alerts(self):
        return [a for a in self.ok(self.get("/v1/alerts"))["alerts"] if a["kind"] == "store"]

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

    def test_writes_that_are_cut_short_are_finished(self):
        number, hold = self.push(0)
        self.break_disk(SHORT, 0)
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.tell("flood 300")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] >= 300, "records")
        self.assertGreater(self.mend_disk(), 0, "nothing was cut")
        self.is_whole()

    def test_a_write_that_is_cut_short_because_the_disk_is_full(self):
        self.nothing_goes_out(TORN, errno.ENOSPC)

    def test_each_write_of_a_decision_may_be_torn(self):
        self.sweep(TORN, errno.EIO, 12)

    def test_a_disk_that_does_not_keep_what_is_written_back(self):
        """The log keeps it until the disk does: nothing is refused, nothing is lost, not even by a kill."""
        self.break_disk(SYNC, errno.EIO, "cvf.db")
        for i in range(3):
            self.tell("flood 8000")
            self.wait(lambda: self.get("/v1/status")["events_recorded"] >= 8000 * (i + 1), "records")
            number, hold = self.push(i)
            self.ok(self.approve(hold))
            self.fake.wait_line(f"answer {number} allow")
        self.stop(signal.SIGKILL)
        self.assertGreater(self.mend_disk(), 0, "nothing was written back")
        self.start()
        self.is_whole()


class Heads(Faulty):
    settings = {"audit": {"head_every_s": 1}}

    def test_half_a_line_in_the_file_of_heads_spoils_no_other(self):
        path = f"{self.dir}/state/audit-heads.jsonl"

        def lines():
            if not os.path.exists(path):
                return []
            with open(path, encoding="ascii") as f:
                return f.read().splitlines()

        def next_head():
            before = len(lines())
            self.do(SECRET)
            self.wait(lambda: len(lines()) > before, "head")

        next_head()
        self.break_disk(SHORT, 0, "audit-heads.jsonl", count=1)
        self.do(SECRET)
        self.wait(lambda: struct.unpack("<I", self.control[16:20])[0] == 1, "write that is cut short")
        self.mend_disk()
        next_head()
        self.assertTrue(all(json.loads(line)["root"] for line in lines()))
        self.assertIn("cannot be copied to audit-heads.jsonl: No space left on device", " ".join(self.govern.lines))
        self.stop()
        got = audit("verify", "--store", f"{self.dir}/state/cvf.db", "--heads", path)
        self.assertEqual(got.returncode, 0, got.stdout)


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

    def test_a_file_system_that_is_read_only(self):
        if os.getuid() != 0:
            self.skipTest("only root can mount")
        self.stop()
        argv = self.argv
        script = ('mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&'
                  f' exec setpriv --reuid={NOBODY.pw_uid} --regid={NOBODY.pw_gid} --clear-groups "$@"')
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, f"{self.dir}/state", *argv()]
        process = Process(words, "cvfd-govern")
        self.assertEqual(process.child.wait(PATIENCE), 1)
        process.stop()
        said = " ".join(process.lines)
        if "unshare" in said or "mount:" in said:
            self.skipTest("mounts are not permitted here")
        self.assertIn("Read-only file system", said)
        self.start()
        number, hold = self.push(0)
        self.ok(self.approve(hold))
        self.fake.wait_line(f"answer {number} allow")
        self.is_whole()

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


@unittest.skipUnless(os.getuid() == 0, "needs users to become")
class People(Faulty):
    """What people wait for and lend is by a clock that nobody sets."""

    def set_principals(self, **more):
        self.write("etc/cvfd.json", {
            "principals": [{"user": ME, "roles": ["admin"], "human": True}, {"user": "daemon", "roles": ["approver"]},
                           {"user": "mail", "roles": ["viewer"]}],
            "approvals": {"escalation": [{"after_s": 3600, "approvers": ["mail"]}]},
            "notifications": {"commands": [{"id": "x", "path": "/x"}]}})

    def as_user(self, user, method, url, body=None):
        return call_as(pwd.getpwnam(user), f"{self.dir}/run/cvfd.sock", method, url, body)

    def test_a_guess_waits_as_long_as_it_did(self):
        _, hold = self.hold(WIPE)
        device = self.enrol()
        approve = f"/v1/approvals/{hold['id']}/approve"
        for _ in range(4):  # the next is looked at in eight seconds
            self.wait(lambda: self.post(approve, {"otp": device.wrong()}).status == 403, "guess that is looked at", 30)
        for jump in (DAY_S, -DAY_S):
            self.jump(jump)
            self.refused(self.post(approve, {"otp": device.code()}), 429, "too-soon")

    def test_what_is_lent_lasts_as_long_as_it_did(self):
        self.assertEqual(self.as_user("daemon", "POST", "/v1/delegations", {"to": "mail", "for_s": 3600}), (201, "-"))
        for i, jump in enumerate((DAY_S, -DAY_S)):
            self.jump(jump)
            self.assertEqual(len(self.get("/v1/delegations")["delegations"]), 1)
            _, hold = self.push(i)
            self.assertFalse(self.get(f"/v1/approvals/{hold['id']}")["escalation"][0]["reached"], "nor are others asked sooner")
            self.assertEqual(self.as_user("mail", "POST", f"/v1/approvals/{hold['id']}/approve"), (200, "-"))
        self.jump(-DAY_S)
        self.assertEqual(self.as_user("daemon", "POST", "/v1/delegations", {"to": "mail", "for_s": 1}), (201, "-"))
        self.wait(lambda: len(self.get("/v1/delegations")["delegations"]) == 1, "end of the second")

    def test_what_is_to_be_told_is_told_now(self):
        for i, jump in enumerate((DAY_S, -DAY_S)):
            self.jump(jump)
            self.push(i)
            self.wait(lambda n=i + 1: len(self.get("/v1/notices")["notices"]) == n, "notice that is due")


class Age(Faulty):
    """What is kept for a time: ten days of it, then one day; and a clock that is not to be believed."""

    settings = {"audit": {"max_age_s": DAY_S, "head_every_entries": 256}}

    def rows(self, query):
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def count(self, query):
        return self.rows(f"SELECT count(*) FROM {query}")[0][0]

    def fill(self, n):
        before = self.get("/v1/status")["events_recorded"]
        self.tell(f"flood {n}")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == before + n, "events")

    def execute(self, pid):
        self.tell(f"exec pid={pid} 1 /bin/secret x")
        self.tell(f"exit 1 {pid} 0")
        self.wait(lambda: [e for e in self.get("/v1/executions")["executions"] if e["pid"] == pid and e["status"] == "success"],
                  "execution")

    def verify(self):
        got = audit("verify", "--json", "--store", f"{self.dir}/state/cvf.db")
        told = json.loads(got.stdout)
        self.assertEqual((got.returncode, told["findings"]), (0, []))
        return told

    def prove(self, *words, status=0):
        got = audit("prove", *words, "--store", f"{self.dir}/state/cvf.db")
        self.assertEqual(got.returncode, status, got.stderr)
        return got.stdout

    def proves(self, proof):
        self.write("proof.json", proof)
        got = audit("check-proof", f"{self.dir}/proof.json")
        self.assertEqual(got.returncode, 0, got.stdout + got.stderr)

    def plant_old_sum(self):
        """A row that is due whatever the clock: when it is gone, the sums have been looked through."""
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        with db:
            db.execute("INSERT INTO rollups VALUES (1, 999, 60, ?, 0, 1, 1)", (int(time.time()) // 60 * 60 - 60 * 3600,))
        db.close()

    def sums_looked_through(self):
        self.wait(lambda: not self.count("rollups WHERE subject = 999"), "look at the sums", 3 * PATIENCE)

    def test_what_is_too_old_goes_and_the_rest_is_proved(self):
        self.stop()
        self.jump(-10 * DAY_S)
        self.start()
        self.fill(3000)
        self.stop()
        old = self.count("events")
        sizes = [n for (n,) in self.rows("SELECT size FROM heads ORDER BY size")]
        of_old, of_head = self.prove("100"), self.prove("--from", str(sizes[0]))
        self.jump(0)
        self.start()
        self.fill(600)
        self.wait(lambda: self.count("acts WHERE kind = 'pruned'"), "pruning")
        self.wait(lambda: self.count(f"events WHERE n <= {old // 1024 * 1024}") == 0, "end of the pruning")
        status = self.get("/v1/status")
        self.assertEqual((status["events_lost"], status["audit_completeness"]), (0, 100.0))
        self.verify()
        self.stop()
        told = self.verify()
        through = told["pruned_through"]
        self.assertEqual((told["first_n"], through % 1024, told["events_lost"]), (through + 1, 0, 0))
        self.assertGreater(through, 1024)
        self.assertEqual(self.count(f"events WHERE time_ms > {(int(time.time()) - DAY_S) * 1000}"), 600, "nothing of today went")
        # Of what went, what was proved then stays proved, and nothing new is; of the rest everything is.
        self.proves(of_old)
        self.proves(of_head)
        self.prove("100", status=1)
        self.proves(self.prove(str(told["first_n"])))
        self.proves(self.prove(str(told["last_n"])))
        kept = [n for (n,) in self.rows("SELECT size FROM heads ORDER BY size")]
        self.assertLessEqual(kept[0], through, "the head at which the pruning ends is kept")
        for size in kept:
            if size % 256 == 0 or size > through:
                self.proves(self.prove("--from", str(size)))
        self.start()
        self.do(SECRET)
        self.is_intact()

    def is_intact(self):
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records")
        self.verify()

    def test_a_clock_set_ahead_empties_nothing(self):
        self.plant_old_sum()
        self.restart()
        self.execute(501)
        self.fill(3000)
        before, shown = self.count("events"), dict(self.get("/v1/dashboard?period=1h"))
        sums = self.count("rollups WHERE span = 60 AND metric = 1 AND subject <> 999")
        self.jump(60 * DAY_S)
        self.fill(10)
        self.sums_looked_through()
        self.assertEqual(self.count("events"), before + 10)
        self.assertGreaterEqual(self.count("rollups WHERE span = 60 AND metric = 1 AND subject <> 999"), sums)
        self.jump(0)
        self.assertEqual(dict(self.get("/v1/dashboard?period=1h"))["summary"], shown["summary"])
        moved = [int(s) for s in re.findall(r"the wall clock was moved by (\d+) s", "\n".join(self.govern.lines))]
        self.assertAlmostEqual(max(moved, default=0), 60 * DAY_S, delta=PATIENCE, msg=self.govern.lines)
        self.is_intact()
        # Its twin: who starts believes the clock that is there.
        self.jump(60 * DAY_S)
        self.restart()
        self.wait(lambda: self.count("acts WHERE kind = 'pruned'"), "pruning")
        self.wait(lambda: not self.count("rollups WHERE span = 60 AND metric = 1 AND subject <> 999"), "look at the sums", 3 * PATIENCE)
        self.is_intact()

    def test_a_clock_set_back_keeps_more_and_goes_on(self):
        self.execute(601)
        self.fill(3000)
        before = dict(self.get("/v1/dashboard?period=24h"))["summary"]
        self.jump(-3 * DAY_S)
        self.execute(602)
        self.assertEqual(dict(self.get("/v1/dashboard?period=24h"))["summary"]["total_executions"], 1, "that of the clock's own day")
        self.fill(10)
        self.plant_old_sum()
        self.jump(0)
        self.assertEqual(dict(self.get("/v1/dashboard?period=24h"))["summary"], before)
        self.assertEqual(dict(self.get("/v1/dashboard?period=7d"))["summary"]["total_executions"], 2, "none is counted twice")
        self.is_intact()

    def test_heads_are_signed_whatever_the_clock_does(self):
        self.stop()
        self.write("etc/cvfd.json", {"principals": [], "audit": {"head_every_s": 1}})
        self.start()
        for jump in (0, 40 * DAY_S, -40 * DAY_S, 0):
            self.jump(jump)
            before = self.count("heads")
            self.do(SECRET)
            self.wait(lambda: self.count("heads") > before, f"head after a jump to {jump}")
        self.stop()
        self.verify()


if __name__ == "__main__":
    unittest.main()
