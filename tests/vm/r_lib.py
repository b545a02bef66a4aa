# SPDX-License-Identifier: Apache-2.0
"""What the Python parts of the robustness tests (r_*.py) share."""
import http.client
import json
import os
import socket
import subprocess
import time

SOCKET, LOCK, LOG, PINS = "/run/cvf/cvfd.sock", "/run/cvf/cvfd.lock", "/var/log/cvfd.log", "/sys/fs/bpf/cvf"
PATIENCE = 120	# a machine ten times slower recovers in it
counts = {"passed": 0, "failed": 0}


def check(name, good, seen=""):
    counts["passed" if good else "failed"] += 1
    print(f"ok {name}" if good else f"not ok {name}: {seen}", flush=True)


class Connection(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=PATIENCE)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def call(method, path, body=None):
    """(status, object); OSError and HTTPException while nobody is there."""
    link = Connection()
    try:
        link.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = link.getresponse()
        return answer.status, json.loads(answer.read() or "null")
    finally:
        link.close()


def wait(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s for: {what}")
        time.sleep(0.01)


def pid_of(name):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                if f.read().strip() == name:
                    return int(pid)
        except OSError:
            pass
    return 0


def is_there(pid):
    """A zombie is not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def is_ready():
    try:
        return call("GET", "/readyz")[0] == 200
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        return False


def enforcer_pid():
    """0: the last one did not come to write its number."""
    with open(LOCK, encoding="ascii") as f:
        return int(f.read() or 0)


def start_enforcer(env=None, log_path=LOG):
    with open(log_path, "ab") as log:
        return subprocess.Popen(["/usr/sbin/cvfd", "--foreground"], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                env={**os.environ, **(env or {})}, start_new_session=True)
