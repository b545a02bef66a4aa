# SPDX-License-Identifier: Apache-2.0
"""Every statement of the governor, as the compiler sees it: none reads a table that grows from one end to the other.

The plans are SQLite's own, over the schema that the migrations make. What may scan stands in MAY_SCAN with its reason.
"""
import glob
import os
import re
import sqlite3
import subprocess
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GROWING = {"events", "images", "holds", "sessions", "kept", "grants"}
LITERALS = re.compile(r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*')
# What a statement has in it: why it may look at more rows than it gives back.
MAY_SCAN = {
    "SELECT n, id, hash FROM events ORDER BY n DESC LIMIT 1": "the newest row alone",
    "FROM holds WHERE ?1 = 0 OR agent = ?1 ORDER BY id DESC LIMIT ?2": "a page; an agent's own is near the end",
    "FROM kept WHERE (?1 = 0 OR agent = ?1) AND (state = ?2 OR": "a page of what retention keeps few",
    "SELECT DISTINCT agent, capability FROM holds": "an index alone, when a policy is put in force",
    "SET state = 4, decided_ms = ?, decided_by = 'reboot'": "once in a start",
    "FROM kept WHERE state = 0 AND boot <> ?": "once in a start",
}


def statements():
    """Runs of string literals that are SQL, by file."""
    for path in sorted(glob.glob(f"{ROOT}/daemon/govern/*/*.c") + glob.glob(f"{ROOT}/daemon/govern/*.c")):
        with open(path, encoding="utf-8") as f:
            if "store/stmt.h" not in f.read():
                continue
        made = subprocess.run(["cc", "-E", "-P", "-D_GNU_SOURCE", '-DCVF_VERSION="0"', f"-I{ROOT}/include", f"-I{ROOT}/daemon", path],
                              check=True, capture_output=True, text=True).stdout
        for run in LITERALS.findall(made):
            text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', run)).replace('\\"', '"')
            if re.match(r"(SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE)\s", text):
                yield os.path.basename(path), text


def schema():
    db = sqlite3.connect(":memory:")
    for path in sorted(glob.glob(f"{ROOT}/daemon/store/migrations/*.sql")):
        with open(path, encoding="utf-8") as f:
            text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
        db.executescript(text[text.index("SQL(") + 4:text.rindex(")")])
    return db


class Plans(unittest.TestCase):
    def test_no_statement_reads_all_of_a_table_that_grows(self):
        db, seen, bad = schema(), 0, []
        partial = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'")}
        for name, sql in statements():
            numbered = [int(n) for n in re.findall(r"\?(\d+)", sql)]
            count = max(numbered, default=0) + len(re.findall(r"\?(?!\d)", sql))
            plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql, [None] * count)]
            seen += 1
            for step in plan:
                m = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
                if m and m.group(1) in GROWING and m.group(2) not in partial and not any(part in sql for part in MAY_SCAN):
                    bad.append(f"{name}: {sql}: {step}")
        self.assertGreater(seen, 80, "the statements are not found any more")
        self.assertEqual(bad, [], "\n" + "\n".join(bad))

    def test_the_newest_row_is_found_without_reading_the_others(self):
        db = schema()
        code = [row[1] for row in db.execute("EXPLAIN SELECT n, id, hash FROM events ORDER BY n DESC LIMIT 1")]
        self.assertIn("Last", code)
        self.assertNotIn("SorterOpen", code)


if __name__ == "__main__":
    unittest.main()
