#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Programs of the kinds that agents are made of: Node with files, child processes and worker threads (r_kinds.js).
# needs: own-boot
# run-args: --with node --memory 3072

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world

for name in main pool exec spawn-0 spawn-1 worker-0 worker-1; do echo "js-$name" >$WORK/held/js-$name; done
in_background /tmp/node node "$HERE/r_kinds.js" $WORK/held
$CLIENT answer approve 7 $SOCKET >/tmp/answers 2>&1
is "Node: seven operations were held and approved" "answered 7" "$(grep answered /tmp/answers)"
ended 90 "$JOB"
is "Node: it ends well" 0 $?
is "Node: with what it should say" \
	"main js-main pool js-pool execFile js-exec spawn [ '0 js-spawn-0', '0 js-spawn-1' ] workers [ 'js-worker-0', 'js-worker-1' ]" \
	"$(flat /tmp/node)"
yes "Node: no hold is left" "within 10 'waiting 0'"
deny_all
finish
