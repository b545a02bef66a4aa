# SPDX-License-Identifier: Apache-2.0
"""share/schemas says what the parser says.

What is shipped and samples with every field are good for both; each of them is then changed in one place at a time - another
value, a field taken out, a field that does not exist - and both must agree. Only what no schema can say (patterns, addresses,
hours, what the operation of an example is) may be refused by the parser alone.

Usage: python3 tests/unit/test_cli_schemas.py CVFCTL
"""
import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CVFCTL = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else "cvfctl"
BATCH = 40  # declarations in one file: the parser names at most 200 mistakes

KINDS = ("capability", "agent", "policy", "profile")
SAMPLES = {
    "capability": [{
        "schema": "cvf.capability/v1", "id": "t.c", "name": "n", "description": "d", "state": "ACTIVE", "version": "1.2.3",
        "operation_type": "WRITE", "risk": {"level": "HIGH", "justification": "j", "requires_approval": True},
        "side_effects": {"reversible": False, "scope": "local", "description": "d"},
        "compensation": {"supported": True, "strategy": "quarantine", "capability_id": "t.undo"},
        "parameters": [{"name": "p", "type": "string", "description": "d", "required": True, "default": 1, "enum": [1]}],
        "hold": {"timeout_s": 300, "on_timeout": "deny", "questions_per_hour": 5,
                 "escalation": [{"after_s": 60, "approvers": ["alice", "@release"]}, {"after_s": 120, "approvers": "@oncall"}]},
        "match": {"exec": [{"path": "**/git", "argv": ["push", "**"], "except": ["/bin/x"]}],
                  "file": [{"path": ["/etc/**"], "ops": ["write"], "except": ["/etc/x"]}],
                  "net": [{"ops": ["connect"], "protocol": "tcp", "address": "10.0.0.0/8", "ports": "22,80-90", "except": ["10.1.0.0/16"]}],
                  "unix": [{"ops": ["connect"], "path": "/run/s", "except": ["/run/t"]}], "sys": [{"ops": ["mount"]}]},
        "examples": {"match": ["write /etc/hosts"], "no_match": ["write /srv/x"]}},
        {"schema": "cvf.capability/v1", "id": "t.d", "operation_type": "DELETE"},
        {"schema": "cvf.capability/v1", "id": "t.e", "risk": {"level": "CRITICAL"}, "side_effects": {"reversible": False}}],
    "agent": [{
        "schema": "cvf.agent/v1", "id": "a", "name": "n", "description": "d", "owner": "o", "profile": "default",
        "home": "/home/dev", "match": {"cgroup": ["/x/*"], "exe": ["/usr/bin/a"], "uid": [1001]}, "capabilities": ["io.*"],
        "scope": {"paths": ["/srv/**"], "net": ["127.0.0.0/8"]}, "mode": "enforce", "limits": {"pending_holds": 4}}],
    "policy": [{
        "schema": "cvf.policy/v1", "id": "p", "name": "n", "description": "d", "priority": 5, "rules": [
            {"id": "r", "when": {"agent": ["a*"], "owner": ["o"], "profile": ["default"], "capability": ["io.*"],
                                 "risk": ["HIGH", "R3"], "operation_type": ["DELETE"], "op": ["delete"], "path": ["/srv/**"],
                                 "address": ["10.0.0.0/8"], "in_scope": True, "time": ["Mon-Fri 09:00-18:00"]},
             "effect": "ALLOW", "reason": "why", "standing_grant": {"expires": "2099-01-01T00:00:00Z", "ticket": "T"}},
            {"id": "s", "when": {"op": "delete", "rate": {"more_than": 5, "within_s": 60}}, "effect": "DENY"},
            {"id": "t", "when": {"argv": ["push", "**"], "session_age": {"more_than_s": 60}}, "effect": "REQUIRE_APPROVAL",
             "hold": {"timeout_s": 60}},
            {"id": "v", "effect": "REQUIRE_APPROVAL", "hold": {"timeout_s": 60, "approvers": ["alice", "@release"], "quorum": 2}},
            {"id": "w", "effect": "REQUIRE_APPROVAL", "when": {"first_use": True}},
            {"id": "u", "effect": "ALLOW", "when": {"risk": "HIGH"}, "hold": {}}]},
        {"schema": "cvf.policy/v1", "id": "o", "overlay": True, "rules": [{"effect": "DENY"}, {"effect": "REQUIRE_APPROVAL"}]}],
    "profile": [{
        "schema": "cvf.profile/v1", "id": "f", "name": "n", "description": "d", "extends": ["g"], "capabilities": ["io.*"],
        "scope": {"paths": ["/srv/**"], "net": ["127.0.0.0/8"]},
        "rules": [{"id": "r", "effect": "REQUIRE_APPROVAL", "when": {"path": "/x"}}]},
        {"schema": "cvf.profile/v1", "id": "g", "extends": []}],
}
VALUES = [None, True, 3, -1, 1.5, "", "x y", "zz", [], ["a"], [3], {}, {"zz": 1}, "R9", "low", 0]
# Rules of which two fields do not go together.
CONTRARY = [
    {"effect": "ALLOW", "when": {"rate": {"more_than": 5, "within_s": 60}}},
    {"effect": "ALLOW", "when": {"session_age": {"more_than_s": 60}}}, {"effect": "ALLOW", "when": {"first_use": True}},
    {"effect": "DENY", "when": {"session_age": {"more_than_s": 60}, "time": "Mon-Fri 09:00-18:00"}},
    {"effect": "DENY", "when": {"rate": {"more_than": 5, "within_s": 60}, "time": "Mon-Fri 09:00-18:00"}},
    {"effect": "DENY", "when": {"rate": {"more_than": 5, "within_s": 60}, "session_age": {"more_than_s": 60}}},
    {"effect": "DENY", "hold": {"quorum": 2}}, {"effect": "ALLOW", "hold": {"approvers": ["alice"]}},
    {"effect": "REQUIRE_APPROVAL", "hold": {"quorum": 2}, "when": {"rate": {"more_than": 5, "within_s": 60}}},
    {"effect": "REQUIRE_APPROVAL", "hold": {"approvers": "alice"}, "when": {"session_age": {"more_than_s": 60}}},
    {"effect": "DENY", "hold": {"timeout_s": 60}}, {"effect": "ALLOW", "hold": {"timeout_s": 60}},
    {"effect": "DENY", "standing_grant": {"expires": "2099-01-01T00:00:00Z", "ticket": "T"}},
]
# Of the parser alone: what a text means, and what two fields mean together.
MEANING = re.compile(r"pattern|Risk Consistency|address|ports|not a time|RFC 3339|is(?: not)? matched|no operation|slash|user 0"
                     r"|\"ops\" is missing|declared twice|step before|named twice|can never be|does not exist")


