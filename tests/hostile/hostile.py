# SPDX-License-Identifier: Apache-2.0
"""The hostile texts of strings.list, one of 1 MiB, and what must never come out of anything that people or programs read.

STRINGS: name -> bytes. text(name): as a str that may stand in JSON (bytes that are no UTF-8 are left out).
"""
import codecs
import json
import os
import re
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
HUGE = b"A" * (1 << 20)
# Invisible or without an agreed look, though Unicode calls them letters, marks or symbols.
UNSEEN = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}


def read():
    strings = {}
    with open(os.path.join(HERE, "strings.list"), encoding="ascii") as f:
        for line in f:
            if not line.startswith("#"):
                name, escaped = line.rstrip("\n").split(None, 1)
                strings[name] = codecs.escape_decode(escaped)[0]
    return strings


STRINGS = read()


def text(data):
    return data.decode("utf-8", "ignore")


def everything():
    """All of them in one str: what stands in JSON. What has a NUL comes last: a program that ends there must have shown the rest."""
    return "".join(text(s) for s in sorted(STRINGS.values(), key=lambda s: b"\0" in s))


def is_hostile(c):
    return unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or ord(c) in UNSEEN or \
        (unicodedata.category(c) == "Zs" and c != " ")


def leaks(output):
    """What of bytes for a terminal, a log or a file would deceive who reads it: a list of words, empty when nothing does."""
    found = []
    try:
        shown = output.decode("utf-8")
    except UnicodeDecodeError as e:
        return [f"not UTF-8: {output[max(0, e.start - 20):e.start + 20]!r}"]
    for m in re.finditer(r"[^\n -~]", shown):
        if is_hostile(m.group()):
            found.append(f"U+{ord(m.group()):04X} in {shown[max(0, m.start() - 20):m.start() + 20]!r}")
    marks = re.search(r"[\u0300-\u036f]{3}", shown)
    if marks:
        found.append(f"a stack of marks in {shown[max(0, marks.start() - 20):marks.start() + 20]!r}")
    return found[:5]


def json_leaks(output, lines=True):
    """The same for JSON, one document a line: printable ASCII that can be read back."""
    found = [f"{b!r} in {output[max(0, output.index(b) - 20):output.index(b) + 20]!r}"
             for b in sorted({bytes([c]) for c in output if not 0x20 <= c < 0x7F} - {b"\n"})]
    for document in output.splitlines() if lines else [output] if output else []:
        try:
            json.loads(document)
        except ValueError as e:
            found.append(f"no JSON ({e}): {document[:60]!r}")
    return found[:5]
