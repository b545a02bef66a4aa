# SPDX-License-Identifier: Apache-2.0
"""Streams: holds as they come and are decided, events over a WebSocket; both resumable. And the six core endpoints."""
import base64
import hashlib
import json
import os
import socket
import unittest

from govern_fixture import GovernTest

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Socket:
    """The client's side of a WebSocket."""

    def __init__(self, path, url, headers=None, early=b""):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(20)
        self.s.connect(path)
        self.key = base64.b64encode(os.urandom(16)).decode()
        lines = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Key": self.key, **(headers or {})}
        self.s.sendall(f"GET {url} HTTP/1.1\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v).encode() + b"\r\n" + early)
        self.rest = b""
        while b"\r\n\r\n" not in self.rest:
            more = self.s.recv(4096)
            if not more:
                break
            self.rest += more
        self.head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1])

    def take(self, n):
        while len(self.rest) < n:
            more = self.s.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self.rest += more
        got, self.rest = self.rest[:n], self.rest[n:]
        return got

    def frame(self):
        """Operation and payload of the next frame."""
        first, size = self.take(2)
        if size == 126:
            size = int.from_bytes(self.take(2), "big")
        elif size == 127:
            size = int.from_bytes(self.take(8), "big")
        return first & 15, self.take(size)

    def event(self):
        while True:
            op, payload = self.frame()
            if op == 1:
                return json.loads(payload)

    def send(self, op, payload=b"", masked=True):
        mask = os.urandom(4)
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
        self.s.sendall(bytes([0x80 | op, (0x80 if masked else 0) | len(payload)]) + (mask + body if masked else payload))

    def close(self):
        self.s.close()


class WebSockets(GovernTest):
    def open(self, url="/v1/events/stream", **more):
        w = Socket(f"{self.dir}/run/cvfd.sock", url, **more)
        self.addCleanup(w.close)
        return w

    def test_events_as_messages_and_from_where_one_left(self):
        w = self.open()
        self.assertEqual(w.status, 101, w.head)
        accept = base64.b64encode(hashlib.sha1((w.key + GUID).encode()).digest())
        self.assertIn(b"Sec-WebSocket-Accept: " + accept, w.head)
        self.tell("deny 1 read /a")
        first = w.event()
        self.assertEqual(first["object"], "/a")
        w.close()
        self.tell("deny 1 read /b")
        self.tell("deny 1 read /c")
        self.wait(lambda: len(self.events()) == 3, "the events")
        again = self.open(f"/v1/events/stream?cursor={first['id']}")
        self.assertEqual([again.event()["object"], again.event()["object"]], ["/b", "/c"])

    def test_a_large_one_and_many(self):
        w = self.open()
        for i in range(300):
            self.tell(f"deny 1 read /{'x' * 900}{i}")
        self.assertEqual([w.event()["object"][-len(str(i)):] for i in range(300)], [str(i) for i in range(300)])

    def test_ping_and_close(self):
        w = self.open(early=b"\x89\x82\0\0\0\0hi")
        seen = [w.frame() for _ in range(2)]
        self.assertIn((10, b"hi"), seen)
        w.send(9, b"x" * 125)
        self.assertEqual(next(f for f in iter(w.frame, None) if f[0] == 10), (10, b"x" * 125))
        w.send(8, b"\x03\xe8")
        self.assertEqual(next(f for f in iter(w.frame, None) if f[0] == 8), (8, b"\x03\xe8"))
        self.assertEqual(w.s.recv(10), b"")

    def test_what_a_client_may_not_send(self):
        for bad, code in ((b"\x81\x85\0\0\0\0hello", 1003), (b"\x89\x00", 1002), (b"\x89\xfe\xff\xff", 1002), (b"\xff" * 2000, 1002)):
            w = self.open()
            w.s.sendall(bad)
            self.assertEqual(next(f for f in iter(w.frame, None) if f[0] == 8)[1], code.to_bytes(2, "big"), bad)
        self.ok(self.get("/healthz"))

    def test_the_handshake(self):
        for headers in ({"Sec-WebSocket-Version": "8"}, {"Sec-WebSocket-Key": "short"}, {"Sec-WebSocket-Key": ""}, {"Connection": "close"}):
            w = self.open(headers=headers)
            self.assertEqual(w.status, 426, headers)
            self.assertIn(b"Sec-WebSocket-Version: 13", w.head)
        self.assertEqual(self.open(headers={"Origin": "https://evil.example"}).status, 403)
        self.assertEqual(self.open("/v1/status").status, 200)
        self.assertEqual(self.open("/v1/events/stream?limits=1").status, 400)

    def test_whoever_does_not_read_disturbs_nobody(self):
        idle = [self.open() for _ in range(10)]
        for i in range(200):
            self.tell(f"deny 1 read /{'y' * 900}{i}")
        self.ok(self.get("/v1/status"))
        self.wait(lambda: len(self.events(limit=1000)) == 200, "the events")
        for w in idle:
            w.close()
        self.ok(self.get("/v1/status"))
        self.assertEqual(self.stop(), 0)
        self.start()

    def test_it_ends_with_one_open(self):
        self.open()
        self.assertEqual(self.stop(), 0)
        self.start()


class Holds(GovernTest):
    def test_a_hold_comes_and_is_decided(self):
        w = Socket(f"{self.dir}/run/cvfd.sock", "/v1/approvals/stream")
        self.addCleanup(w.close)
        _, hold = self.hold()
        first = w.event()
        self.assertEqual((first["id"], first["state"], first["waiting"]), (hold["id"], "pending", 1))
        self.assertNotIn("offers", first)  # for who asks for this one
        self.assertIn("offers", self.get(f"/v1/approvals/{hold['id']}"))
        self.ok(self.post(f"/v1/approvals/{hold['id']}/deny"))
        second = w.event()
        self.assertEqual((second["id"], second["state"]), (hold["id"], "denied"))

    def test_as_server_sent_events(self):
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.settimeout(20)
        s.connect(f"{self.dir}/run/cvfd.sock")
        _, hold = self.hold()
        s.sendall(b"GET /v1/approvals/stream?since=1h HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got = b""
        while b'"pending"' not in got:
            got += s.recv(65536)
        self.assertIn(b"event: hold", got)
        self.assertIn(hold["id"].encode(), got)
        self.assertEqual(self.get("/v1/approvals/stream/x").status, 404)


class Core(GovernTest):
    """Decision 8: /health without a credential, /status, /agents, /agents/{id}, POST /agents/{id}/tasks; /metrics has its own test."""

    def test_they_answer_as_their_long_names_do(self):
        self.assertEqual(self.ok(self.get("/health")), self.get("/healthz"))
        self.assertEqual(set(self.ok(self.get("/status"))), set(self.get("/v1/status")))
        self.assertEqual(self.ok(self.get("/agents")), self.get("/v1/agents"))
        self.assertEqual(self.ok(self.get("/agents/coder-1")), self.get("/v1/agents/coder-1"))
        self.refused(self.get("/agents/nobody"), 404, "not-found")
        self.refused(self.post("/agents/nobody/tasks", {"pid": 1}), 404, "not-found")
        self.refused(self.post("/agents/coder-1/tasks", {}), 400, "bad-value")
        task = self.ok(self.post("/agents/coder-1/tasks", {"pid": os.getpid(), "skill": "review"}), 201)
        self.assertEqual((task["agent"], task["skill"]), ("coder-1", "review"))


if __name__ == "__main__":
    unittest.main()
