# SPDX-License-Identifier: Apache-2.0
"""Executions from exec to exit, their sums, and the dashboard computed twice: by the governor and here from the raw rows."""
import signal
import sqlite3
import time
import unittest

from govern_fixture import GovernTest, PUSH, READ, SECRET, WIPE, WRITE

LENGTH = {"1h": 3600, "24h": 86400, "7d": 7 * 86400, "30d": 30 * 86400}
STATUS = {"running": 0, "success": 1, "failure": 2, "refused": 3, "killed": 4, "unknown": 5}


def percent(part, whole):
    return 100.0 * part / whole if whole else None


class MetricTest(GovernTest):
    def rows(self, query, *values):
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
        try:
            return db.execute(query, values).fetchall()
        finally:
            db.close()

    def exec(self, path, *args, **keys):
        words = " ".join(f"{k}={v}" for k, v in keys.items())
        said = self.tell(f"exec {words} 1 {path} {path} {' '.join(args)}")
        return int([s for s in said if s.startswith("exec ")][0].split()[1])

    def exit(self, pid, status=0):
        self.tell(f"exit 1 {pid} {status}")

    def settled(self):
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records in the store")

    def executions(self, **filters):
        query = "&".join(f"{k}={v}" for k, v in filters.items())
        return self.ok(self.get(f"/v1/executions?{query}"))["executions"]

    def execution(self, pid, status=None):
        return self.wait(lambda: [e for e in self.executions()
                                  if e["pid"] == pid and (e["status"] != "running" if status is None else e["status"] == status)],
                         f"execution of {pid}")[0]

    def dashboard(self, period="24h"):
        return dict(self.ok(self.get(f"/v1/dashboard?period={period}")))

    def expected(self, period):
        """Every field from the raw rows, by the definitions of the documentation."""
        end = int(time.time()) // 60 * 60 + 60
        start = end - LENGTH[period]
        if period in ("7d", "30d"):
            start = start // 3600 * 3600
        span = (start * 1000, end * 1000)
        ran = self.rows("SELECT risk, status, latency_us FROM executions WHERE ended_ms >= ? AND ended_ms < ?", *span)
        good = [e for e in ran if e[1] == STATUS["success"]]
        judged = [e for e in ran if e[1] in (1, 2, 4)]
        timed = [e[2] for e in ran if e[2] is not None]
        high = [e for e in judged if e[0] >= 2]
        holds = self.rows("SELECT state, reason, IFNULL(decided_by, '') FROM holds WHERE requested_ms >= ? AND requested_ms < ?"
                          " AND reason NOT IN (3, 5, 38, 39)", *span)
        granted = [h for h in holds if h[0] == 1]
        people = [h for h in holds if h[1] in (22, 23) and h[2] not in ("", "kernel")]
        stored = self.rows("SELECT COUNT(*) FROM events WHERE time_ms >= ? AND time_ms < ?", *span)[0][0]
        lost = self.rows("SELECT IFNULL(SUM(missing), 0) FROM gaps WHERE found_ms >= ? AND found_ms < ?", *span)[0][0]
        return {
            "period": period,
            "summary": {"total_executions": len(ran), "success_rate": percent(len(good), len(judged)),
                        "error_rate": percent(len(judged) - len(good), len(judged)),
                        "average_latency_ms": sum(timed) / 1000 / len(timed) if timed else None},
            "risk_distribution": {f"R{r}": len([e for e in ran if e[0] == r]) for r in range(4)},
            "approvals": {"total_needed": len(holds), "granted": len(granted),
                          "rejected": len([h for h in holds if h[0] in (2, 3, 4)]),
                          "acceptance_rate": percent(len(granted), len(holds))},
            "quality_metrics": {"audit_completeness": percent(stored, stored + lost),
                                "high_risk_success_rate": percent(len([e for e in high if e[1] == 1]), len(high)),
                                "human_approval_acceptance_rate": percent(len([h for h in people if h[1] == 22]), len(people))},
        }

    def same(self, a, b, path=""):
        if isinstance(a, dict):
            self.assertEqual(sorted(a), sorted(b), path)
            for key, value in a.items():
                self.same(value, b[key], f"{path}.{key}")
        elif isinstance(a, float) or isinstance(b, float):
            self.assertIsNotNone(a, path)
            self.assertIsNotNone(b, path)
            self.assertAlmostEqual(a, b, 3, path)
        else:
            self.assertEqual(a, b, path)

    def check_dashboards(self):
        for period in LENGTH:
            shown, minute = None, None
            while minute != int(time.time()) // 60:  # both of the same minute
                minute = int(time.time()) // 60
                shown, wanted = self.dashboard(period), self.expected(period)
            self.same(shown, wanted, period)


