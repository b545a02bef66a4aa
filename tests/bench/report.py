#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of docs/PERFORMANCE.md from the benchmark's lines "COLUMN OPERATION VALUE", one file for each machine.

Usage: report.py DIRECTORY [PAGE]
Writes DIRECTORY/bench.json and plot.data, and into PAGE what was measured, each part between its marks. A column or a goal more is
one row below.
"""
import json
import pathlib
import sys

LANES = ["6.1-lsm", "6.1-fmod_ret", "6.12-lsm", "6.12-fmod_ret"]

# column of the lines, heading
COLUMNS = [("beside", "of no agent"), ("rules-1", "R0, 1 rule"), ("rules-100", "R0, 100"), ("rules-10000", "R0, 10,000"),
           ("recorded", "R1, recorded"), ("denied", "denied, all of it"), ("coding", "profile coding"), ("coding-daemons", "coding, one CPU")]

# operation, column, goal: instructions added, or per cent of the bare figure
GOALS = [("null_call", "rules-1", 0, ""), ("stat", "rules-1", 0, ""), ("read_4k", "rules-1", 0, ""), ("write_4k", "rules-1", 0, ""),
         ("open_close", "beside", 200, ""), ("open_close", "rules-1", 500, ""), ("open_close_deep8", "rules-10000", 500, ""),
         ("open_close", "recorded", 900, ""), ("create_unlink", "rules-1", 1200, ""), ("rename", "rules-1", 800, ""),
         ("tcp_connect", "rules-1", 500, ""), ("fork_wait", "rules-1", 1500, ""), ("fork_exec_wait", "rules-1", 4000, ""),
         ("shell_session", "rules-1", 2, "%")]

# The first three are of the lane of the same name.
ALTERNATIVES = [("beside", "cvfd, of no agent"), ("rules-100", "cvfd, R0"), ("recorded", "cvfd, R1"), ("landlock", "Landlock"),
                ("apparmor", "AppArmor"), ("notify", "seccomp notification"), ("fapolicyd", "fapolicyd"),
                ("auditd", "auditd, the caller"), ("auditd-all", "auditd, all of it")]

WORK = [("compile", "compiling eight C files and linking them"), ("git", "git: init, clone, five commits, grep"),
        ("grep", "find \\| xargs grep over 50,000 files"), ("many_files", "making and deleting 400 small files"),
        ("python", "400 Python tests")]


def read(path):
    rows = {}
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) == 3 and words[2].lstrip("-").isdigit():
            rows.setdefault(words[1], {})[words[0]] = int(words[2])
    return rows


def added(row, column):
    return row[column] - row["bare"] if column in row and "bare" in row else None


def delta(row, column):
    if column == "denied":  # something else than what the bare kernel does
        return str(row.get(column, "-"))
    more = added(row, column)
    if more is None:
        return "-"
    return f"{more:+d}" if row["bare"] < 10000000 and abs(more) < 1000000 else f"{more * 100 / row['bare']:+.1f} %"


def table(title, rows, columns):
    columns = [c for c in columns if any(c[0] in row for row in rows.values())]
    lines = [f"### {title}", "", "| operation | bare | " + " | ".join(c[1] for c in columns) + " |",
             "| --- |" + " ---: |" * (1 + len(columns))]
    for name, row in rows.items():
        if "bare" in row:
            lines.append(f"| {name} | {row['bare']} | " + " | ".join(delta(row, c[0]) for c in columns) + " |")
    return "\n".join(lines) + "\n"


def measure(rows, operation, column, unit):
    row = rows.get(operation, {})
    more = added(row, column)
    if more is None or row.get("beside", row["bare"]) < 0.98 * row["bare"]:
        return None  # the bare figure has something in it that the others have not
    return more * 100 / row["bare"] if unit else more


def goals(lanes):
    names = dict(COLUMNS)
    lines = ["### Goals", "", "| operation | column | goal | " + " | ".join(n.replace("-", " ", 1) for n in lanes) + " |",
             "| --- | --- | ---: |" + " ---: |" * len(lanes)]
    for operation, column, goal, unit in GOALS:
        cells = []
        for rows in lanes.values():
            value = measure(rows, operation, column, unit)
            cells.append("-" if value is None else (f"{value:.1f} %" if unit else f"{value:d}"))
        lines.append(f"| {operation} | {names[column]} | {goal}{' %' if unit else ''} | " + " | ".join(cells) + " |")
    cells = []
    for rows in lanes.values():
        near = measure(rows, "open_close", "rules-1", "")
        far = measure(rows, "open_close_deep8", "rules-10000", "")
        cells.append(f"{(far - near) * 100 / near:+.1f} %" if near and far else "-")
    lines.append("| open 8 deep with 10,000 rules, against 1 deep with 1 rule | | within 5 % | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def kept(lanes):
    lines = [f"Kernel {lane.replace('-', ' ', 1)}: {rows['create_unlink']['kept']} instructions" for lane, rows in lanes.items()
             if "kept" in rows.get("create_unlink", {})]
    return "### create_unlink where what is deleted is kept first, everything on one CPU\n\n" + "; ".join(lines) + ".\n" if lines else ""


def processes(lanes):
    lines = ["### Start-up, and memory of both processes", "",
             "| kernel | first start to enforcing | started again | cvfd | governor |", "| --- | ---: | ---: | ---: | ---: |"]
    for lane, rows in lanes.items():
        start, memory = rows.get("start", {}), rows.get("memory", {})
        cells = [f"{start[c] / 1e9:.1f} G" if c in start else "-" for c in ("first", "again")]
        cells += [f"{memory[c] / 1024:.1f} MiB" if c in memory else "-" for c in ("cvfd", "governor")]
        lines.append(f"| {lane.replace('-', ' ', 1)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def alternatives(name, rows, lanes):
    """Others' columns, with cvfd's own of the same kernel: what was added there is added to the bare figure here."""
    lane = lanes.get(name, {})
    for operation, row in rows.items():
        for column, _ in ALTERNATIVES[:3]:
            more = added(lane.get(operation, {}), column)
            if more is not None:
                row[column] = row["bare"] + more
    return table(f"Kernel {name.replace('-', ' ', 1)}", rows, ALTERNATIVES)


def holds(machines):
    waiting = sorted({c for rows in machines.values() for row in rows.values() for c in row if c.startswith("hold-")},
                     key=lambda c: int(c.split("-")[1]))
    parts = ("p50", "p99", "max", "mean", "idle", "cvfd", "govern", "client")
    lines = ["| kernel | waiting | p50 | p99 | most | mean | of it idle | cvfd | governor | client |",
             "| --- |" + " ---: |" * (len(parts) + 1)]
    for name, rows in machines.items():
        for c in waiting:
            lines.append(f"| {name.replace('-', ' ', 1)} | {c.split('-')[1]} | " +
                         " | ".join(str(rows.get(part, {}).get(c, "-")) for part in parts) + " |")
    return "\n".join(lines) + "\n"


def per_cent(row, column):
    more = added(row, column)
    return "-" if more is None else f"{more * 100 / row['bare']:+.1f} %"


def work(machines):
    lines = ["| kernel | work | bare, instructions | of no agent | governed, R0 |", "| --- | --- | ---: | ---: | ---: |"]
    for name, rows in machines.items():
        for key, what in WORK:
            row = rows.get(key, {})
            lines.append(f"| {name.replace('-', ' ', 1)} | {what} | {row['bare'] / 1e6:.0f} M | {per_cent(row, 'beside')} | "
                         f"{per_cent(row, 'governed')} |" if "bare" in row else f"| {name} | {what} | - | - | - |")
    return "\n".join(lines) + "\n"


def plot_data(lanes, others):
    """For plot.gp: operations in lines, and what each adds in columns; - where it is not measured or nothing is added."""
    lane, rest = lanes.get("6.1-lsm"), others.get("6.1-lsm", {})
    columns = [c for c in ALTERNATIVES if c[0] != "auditd-all"]
    lines = ["operation " + " ".join(f'"{title}"' for _, title in columns)]
    for operation in ("open_close", "open_close_deep8", "create_unlink", "rename", "tcp_connect", "fork_exec_wait"):
        row = rest.get(operation, {}) or lane.get(operation, {})
        values = [added(row, c) for c, _ in columns]
        lines.append(operation.replace("_", "-") + " " + " ".join(str(v) if v and v > 0 else "-" for v in values))
    return "\n".join(lines) + "\n"


def machines_of(out, prefix):
    return {lane: read(out / f"{prefix}{lane}.txt") for lane in LANES if (out / f"{prefix}{lane}.txt").exists()}


def insert(page, part, new):
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    head, rest = page.read_text().split(begin)
    page.write_text(head + begin + "\n\n" + new + "\n" + end + rest.split(end)[1])


def main():
    out = pathlib.Path(sys.argv[1])
    lanes, others, held, done = (machines_of(out, p) for p in ("", "alternatives-", "holds-", "work-"))
    (out / "bench.json").write_text(json.dumps({"lanes": lanes, "alternatives": others, "holds": held, "work": done}, indent=1) + "\n")
    parts = {}
    if lanes:
        parts["measured"] = "\n".join([goals(lanes)] + [table(f"Kernel {lane.replace('-', ' ', 1)}", rows, COLUMNS)
                                                       for lane, rows in lanes.items()] + [kept(lanes), processes(lanes)])
    if others:
        parts["alternatives"] = "\n".join(alternatives(name, rows, lanes) for name, rows in others.items())
    if held:
        parts["held"] = holds(held)
    if done:
        parts["work"] = work(done)
    for name in ("pipeline", "stored"):
        if (out / f"{name}.md").exists():
            parts[name] = (out / f"{name}.md").read_text()
    if lanes or others:
        (out / "plot.data").write_text(plot_data(lanes, others))
    for name, text in parts.items() if len(sys.argv) > 2 else ():
        insert(pathlib.Path(sys.argv[2]), name, text)


if __name__ == "__main__":
    main()
