#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The governor stands still and more records come than the rings hold: verdicts stand, the loss is counted, becomes a row,
# and the trail says that it is not complete.

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world

# A session that is there before the governor stops, and does what the files tell it.
rm -f $WORK/free/go-*
in_background /tmp/ring /bin/bash -c "
	until [ -e $WORK/free/go-1 ]; do :; done; $TOOL repeat 60000 $WORK/denied/file r
	until [ -e $WORK/free/go-2 ]; do :; done; $TOOL repeat 60000 $WORK/event/file w
	until [ -e $WORK/free/go-3 ]; do :; done; $TOOL repeat 1000 $WORK/denied/file r; $TOOL open $WORK/held/file"
ring=$JOB
within 20 "[ \"\$(status_of tasks)\" -ge 1 ]"
lost=$(status_of events_lost)
kill -STOP "$(governor)"
touch $WORK/free/go-1 $WORK/free/go-2
yes "the governor stands: the flood ends all the same" "within 120 '[ \$(wc -l </tmp/ring) = 2 ]'"
is "the governor stands: 60,000 are refused" "ok 0 eperm 60000 other 0" "$(sed -n 1p /tmp/ring)"
is "the governor stands: 60,000 go through" "ok 60000 eperm 0 other 0" "$(sed -n 2p /tmp/ring)"
touch $WORK/free/go-3
yes "the rings are full: refusals stand" "within 30 '[ \"\$(sed -n 3p /tmp/ring)\" = \"ok 0 eperm 1000 other 0\" ]'"
kill -CONT "$(governor)"
yes "the governor goes on: ready" "within 60 ready"
yes "what was asked meanwhile is a hold, although its record was lost" "wait_hold robust '\"$WORK/held/file\"'"
deny
ended 20 $ring
is "and can be answered" "$WORK/held/file EPERM" "$(tail -n 1 /tmp/ring)"
yes "the loss is counted" "within 60 '[ \"\$(status_of events_lost)\" -gt \"$lost\" ]'"

gaps() {
	$CLIENT get $SOCKET /v1/gaps | tr '{' '\n' | sed -n 's/.*"missing":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

loss_is_in_rows() {
	local kernel
	kernel=$(status_of kernel_lost)
	[ "$(status_of events_lost)" = "$(gaps)" ] && [ "$(gaps)" = "$kernel" ]
}
yes "the rows of the loss come to what the kernel lost" "within 60 loss_is_in_rows"
printf '# recorded %s, lost %s, in rows %s, by the kernel %s, completeness %s\n' "$(status_of events_recorded)" \
	"$(status_of events_lost)" "$(gaps)" "$(status_of kernel_lost)" "$(status_of audit_completeness)"
yes "the trail says that it is not complete" "awk -v c=\"\$(status_of audit_completeness)\" 'BEGIN { exit !(c > 0 && c < 100) }'"
finish
