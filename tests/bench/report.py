#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of docs/PERFORMANCE.md from the benchmark's lines: "CONFIGURATION OPERATION INSTRUCTIONS".

Usage: report.py DIRECTORY | report.py --insert PAGE FILE [PART]   (PART: measured or stored, between its marks)
"""
import json
import pathlib
import sys


def read(path):
    rows = {}
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[2].lstrip("-").isdigit():
            rows.setdefault(words[1], {})[words[0]] = int(words[2])
    return rows


def delta(row, name):
    if name not in row or "bare" not in row:
        return "-"
    more = row[name] - row["bare"]
    return f"{more:+d} (×{row[name] / row['bare']:.2f})"


def table(path):
    lane = path.stem.replace("-", " ", 1)
    lines = [f"### Kernel {lane}", "", "| operation | bare | beside cvfd, not governed | governed: what the caller waits for | governed, recording on the same CPU |",
             "| --- | ---: | ---: | ---: | ---: |"]
    for name, row in read(path).items():
        lines.append(f"| {name} | {row.get('bare', '-')} | {delta(row, 'ungoverned')} | {delta(row, 'governed')} | {delta(row, 'recorded')} |")
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1] == "--insert":
        page, new = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]).read_text()
        part = sys.argv[4] if len(sys.argv) > 4 else "measured"
        begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
        text = page.read_text()
        head, rest = text.split(begin)
        page.write_text(head + begin + "\n\n" + new + "\n" + end + rest.split(end)[1])
        return
    out = pathlib.Path(sys.argv[1])
    files = sorted(out.glob("6*-*.txt"))
    (out / "bench.json").write_text(json.dumps({p.stem: read(p) for p in files}, indent=1))
    print("\n".join(table(p) for p in files))


if __name__ == "__main__":
    main()
