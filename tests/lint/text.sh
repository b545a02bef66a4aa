#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Licences, manual pages, links between documents, scripts, and nothing that belongs to the machine of who wrote it.
cd "$(dirname "$0")/../.." || exit 1
# result NAME LINES: passes when there are no lines
result() {
	if [ -z "$2" ]; then echo "ok $1"; else
		printf '%s\n' "$2" | sed 's/^/# /'
		echo "not ok $1"
	fi
}
files() { git ls-files "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

result "every source names its licence" "$(files '*.c' '*.h' '*.def' '*.py' '*.sh' '*.mk' Makefile '*.sql' tests/vm/run tests/check .ci/run |
	xargs grep -L 'SPDX-License-Identifier:')"
result "bpf/ is GPL-2.0-only" "$(files 'bpf/*.[ch]' | xargs grep -L 'SPDX-License-Identifier: GPL-2.0-only')"
result "the rest is Apache-2.0" "$(files '*.c' '*.h' '*.def' '*.py' '*.sh' | grep -v '^bpf/' |
	xargs grep -L 'SPDX-License-Identifier: Apache-2.0')"
shared=$(sed -nE 's|^#[[:space:]]*include "(cvf/[^"]*)".*|include/\1|p' bpf/*.h bpf/*.c | sort -u)
# shellcheck disable=SC2086  # one word each
result "headers that bpf/ sees may be used under both" "$(grep -L 'Apache-2.0 OR GPL-2.0-only' $shared include/cvf/ops.def include/cvf/reasons.def include/cvf/limits.h)"

if command -v mandoc >/dev/null; then
	for page in docs/man/*.[1-9]; do
		result "mandoc $(basename "$page")" "$(mandoc -T lint -W warning "$page" 2>&1)"
	done
else
	echo "not ok mandoc is there: tests/install-deps --build installs it"
fi

links=$(files '*.md' | while read -r page; do
	grep -oE '\]\([^)#]+[^)]*\)' "$page" | sed -E 's/^\]\(([^)#]*).*/\1/' | while read -r link; do
		case $link in http://* | https://* | '') continue ;; esac
		[ -e "$(dirname "$page")/$link" ] || echo "$page: $link"
	done
done)
result "links between documents lead somewhere" "$links"

# Hosts that a stranger can reach and that are meant: documentation, standards, examples. The trailing dot ends a sentence.
hosts=$(files '*.md' '*.c' '*.h' '*.py' '*.sh' '*.mk' '*.json' '*.1' '*.8' 'systemd/*' Makefile tests/install-deps tests/vm/run tests/vm/lib |
	xargs grep -oE 'https?://[A-Za-z0-9.-]+' | sed -E 's|(.*:)?https?://||; s/\.$//' | sort -u |
	grep -vxE '(localhost|cvf|cvfd|127(\.[0-9]+){3}|x|h|host|(.*\.)?(example(\.(com|org|net))?|test|invalid|apache\.org|kernel\.org|debian\.org|spdx\.org|freedesktop\.org|openapis\.org|json-schema\.org|gnu\.org|man7\.org|github\.com))')
result "no address of somebody's own host" "$hosts"
result "no path of the machine it was written on" "$(git grep -lF "$PWD/" -- . ':!*.list' | head)"

if command -v shellcheck >/dev/null; then
	result "shellcheck" "$(files '*.sh' tests/install-deps tests/vm/run tests/vm/selftest tests/vm/lanes tests/vm/lib tests/demo tests/fuzz/run tests/bench/run .ci/run |
		while read -r f; do head -n 1 "$f" | grep -qE '^#!/bin/(ba)?sh' && echo "$f"; done | xargs shellcheck -x -f gcc -S warning -e SC2046)"
else
	echo "skip shellcheck - it is not installed"
fi
