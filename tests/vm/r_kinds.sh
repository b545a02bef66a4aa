#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs of the kinds that agents are made of: a shell script and Python (r_kinds.py), held in the main process and in
# children, approved, and going on as if nothing had happened. Node is in r_node.sh.
# run-args: --with python3

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world

# kind NAME HOLDS FILES WANTED COMMAND...
kind() {
	local name=$1 holds=$2 files=$3 wanted=$4 file
	shift 4
	for file in $files; do echo "$file" >$WORK/held/"$file"; done
	in_background /tmp/kind-"$name" "$@"
	$CLIENT answer approve "$holds" $SOCKET >/tmp/answers 2>&1
	is "$name: $holds operations were held and approved" "answered $holds" "$(grep answered /tmp/answers)"
	ended 60 "$JOB"
	is "$name: it ends well" 0 $?
	is "$name: with what it should say" "$wanted" "$(flat /tmp/kind-"$name")"
	yes "$name: no hold is left" "within 10 'waiting 0'"
}

kind bash 4 "sh-main sh-child sh-job sh-sub" "sh-main sh-child sh-job sub sh-sub end" \
	/bin/bash -c "cd $WORK/held; read -r x <sh-main; echo \$x; cat sh-child; cat sh-job & wait; echo sub \$(<sh-sub); echo end"
kind python 8 "py-main py-sub py-shell py-async-0 py-async-1 py-async-2 py-thread-0 py-thread-1" \
	"main py-main subprocess 0 py-sub shell 0 ['py-shell', 'after'] asyncio [('py-async-0', 0), ('py-async-1', 0), ('py-async-2', 0)] ticked threads ['py-thread-0', 'py-thread-1']" \
	python3 -B "$HERE/r_kinds.py" $WORK/held
finish
