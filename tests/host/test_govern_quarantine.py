# SPDX-License-Identifier: Apache-2.0
"""/v1/quarantine: who may ask what, what is refused, and what is said when cvfd-quarantine says no.

The rows are written by the test; a stand-in for cvfd-quarantine says what the test wants.
"""
import contextlib
import errno
import os
import socket
import sqlite3
import struct
import threading
import unittest

from govern_fixture import GovernTest, ME, NOBODY, call_as

ASK = struct.Struct("=IIQQIIQ32s4096s4096s")	# struct quarantine_ask of include/cvf/quarantine.h
REPLY = struct.Struct("=QiIQIIIIq4096s4096s")
FIRST, SECOND, GONE = "01JD3Z7M2C0000000000000001", "01JD3Z7M2C0000000000000002", "01JD3Z7M2D0000000000000003"
KEPT, RESTORED = 1, 2


class Peer:
    """A stand-in for cvfd-quarantine: every ask gets self.error."""

    def __init__(self, path):
        self.error = 0
        self.asked = []
        self.connection = None
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listening.bind(path)
        os.chmod(path, 0o666)
        self.listening.listen(1)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            self.connection = connection
            with connection:
                while packet := connection.recv(ASK.size + 1):
                    ask = ASK.unpack(packet)
                    self.asked.append((ask[0], ask[7].rstrip(b"\0").decode()))
                    connection.send(REPLY.pack(ask[2], self.error, 0, 0, 0, 0, 0, 0, 0, b"", b""))

    def close(self):
        for each in (self.listening, self.connection):
            with contextlib.suppress(OSError):	# gone already
                if each:
                    each.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listening.close()


class Quarantine(GovernTest):
    def setUp(self):
        super().setUp()
        self.stop()
        store = sqlite3.connect(f"{self.dir}/state/cvf.db")
        for i, (name, state) in enumerate(((FIRST, KEPT), (SECOND, KEPT), (GONE, RESTORED))):
            store.execute("INSERT INTO kept (id, boot, hold_no, agent, session, capability, op, object, state, kept_ms, device,"
                          " store, origin, ended_by) VALUES (?, (SELECT max(no) FROM boots), ?, 1, 1, 0, 6, ?, ?,"
                          " 4000000000000, 7, ?, ?, ?)",
                          (name, i, b"/srv/\x1b[2J", state, b"/", b"/srv/x", "" if state == KEPT else "root"))
        store.commit()
        store.close()
        self.start()

    def be_answered(self):
        peer = Peer(f"{self.dir}/run/quarantine.sock")
        self.addCleanup(peer.close)
        return peer

    def restore(self, name):
        return self.post(f"/v1/quarantine/{name}/restore")

    def purge(self, name):
        return self.post(f"/v1/quarantine/{name}/purge")

    def test_what_cannot_be_understood(self):
        for query, right in (("state=gone", "state=restored"), ("limit=0", "limit=1"), ("limit=1001", "limit=1000"),
                             ("limit=x", "limit=7"), ("before=%25", f"before={FIRST}"), ("before=", f"before={SECOND}")):
            error = self.refused(self.get(f"/v1/quarantine?{query}"), 400, "bad-parameter")
            self.assertTrue(error["hint"], query)
            self.ok(self.get(f"/v1/quarantine?{right}"))

    def test_what_is_not_there_or_not_one(self):
        for name in ("01JD", "no-id", "01JD3Z7M2F", FIRST + "0", "%2e%2e"):
            for answer in (self.get(f"/v1/quarantine/{name}"), self.restore(name), self.purge(name)):
                self.refused(answer, 404, "not-found")
        for answer in (self.get("/v1/quarantine/01JD3Z7M2C"), self.restore("01jd3z7m2c"), self.purge("01JD3Z7M2C")):
            self.refused(answer, 409, "ambiguous")
        self.assertEqual(self.ok(self.get(f"/v1/quarantine/{FIRST.lower()}"))["id"], FIRST)
        self.assertEqual(self.ok(self.get("/v1/quarantine/01JD3Z7M2D"))["state"], "restored")

    def test_each_refusal_of_the_quarantine_has_its_word(self):
        peer = self.be_answered()
        self.refused(self.restore(GONE), 409, "not-kept")
        self.assertEqual(peer.asked, [], "what is not kept is not asked for")
        for error, status, code in ((errno.EEXIST, 409, "name-taken"), (errno.ENOTDIR, 409, "folder-gone"),
                                    (errno.ENODEV, 409, "not-mounted"), (errno.ENOENT, 409, "missing"),
                                    (errno.EROFS, 409, "read-only"), (errno.EBADMSG, 409, "damaged"),
                                    (errno.ENOSPC, 503, "quarantine")):
            peer.error = -error
            self.refused(self.restore(FIRST), status, code)
            self.assertEqual(self.get(f"/v1/quarantine/{FIRST}")["state"], "kept", "and nothing changed")
        peer.error = 0
        self.assertEqual(self.ok(self.restore(FIRST))["state"], "restored")
        self.refused(self.restore(FIRST), 409, "not-kept")
        self.assertEqual(self.ok(self.purge(SECOND))["state"], "purged")
        self.assertEqual(peer.asked, [(2, FIRST)] * 8 + [(3, SECOND)])

    def test_hints_say_what_to_do(self):
        peer = self.be_answered()
        for error, word in ((errno.EROFS, "writable"), (errno.EBADMSG, ".cvf-quarantine"), (errno.EEXIST, "nothing is replaced")):
            peer.error = -error
            self.assertIn(word, self.restore(FIRST)["error"]["hint"])

    def test_nobody_there(self):
        error = self.refused(self.restore(FIRST), 503, "quarantine")
        self.assertIn("cvfd-quarantine", error["hint"])
        self.govern.wait_line(f"cvfd-govern: cvfd-quarantine cannot be reached at {self.dir}/run/quarantine.sock")
        self.assertTrue(any("systemctl status cvfd-quarantine" in line for line in self.govern.lines))
        self.be_answered()
        self.ok(self.restore(FIRST))

    def test_only_an_admin_ends_it(self):
        peer = self.be_answered()
        other = "nobody" if os.getuid() == 0 else ME
        for roles in (["viewer"], ["operator"], ["approver"]):
            self.become(other, roles)
            self.assertEqual(self.as_other("GET", f"/v1/quarantine/{FIRST}")[0], 200)
            for what in ("restore", "purge"):
                self.assertEqual(self.as_other("POST", f"/v1/quarantine/{FIRST}/{what}", "{}"), (403, "not-permitted"))
        self.assertEqual(peer.asked, [])
        self.become(other, [])
        self.assertEqual(self.as_other("GET", "/v1/quarantine"), (403, "not-permitted"))
        self.become(other, ["admin"])
        self.assertEqual(self.as_other("POST", f"/v1/quarantine/{FIRST}/restore", "{}")[0], 200)

    def become(self, user, roles):
        self.write("etc/cvfd.json", {"principals": [{"user": user, "roles": roles}]})
        self.restart()

    def as_other(self, method, url, body=None):
        path = f"{self.dir}/run/cvfd.sock"
        if os.getuid() == 0:
            return call_as(NOBODY, path, method, url, body)
        answer = self.get(url) if method == "GET" else self.post(url, body)
        return answer.status, answer.get("error", {}).get("code", "-")


if __name__ == "__main__":
    unittest.main()