class Executions(MetricTest):
    def test_success_failure_and_death_by_a_signal(self):
        for pid, status, word in ((2001, 0, "success"), (2002, 3 << 8, "failure"), (2003, signal.SIGKILL, "killed"),
                                  (2004, signal.SIGSEGV | 0x80, "killed")):
            self.exec("/bin/true", pid=pid)
            self.assertEqual(self.execution(pid, "running")["latency_ms"], None)
            self.exit(pid, int(status))
            e = self.execution(pid)
            self.assertEqual((e["agent"], e["status"], e["skill"]), ("coder-1", word, None))
            self.assertGreaterEqual(e["latency_ms"], 0)
            self.assertLess(e["latency_ms"], 600000)

    def test_what_failed_after_a_refusal_was_refused_and_what_ended_well_was_not(self):
        for pid, status, word in ((2011, 1 << 8, "refused"), (2012, 0, "success")):
            image = self.exec("/bin/cp", pid=pid)
            self.assertEqual(self.do(SECRET, pid=pid, exec=image)[0], "deny")
            self.exit(pid, status)
            self.assertEqual(self.execution(pid)["status"], word)

    def test_the_risk_is_the_highest_that_was_met(self):
        image = self.exec("/bin/sh", pid=2021)
        self.do(WRITE, pid=2021, exec=image)
        self.do(READ, pid=2021, exec=image)
        self.exit(2021)
        self.assertEqual(self.execution(2021)["risk"], "HIGH")  # exec of something unregistered
        self.exec("/bin/secret", "x", pid=2022)
        self.exit(2022)
        self.assertEqual((self.execution(2022)["risk"], self.execution(2022)["capability"]), ("LOW", "t.secret"))

    def test_a_subshell_counts_for_the_program_it_is_a_copy_of(self):
        image = self.exec("/bin/secret", "x", pid=2031)
        self.do(WRITE, pid=2032, exec=image)
        self.exit(2032, 1 << 8)  # not an execution: it ran nothing
        self.exit(2031)
        self.assertEqual(self.execution(2031)["risk"], "MEDIUM")
        self.assertEqual([e for e in self.executions() if e["pid"] == 2032], [])

    def test_an_approved_exec_is_of_the_process_that_ran_it(self):
        parent = self.exec("/bin/secret", "x", pid=2041)
        number, hold = self.hold(PUSH, pid=2042, exec=parent)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")
        self.exec("/usr/bin/git", "push", "origin", pid=2042)
        self.exit(2042)
        self.exit(2041)
        e = self.execution(2042)
        self.assertEqual((e["risk"], e["capability"], e["status"]), ("HIGH", "t.push", "success"))
        self.assertEqual(self.execution(2041)["risk"], "LOW", "the shell that started it did nothing itself")

    def test_what_comes_late_corrects_what_was_counted(self):
        image = self.exec("/bin/secret", "x", pid=2051)
        self.exit(2051, 1 << 8)
        self.assertEqual(self.execution(2051)["status"], "failure")
        before = self.dashboard()
        self.assertEqual((before["summary"]["error_rate"], before["risk_distribution"]["R0"]), (100.0, 1))
        self.do(SECRET, pid=2051, exec=image)  # of the other ring
        self.execution(2051, "refused")
        self.hold(PUSH.replace("origin", "late"), pid=2051, exec=image)
        self.check_dashboards()
        after = self.dashboard()
        self.assertEqual(after["summary"]["error_rate"], None)
        self.assertEqual(after["summary"]["total_executions"], 1)

    def test_the_next_program_of_a_process_is_the_same_execution(self):
        self.exec("/bin/secret", "x", pid=2061)
        self.exec("/usr/bin/git", "push", "origin", pid=2061)
        self.exit(2061)
        self.assertEqual(self.execution(2061)["capability"], "t.push")
        self.assertEqual(len(self.executions()), 1)

    def test_ends_that_nobody_saw(self):
        self.exec("/bin/secret", "x", pid=2071, session=7)
        self.exec("/bin/secret", "x", pid=2072, session=8)
        self.tell("session 1 7 0")
        self.assertEqual(self.execution(2071)["status"], "unknown")
        self.assertEqual(self.execution(2072, "running")["latency_ms"], None)
        self.stop()
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        db.execute("INSERT INTO boots VALUES (99, 'another', 1)")
        db.execute("UPDATE executions SET boot = 99 WHERE pid = 2072")
        db.commit()
        db.close()
        self.start()
        self.assertEqual(self.execution(2072)["status"], "unknown")
        self.assertEqual(self.dashboard()["summary"],
                         {"total_executions": 2, "success_rate": None, "error_rate": None, "average_latency_ms": None})
        self.check_dashboards()

    def test_a_skill_has_sums_of_its_own(self):
        self.exec("/bin/secret", "x", pid=2081)
        self.exit(2081)
        self.execution(2081)
        metrics = self.ok(self.get("/v1/metrics?period=1h"))
        self.assertEqual([(c["capability"], c["executions"]) for c in metrics["capabilities"]], [("t.secret", 1)])
        self.assertEqual(metrics["skills"], [])
        self.assertEqual([(a["agent"], a["executions"], a["success_rate"]) for a in metrics["agents"]], [("coder-1", 1, 100.0)])
        self.assertGreater(metrics["api"]["requests"], 0)
        self.assertEqual(metrics["people"]["p50_ms"], None)