# --- as much of JSON Schema as the files use; a word that is not known here is a failure ------------------------

def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, {"object": dict, "array": list, "string": str, "boolean": bool}[name]) and not (
        name != "boolean" and isinstance(value, bool))


def same(a, b):
    return type(a) is type(b) and a == b


def words(schema, root):
    """The checks of the words that a schema uses, as (word, check of a value)."""
    def ok(value, sub):
        return valid(value, sub, root)

    checks = {
        "type": lambda v, s: is_type(v, s), "enum": lambda v, s: any(same(v, one) for one in s), "const": same,
        "minimum": lambda v, s: not is_type(v, "integer") or v >= s, "maximum": lambda v, s: not is_type(v, "integer") or v <= s,
        "minLength": lambda v, s: not isinstance(v, str) or len(v) >= s,
        "maxLength": lambda v, s: not isinstance(v, str) or len(v) <= s,
        "pattern": lambda v, s: not isinstance(v, str) or re.search(s, v, re.A) is not None,
        "minItems": lambda v, s: not isinstance(v, list) or len(v) >= s,
        "maxItems": lambda v, s: not isinstance(v, list) or len(v) <= s,
        "items": lambda v, s: not isinstance(v, list) or all(ok(one, s) for one in v),
        "required": lambda v, s: not isinstance(v, dict) or all(name in v for name in s),
        "properties": lambda v, s: not isinstance(v, dict) or all(ok(v[n], sub) for n, sub in s.items() if n in v),
        "additionalProperties": lambda v, s: s is not False or not isinstance(v, dict) or set(v) <= set(schema["properties"]),
        "anyOf": lambda v, s: any(ok(v, one) for one in s), "allOf": lambda v, s: all(ok(v, one) for one in s),
        "not": lambda v, s: not ok(v, s),
        "if": lambda v, s: ok(v, schema.get("then", {})) if ok(v, s) else ok(v, schema.get("else", {})),
        "$ref": lambda v, s: ok(v, root["definitions"][s.rsplit("/", 1)[1]]),
    }
    silent = {"$schema", "title", "description", "default", "definitions", "then", "else"}
    return [(w, checks[w], s) for w, s in schema.items() if w not in silent]


def valid(value, schema, root):
    return all(check(value, s) for _, check, s in words(schema, root))


# --- documents that differ in one place --------------------------------------------------------------------------

def places(value, path=()):
    yield path, value
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(one, (*path, key))


def changed(document, path, change):
    copied = copy.deepcopy(document)
    at = copied
    for key in path[:-1]:
        at = at[key]
    change(at, path[-1])
    return copied


def mutations(document):
    for path, value in places(document):
        if isinstance(value, dict):
            copied = copy.deepcopy(document)
            at = copied
            for key in path:
                at = at[key]
            at["zz"] = 1
            yield copied
        if not path:
            continue
        yield changed(document, path, lambda at, key: at.pop(key))
        for new in VALUES:
            yield changed(document, path, lambda at, key, new=new: at.__setitem__(key, new))


