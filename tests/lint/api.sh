#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/API.md is what the tables of routes say, and each of them says what it answers.
cd "$(dirname "$0")/../.." || exit 1
govern=build/release/cvfd-govern
if "$govern" --print-api | cmp -s - docs/API.md; then echo "ok docs/API.md is current"; else
	echo "# make docs"
	echo "not ok docs/API.md is current"
fi
silent=$("$govern" --print-openapi | python3 -c '
import json, sys
for path, methods in json.load(sys.stdin)["paths"].items():
    for method, row in methods.items():
        for status, answer in row["responses"].items():
            if status not in ("default", "304") and not next(iter(answer["content"].values()))["schema"]:
                print("#", method, path)')
if [ -z "$silent" ]; then echo "ok every route says what it answers"; else
	printf '%s\n' "$silent"
	echo "not ok every route says what it answers"
fi
