# SPDX-License-Identifier: Apache-2.0
"""What monitors ask: /metrics as Prometheus reads it, /readyz, the probe, and the health of agents."""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import unittest

import exposition_check
from govern_fixture import Connection, GovernTest, PUSH, READ, ROOT, SECRET

CVFCTL = os.environ.get("CVF_CVFCTL", ROOT + "/build/release/cvfctl")


class ProbeTest(GovernTest):
    def text(self):
        c = Connection(f"{self.dir}/run/cvfd.sock")
        try:
            c.request("GET", "/metrics")
            answer = c.getresponse()
            text = answer.read().decode("utf-8")
            self.assertEqual(answer.status, 200, text)
            self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            return text
        finally:
            c.close()

    def series(self, name, **labels):
        return exposition_check.read(self.text()).get(name, {}).get(frozenset(labels.items()))

    def ctl(self, *words, socket=None):
        run = subprocess.run([CVFCTL, *words, "--socket", socket or f"{self.dir}/run/cvfd.sock"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, timeout=60)
        return run.returncode, run.stdout, run.stderr

    def run_one(self, pid, status, path="/bin/secret"):
        self.tell(f"exec pid={pid} 1 {path} {path} x")
        self.tell(f"exit 1 {pid} {status}")
        self.wait(lambda: [e for e in self.get("/v1/executions")["executions"] if e["pid"] == pid and e["status"] != "running"],
                  "end of the execution")


class Checker(unittest.TestCase):
    """The reader of the text refuses what Prometheus would."""

    def test_refusals(self):
        good = '# HELP a_total x\n# TYPE a_total counter\na_total{b="c\\"\\\\\\n"} 1\n'
        self.assertEqual(exposition_check.read(good), {"a_total": {frozenset({("b", 'c"\\\n')}): 1.0}})
        for bad in (good[:-1], good.replace("1", "one"), good.replace('="', "="), good.replace("\\n", "\\x"), good + good,
                    good.replace("counter", "gauge"), good.replace("# HELP", "# HULP"), good.replace("b=", "0b="),
                    good.replace("_total", "_ms_total"), good + 'a_total{b="c\\"\\\\\\n"} 2\n', good.replace(" 1", " -1"),
                    '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'):
            with self.assertRaises(exposition_check.Wrong, msg=bad):
                exposition_check.read(bad)


class Exposition(ProbeTest):
    def test_numbers_are_those_of_the_store_and_go_on_after_a_restart(self):
        self.run_one(5001, 0)
        self.run_one(5002, 1 << 8)
        number, hold = self.hold(PUSH, pid=5003)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")
        self.assertEqual(self.do(READ)[0], "allow")
        self.assertEqual(self.do(SECRET, pid=5004)[0], "deny")
        for _ in range(2):
            self.assertEqual(self.series("cvf_executions_total", agent="coder-1", risk="LOW", status="success"), 1)
            self.assertEqual(self.series("cvf_executions_total", agent="coder-1", risk="LOW", status="failure"), 1)
            self.assertEqual(self.series("cvf_execution_duration_seconds_count"), 2)
            self.assertEqual(self.series("cvf_questions_total", agent="coder-1", outcome="approved"), 1)
            self.assertEqual(self.series("cvf_answer_duration_seconds_count"), 1)
            self.assertEqual(self.series("cvf_operations_total", agent="coder-1", verdict="deny"), 1)
            self.assertEqual(self.series("cvf_enforcing"), 1)
            self.assertEqual(self.series("cvf_holds_pending"), 0)
            self.assertGreater(self.series("cvf_records_total", fate="stored"), 0)
            self.assertGreater(self.series("cvf_canary_runs_total", result="refused"), 0)
            self.restart()
        promtool = shutil.which("promtool")
        if promtool:
            checked = subprocess.run([promtool, "check", "metrics"], input=self.text(), text=True, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, timeout=60)
            self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_names_of_any_bytes_and_thousands_of_agents(self):
        self.stop()
        db = sqlite3.connect(f"{self.dir}/state/cvf.db")
        names = ['quote" back\\slash', "line\nfeed", "\u202eright to left", "\x1b[2J", "}{,=", "é"]
        for i in range(2, 1000):
            db.execute("INSERT INTO numbers VALUES (0, ?, ?)", (i, names[i - 2] if i - 2 < len(names) else f"agent-{i}"))
            db.execute("INSERT INTO rollups VALUES (1, ?, 0, 0, 1, 3, 0)", (i,))
        db.commit()
        db.close()
        self.start()
        series = exposition_check.read(self.text())["cvf_executions_total"]
        agents = {dict(labels)["agent"] for labels in series}
        shown = {re.sub(r"[^ -~\n]", lambda m: f"\\u{ord(m.group()):04x}", name) for name in names}
        self.assertIn("\\u202eright to left", shown)
        self.assertLessEqual(shown, agents)
        self.assertEqual(len(agents), 201)
        self.assertEqual(sum(series.values()), 998 * 3, "nothing is left out")

    def test_a_canary_that_is_not_refused_shows(self):
        self.tell("canary fail")
        self.wait(lambda: self.series("cvf_enforcing") == 0, "not enforcing")
        self.assertGreater(self.series("cvf_canary_runs_total", result="not_refused"), 0)


class Ready(ProbeTest):
    def test_everything_works(self):
        self.ok(self.get("/readyz"))
        status, out, _ = self.ctl("probe")
        line = json.loads(out)
        self.assertEqual((status, out.count("\n")), (0, 1))
        self.assertEqual([line[k] for k in ("ok", "canary_refused", "holds_answerable", "store_written", "problem")],
                         [True, True, True, True, None])
        self.assertGreater(line["api_ms"], 0)
        self.assertTrue(self.rows("SELECT value FROM marks WHERE name = 'probe'"))
        self.fake.wait_line("probed")

    def rows(self, query):
        db = sqlite3.connect(f"file:{self.dir}/state/cvf.db?mode=ro", uri=True)
        try:
            return db.execute(query).fetchall()
        finally:
            db.close()

    def failed(self, part):
        """The probe says that one part fails and names a reason; cvfctl's exit status is 1."""
        answer = self.wait(lambda: [a for a in [self.get("/v1/probe")] if not a["ok"]], "failing probe")[0]
        self.assertEqual([k for k in ("canary_refused", "holds_answerable", "store_written") if not answer[k]], [part])
        self.assertTrue(answer["problem"])
        status, out, _ = self.ctl("probe")
        self.assertEqual((status, json.loads(out)["ok"]), (1, False))

    def test_not_enforcing(self):
        self.tell("canary fail")
        self.failed("canary_refused")
        self.refused(self.get("/readyz"), 503, "not-enforcing")
        self.tell("canary ok")
        self.wait(lambda: self.get("/v1/probe")["ok"], "recovery")
        self.ok(self.get("/readyz"))

    def test_holds_cannot_be_answered(self):
        self.tell("mute answers")
        answer = self.wait(lambda: [a for a in [self.get("/v1/probe")] if not a["ok"]], "failing probe")[0]
        self.assertFalse(answer["holds_answerable"])
        self.refused(self.get("/readyz"), 503, "holds")

    def test_the_store_cannot_be_written(self):
        db = sqlite3.connect(f"{self.dir}/state/cvf.db", isolation_level=None)
        db.execute("BEGIN IMMEDIATE")
        self.failed("store_written")
        self.refused(self.get("/readyz"), 503, "store")
        db.close()
        self.wait(lambda: self.get("/v1/probe")["ok"], "recovery")

    def test_no_daemon_is_a_line_too(self):
        status, out, _ = self.ctl("probe", socket=f"{self.dir}/nothing")
        self.assertEqual((status, json.loads(out)["ok"]), (4, False))


class Health(ProbeTest):
    def health(self):
        return dict(self.ok(self.get("/v1/health/agents/coder-1")))

    def test_from_idle_to_bad_and_why(self):
        self.assertEqual((self.health()["health"], self.health()["reasons"]), ("idle", []))
        self.assertEqual(self.health()["success_rate"], None)
        for pid in range(6000, 6004):
            self.run_one(pid, 0)
        self.assertEqual((self.health()["health"], self.health()["success_rate"]), ("good", 100.0))
        self.run_one(6005, 1 << 8)
        self.assertEqual((self.health()["health"], self.health()["reasons"]),
                         ("degraded", ["1 of 5 executions failed or were killed"]))
        for pid in range(6010, 6014):
            self.run_one(pid, 9)
        self.assertEqual(self.health()["health"], "bad")
        status, out, _ = self.ctl("agent", "health")
        self.assertEqual(status, 0)
        self.assertIn("5 of 9 executions failed or were killed", out)

    def test_nothing_enforced_is_bad_for_everybody(self):
        self.tell("canary fail")
        self.wait(lambda: self.health()["health"] == "bad", "bad health")
        self.assertIn("nothing is enforced on this host", self.health()["reasons"])

    def test_an_agent_that_is_not_there(self):
        self.refused(self.get("/v1/health/agents/nobody"), 404, "not-found")
        self.assertEqual(self.ctl("agent", "health", "nobody")[0], 3)


if __name__ == "__main__":
    unittest.main()
