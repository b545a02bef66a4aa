#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/API.md and the calls of cvfctl are what the tables of routes say, and each of them says what it answers.
cd "$(dirname "$0")/../.." || exit 1
govern=build/release/cvfd-govern
if "$govern" --print-api | cmp -s - docs/API.md; then echo "ok docs/API.md is current"; else
	echo "# make docs"
	echo "not ok docs/API.md is current"
fi
for part in cli/routes.h "cli/routes.c --source"; do
	# shellcheck disable=SC2086  # a file and perhaps an option
	set -- $part
	if "$govern" --print-openapi | cli/make-routes ${2:-} | cmp -s - "$1"; then echo "ok $1 is current"; else
		echo "# make docs"
		echo "not ok $1 is current"
	fi
done
written=$(git grep -nE '"[A-Z ]*/(v1/|healthz|readyz|metrics|openapi)|url_make\(' -- 'cli/*.[ch]' ':!cli/routes.[ch]' ':!cli/url.[ch]')
if [ -z "$written" ]; then echo "ok cvfctl writes no path of the API by hand"; else
	printf '%s\n' "$written" | sed 's/^/# /'
	echo "# take the function of the route from cli/routes.h; \`make docs\` makes it"
	echo "not ok cvfctl writes no path of the API by hand"
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
