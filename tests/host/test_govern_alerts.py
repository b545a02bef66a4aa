# SPDX-License-Identifier: Apache-2.0
"""Alerts, objectives and maintenance through the API and cvfctl; what they are made of: tests/unit/test_govern_alert.c."""
import os
import subprocess
import time
import unittest

from govern_fixture import GovernTest, ME, ROOT

CVFCTL = os.environ.get("CVF_CVFCTL", ROOT + "/build/release/cvfctl")
LONG = 60


class AlertTest(GovernTest):
    def ctl(self, *words):
        run = subprocess.run([CVFCTL, *words, "--socket", f"{self.dir}/run/cvfd.sock"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, timeout=60)
        return run.returncode, run.stdout

    def alerts(self, state="open"):
        return self.ok(self.get(f"/v1/alerts?state={state}"))["alerts"]

    def objective(self, name):
        return [o for o in self.ok(self.get("/v1/objectives"))["objectives"] if o["id"] == name][0]


class Alerts(AlertTest):
    def test_one_that_nobody_enforces_is_noticed_and_acknowledged_by_name(self):
        self.assertEqual(self.alerts(), [])
        self.assertEqual(self.ctl("alerts")[1], "There is nothing to look at.\n")
        self.tell("canary fail")
        alert = self.wait(lambda: (self.get("/readyz").status, self.alerts())[1], "alert", LONG)[0]
        self.assertEqual((alert["kind"], alert["subject"], alert["severity"], alert["state"]),
                         ("not-enforcing", "host", "critical", "open"))
        self.assertIn("must be refused", alert["reason"])
        self.assertEqual(self.ctl("alerts", "ack", alert["id"], "--note", "on it")[0], 0)
        seen = self.alerts()[0]
        self.assertEqual((seen["state"], seen["acked_by"], seen["note"]), ("acknowledged", ME, "on it"))
        self.refused(self.post(f"/v1/alerts/{alert['id']}/ack"), 404, "not-found")
        self.assertEqual(self.ctl("alerts", "ack", "01NOSUCH")[0], 3)
        self.restart()
        self.assertEqual(self.alerts()[0]["id"], alert["id"])

    def test_lost_records(self):
        self.tell("gap 5 0 1")
        self.tell("flood 5")
        alert = self.wait(self.alerts, "alert", LONG)[0]
        self.assertEqual(alert["kind"], "records-lost")
        self.assertIn("5 records", alert["reason"])


class Objectives(AlertTest):
    settings = {"objectives": [{"id": "up", "kind": "uptime", "target": 99.9, "days": 7},
                               {"id": "quick", "kind": "approval-response", "target": 90, "within_s": 60},
                               {"id": "api", "kind": "api-response", "target": 50, "within_ms": 5000, "days": 1}]}

    def test_no_data_is_not_met(self):
        quick = self.objective("quick")
        self.assertEqual([quick[k] for k in ("state", "value", "budget_left", "burn_1h", "target", "within_ms", "days")],
                         ["no-data", None, None, None, 90, 60000, 30])
        self.assertEqual(self.objective("up")["state"], "no-data")
        status, out = self.ctl("objectives")
        self.assertEqual(status, 0)
        self.assertIn("no-data", out)

    def test_answers_are_measured(self):
        number, hold = self.hold()
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")
        quick = self.objective("quick")
        self.assertEqual([quick[k] for k in ("state", "value", "good", "bad", "budget_left", "burn_1h")],
                         ["met", 100, 1, 0, 100, 0])
        self.hold("exec /usr/bin/git push late", pid=1001, timeout=5)
        self.wait(lambda: self.objective("quick")["bad"] == 1, "question that nobody answered", LONG)
        quick = self.objective("quick")
        self.assertEqual((quick["state"], quick["value"], round(quick["budget_left"])), ("missed", 50, -400))
        self.assertEqual(round(quick["burn_1h"]), 5)
        self.assertEqual(self.objective("api")["state"], "met")

    def test_maintenance_is_left_out_from_now_on_and_never_before(self):
        self.refused(self.post("/v1/maintenance", {"from": "2025-01-01T00:00:00Z", "for_s": 600, "note": "n"}), 400, "past")
        self.refused(self.post("/v1/maintenance", {"for_s": 600}), 400, "bad-value")
        self.assertEqual(self.ctl("maintenance", "start", "--for", "1h", "--note", "new disk")[0], 0)
        window = self.ok(self.get("/v1/maintenance"))["maintenance"][0]
        self.assertEqual((window["state"], window["note"], window["made_by"]), ("now", "new disk", ME))
        number, hold = self.hold()
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve"))
        self.fake.wait_line(f"answer {number} allow")
        self.assertEqual(self.objective("quick")["state"], "no-data")
        self.assertEqual(self.get("/v1/dashboard")["approvals"]["granted"], 1, "it is counted all the same")
        self.assertEqual(self.ctl("maintenance", "end", window["id"])[0], 0)
        self.assertEqual(self.get("/v1/maintenance")["maintenance"][0]["state"], "over")
        self.assertEqual(self.ctl("maintenance", "end", window["id"])[0], 3)
        later = time.time() + 0.05  # in the same millisecond the window is still there
        self.wait(lambda: time.time() > later, "later moment")
        number, hold = self.hold("exec /usr/bin/git push after", pid=1002)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))
        self.fake.wait_line(f"answer {number} deny")
        self.assertEqual(self.objective("quick")["good"], 1)

    def test_a_mistake_in_the_settings_is_named_and_the_old_ones_stay(self):
        for wrong, word in (({"id": "x", "kind": "uptime", "target": 100}, "99.999"),
                            ({"id": "x", "kind": "uptime", "target": 99, "within_s": 5}, "uptime"),
                            ({"id": "x", "kind": "api-response", "target": 99}, "within_s"),
                            ({"id": "x", "kind": "api-response", "target": 99, "within_ms": 51}, "51 ms"),
                            ({"id": "x", "kind": "speed", "target": 99}, "speed"),
                            ({"id": "x", "kind": "uptime", "target": 99, "days": 31}, "30")):
            self.write("etc/cvfd.json", {"principals": [{"user": ME, "roles": ["admin"]}], "objectives": [wrong]})
            answer = self.post("/v1/reload")
            self.assertEqual(answer.status, 422, answer)
            self.assertIn(word, str(answer))
            self.assertEqual(self.objective("up")["target"], 99.9)


if __name__ == "__main__":
    unittest.main()
