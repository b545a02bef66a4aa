# SPDX-License-Identifier: Apache-2.0
"""Golden tests of cvfctl: every case is a command line against canned API documents; what is asked, printed and returned
is compared with tests/golden/expected/NAME.txt.

Usage: python3 tests/golden/run.py CVFCTL [--accept] [NAME...]

Cases are in cases.json: name, args, "library" where the policy library words the messages, and either "get"/"post"/"delete": {path: document file or [status, document]}. A string
"@+3d4h30m" in a document becomes that moment from now; such moments are shown as @TIME,
and this one as @NOW. What is asked and
answered well must be what the OpenAPI document of the governor beside CVFCTL knows.
"""
import calendar
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "host")]
import fake_cvfd  # noqa: E402
import openapi_check  # noqa: E402

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def moment(text, made):
    seconds = sum(int(n) * UNITS[u] for n, u in re.findall(r"(\d+)([dhms])", text))
    shown = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + (-seconds if text[1] == "-" else seconds)))
    made.add(shown)
    return shown


def fill(document, made):
    if isinstance(document, dict):
        return {k: fill(v, made) for k, v in document.items()}
    if isinstance(document, list):
        return [fill(v, made) for v in document]
    if isinstance(document, str) and re.fullmatch(r"@[+-][0-9dhms]+", document):
        return moment(document, made)
    return document


def load(document, made):
    if isinstance(document, str):
        with open(os.path.join(HERE, "api", document), encoding="utf-8") as f:
            document = json.load(f)
    return fill(document, made)


def prepare(fake, case, made):
    for method in ("get", "post", "delete"):
        for path, answer in case.get(method, {}).items():
            status, document = answer if isinstance(answer, list) else (200, answer)
            fake.set(method.upper(), path, status, load(document, made))


def now_or_itself(match):
    then = calendar.timegm(time.strptime(match.group(), "%Y-%m-%dT%H:%M:%SZ"))
    return "@NOW" if abs(then - time.time()) < 60 else match.group()


def plain(text, places, made):
    for path, name in places:
        text = text.replace(path, name)
    for shown in made:
        text = text.replace(shown, "@TIME")
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now_or_itself, text)


def without_wording(text):
    """Of the policy library's diagnoses only place and level: their words are its own tests' business."""
    text = re.sub(r"^((?:\S+:\d+(?::\d+)?: )?(?:error|warning): ).*\n(?:    .*\n)?", r"\1...\n", text, flags=re.M)
    return re.sub(r'"(message|hint)":"(?:[^"\\]|\\.)*"', r'"\1":"..."', text)


def run_case(cvfctl, case, folder):
    made = set()
    governor = os.path.join(os.path.dirname(cvfctl), "cvfd-govern")
    socket = os.path.join(folder, "s")
    fake = fake_cvfd.Fake(socket) if not case.get("no_daemon") else None
    if fake:
        prepare(fake, case, made)
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": case.get("locale", "C.UTF-8"), "CVF_SOCKET": socket}
    p = subprocess.run([cvfctl, *case["args"]], env=env, cwd=HERE, capture_output=True, timeout=20,
                       input=case.get("input", "").encode())
    places = [(socket, "SOCKET"), (HERE, "GOLDEN")]
    text = "$ cvfctl " + " ".join(case["args"]) + "\n" + p.stdout.decode("utf-8", "backslashreplace")
    if p.stderr:
        text += "--- stderr\n" + p.stderr.decode("utf-8", "backslashreplace")
    text += f"--- status {p.returncode}\n"
    for a in fake.asked if fake else []:
        query = "?" + a["query"] if a["query"] else ""
        body = " " + a["body"] if a["body"] else ""
        text += f"--- asked {a['method']} {a['path']}{query}{body}\n"
        for wrong in [] if p.returncode else openapi_check.check_request(governor, a["method"], a["path"], a["query"], a["body"]):
            text += f"--- WRONG {wrong}\n"
    if fake:
        fake.close()
    text = plain(text, places, made)
    return without_wording(text) if case.get("library") else text


def compare(name, got, accept):
    path = os.path.join(HERE, "expected", name + ".txt")
    wanted = open(path, encoding="utf-8").read() if os.path.exists(path) else None
    if got == wanted:
        return True
    if accept:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(got)
        print("accepted", name)
        return True
    import difflib
    print(f"FAIL {name}")
    print("".join(difflib.unified_diff((wanted or "").splitlines(True), got.splitlines(True), "expected", "got")))
    return False


def help_cases(cvfctl):
    """Help of everything the program itself lists, so that a new verb cannot go without."""
    listed = subprocess.run([cvfctl, "--help"], capture_output=True, text=True).stdout
    names, nouns = [], []
    for line in re.search(r"Commands:\n(.*?)\n\n", listed, re.S).group(1).splitlines():
        words = line.split("  ")[1].split()
        two = len(words) > 1 and words[1].islower() and "|" not in words[1]
        names.append(words[:2] if two else words[:1])
        if two and words[0] not in nouns:
            nouns.append(words[0])
    cases = [{"name": "help", "args": ["--help"], "no_daemon": True}]
    for words in names + [[n] for n in nouns]:
        cases.append({"name": "help-" + "-".join(words), "args": [*words, "--help"], "no_daemon": True})
    return cases


def main():
    cvfctl, accept = os.path.abspath(sys.argv[1]), "--accept" in sys.argv
    only = [a for a in sys.argv[2:] if a != "--accept"]
    with open(os.path.join(HERE, "cases.json"), encoding="utf-8") as f:
        cases = json.load(f) + help_cases(cvfctl)
    cases = [c for c in cases if not only or c["name"] in only]
    with tempfile.TemporaryDirectory() as folder:
        bad = [c["name"] for c in cases if not compare(c["name"], run_case(cvfctl, c, folder), accept)]
    known = {c["name"] + ".txt" for c in cases}
    if not only:
        bad += ["no case for " + f for f in sorted(os.listdir(os.path.join(HERE, "expected"))) if f not in known]
    print(f"golden: {len(cases)} cases, {len(bad)} differ" + (": " + ", ".join(bad) if bad else ""))
    if bad:
        print(f"to accept what it prints now: python3 tests/golden/run.py {sys.argv[1]} --accept")
    return 1 if bad else 0


sys.exit(main())
