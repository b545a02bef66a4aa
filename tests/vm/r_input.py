#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile clients of both sockets: garbage, half messages, wrong sizes. Run by r_input.sh; prints the test lines of lib.sh.

`r_input.py control`: the control socket must answer 4xx or close, and serve the next caller.
`r_input.py link`: the enforcer's socket, as user cvf while the governor is dead or stopped, must close and enforce on.
`r_input.py declarations FOLDER`: writes declaration files that must be refused, NAME.KIND.json.
"""
import json
import os
import random
import socket
import struct
import sys

CONTROL = "/run/cvf/cvfd.sock"
LINK = "/run/cvf/link.sock"
counts = {"passed": 0, "failed": 0}


def check(name, good, seen=""):
    counts["passed" if good else "failed"] += 1
    print(f"ok {name}" if good else f"not ok {name}: {seen!r}", flush=True)


def exchange(data, end=True):
    """What the control socket answers to raw bytes; None: it neither answered nor closed."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(40)
    s.connect(CONTROL)
    answer = b""
    try:
        s.sendall(data)
        if end:
            s.shutdown(socket.SHUT_WR)
        while True:
            more = s.recv(65536)
            if not more:
                return answer
            answer += more
            if not end and b"\r\n\r\n" in answer:
                return answer
    except (BrokenPipeError, ConnectionResetError):
        return answer
    except socket.timeout:
        return None
    finally:
        s.close()


def http(method, path, body=b"", headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: cvf", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def status(answer):
    return int(answer[9:12]) if answer and answer.startswith(b"HTTP/1.") else 0


def refused(answer):
    return answer is not None and (not answer or 400 <= status(answer) < 600)


def control():
    rng = random.Random(1)
    fine = http("GET", "/healthz")
    wrong = {
        "random bytes": rng.randbytes(4096),
        "a NUL in the path": b"GET /v1/\0status HTTP/1.1\r\nHost: x\r\n\r\n",
        "no version": b"GET /\r\n\r\n",
        "an endless first line": b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\n\r\n",
        "endless headers": b"GET /v1/status HTTP/1.1\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(50000)) + b"\r\n",
        "a negative length": b"POST /v1/policies HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "two lengths": b"POST /v1/policies HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}",
        "a huge length": b"POST /v1/policies HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "a body cut short": b"POST /v1/policies HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        "a bad chunk": b"POST /v1/policies HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "climbing paths": http("GET", "/v1/../../etc/passwd"),
        "a path of escapes": http("GET", "/v1/agents/%00%2e%2e%2f%ff"),
        "a method of its own": http("FROBNICATE", "/v1/status"),
        "a body that is no JSON": http("POST", "/v1/policies", b"\xff\xfe{"),
        "deep JSON": http("POST", "/v1/policies", b"[" * 100000),
        "JSON of the wrong kind": http("POST", "/v1/agents/robust/sessions", b"[1,2,3]"),
        "an unknown member": http("POST", "/v1/agents/robust/sessions", b'{"pid": 1, "root": true}'),
        "a pid that is no number": http("POST", "/v1/agents/robust/sessions", b'{"pid": "1; reboot"}'),
        "a pid beyond numbers": http("POST", "/v1/agents/robust/sessions", b'{"pid": 123456789012345678901234567890}'),
        "the pid of init": http("POST", "/v1/agents/robust/sessions", b'{"pid": 1}'),
        "a negative pid": http("POST", "/v1/agents/robust/sessions", b'{"pid": -1}'),
        "an answer to no hold": http("POST", "/v1/approvals/01ARZ3NDEKTSV4RRFFQ69G5FAV/approve", b"{}"),
        "an answer with a hostile id": http("POST", "/v1/approvals/%27%20OR%201=1--/approve", b"{}"),
    }
    for name, data in wrong.items():
        answer = exchange(data)
        check(f"control socket: {name}", refused(answer), (answer or b"no answer, not closed")[:200])
        again = exchange(fine)
        check(f"control socket: after {name} the next caller is served", status(again) == 200, again)
    for n in range(300):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.connect(CONTROL)
        s.sendall(rng.randbytes(rng.randrange(1, 600)))
        s.close()
    check("control socket: 300 random messages", status(exchange(fine)) == 200)
    silent = []
    for _ in range(300):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.setblocking(False)
        try:
            s.connect(CONTROL)
            s.send(b"GET /healthz HT")
        except OSError:
            pass
        silent.append(s)
    check("control socket: 300 silent callers do not lock others out", status(exchange(fine)) == 200)
    for s in silent:
        s.close()
    check("control socket: and leave nothing behind", status(exchange(fine)) == 200)


def head(kind, size=None, number=1, body=b""):
    size = 16 + len(body) if size is None else size
    return struct.pack("<IHHII", size, kind, 0, number, 0) + body


