# SPDX-License-Identifier: Apache-2.0
"""Prometheus text, version 0.0.4, read strictly: what a server would refuse, and what promtool check metrics would complain of."""
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class Wrong(Exception):
    pass


def number(text):
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|Inf|NaN)", text):
        raise Wrong(f"{text!r} is no number")
    return float(text.replace("Inf", "inf"))


def read_labels(text, at):
    """The labels after a brace and where they end."""
    labels = {}
    while text[at] != "}":
        match = LABEL.match(text, at)
        if not match or match.group() in labels or text[match.end():match.end() + 2] != '="':
            raise Wrong(f"label at {text[at:]!r}")
        value, at = "", match.end() + 2
        while text[at] != '"':
            if text[at] == "\\":
                at += 1
                if text[at] not in '\\"n':
                    raise Wrong(f"escape \\{text[at]}")
                value += {"n": "\n"}.get(text[at], text[at])
            else:
                value += text[at]
            at += 1
        at += 1
        labels[match.group()] = value
        if text[at] == ",":
            at += 1
        elif text[at] != "}":
            raise Wrong(f"after a label: {text[at:]!r}")
    return labels, at + 1


def read_sample(line):
    match = NAME.match(line)
    if not match:
        raise Wrong(f"no name: {line!r}")
    labels, at = {}, match.end()
    try:
        if line[at] == "{":
            labels, at = read_labels(line, at + 1)
    except IndexError:
        raise Wrong(f"cut off: {line!r}") from None
    if line[at:at + 1] != " ":
        raise Wrong(f"no value: {line!r}")
    return match.group(), labels, number(line[at + 1:])


def check_histogram(name, samples):
    """Bounds rise, buckets never fall, the last is +Inf and the count."""
    buckets = [(number(labels["le"]), value) for n, labels, value in samples if n == name + "_bucket"]
    count = [value for n, _, value in samples if n == name + "_count"]
    if [b for b, _ in buckets] != sorted({b for b, _ in buckets}) or not buckets or buckets[-1][0] != math.inf:
        raise Wrong(f"buckets of {name}")
    if [v for _, v in buckets] != sorted(v for _, v in buckets) or count != [buckets[-1][1]]:
        raise Wrong(f"counts of {name}")
    if len([1 for n, _, _ in samples if n == name + "_sum"]) != 1:
        raise Wrong(f"sum of {name}")


def check_family(name, kind, samples):
    if kind == "histogram":
        check_histogram(name, samples)
    elif any(n != name for n, _, _ in samples):
        raise Wrong(f"{samples[0][0]} stands under {name}")
    if (kind == "counter") != name.endswith("_total"):
        raise Wrong(f"{name} is a {kind}")
    if re.search(r"_(ms|milliseconds|minutes|hours|percent|us)(_|$)", name):
        raise Wrong(f"{name} is not in base units")
    if kind == "counter" and any(value < 0 for _, _, value in samples):
        raise Wrong(f"{name} fell below zero")


def read(text):
    """{name: {frozenset of labels: value}}; raises Wrong."""
    if not text.endswith("\n"):
        raise Wrong("no line feed at the end")
    families, order, seen = {}, [], {}
    for line in text.split("\n")[:-1]:
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            if words[2] in families or len(words) < 4 or not words[3]:
                raise Wrong(line)
            families[words[2]] = {"type": None, "samples": []}
            order.append(words[2])
        elif line.startswith("# TYPE "):
            if not order or order[-1] != words[2] or families[words[2]]["type"] or words[3] not in TYPES:
                raise Wrong(line)
            families[words[2]]["type"] = words[3]
        elif line.startswith("#") or not line:
            raise Wrong(f"neither help nor type: {line!r}")
        else:
            name, labels, value = read_sample(line)
            key = frozenset(labels.items())
            if not order or not name.startswith(order[-1]) or key in seen.setdefault(name, {}):
                raise Wrong(f"out of place or twice: {line!r}")
            seen[name][key] = value
            families[order[-1]]["samples"].append((name, labels, value))
    for name, family in families.items():
        check_family(name, family["type"], family["samples"])
    return seen
