# SPDX-License-Identifier: Apache-2.0
"""A busy host: records as fast as they are stored, and eight readers of the store beside the one writer.

Nobody is ever told that the database is locked, nothing is lost, and every hash is right afterwards.
"""
import multiprocessing
import os
import sqlite3
import time
import unittest

from govern_fixture import GovernTest, PATIENCE, call, verify_chain

RECORDS = 60000
NEWEST = "SELECT MAX((SELECT IFNULL(MAX(n), 0) FROM events), (SELECT IFNULL(MAX(n), 0) FROM acts))"


def read_database(path, stop, failures, rounds):
    """A reader with a connection of its own: what it sees is whole, and only grows."""
    try:
        db, last = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=0), 0
        while not stop.is_set():
            db.execute("BEGIN")
            newest = db.execute(NEWEST).fetchone()[0]
            count = "SELECT COUNT(*), MAX(n) FROM (SELECT n FROM events WHERE n > ?1 UNION ALL SELECT n FROM acts WHERE n > ?1)"
            first, again = [db.execute(count, (newest - 5000,)).fetchone() for _ in range(2)]
            db.execute("COMMIT")
            if first != again or (again[1] or 0) != newest or newest < last:
                raise AssertionError(f"{first} of the last 5000 of {newest}, then {again}; before {last}")
            last = newest
            with rounds.get_lock():
                rounds.value += 1
    except BaseException as e:  # whatever it is, the test has to hear of it
        failures.put(repr(e))


def read_api(path, stop, failures, rounds):
    """A reader of the API, as cvfctl is one."""
    try:
        while not stop.is_set():
            for url in ("/v1/events?limit=20", "/v1/events?verdict=deny&limit=5", "/v1/counters", "/v1/gaps", "/v1/status"):
                answer = call(path, "GET", url)
                if answer.status != 200 or answer.get("store_problem"):
                    raise AssertionError(f"{url}: {answer.status} {answer}")
            with rounds.get_lock():
                rounds.value += 1
    except BaseException as e:
        failures.put(repr(e))


class Load(GovernTest):
    def readers(self):
        stop, failures, rounds = multiprocessing.Event(), multiprocessing.Queue(), [multiprocessing.Value("i", 0) for _ in range(8)]
        database, control = f"{self.dir}/state/cvf.db", f"{self.dir}/run/cvfd.sock"
        processes = [multiprocessing.Process(target=read_database if i < 4 else read_api, args=(database if i < 4 else control, stop,
                     failures, rounds[i]), daemon=True) for i in range(8)]
        for p in processes:
            p.start()

        def end():
            stop.set()
            for p in processes:
                p.join(PATIENCE * 3)
                if p.is_alive():
                    p.kill()
            said = []
            while not failures.empty():
                said.append(failures.get())
            return said, [r.value for r in rounds]

        self.addCleanup(stop.set)
        return end

    def test_eight_readers_and_the_writer_never_meet_a_lock(self):
        end = self.readers()
        self.tell(f"pour {RECORDS}")
        decided = 0
        until = time.monotonic() + 6 * PATIENCE
        while self.get("/v1/status")["events_recorded"] < RECORDS:
            self.assertLess(time.monotonic(), until, "the records are not stored")
            number, hold = self.hold(pid=2000 + decided)
            self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))  # each waits for the disk
            self.fake.wait_line(f"answer {number} allow")
            decided += 1
        said, rounds = end()
        self.assertEqual(said, [])
        self.assertTrue(all(rounds), f"every reader read: {rounds}")
        self.assertGreater(decided, 0)
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "last records")
        status = self.get("/v1/status")
        self.assertEqual((status["events_lost"], status["records_bad"], status["store_problem"]), (0, 0, None))
        self.assertEqual([line for line in self.govern.lines if "cannot be written" in line or "locked" in line], [])
        # What was poured, and of each hold its question and its end.
        self.assertEqual(verify_chain(self, f"{self.dir}/state/cvf.db"), RECORDS + 2 * decided)
        self.assertLess(os.path.getsize(f"{self.dir}/state/cvf.db-wal"), 200 << 20, "readers come and go: the log does not grow for ever")


if __name__ == "__main__":
    unittest.main()
