#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Ten thousand patterns: so many that most states are stored in the short form. Some of them are tried, and their neighbours.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

COUNT=10000

# Names that share no endings, the same in every run.
names() {
	awk -v n=$COUNT 'BEGIN {
		seed = 7
		for (i = 0; i < n; i++) {
			name = ""
			for (k = 0; k < 12; k++) {
				seed = (seed * 16807) % 2147483647
				name = name sprintf("%c", 97 + int(seed / 65536) % 26)
			}
			print name
		}
	}'
}

many() {
	names | awk '
		BEGIN { printf "{\"schema\":\"cvf.policy/v1\",\"id\":\"t-many\",\"priority\":200,\"rules\":[{\"id\":\"many\",\"effect\":\"DENY\",\"when\":{\"path\":[" }
		{ printf "%s\"/t/r0/many/%s/**\"", (NR == 1 ? "" : ","), $0 }
		END { print "]}}]}" }' >/etc/cvf/policies.d/t-many.json
}

before=$(date +%s)
world many
echo "# declarations read, compiled and put in force in $(($(date +%s) - before)) s"

mkdir -p /t/r0/many
tried=0
refused=0
passed_by=0
for name in $(names | awk -v n=$COUNT 'NR % (n / 10) == 1'); do
	# The neighbour differs in its last letter, or has one more.
	for other in "${name%?}_" "${name}x"; do
		mkdir -p "/t/r0/many/$name" "/t/r0/many/$other"
		agent "$PROBE" create "/t/r0/many/$other/f" && passed_by=$((passed_by + 1))
	done
	tried=$((tried + 1))
	agent "$PROBE" create "/t/r0/many/$name/f"
	[ $? = $EPERM ] && refused=$((refused + 1))
	cp "$PROBE" "/t/r0/many/$name/p"
	cp "$PROBE" "/t/r0/many/${name}x/p"
done
is "names in the list are refused" "$tried" $refused
is "their neighbours are not" $((tried * 2)) $passed_by
agent "/t/r0/many/$name/p" say /t/r0/said many
is "no program runs from there" 126 $?
agent "/t/r0/many/${name}x/p" say /t/r0/said many
is "a neighbour's does" 0 $?
cvfctl policy explain --agent t create "/t/r0/many/$name/f" | grep -q 't-many/many'
is "explain says why" 0 $?
rm -f /etc/cvf/policies.d/t-many.json
reload
agent "$PROBE" create "/t/r0/many/$name/g"
is "without the policy they are free" 0 $?
finish