def packets():
    rng = random.Random(2)
    yield "an empty packet", [b""]
    yield "one byte", [b"x"]
    yield "half a head", [b"\x10\0\0\0\1\0"]
    yield "a size that is not the packet's", [head(1, size=60000, body=bytes(8))]
    yield "a kind that does not exist", [head(999, body=bytes(8))]
    yield "a HELLO of another ABI", [head(1, body=struct.pack("<II", 9999, 0))]
    yield "an image before HELLO", [head(2, body=bytes(16))]
    yield "garbage in reserved words", [struct.pack("<IHHII", 24, 1, 7, 1, 9) + struct.pack("<II", 1, 0)]
    for n in range(40):
        yield f"random packet {n}", [rng.randbytes(rng.randrange(1, 300))]
    for kind in range(1, 40):
        hello = head(1, body=struct.pack("<II", 1, 0))
        yield f"HELLO, then a cut packet of kind {kind}", [hello, head(kind, body=rng.randbytes(5))]
        yield f"HELLO, then random contents of kind {kind}", [hello, head(kind, body=rng.randbytes(rng.choice((8, 16, 24, 32, 48, 512, 60000))))]


def link():
    """As user cvf: everything is refused by closing, or answered with an error; nothing is done."""
    closed = answered = 0
    for name, parts in packets():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(5)
        try:
            s.connect(LINK)
            for part in parts:
                s.send(part)
            while s.recv(65536):
                answered += 1
                s.settimeout(0.3)
            closed += 1
        except socket.timeout:
            pass
        except OSError:
            closed += 1
        finally:
            s.close()
    print(f"# link: {closed} closed by the enforcer, {answered} messages came back")
    check("link socket: hostile packets get the connection closed", closed > 40, closed)


def capability(**changes):
    c = {"schema": "cvf.capability/v1", "id": "bad.one", "name": "Bad", "description": "bad", "operation_type": "READ",
         "risk": {"level": "LOW", "justification": "a test"},
         "side_effects": {"reversible": True, "scope": "none", "description": "none"}, "compensation": {"supported": False},
         "match": {"file": [{"path": "/bad/**", "ops": ["read"]}]}}
    c.update(changes)
    return c


def matching(path, **more):
    return capability(match={"file": [dict({"path": path, "ops": ["read"]}, **more)]})


def agent(**changes):
    a = {"schema": "cvf.agent/v1", "id": "bad-agent", "name": "Bad", "owner": "x", "profile": "coding", "mode": "enforce"}
    a.update(changes)
    return a


def policy(rules, **changes):
    return dict({"schema": "cvf.policy/v1", "id": "bad-policy", "priority": 1, "rules": rules}, **changes)


def rule(n=0, **when):
    return {"id": f"r{n}", "when": when, "effect": "DENY", "reason": "bad"}


def declarations(folder):
    files = {
        "broken.capability": '{"schema": "cvf.capability/v1", "id": "x"',
        "no-json.capability": "\x00\xff\xfe",
        "empty.capability": "",
        "deep.capability": "[" * 200000,
        "number.capability": "42",
        "wrong-type.capability": capability(id=42),
        "wrong-nested.capability": capability(risk="LOW"),
        "unknown-field.capability": capability(riks={"level": "LOW"}),
        "unknown-level.capability": capability(risk={"level": "MILD", "justification": "x"}),
        "missing-id.capability": {k: v for k, v in capability().items() if k != "id"},
        "other-schema.capability": capability(schema="cvf.capability/v9"),
        "twice.capability": [capability(), capability()],
        "same-member-twice.capability": '{"schema": "cvf.capability/v1", "id": "a.b", "id": "c.d"}',
        "hostile-id.capability": capability(id="../../etc/passwd"),
        "glob-bracket.capability": matching("/bad/[a"),
        "glob-brace.capability": matching("/bad/{a,b"),
        "glob-empty.capability": matching(""),
        "glob-relative.capability": matching("bad/**"),
        "glob-escape.capability": matching("/bad/\\"),
        "unknown-operation.capability": matching("/bad/**", ops=["frobnicate"]),
        "automaton.capability": matching("/**/*a" + "?" * 40 + "b"),
        "many-globs.capability": matching([f"/**/*{n}*/**/*{n + 1}*" for n in range(400)]),
        "long-glob.capability": matching("/" + "a" * 200000),
        "address.capability": capability(match={"net": [{"ops": ["connect"], "address": "300.1.2.3/99"}]}),
        "ports.capability": capability(match={"net": [{"ops": ["connect"], "address": "10.0.0.0/8", "ports": "99-1,70000"}]}),
        "profile.agent": agent(profile="no-such-profile"),
        "mode.agent": agent(mode="sometimes"),
        "uid.agent": agent(match={"uid": [-1]}),
        "holds.agent": agent(limits={"pending_holds": 10 ** 12}),
        "effect.policy": policy([dict(rule(), effect="MAYBE")]),
        "standing-grant.policy": policy([dict(rule(), effect="ALLOW", standing_grant={"expires": "soon", "ticket": "x"})]),
        "time.policy": policy([rule(time="Mon-Nonday 25:00")]),
        "rule-twice.policy": policy([rule(1), rule(1)]),
        "too-many-kinds.agent": [agent(id=f"kind-{n}", scope={"paths": [], "net": [f"10.{n >> 8}.{n & 255}.0/24"]}) for n in range(1200)],
        "too-large.policy": policy([rule(n, path=[f"/**/*{n}*/**/*{n + 1}*"]) for n in range(400)]),
    }
    for name, content in files.items():
        with open(f"{folder}/{name}.json", "w", encoding="latin-1") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))


def main():
    if sys.argv[1] == "declarations":
        declarations(sys.argv[2])
        return 0
    {"control": control, "link": link}[sys.argv[1]]()
    print(f"counts {counts['passed']} {counts['failed']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
