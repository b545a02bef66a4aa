# SPDX-License-Identifier: Apache-2.0
"""The other side of nth.c: which call of a program fails, how many there were, and where it was."""
import mmap
import os
import struct
import subprocess

ALLOCATION, CALL = 1, 2
DEPTH, STACKS = 24, 1 << 16
HEAD = 8 + 4 * 8
STACK = HEAD + 32 + 8
FIRSTS = STACK + DEPTH * 8 + 8
SIZE = FIRSTS + 2 * STACKS * 8


class Nth:
    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.truncate(SIZE)
        os.chmod(path, 0o666)
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), SIZE)

    def close(self):
        self.map.close()

    def env(self, library, only=None):
        return {"LD_PRELOAD": library, "CVF_NTH": self.path, **({"CVF_NTH_FOR": only} if only else {})}

    def arm(self, kinds, n, count=1):
        """From now on, or from main() on, the n-th fails; with n of 0 none does and they are counted."""
        self.map[0:4] = bytes(4)
        self.map[8:40] = struct.pack("<QQQQ", 0, n, count, 0)
        self.map[40:72] = bytes(32)
        self.map[STACK - 8:FIRSTS - 8] = bytes(8 * DEPTH + 8)
        self.map[4:8] = bytes(4)
        self.map[0:4] = struct.pack("<I", kinds)

    def list(self, kinds):
        """Nothing fails; where each is called from is written down."""
        self.arm(0, 0)
        self.map[FIRSTS - 8:FIRSTS] = struct.pack("<II", struct.unpack("<I", self.map[FIRSTS - 8:FIRSTS - 4])[0], 0)
        self.map[FIRSTS:SIZE] = bytes(2 * STACKS * 8)
        self.map[4:8] = struct.pack("<I", 1)
        self.map[0:4] = struct.pack("<I", kinds)

    def disarm(self):
        """(calls that were counted, how many of them failed)"""
        self.map[0:4] = bytes(4)
        seen, _, _, hits = struct.unpack("<QQQQ", self.map[8:40])
        return seen, hits

    def listed(self):
        """The number of the first call from each place that there is."""
        self.map[0:4] = bytes(4)
        n = struct.unpack("<I", self.map[FIRSTS - 4:FIRSTS])[0]
        return sorted(struct.unpack(f"<{n}Q", self.map[FIRSTS:FIRSTS + 8 * n]))

    def places(self):
        """What failed first, and where in the program that was, innermost first."""
        base, = struct.unpack("<Q", self.map[STACK - 8:STACK])
        return (self.map[40:72].rstrip(b"\0").decode(),
                [a - base for a in struct.unpack(f"<{DEPTH}Q", self.map[STACK:STACK + 8 * DEPTH]) if base <= a < base + (1 << 26)])

    def where(self, program):
        """The same with the names of functions."""
        name, stack = self.places()
        words = ["addr2line", "-sfe", program, *(f"{a - 1:#x}" for a in stack)]
        lines = subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines() if stack else []
        return f"{name} from " + " < ".join(f"{f} ({at})" for f, at in zip(lines[::2], lines[1::2]) if f not in ("main", "_start"))
