#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The disk of the store is full: approvals are refused and release nothing, R0 and refusals go on, readiness fails; it
# recovers when there is space again.
# needs: own-boot
# run-args: --no-daemon

mkdir -p /var/lib/cvf
mount -t tmpfs -o size=64m,mode=755 none /var/lib/cvf || exit 1
(setsid /usr/sbin/cvfd --foreground >>/var/log/cvfd.log 2>&1 </dev/null &)
for _ in $(seq 3000); do # as long as it takes to verify the programs on a busy host
	cvfctl status --json 2>/dev/null | grep -q '"enforcing":true' && break
	sleep 0.1
done

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world

echo x >$WORK/held/full
# It asks while there is space, and is answered when there is none.
in_background /tmp/before $TOOL open $WORK/held/file
before=$JOB
yes "held while there is space" "wait_hold robust '\"$WORK/held/file\"'"
id=$HOLD
load_begin
in_background /tmp/events /bin/bash -c "until [ -e $WORK/free/full ]; do :; done; $TOOL repeat 20000 $WORK/event/file w; exec $TOOL open $WORK/held/full"
events=$JOB
is_ready() {
	$CLIENT get $SOCKET /readyz >/tmp/readyz 2>&1
}
yes "readiness: ready" is_ready

dd if=/dev/zero of=/var/lib/cvf/fill bs=4096 2>/dev/null
is "the disk is full" 0 "$(df -k /var/lib/cvf | awk 'END { print $4 }')"
touch $WORK/free/full
yes "full: R1 goes on" "within 60 'grep -q \"ok 20000 eperm 0 other 0\" /tmp/events'"
yes "full: readiness fails" "within 60 '! is_ready'"
printf '# %s\n' "$(cat /tmp/readyz)"
load_right "full"
approve "$id"
is "full: an approval is refused" 1 $?
printf '# %s\n' "$(flat /tmp/approve.log)"
is "full: what was held has not gone on" "" "$(cat /tmp/before)"
is "full: it still waits" pending "$(hold_state "$id")"
yes "full: cvfctl status says so" "cvfctl status --json | grep -q '\"store_problem\":\"'"

rm /var/lib/cvf/fill
yes "space again: ready" "within 60 is_ready"
yes "space again: what was asked meanwhile is there" "wait_hold robust '\"$WORK/held/full\"'"
later=$HOLD
approve "$id" || not_ok "space again: approvals work" "$(cat /tmp/approve.log)"
ended 20 $before
is "space again: approved, it goes on" "$WORK/held/file ok" "$(cat /tmp/before)"
deny "$later"
ended 20 $events
is "space again: denied" "$WORK/held/full EPERM" "$(tail -n 1 /tmp/events)"
load_right "space again"
load_end
printf '# recorded %s, lost %s, completeness %s\n' "$(status_of events_recorded)" "$(status_of events_lost)" "$(status_of audit_completeness)"
finish
