#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No function of more than 60 lines, no file of more than 600. Exceptions, each with its reason: tests/lint/sizes.allow.
cd "$(dirname "$0")/../.." || exit 1
allowed() { grep -qE "^$1[[:space:]]+[^[:space:]]" tests/lint/sizes.allow; }
bad=0
for file in $(git ls-files '*.c' '*.h' '*.py' '*.sh' tests/vm/run tests/vm/selftest tests/vm/lib tests/check tests/demo); do
	[ -f "$file" ] || continue
	lines=$(wc -l <"$file")
	if [ "$lines" -gt 600 ] && ! allowed "$file"; then
		echo "# $file: $lines lines"
		bad=$((bad + 1))
	fi
done
[ $bad = 0 ] && echo "ok files of at most 600 lines" || echo "not ok files of at most 600 lines"
# A function: from a line that is only "{" to one that is only "}", named by the last line at the margin before it.
long=$(git ls-files '*.c' '*.h' | while read -r file; do
	[ -f "$file" ] || continue
	awk -v file="$file" '
		/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		/^\{$/ { start = NR }
		/^\}$/ { if (start && NR - start - 1 > 60) print file ":" name " " NR - start - 1; start = 0 }' "$file"
done)
bad=0
# shellcheck disable=SC2086  # one word each
while read -r name lines; do
	[ -n "$name" ] || continue
	allowed "$name" && continue
	echo "# $name: $lines lines"
	bad=$((bad + 1))
done <<LONG
$long
LONG
[ $bad = 0 ] && echo "ok functions of at most 60 lines" || echo "not ok functions of at most 60 lines"
