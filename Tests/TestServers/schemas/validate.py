#!/usr/bin/env python3
# SPDX-FileCopyrightText: the Steelyard authors
# SPDX-License-Identifier: Apache-2.0
"""Validates messages and replies with the schemas of the folder Schemas.

    validate.py files               the schemas, the messages in Examples, the JSON in the article Messages, wrong examples
    validate.py replies FOLDER      the replies that tests have recorded
    validate.py verdicts            messages, one on each line of standard input; prints "true" or "false" for each

It exits with 1 if something is not as it should be, with a line for each fault on standard error.
"""
import json
import pathlib
import re
import sys

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

ROOT = pathlib.Path(__file__).resolve().parents[3]
SCHEMAS = ROOT / "Schemas"
ARTICLE = ROOT / "Sources/Core/Core.docc/Messages.md"
ACTIONS = ["update", "suspend", "enable", "delete", "stats", "metrics", "discover", "diagnostics", "archive"]
# Clients must accept new fields; the tests must not: each field of these objects is to be in the schemas.
CLOSED = ["node_status", "certificate_status", "proxy_status", "usage", "archived_object", "left_out_log"]


def pattern(validator, expression, instance, schema):
    """JSON Schema's patterns are those of ECMA-262: "$" is the end of the string, and not a newline before it."""
    if validator.is_type(instance, "string") and not re.search(expression.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {expression!r}")


Validator = extend(Draft202012Validator, {"pattern": pattern})


def load(is_closed=False):
    """Returns a function from a schema's name to its validator."""
    files = {path.name: json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}
    if is_closed:
        for name in CLOSED:
            files["definitions.json"]["$defs"][name]["additionalProperties"] = False
        codes = files["definitions.json"]["$defs"]["error_code"]
        codes["enum"] = codes["examples"]
    # Without "$schema": jsonschema would use its own validator for a schema that has it, with its own patterns.
    contents = {name: {key: value for key, value in file.items() if key != "$schema"} for name, file in files.items()}
    resources = [(f"file:///{name}", DRAFT202012.create_resource(content)) for name, content in contents.items()]
    registry = Registry().with_resources(resources)

    def validator(name):
        return Validator({"$ref": f"file:///{name}.json"}, registry=registry, format_checker=FormatChecker())

    return files, validator


def fault(validator, value):
    """What is wrong with a value, on one line without the value itself, which may be large; None if it is valid."""
    error = best_match(validator.iter_errors(value))
    return error and f"{error.json_path}: {error.message[:300]}"


def check_files():
    files, validator = load()
    faults = []
    for name, schema in files.items():
        try:
            Draft202012Validator.check_schema(schema)
        except Exception as error:  # noqa: BLE001: whatever is wrong with a schema is a fault
            faults.append(f"{name}: {error}")
    wanted = {f"{action}.{kind}.json" for action in ACTIONS for kind in ("message", "reply")}
    faults += [f"{name}: is missing" for name in wanted - files.keys()]

    for path in sorted((ROOT / "Examples").glob("*.json")):
        problem = fault(validator("message"), json.loads(path.read_text()))
        if problem:
            faults.append(f"{path.name}: {problem}")

    shown = set()
    text = ARTICLE.read_text()
    for block in re.finditer(r"```json\n(.*?)```", text, re.S):
        line = text[: block.start()].count("\n") + 1
        value = json.loads(block[1])
        kind = "reply" if "hpcs_response" in value else "message"
        shown.add((value.get("hpcs_action", "").lower(), kind))
        problem = fault(validator(kind), value)
        if problem:
            faults.append(f"{ARTICLE.name}:{line}: {problem}")
    for action in ACTIONS:
        faults += [f"{ARTICLE.name}: shows no {kind} of {action}" for kind in ("message", "reply")
                   if (action, kind) not in shown]

    refused = json.loads((pathlib.Path(__file__).parent / "refused.json").read_text())
    for entry in refused:
        if validator(entry["schema"]).is_valid(entry["value"]):
            faults.append(f"refused.json: {entry['schema']} accepts: {entry['why']}")
    print(f"{len(files)} schemas, {len(shown)} kinds of examples in the article, {len(refused)} wrong examples",
          file=sys.stderr)
    return faults


def records(folder):
    """The recorded replies: a line of JSON with the name of the test and the size, and then the reply."""
    for path in sorted(pathlib.Path(folder).iterdir()):
        data = path.read_bytes()
        position = 0
        while position < len(data):
            end = data.index(b"\n", position)
            head = json.loads(data[position:end])
            yield head["test"], data[end + 1 : end + 1 + head["bytes"]]
            position = end + 1 + head["bytes"]


def check_replies(folder):
    _, validator = load(is_closed=True)
    reply = validator("reply")
    faults = []
    checked = set()
    count = 0
    for test, data in records(folder):
        count += 1
        if data in checked:
            continue
        checked.add(data)
        try:
            problem = fault(reply, json.loads(data))
        except ValueError as error:
            problem = f"is not JSON: {error}"
        if problem:
            faults.append(f"a reply of the test {test}: {problem}")
    if count == 0:
        faults.append(f"{folder} has no replies")
    print(f"{count} replies, {len(checked)} different ones", file=sys.stderr)
    return faults


def print_verdicts():
    _, validator = load()
    message = validator("message")
    for line in sys.stdin:
        print("true" if message.is_valid(json.loads(line)) else "false")
    return []


def main(arguments):
    match arguments:
        case ["files"]:
            faults = check_files()
        case ["replies", folder]:
            faults = check_replies(folder)
        case ["verdicts"]:
            faults = print_verdicts()
        case _:
            sys.exit(__doc__)
    for line in faults:
        print(line, file=sys.stderr)
    sys.exit(1 if faults else 0)


main(sys.argv[1:])
