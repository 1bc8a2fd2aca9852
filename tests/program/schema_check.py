#!/usr/bin/env python3
"""Hold lines of JSON output, on standard input, against docs/schema.json.

usage: schema_check.py SCHEMA [--complete] < LINES

With --complete, every property that the schema knows must have been in some line.
"""
import json
import sys

import jsonschema


def resolve(schema, node):
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def properties(schema, node, instance, found):
    """Puts (id of the object's schema, name) of every property of instance into found."""
    node = resolve(schema, node)
    if isinstance(instance, list):
        for one in instance:
            properties(schema, node.get("items", {}), one, found)
    elif isinstance(instance, dict):
        for name, value in instance.items():
            found.add((id(node), name))
            properties(schema, node.get("properties", {}).get(name, {}), value, found)


def known(node, found):
    """The same of every property that the schema has."""
    if isinstance(node, dict):
        for name in node.get("properties", {}) if node.get("additionalProperties") is False else ():
            found.add((id(node), name))
        for value in node.values():
            known(value, found)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong, lines, seen, all_known = 0, 0, set(), set()
    for raw in sys.stdin.buffer:
        if any(byte < 0x20 for byte in raw.rstrip(b"\n")):
            print(f"control byte in {raw!r}")
            wrong += 1
        record = json.loads(raw.decode("utf-8"))
        lines += 1
        for error in validator.iter_errors(record):
            print(jsonschema.exceptions.best_match([error]).message, "in", raw[:3000])
            wrong += 1
        kind = record.get("event_type")
        kind = kind if kind in ("stats", "digest", "status") else "record"
        properties(schema, schema["$defs"][kind], record, seen)
    if "--complete" in sys.argv:
        known(schema, all_known)
        for _, name in all_known - seen:
            print(f"in the schema, but in no line: {name}")
            wrong += 1
    print(f"{lines} lines, {wrong} wrong")
    return 1 if wrong or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
