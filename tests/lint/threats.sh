#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many tests try each class of the catalogue of threats (tests/threats.list), and that docs/THREATS.md says so. --table: the table.
cd "$(dirname "$0")/../.." || exit 1
list=tests/threats.list
table() {
	printf '| class | rows | tried | tests | of them in machines |\n| --- | --- | --- | --- | --- |\n'
	awk '
	$1 == "class" { c = $2; order[++n] = c; rows[c] = $3; $1 = $2 = $3 = ""; sub(/^ +/, ""); about[c] = $0; next }
	/^[A-L][0-9][0-9] / { c = substr($1, 1, 1); tests[c]++; machines[c] += $2 ~ /^tests\/vm\//; if (!seen[$1]++) tried[c]++ }
	END {
		for (i = 1; i <= n; i++) {
			c = order[i]
			printf "| %s: %s | %d | %d | %d | %d |\n", c, about[c], rows[c], tried[c], tests[c], machines[c]
			r += rows[c]; t += tried[c]; a += tests[c]; m += machines[c]
		}
		printf "| all | %d | %d | %d | %d |\n", r, t, a, m
	}' $list
}
[ "${1:-}" != --table ] || { table; exit 0; }
bad=0
while read -r row file words; do
	case $row in [A-L][0-9][0-9]) ;; *) continue ;; esac
	grep -qsF -- "$words" "$file" && continue
	echo "# $row: \"$words\" is not in $file"
	bad=$((bad + 1))
done <$list
[ $bad = 0 ] && echo "ok every test of $list is there" || echo "not ok every test of $list is there"
table >"${TMPDIR:-/tmp}/cvf-threats.$$"
sed 's/^/# /' "${TMPDIR:-/tmp}/cvf-threats.$$"
sed -n '/^| class | rows |/,/^$/p' docs/THREATS.md | sed '/^$/d' | cmp -s - "${TMPDIR:-/tmp}/cvf-threats.$$" &&
	echo "ok docs/THREATS.md has the sums" || echo "not ok docs/THREATS.md has the sums (tests/lint/threats.sh --table)"
table | awk -F ' *[|] *' '/^. [A-L]: / { s = s sep substr($2, 1, 1) " " $5; sep = ", " }
	/^. all/ { print "sum: tests of threats by class: " s "; all " $5 }'
rm -f "${TMPDIR:-/tmp}/cvf-threats.$$"
