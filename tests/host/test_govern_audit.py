# SPDX-License-Identifier: Apache-2.0
"""The audit trail can be verified by anybody: what was tampered with is named, and what was not stands proved."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import unittest

import ocsf_check
from govern_fixture import GovernTest, PUSH, ROOT, SECRET, WRITE

CVFCTL = os.environ.get("CVFCTL", ROOT + "/build/release/cvfctl")


class Audited(GovernTest):
    def ctl(self, *words, status=0):
        done = subprocess.run([CVFCTL, "audit", *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout

    def verify(self, store=None, status=0, *words):
        store = store or f"{self.dir}/state/cvf.db"
        return json.loads(self.ctl("verify", "--json", "--store", store, *words, status=status))

    def fill(self, n=600):
        """A trail with a decision in it, signed to its end; the governor has ended."""
        _, hold = self.hold()
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"note": "go"}))
        self.tell(f"flood {n}")
        self.wait(lambda: self.get("/v1/status")["events_recorded"] > n, "events", 60)
        self.stop()
        self.hold_id = hold["id"]

    def acts(self, kind):
        with contextlib.closing(sqlite3.connect(f"{self.dir}/state/cvf.db")) as db:
            return [json.loads(b) for (b,) in db.execute("SELECT body FROM acts WHERE kind = ? ORDER BY n", (kind,))]


class Whole(Audited):
    def test_it_is_verified_while_the_governor_runs_and_as_a_copy(self):
        self.do(WRITE)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 1, "event")
        told = self.verify()
        self.assertTrue(told["ok"], told)
        self.assertEqual((told["events"], told["findings"]), (1, []))
        self.stop()
        os.mkdir(f"{self.dir}/copy")
        shutil.copy(f"{self.dir}/state/cvf.db", f"{self.dir}/copy/cvf.db")
        told = self.verify(f"{self.dir}/copy/cvf.db")
        self.assertEqual((told["unsigned_entries"], told["known_heads"]), (0, 0))
        self.assertGreater(self.verify()["known_heads"], 0)
        self.ctl("verify", "--store", f"{self.dir}/nothing.db", status=3)
        self.write("no.db", "this is no database, but it is long enough to be looked at " * 20)
        self.ctl("verify", "--store", f"{self.dir}/no.db", status=1)

    def test_everything_that_was_decided_is_in_the_chain(self):
        self.fill(10)
        self.start()
        asked, decided = self.acts("asked"), self.acts("decided")
        self.assertEqual([a["hold"] for a in asked], [self.hold_id])
        self.assertEqual([(d["hold"], d["state"], d["note"], d["digest"]) for d in decided],
                         [(self.hold_id, 1, "go", asked[0]["digest"])])
        self.assertTrue(decided[0]["by"])
        number, hold = self.hold(pid=2000)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {"scope": "agent", "for_s": 600}))
        grant = self.get("/v1/grants")["grants"][0]["id"]
        self.ok(self.delete(f"/v1/grants/{grant}"))
        self.assertEqual([g["grant"] for g in self.acts("grant")], [grant])
        self.assertEqual([(g["grant"], g["state"]) for g in self.acts("grant-ended")], [(grant, 1)])
        before = len(self.acts("declared"))
        self.ok(self.post("/v1/policies", {"schema": "cvf.policy/v1", "id": "p", "rules": [
            {"id": "r", "when": {"capability": ["t.push"]}, "effect": "DENY", "reason": "no"}]}), 201)
        self.assertEqual([d["id"] for d in self.acts("declared")[before:]], ["p"])
        self.assertGreater(len(self.acts("generation")), 1)
        token = self.ok(self.post("/v1/tokens", {"name": "t", "roles": ["viewer"]}), 201)
        self.ok(self.delete(f"/v1/tokens/{token['id']}"))
        self.wait(lambda: self.acts("token-revoked"), "acts of the token")
        self.assertEqual([self.acts(kind)[0]["token"] for kind in ("token", "token-revoked")], [token["id"]] * 2)
        self.assertNotIn(token["token"], json.dumps(self.acts("token")))
        self.tell("gap 3 0 1")
        self.do(WRITE)
        self.wait(lambda: self.acts("gap"), "gap")
        self.assertEqual((self.acts("gap")[0]["last"] - self.acts("gap")[0]["first"]), 2)
        self.stop()
        told = self.verify()
        self.assertEqual((told["ok"], told["gaps"], told["events_lost"]), (True, 1, 3))

    def test_one_answer_for_two_is_two_acts(self):
        self.hold(pid=7)
        _, hold = self.hold(pid=8)
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny", {}))
        self.stop(signal.SIGKILL)
        self.assertEqual([d["state"] for d in self.acts("decided")], [2, 2])
        self.assertTrue(self.verify()["ok"])

    def test_a_kill_leaves_a_whole_trail(self):
        for _ in range(3):
            self.fake.child.stdin.write("flood 3000\n")
            self.fake.child.stdin.flush()
            self.wait(lambda: self.get("/v1/status")["events_recorded"] > 300, "events")
            self.restart(signal.SIGKILL)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 9000, "all events", 60)
        self.assertTrue(self.verify()["ok"])


class Tampered(Audited):
    def setUp(self):
        super().setUp()
        self.fill()
        self.store = f"{self.dir}/state/cvf.db"
        self.assertTrue(self.verify()["ok"])

    def tampered(self, *statements, words=()):
        """What is found after statements were run on a copy."""
        shutil.rmtree(f"{self.dir}/copy", ignore_errors=True)
        os.mkdir(f"{self.dir}/copy")
        shutil.copy(self.store, f"{self.dir}/copy/cvf.db")
        db = sqlite3.connect(f"{self.dir}/copy/cvf.db")
        with db:
            db.execute("DROP TRIGGER act_key")
            for s in statements:
                db.execute(*s) if isinstance(s, tuple) else db.execute(s)
        db.close()
        told = self.verify(f"{self.dir}/copy/cvf.db", 1, *words)
        self.assertFalse(told["ok"])
        return [(f["fault"], f["n"]) for f in told["findings"]]

    def test_a_byte_of_any_column_of_an_event(self):
        """Numbers and times by one, texts and blobs by one bit of their middle; the finding names that entry and no other."""
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            names = [row[1:3] for row in db.execute("PRAGMA table_info(events)")]
            row = dict(zip([n for n, _ in names], db.execute("SELECT * FROM events WHERE n = 300").fetchone()))
        for name, kind in names:
            if name in ("n", "seal"):
                continue
            value = row[name]
            if kind == "INTEGER":
                change = value + 1000
            elif kind == "TEXT":
                change = value[:13] + ("0" if value[13] != "0" else "1") + value[14:]
            else:
                change = value[:13] + bytes([value[13] ^ 1]) + value[14:]
            if name == "boot":
                found = self.tampered("INSERT INTO boots VALUES (77, 'other', 1)", "UPDATE events SET boot = 77 WHERE n = 300")
                self.assertEqual(found[0], ("changed", 300), name)
                continue
            found = self.tampered((f"UPDATE events SET {name} = ? WHERE n = 300", (change,)))
            wanted = "hash-changed" if name == "hash" else "moved" if name == "id" else "changed"
            self.assertIn(found[0], [(wanted, 300), ("changed", 300)], name)
            self.assertEqual({n for f, n in found if f != "count"}, {300}, (name, found))
        self.assertEqual(self.tampered(("UPDATE events SET seal = ? WHERE n = 300", (b"x" * 32,)))[0], ("changed", 300))

    def test_a_byte_of_an_act(self):
        with contextlib.closing(sqlite3.connect(self.store)) as db:
            n, body = db.execute("SELECT n, body FROM acts WHERE kind = 'decided'").fetchone()
        for column, value in (("body", body.replace('"go"', '"no"')), ("kind", "asked"), ("time_ms", 5), ("hash", b"y" * 32)):
            found = self.tampered((f"UPDATE acts SET {column} = ? WHERE n = ?", (value, n)))
            self.assertIn(found[0], [("changed", n), ("hash-changed", n)], column)

    def test_renamed_numbers(self):
        found = self.tampered("UPDATE numbers SET name = 'somebody-else' WHERE kind = 0 AND name = 'coder-1'")
        self.assertEqual(found[0][0], "changed")

    def test_a_deleted_entry(self):
        self.assertEqual(self.tampered("DELETE FROM events WHERE n = 300")[0], ("deleted", 300))
        self.assertEqual(self.tampered("DELETE FROM acts WHERE n = 1")[0], ("deleted", 1))
        found = self.tampered("DELETE FROM events WHERE n BETWEEN 200 AND 400")
        self.assertEqual(found[0], ("deleted", 200))
        self.assertIn("count", [f for f, _ in found], "the numbers of the kernel tell, too")

    def test_a_deleted_entry_whose_place_was_closed(self):
        found = self.tampered("DELETE FROM events WHERE n = 300", "UPDATE events SET n = -n WHERE n > 300",
                              "UPDATE events SET n = -n - 1 WHERE n < 0")
        self.assertEqual(found[0], ("changed", 300))
        self.assertIn("cut-off", [f for f, _ in found])

    def test_two_that_changed_places(self):
        found = self.tampered("UPDATE events SET n = -1 WHERE n = 300", "UPDATE events SET n = 300 WHERE n = 310",
                              "UPDATE events SET n = 310 WHERE n = -1")
        self.assertEqual([f for f in found if f[0] == "moved"], [("moved", 300), ("moved", 310)], found)
        found = self.tampered("UPDATE events SET n = -1 WHERE n = 300", "UPDATE events SET n = 300 WHERE n = 301",
                              "UPDATE events SET n = 301 WHERE n = -1")
        self.assertIn(("moved", 300), found)

    def test_a_tail_that_was_cut(self):
        found = self.tampered("DELETE FROM events WHERE n > 400", "DELETE FROM acts WHERE n > 400")
        self.assertEqual(found[0], ("cut-off", 401))
        found = self.tampered("DELETE FROM events WHERE n > 400", "DELETE FROM acts WHERE n > 400",
                              "DELETE FROM heads WHERE size > 400")
        self.assertIn("count", [f for f, _ in found])
        found = self.tampered("DELETE FROM events WHERE n > 400", "DELETE FROM acts WHERE n > 400",
                              "DELETE FROM heads WHERE size > 400", "DELETE FROM rings",
                              words=("--heads", f"{self.dir}/state/audit-heads.jsonl"))
        self.assertEqual(found[0][0], "rolled-back")

    def test_a_rewritten_trail(self):
        """Whoever recomputes the chain has no signature for it."""
        found = self.tampered("UPDATE heads SET root = zeroblob(32)")
        self.assertEqual({f for f, _ in found}, {"signature"})
        found = self.tampered("UPDATE heads SET size = size - 1")
        self.assertEqual({f for f, _ in found}, {"signature"})
        found = self.tampered("UPDATE heads SET signature = zeroblob(64)")
        self.assertEqual({f for f, _ in found}, {"signature"})
        found = self.tampered("UPDATE nodes SET hash = zeroblob(32) WHERE level = 8 AND i = 1")
        self.assertEqual(found[0], ("node", 257))
        found = self.tampered("UPDATE nodes SET hash = zeroblob(32) WHERE level = 9 AND i = 0")
        self.assertEqual(found[0], ("node", 1))

    def test_a_forged_key(self):
        self.assertIn("key", [f for f, _ in self.tampered("UPDATE keys SET public = zeroblob(32)")])
        self.assertIn("key", [f for f, _ in self.tampered("DELETE FROM keys")])
        self.assertEqual(self.tampered("SELECT 1", words=("--key", "00" * 32))[0][0], "key")

    def test_a_loss_that_was_never_declared(self):
        self.start()
        self.tell("gap 3 0 1")
        self.do(WRITE)
        self.wait(lambda: self.acts("gap"), "gap")
        self.stop()
        self.assertEqual(self.tampered("UPDATE gaps SET last = last + 5, missing = missing + 5")[0][0], "gap")
        self.assertEqual(self.tampered("DELETE FROM gaps")[0][0], "gap")

    def test_an_older_store_in_place_of_the_newer(self):
        shutil.copy(self.store, f"{self.dir}/older.db")
        self.start()
        self.do(WRITE)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] > 601, "event")
        self.stop()
        self.assertTrue(self.verify()["ok"])
        for suffix in ("-wal", "-shm"):
            if os.path.exists(self.store + suffix):
                os.unlink(self.store + suffix)
        with open(f"{self.dir}/older.db", "rb") as old, open(self.store, "wb") as to:
            to.write(old.read())
        self.assertEqual([f["fault"] for f in self.verify(status=1)["findings"]], ["rolled-back"])
        self.start()
        self.assertIn("older", self.get("/v1/status")["trail_problem"])
        self.wait(lambda: self.acts("rolled-back"), "act")
        self.stop()
        self.assertIn("rolled-back", [f["fault"] for f in self.verify(status=1)["findings"]])

    def test_another_key_file(self):
        path = f"{self.dir}/state/audit.key"
        key = json.loads(self.ctl("keys", "--json", "--store", self.store))["keys"][0]["public"]
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, "w", encoding="ascii") as f:
            f.write("11" * 32 + "\n")
        self.start()
        self.do(WRITE)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] > 601, "event")
        self.stop()
        self.assertEqual({f["fault"] for f in self.verify(None, 1)["findings"]}, {"key"})
        self.assertIn("key", {f["fault"] for f in self.verify(None, 1, "--key", key)["findings"]})
        keys = json.loads(self.ctl("keys", "--json", "--store", self.store))["keys"]
        self.assertEqual([k["reason"] for k in keys], ["first", "replaced"])
        self.assertTrue(self.verify(None, 0, "--key", keys[1]["public"])["ok"], "who gives the new key believes it")

    def test_a_key_that_others_may_read_signs_nothing(self):
        os.chmod(f"{self.dir}/state/audit.key", 0o644)
        self.start()
        self.assertIn("audit.key", self.get("/v1/status")["trail_problem"])
        self.do(WRITE)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] > 601, "event")
        self.stop()
        self.assertGreater(self.verify()["unsigned_entries"], 0)


class Journal(Audited):
    settings = {"audit": {"head_every_s": 1}}
    journal = False

    def test_heads_are_copied_to_the_journal(self):
        self.stop()
        journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(journal.close)
        journal.bind(f"{self.dir}/journal")
        os.chmod(f"{self.dir}/journal", 0o666)
        journal.settimeout(20)
        self.journal = True
        self.start()
        said = journal.recv(4096).decode()
        head = json.loads([line for line in said.splitlines() if line.startswith("CVF_HEAD=")][0][9:])
        self.assertIn(head["root"], [h["root"] for h in self.get("/v1/audit/heads?limit=1000")["heads"]])

    def argv(self):
        return super().argv() + (["--journal", f"{self.dir}/journal"] if self.journal else [])


class Proved(Audited):
    settings = {"audit": {"head_every_entries": 100}}

    def check(self, proof, *words, status=0):
        self.write("proof.json", proof)
        return self.ctl("check-proof", f"{self.dir}/proof.json", *words, status=status)

    def test_proofs_are_made_and_checked(self):
        self.fill(1000)
        store = f"{self.dir}/state/cvf.db"
        key = json.loads(self.ctl("keys", "--json", "--store", store))["keys"][0]["public"]
        sizes = [h["size"] for h in json.loads(self.ctl("heads", "--json", "--store", store))["heads"]]
        self.assertGreater(len(sizes), 1)
        for n in (1, 9, 256, 257, 999, sizes[-1]):
            proof = json.loads(self.ctl("prove", str(n), "--store", store))
            self.check(proof, "--key", key)
        self.check(proof, "--key", "22" * 32, status=1)
        for change in ({"n": 5}, {"before": "00" * 32}, {"path": proof["path"][1:]}, {"head": {**proof["head"], "size": 7}},
                       {"entry": {**proof["entry"], "id": "X"}}, {"entry": {**proof["entry"], "time_ms": 1}}, {"schema": "other"},
                       {"kind": "else"}, {"path": 5}, {"head": None}, {"entry": []}):
            self.check({**proof, **change}, status=1)
        for size in sizes:
            self.check(json.loads(self.ctl("prove", "--from", str(size), "--store", store)), "--key", key)
        proof = json.loads(self.ctl("prove", "--from", str(sizes[0]), "--to", str(sizes[-1]), "--store", store))
        self.check({**proof, "path": proof["path"][:-1]}, status=1)
        self.check({**proof, "from": proof["to"]}, status=1)
        self.ctl("prove", "99999", "--store", store, status=1)
        self.ctl("prove", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--store", store, status=3)
        self.ctl("prove", "--from", "3", "--store", store, status=3)
        self.ctl("prove", "--store", store, status=2)

    def test_the_api_proves_too(self):
        self.do(WRITE)
        event = self.wait(self.events, "event")[0]
        key = self.ok(self.post("/v1/audit/rotate-key"))["public"]
        self.check(dict(self.ok(self.get(f"/v1/audit/proof/{event['id']}"))))
        self.check(dict(self.ok(self.get("/v1/audit/proof/1"))))
        heads = self.ok(self.get("/v1/audit/heads"))["heads"]
        self.check(dict(self.ok(self.get(f"/v1/audit/consistency?from={heads[0]['size']}"))), "--key", key)
        keys = self.ok(self.get("/v1/audit/keys"))["keys"]
        self.assertEqual([k["reason"] for k in keys], ["first", "rotated"])
        self.assertEqual((keys[1]["public"], keys[1]["before"]), (key, keys[0]["public"]))
        self.refused(self.get("/v1/audit/proof/nothing"), 404, "not-found")
        self.refused(self.get("/v1/audit/consistency?from=x"), 400, "bad-parameter")
        self.refused(self.get("/v1/audit/consistency?from=3"), 404, "not-found")
        self.refused(self.get("/v1/audit/heads?limit=0"), 400, "bad-parameter")
        self.stop()
        told = self.verify(None, 0, "--key", keys[0]["public"])
        self.assertTrue(told["ok"], "the old key vouches for the new one")
        self.assertEqual(self.verify(None, 0, "--key", key)["findings"], [])
        self.start()
        self.do(PUSH)
        self.stop()
        self.assertTrue(self.verify()["ok"])


class Pruned(Audited):
    settings = {"audit": {"max_bytes": 1 << 20, "head_every_entries": 256}}

    def test_the_rest_is_still_proved(self):
        store = f"{self.dir}/state/cvf.db"
        self.fill(6000)
        self.start()
        self.wait(lambda: self.acts("pruned"), "pruning", 60)
        self.do(WRITE)
        self.wait(lambda: self.get("/v1/status")["events_recorded"] == 6003, "event")
        status = self.get("/v1/status")
        self.assertEqual((status["events_lost"], status["audit_completeness"]), (0, 100.0))
        self.ok(self.post("/v1/audit/rotate-key"))
        self.assertTrue(self.verify()["ok"], "while it runs")
        self.restart(signal.SIGKILL)
        self.stop()
        told = self.verify()
        self.assertEqual((told["ok"], told["first_n"]), (True, told["pruned_through"] + 1))
        self.assertEqual(told["pruned_through"] % 256, 0)
        self.assertLess(told["entries"], 6000)
        key = json.loads(self.ctl("keys", "--json", "--store", store))["keys"][0]["public"]
        self.assertTrue(self.verify(None, 0, "--key", key)["ok"])
        for n in (told["first_n"], told["first_n"] + 1, told["last_n"]):
            self.write("proof.json", json.loads(self.ctl("prove", str(n), "--store", store)))
            self.ctl("check-proof", f"{self.dir}/proof.json")
        self.ctl("prove", str(told["pruned_through"]), "--store", store, status=1)
        with contextlib.closing(sqlite3.connect(store)) as db:
            self.assertEqual(db.execute("SELECT count(*) FROM holds").fetchone()[0], 0, "answered, and as old")
        for statement, fault in (
                ("UPDATE anchors SET hash = zeroblob(32)", "anchor"),
                ("UPDATE anchors SET n = n + 256", "anchor"),
                ("DELETE FROM anchors", "anchor"),
                (f"UPDATE nodes SET hash = zeroblob(32) WHERE i = 0 AND level = {told['pruned_through'].bit_length() - 1}", "head"),
                ("DELETE FROM nodes", "node"),
                ("UPDATE pruned SET count = count - 1", "count"),
                (f"DELETE FROM events WHERE n = {told['first_n']}", "deleted"),
                (f"UPDATE events SET time_ms = 1 WHERE n = {told['first_n']}", "changed")):
            shutil.rmtree(f"{self.dir}/copy", ignore_errors=True)
            os.mkdir(f"{self.dir}/copy")
            shutil.copy(store, f"{self.dir}/copy/cvf.db")
            with contextlib.closing(sqlite3.connect(f"{self.dir}/copy/cvf.db")) as db, db:
                db.execute(statement)
            found = [f["fault"] for f in self.verify(f"{self.dir}/copy/cvf.db", 1)["findings"]]
            self.assertIn(fault, found, statement)


class Secrets(Audited):
    settings = {"audit": {"redact": ["ACME-[0-9]{6}"]}}

    def stored_bytes(self):
        found = b""
        for name in os.listdir(f"{self.dir}/state"):
            with open(f"{self.dir}/state/{name}", "rb") as f:
                found += f.read()
        return found

    def test_secrets_in_arguments_are_not_stored(self):
        self.tell("exec pid=7 1 /bin/bash bash --token hunter22 ACME-123456")
        number, hold = self.hold("exec /usr/bin/git push ssh://me:hunter23@host/x", pid=7, exec=1)
        self.assertEqual(hold["argv"][-1], "ssh://me:***@host/x")
        self.assertTrue(hold["redacted"])
        event = self.wait(lambda: self.events(kind="all", order="asc"), "events")[0]
        self.assertEqual((event["argv"][1:], event["redacted"]), (["--token", "***", "***"], True))
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve", {}))
        self.do(WRITE, pid=9)
        self.wait(lambda: len(self.events(kind="all")) >= 3, "events")
        argv = ["bash", "--token", "hunter22", "ACME-123456"]
        self.assertTrue(self.ok(self.post(f"/v1/audit/match/{event['id']}", {"args": argv}))["matches"])
        self.assertFalse(self.ok(self.post(f"/v1/audit/match/{event['id']}", {"args": argv[:-1] + ["x"]}))["matches"])
        with open(f"{self.dir}/args", "wb") as f:
            f.write(b"".join(a.encode() + b"\0" for a in argv))
        self.ctl("match", event["id"], f"{self.dir}/args", "--socket", f"{self.dir}/run/cvfd.sock")
        plain = [e for e in self.events(kind="all") if not e["redacted"]][0]
        self.refused(self.post(f"/v1/audit/match/{plain['id']}", {"args": argv}), 404, "not-found")
        self.assertTrue(self.verify()["ok"])
        for secret in (b"hunter2", b"ACME-123"):
            self.assertNotIn(secret, self.stored_bytes())
        self.stop()
        self.assertNotIn(b"hunter2", self.stored_bytes())
        self.assertTrue(self.verify()["ok"])

    def test_a_pattern_is_compared_with_what_was_there(self):
        _, hold = self.hold("exec /usr/bin/git push ssh://me:hunter23@host/x")
        self.ok(self.post(f"/v1/approvals/{hold['id']}/approve",
                          {"scope": "agent", "pattern": "/usr/bin/git push ssh://me:hunter2*@host/x", "for_s": 600}))
        self.do("exec /usr/bin/git push ssh://me:hunter24@host/x", pid=8)
        self.do("exec /usr/bin/git push ssh://me:other@host/x", pid=9)
        waits = self.wait(lambda: len(self.acts("decided")) == 2 and self.get("/v1/approvals")["holds"], "answer of the grant")
        self.assertEqual([h["pid"] for h in waits], [9])

    def test_an_export_has_the_seal_and_not_the_secret(self):
        self.tell("exec pid=7 1 /bin/bash bash --token hunter22")
        self.hold("exec /usr/bin/git push ssh://me:hunter23@host/x", pid=7, exec=1)
        self.do("write /home/dev/\udcff", pid=7, exec=1)
        self.wait(lambda: len(self.events(kind="all")) >= 3, "events")
        text = self.ctl("export", "--format", "ocsf", "--store", f"{self.dir}/state/cvf.db")
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertNotIn("hunter2", text)
        for one in lines:
            self.assertEqual(one["type_uid"], one["class_uid"] * 100 + one["activity_id"])
            self.assertEqual(one["category_uid"], one["class_uid"] // 1000)
            self.assertTrue(one["metadata"]["uid"] and one["unmapped"]["cvf"]["hash"] and one["actor"] and one["time"])
        self.assertEqual([one["metadata"]["sequence"] for one in lines], list(range(1, len(lines) + 1)))
        events = [one for one in lines if one["class_uid"] != 6003]
        self.assertEqual([one["class_uid"] for one in events], [1007, 1007, 1001])
        launch, held, write = events
        self.assertEqual((launch["actor"]["process"]["cmd_line"], launch["unmapped"]["cvf"]["redacted"]), ("bash --token ***", True))
        self.assertEqual(len(launch["unmapped"]["cvf"]["seal"]), 64)
        self.assertEqual((held["action"], held["severity"], held["process"]["cmd_line"]),
                         ("Unknown", "High", "/usr/bin/git push ssh://me:***@host/x"))
        self.assertEqual((write["action_id"], write["status_id"], write["actor"]["app_name"]), (1, 1, "coder-1"))
        self.assertEqual(write["actor"]["process"]["file"]["path"], "/bin/bash")
        self.assertEqual(self.ctl("export", "--since", "2100-01-01", "--store", f"{self.dir}/state/cvf.db"), "")
        self.assertEqual(self.ctl("export", "--until", "2000-01-01", "--store", f"{self.dir}/state/cvf.db"), "")
        self.ctl("export", "--since", "never", "--store", f"{self.dir}/state/cvf.db", status=2)

    def test_bad_expressions_are_mistakes_of_the_settings(self):
        self.write("etc/cvfd.json", {"principals": [{"user": "root", "roles": ["admin"]}], "audit": {"redact": ["("]}})
        self.restart()
        self.assertIn("regular expression", self.get("/v1/status")["policy_problem"])


class Ocsf(Audited):
    """Every kind of entry there is, as the schema of the framework wants it."""

    def operations(self):
        with open(f"{ROOT}/include/cvf/ops.def", encoding="ascii") as f:
            return re.findall(r'^OP\(\d+, +\w+, +"([^"]+)", +(\w+),', f.read(), re.M)

    def export(self):
        text = self.ctl("export", "--store", f"{self.dir}/state/cvf.db")
        return [json.loads(line) for line in text.splitlines()]

    def play_operations(self):
        """Each allowed, refused, held and only watched; what has an object also with two and with none."""
        for name, domain in self.operations():
            words = "address=10.0.0.7 port=443" if domain == "NET" else ""
            for keys in ("allow", "deny", "hold", "deny flags=1", "hold object2=/tmp/b"):
                verb, *more = keys.split()
                self.tell(f"{verb} {' '.join(more)} {words} 1 {name} /tmp/a /tmp/a x")
            self.tell(f"deny port=1 1 {name} -")

    def play_life(self):
        self.tell("session 1 7 1")
        self.tell("exec pid=7 1 /bin/bash bash -c x")
        for status in (0, 3 << 8, 9):
            self.tell(f"exit 1 7 {status}")
        self.tell("session 1 7 0")
        self.do(f"write /home/dev/\udcff{'x' * 300}")
        verdict, number = self.do(PUSH, pid=70)
        self.tell(f"abandon {number}")

    def play_acts(self):
        for i, answer in enumerate(("approve", "deny")):
            _, hold = self.hold(PUSH + str(i), pid=90 + i)
            self.ok(self.post(f"/v1/approvals/{hold['id']}/{answer}", {"scope": "agent", "for_s": 600} if answer == "approve" else {}))
        self.ok(self.delete(f"/v1/grants/{self.get('/v1/grants')['grants'][0]['id']}"))
        token = self.ok(self.post("/v1/tokens", {"name": "t", "roles": ["viewer"]}), 201)
        self.ok(self.delete(f"/v1/tokens/{token['id']}"))
        self.ok(self.post("/v1/policies", {"schema": "cvf.policy/v1", "id": "p", "rules": []}), 201)
        self.ok(self.post("/v1/audit/rotate-key"))
        self.tell("gap 3 0 1")
        self.do(SECRET)
        self.wait(lambda: self.acts("gap"), "gap")

    def test_every_entry_is_as_the_schema_says(self):
        self.play_operations()
        self.play_life()
        self.play_acts()
        self.wait(lambda: self.get("/v1/status")["records_unseen"] == 0, "records")
        entries = self.export()
        wrong = {(e["class_uid"], e["unmapped"]["cvf"].get("operation") or e["unmapped"]["cvf"].get("act"), w) for e in entries
                 for w in ocsf_check.check(e)}
        self.assertEqual(wrong, set())
        self.assertEqual({e["class_uid"] for e in entries}, set(ocsf_check.CLASSES), "no class is left out")
        seen = {e["unmapped"]["cvf"].get("operation") for e in entries}
        self.assertEqual([name for name, _ in self.operations() if name not in seen], [])
        outcomes = {e["disposition"] for e in entries if "disposition" in e}
        self.assertEqual(outcomes, {"Allowed", "Blocked", "Delayed", "Approved", "Detected"})
        ends = {e.get("exit_code") for e in entries if e["type_uid"] == 100702}
        self.assertEqual(ends, {0, 3, None}, "a signal has no exit code")
        self.assertEqual(len({json.dumps(e.get("device") or e["src_endpoint"]) for e in entries}), 1, "all are of this host")

    def test_the_end_of_a_hold_says_what_was_asked(self):
        _, number = self.do(PUSH, pid=70)
        self.wait(lambda: self.get("/v1/approvals")["holds"], "hold")
        self.tell(f"abandon {number}")
        self.wait(lambda: len(self.events(kind="all")) == 2, "end")
        end = [e for e in self.export() if e["class_uid"] != 6003][-1]
        self.assertEqual((end["type_uid"], end["process"]["file"]["path"], end["disposition"]), (100701, "/usr/bin/git", "Blocked"))
        # A kernel says of the end of some holds only which it was; and what was asked may not be known any more.
        self.stop()
        with contextlib.closing(sqlite3.connect(f"{self.dir}/state/cvf.db")) as db, db:
            record, = db.execute("SELECT record FROM events WHERE kind = 3").fetchone()
            record = record[:80] + bytes(2) + record[82:178] + bytes(2) + record[180:]
            db.execute("UPDATE events SET record = ?, op = 0 WHERE kind = 3", (record,))
        end = [e for e in self.export() if e["class_uid"] != 6003][-1]
        self.assertEqual((end["type_uid"], end["process"]["file"]["path"]), (100701, "/usr/bin/git"))
        self.assertEqual(ocsf_check.check(end), [])
        with contextlib.closing(sqlite3.connect(f"{self.dir}/state/cvf.db")) as db, db:
            db.execute("DELETE FROM holds")
        end = [e for e in self.export() if e["class_uid"] != 6003][-1]
        self.assertEqual((end["type_uid"], end["activity_name"]), (100799, "resume"))
        self.assertEqual(ocsf_check.check(end), [])

    def test_the_checker_finds_what_is_wrong(self):
        self.do(WRITE)
        self.wait(self.events, "event")
        good = [e for e in self.export() if e["class_uid"] == 1001][0]
        self.assertEqual(ocsf_check.check(good), [])
        without = {k: v for k, v in good.items() if k != "file"}
        for bad in (without, {**good, "activity_id": 98}, {**good, "severity": "High"}, {**good, "type_uid": 7}, {**good, "held": 1},
                    {**good, "class_uid": 1}, {**good, "file": {"name": "x"}}, {**good, "device": {"type_id": 0}}, {**good, "time": "now"},
                    {**good, "metadata": {**good["metadata"], "version": "1.2.0"}},
                    {**good, "metadata": {**good["metadata"], "profiles": ["host"]}},
                    {**good, "metadata": {**good["metadata"], "profiles": ["cloud"]}}, {**good, "action_id": 99},
                    {**good, "disposition_id": 99, "disposition": None}, {**good, "actor": {}}):
            self.assertNotEqual(ocsf_check.check(bad), [], bad)


if __name__ == "__main__":
    unittest.main()