class Schemas(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        os.makedirs(f"{self.dir.name}/empty")

    def schema(self, kind):
        with open(f"{ROOT}/share/schemas/cvf.{kind}.v1.json", encoding="utf-8") as f:
            return json.load(f)

    def refusals(self, kind, documents):
        """What the parser says about each document: a list of messages."""
        path = f"{self.dir.name}/d.json"
        with open(path, "w", encoding="utf-8") as f:
            f.write("[\n" + ",\n".join(json.dumps(d) for d in documents) + "]\n")
        argv = [CVFCTL, kind, "validate", "--json", "--share", f"{self.dir.name}/empty", path]
        got = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        said = [[] for _ in documents]
        for d in json.loads(got.stdout)["diagnoses"]:
            if d["level"] == "error" and d["file"] == path:
                said[d["line"] - 2].append(d["message"])
        return said

    def compare(self, kind, documents):
        schema = self.schema(kind)
        for start in range(0, len(documents), BATCH):
            batch = documents[start:start + BATCH]
            for document, said in zip(batch, self.refusals(kind, batch)):
                text = json.dumps(document)
                if valid(document, schema, schema):
                    rest = [m for m in said if not MEANING.search(m)]
                    self.assertEqual(rest, [], f"the schema of share/schemas takes what the parser refuses: {text}")
                else:
                    self.assertTrue(said, f"share/schemas refuses what the parser takes: put it into the schema: {text}")

    def test_samples_and_what_is_shipped_are_good(self):
        for kind in KINDS:
            schema = self.schema(kind)
            shipped = []
            for path in sorted(glob.glob(f"{ROOT}/share/{'capabilities' if kind == 'capability' else 'profiles'}/*.json")):
                with open(path, encoding="utf-8") as f:
                    document = json.load(f)
                shipped += document if isinstance(document, list) else [document]
            for document in SAMPLES[kind] + [d for d in shipped if d["schema"] == f"cvf.{kind}/v1"]:
                self.assertTrue(valid(document, schema, schema), f"share/schemas refuses {document['id']}")
            self.assertTrue(valid(SAMPLES[kind], schema, schema), "an array of declarations is a file, too")
            self.assertEqual(self.refusals(kind, SAMPLES[kind]), [[] for _ in SAMPLES[kind]])

    def test_every_field_of_a_schema_is_in_a_sample(self):
        def names(schema, found):
            if isinstance(schema, dict):
                found |= set(schema.get("properties", {})) if schema.get("additionalProperties") is False else set()
                for one in schema.values():
                    names(one, found)
            elif isinstance(schema, list):
                for one in schema:
                    names(one, found)
            return found

        for kind in KINDS:
            seen = {key for d in SAMPLES[kind] for _, v in places(d) if isinstance(v, dict) for key in v}
            missing = names(self.schema(kind), set()) - seen
            if kind == "profile":  # its rules are those of policies, where every condition has its sample
                missing -= {key for d in SAMPLES["policy"] for _, v in places(d) if isinstance(v, dict) for key in v}
            self.assertEqual(missing, set())

    def test_every_field_of_the_parser_is_in_a_schema(self):
        """Read from the tables of the parser: what neither a schema nor a sample knows would not be compared."""
        here, seen = set(), set()
        for kind in KINDS:
            here |= {name for _, s in places(self.schema(kind)) if isinstance(s, dict) for name in s.get("properties", {})}
        for path in sorted(glob.glob(f"{ROOT}/daemon/policy/*.c")):
            if os.path.basename(path) == "scenario.c":  # of files of scenarios, which are no declarations
                continue
            with open(path, encoding="utf-8") as f:
                named = set(re.findall(r'\{\s*"(\w+)",\s*read_\w+,', f.read()))
            self.assertEqual(named - here, set(), f"{path}: put it into share/schemas and a sample here")
            seen |= named
        self.assertLess({"session_age", "more_than", "ticket", "argv", "uid"}, seen, "the tables are written in another way")

    def test_fields_that_do_not_go_together(self):
        schema = self.schema("policy")
        policies = [{"schema": "cvf.policy/v1", "id": f"p{i}", "rules": [r]} for i, r in enumerate(CONTRARY)]
        policies += [{"schema": "cvf.policy/v1", "id": "o", "overlay": True, "rules": [{"effect": "DENY"}, {"effect": "ALLOW"}]}]
        for policy, said in zip(policies, self.refusals("policy", policies)):
            self.assertTrue(said, policy)
            self.assertFalse(valid(policy, schema, schema), policy)

    def test_capabilities(self):
        self.compare("capability", [m for d in SAMPLES["capability"] for m in mutations(d)])

    def test_agents(self):
        self.compare("agent", [m for d in SAMPLES["agent"] for m in mutations(d)])

    def test_policies(self):
        self.compare("policy", [m for d in SAMPLES["policy"] for m in mutations(d)])

    def test_profiles(self):
        self.compare("profile", [m for d in SAMPLES["profile"] for m in mutations(d)])


if __name__ == "__main__":
    unittest.main()
