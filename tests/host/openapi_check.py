# SPDX-License-Identifier: Apache-2.0
"""Does an answer have the shape that the OpenAPI document promises, and a request the one it asks for? Every answer that a host test
gets is looked at, and every request of cvfctl in its golden tests."""
import functools
import json
import re
import subprocess
import urllib.parse

TYPES = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None)}


@functools.lru_cache(maxsize=None)
def document(program):
    return json.loads(subprocess.run([program, "--print-openapi"], stdout=subprocess.PIPE, check=True).stdout)


def has_type(value, name):
    if name in ("integer", "number"):
        return isinstance(value, (int,) if name == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def problems(schemas, schema, value, where):
    """What is wrong with a value, in words; as much of JSON Schema as the document uses. Members nobody promised are wrong, too."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        found = [list(problems(schemas, one, value, where)) for one in schema["anyOf"]]
        if all(found):
            yield from found[0]
        return
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(has_type(value, t) for t in types):
        yield f"{where} is {value!r}, not {types}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, not one of {schema['enum']}"
    if isinstance(value, list):
        for i, one in enumerate(value):
            yield from problems(schemas, schema.get("items", {}), one, f"{where}[{i}]")
    if isinstance(value, dict) and "properties" in schema:
        members = schema["properties"]
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}.{name} is missing"
        for name, one in value.items():
            if name not in members:
                yield f"{where}.{name} is not in the document"
            else:
                yield from problems(schemas, members[name], one, f"{where}.{name}")


def fits(template, path):
    return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)


def find(api, method, path):
    rows = [p for p in api["paths"] if fits(p, path) and method.lower() in api["paths"][p]]
    return api["paths"][min(rows, key=lambda p: p.count("{"))][method.lower()] if rows else None


def check_request(program, method, path, query, body):
    api = document(program)
    row = find(api, method, path)
    if not row:
        return [f"{method} {path} is not in the document"]
    known = [p["name"] for p in row["parameters"] if p["in"] == "query"]
    wrong = [f"{name} is no parameter" for name, _ in urllib.parse.parse_qsl(query, keep_blank_values=True) if name not in known]
    if "requestBody" in row:
        schema = row["requestBody"]["content"]["application/json"]["schema"]
        if "properties" in schema or "$ref" in schema:
            wrong += problems(api["components"]["schemas"], schema, json.loads(body or "{}"), "body")
    elif body not in ("", "{}"):
        wrong.append("it takes no body")
    return [f"{method} {path}: {w}" for w in wrong]


def check(program, method, url, status, answer):
    api = document(program)
    path = url.split("?", 1)[0]
    row = find(api, method, path)
    if not row or "error" in answer and status < 400:  # a long answer that failed after its status was sent
        return []
    responses = row["responses"]
    if status >= 400:
        schema = {"$ref": "#/components/schemas/problem"}
    elif status == 304 and "304" in responses:
        return []
    elif str(status) in responses:
        schema = next(iter(responses[str(status)]["content"].values()))["schema"]
    else:
        return [f"{method} {path}: status {status} is not in the document"]
    return [f"{method} {path}: {p}" for p in problems(api["components"]["schemas"], schema, answer, "answer")]
