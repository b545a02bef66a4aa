#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who may include whom: docs/layers.txt, one line for each folder. Everything else is refused.
cd "$(dirname "$0")/../.." || exit 1
includes=$(git ls-files 'bpf/*.[ch]' 'daemon/*.[ch]' 'cli/*.[ch]' 'include/*.h' 'include/*.def' | while read -r file; do
	[ -f "$file" ] && sed -nE "s|^[[:space:]]*#[[:space:]]*include[[:space:]]+\"([^\"]+)\".*|$file \1|p" "$file"
done)
# The first place where the compiler would find it.
place() {
	for base in "$(dirname "$1")" include daemon; do
		path=$(realpath -m --relative-to=. "$base/$2")
		[ -f "$path" ] && echo "$path" && return
	done
	echo "generated/$2"
}
room() {
	case $1 in
	daemon/cvfd.c) echo daemon/cvfd ;;
	daemon/cvfd_govern.c) echo daemon/cvfd_govern ;;
	daemon/cvfd_notify.c) echo daemon/cvfd_notify ;;
	daemon/cvfd_quarantine.c) echo daemon/cvfd_quarantine ;;
	daemon/*/*) echo "$1" | cut -d/ -f1,2 ;;
	*) echo "${1%%/*}" ;;
	esac
}
bad=0
edges=0
while read -r file name; do
	[ -n "$file" ] || continue
	from=$(room "$file")
	to=$(room "$(place "$file" "$name")")
	edges=$((edges + 1))
	[ "$from" = "$to" ] && continue
	grep -qE "^$from:(.* )?$to( |$)" docs/layers.txt && continue
	echo "# $file includes \"$name\": $from may not see $to"
	bad=$((bad + 1))
done <<EDGES
$includes
EDGES
[ $edges -gt 100 ] && echo "ok includes are read" || echo "not ok includes are read"
[ $bad = 0 ] && echo "ok every include goes down" || echo "not ok every include goes down"