class Dashboard(MetricTest):
    def test_nothing_is_null_and_never_all(self):
        shown = self.dashboard()
        self.assertEqual(shown, {
            "period": "24h",
            "summary": {"total_executions": 0, "success_rate": None, "error_rate": None, "average_latency_ms": None},
            "risk_distribution": {"R0": 0, "R1": 0, "R2": 0, "R3": 0},
            "approvals": {"total_needed": 0, "granted": 0, "rejected": 0, "acceptance_rate": None},
            "quality_metrics": {"audit_completeness": None, "high_risk_success_rate": None,
                                "human_approval_acceptance_rate": None}})
        self.refused(self.get("/v1/dashboard?period=2h"), 400, "bad-parameter")

    def play(self):
        """Some of everything."""
        for pid in range(3001, 3006):
            self.exec("/bin/secret", "x", pid=pid)
            self.exit(pid, (pid % 2) << 8)
        for pid, answer in ((3011, "approve"), (3012, "deny"), (3013, "approve"), (3014, None)):
            number, hold = self.hold(PUSH.replace("origin", str(pid)), pid=pid)
            if answer:
                self.ok(self.post(f"/v1/approvals/{hold['id']}/{answer}"))
                self.fake.wait_line(f"answer {number} {'allow' if answer == 'approve' else 'deny'}")
            if answer == "approve":
                self.exec("/usr/bin/git", "push", str(pid), pid=pid)
                self.exit(pid, 0 if pid == 3011 else 9)
        number, _ = self.hold(WIPE, pid=3015)
        self.tell(f"abandon {number}")
        self.tell("gap 3 0 1")
        self.tell("flood 20")
        self.settled()
        self.wait(lambda: not [e for e in self.executions() if e["status"] == "running"], "exits")
        self.wait(lambda: self.get("/v1/status")["events_lost"] == 3, "gap")
        self.wait(lambda: len(self.get("/v1/approvals")["holds"]) == 1, "end of the holds")

    def test_every_field_is_what_the_rows_say(self):
        self.play()
        self.check_dashboards()
        shown = self.dashboard()
        self.assertEqual(shown["summary"]["total_executions"], sum(shown["risk_distribution"].values()))
        self.assertEqual(shown["approvals"], {"total_needed": 5, "granted": 2, "rejected": 2, "acceptance_rate": 40.0})
        self.assertAlmostEqual(shown["quality_metrics"]["human_approval_acceptance_rate"], 200 / 3)
        self.assertEqual(shown["quality_metrics"]["high_risk_success_rate"], 50.0)
        self.assertLess(shown["quality_metrics"]["audit_completeness"], 100)

    def test_sums_survive_restarts_and_records_sent_twice(self):
        self.play()
        before = self.dashboard("7d")
        self.tell("again")
        self.settled()
        self.restart()
        self.assertEqual(self.dashboard("7d"), before)
        self.restart(signal.SIGKILL)
        self.settled()
        self.assertEqual(self.dashboard("7d"), before)
        self.check_dashboards()

    def test_a_hold_that_waits_is_counted_when_it_ends(self):
        number, hold = self.hold()
        self.assertEqual(self.dashboard()["approvals"], {"total_needed": 1, "granted": 0, "rejected": 0, "acceptance_rate": 0.0})
        self.restart(signal.SIGKILL)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")
        self.assertEqual(self.dashboard()["approvals"], {"total_needed": 1, "granted": 1, "rejected": 0, "acceptance_rate": 100.0})

    def test_what_the_kernel_refused_no_person_answered(self):
        """Woken too often, say: it is rejected, and no answer of anybody."""
        number, _ = self.hold(PUSH + "0", pid=3021)
        self.tell(f"refuse {number} 20")
        number, hold = self.hold(PUSH + "1", pid=3022)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")
        self.wait(lambda: not self.get("/v1/approvals")["holds"], "ends")
        self.settled()
        shown = self.dashboard()
        self.assertEqual(shown["approvals"], {"total_needed": 2, "granted": 1, "rejected": 1, "acceptance_rate": 50.0})
        self.assertEqual(shown["quality_metrics"]["human_approval_acceptance_rate"], 100.0)
        self.assertEqual(self.get("/v1/metrics?period=1h")["questions"]["ended"], 1)
        self.check_dashboards()


if __name__ == "__main__":
    unittest.main()
