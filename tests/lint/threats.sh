#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How many tests try each class of the catalogue of threats (tests/threats.list), and that docs/THREATS.md says so. --table: the table.
cd "$(dirname "$0")/../.." || exit 1
list=tests/threats.list
table() {
	printf '| class | rows | tried | not stopped | not applicable | tests | of them in machines |\n'
	printf '| --- | --- | --- | --- | --- | --- | --- |\n'
	awk '
	$1 == "class" { c = $2; order[++n] = c; rows[c] = $3; $1 = $2 = $3 = ""; sub(/^ +/, ""); about[c] = $0; next }
	$1 == "open" || $1 == "none" { kind[$1, substr($2, 1, 1)]++; next }
	/^[A-L][0-9][0-9] / { c = substr($1, 1, 1); tests[c]++; machines[c] += $2 ~ /^tests\/vm\//; if (!seen[$1]++) tried[c]++ }
	END {
		for (i = 1; i <= n; i++) {
			c = order[i]
			printf "| %s: %s | %d | %d | %d | %d | %d | %d |\n", c, about[c], rows[c], tried[c], kind["open", c], kind["none", c], tests[c], machines[c]
			r += rows[c]; t += tried[c]; o += kind["open", c]; n_a += kind["none", c]; a += tests[c]; m += machines[c]
		}
		printf "| all | %d | %d | %d | %d | %d | %d |\n", r, t, o, n_a, a, m
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
# What is not stopped, and what does not apply, says why, and is not tried as well; what is not stopped is in the document by its row.
awk '
$1 == "open" || $1 == "none" {
	if ($2 !~ /^[A-L][0-9][0-9]$/ || NF < 6) print "# " $0 ": want open or none, a row, and the reason"
	if (said[$2]++) print "# " $2 ": said twice"
	next
}
/^[A-L][0-9][0-9] / { tried[$1] = 1 }
END { for (row in said) if (tried[row]) print "# " row ": tried, and said not to be" }' $list >"${TMPDIR:-/tmp}/cvf-threats.$$"
sed -n 's/^open \([A-L][0-9][0-9]\) .*/\1/p' $list | while read -r row; do
	sed -n '/^## Not stopped/,/^## Tried/p' docs/THREATS.md | grep -qw "$row" || echo "# $row: open, and not in docs/THREATS.md under \"Not stopped\""
done >>"${TMPDIR:-/tmp}/cvf-threats.$$"
cat "${TMPDIR:-/tmp}/cvf-threats.$$"
[ -s "${TMPDIR:-/tmp}/cvf-threats.$$" ] && echo "not ok rows that are not tried say why" || echo "ok rows that are not tried say why"
[ $bad = 0 ] && echo "ok every test of $list is there" || echo "not ok every test of $list is there"
table >"${TMPDIR:-/tmp}/cvf-threats.$$"
sed 's/^/# /' "${TMPDIR:-/tmp}/cvf-threats.$$"
sed -n '/^| class | rows |/,/^$/p' docs/THREATS.md | sed '/^$/d' | cmp -s - "${TMPDIR:-/tmp}/cvf-threats.$$" &&
	echo "ok docs/THREATS.md has the sums" || echo "not ok docs/THREATS.md has the sums (tests/lint/threats.sh --table)"
table | awk -F ' *[|] *' '/^. [A-L]: / { s = s sep substr($2, 1, 1) " " $7; sep = ", " }
	/^. all/ { print "sum: tests of threats by class: " s "; all " $7 }'
rm -f "${TMPDIR:-/tmp}/cvf-threats.$$"
