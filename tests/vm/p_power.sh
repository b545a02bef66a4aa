#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One life of the machine of tests/vm/power: p_power.sh ROUND LAST. What the last one was told is there, the store verifies, and enforcing
# goes on; then it works until the power is cut. The disk is /dev/vda; /copy/told is what the machine said before.

for module in crc32c_generic virtio_blk ext4; do
	modprobe $module 2>/dev/null
done
mkdir -p /var/lib/cvf
mount -t ext4 /dev/vda /var/lib/cvf || exit 1
(setsid /usr/sbin/cvfd --foreground >>/var/log/cvfd.log 2>&1 </dev/null &)
for _ in $(seq 3000); do # as long as it takes to verify the programs on a busy host
	cvfctl status --json 2>/dev/null | grep -q '"enforcing":true' && break
	sleep 0.1
done

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
round=$1
small_world

is "round $round: the store verifies" "" "$(cvfctl audit verify --store /var/lib/cvf/cvf.db >/tmp/verify 2>&1 || cat /tmp/verify)"
is "round $round: no store was put aside" "" "$(find /var/lib/cvf -name '*corrupt*')"
is "round $round: there is no problem with the store" null "$(status_of store_problem)"
is "round $round: nothing waits of the life before" 0 "$(status_of holds_pending)"
while read -r id state; do
	[ "$(hold_state "$id")" = "$state" ] || not_ok "round $round: what was answered is stored" "hold $id: '$(hold_state "$id")', answered was $state"
done </copy/told
ok "round $round: $(wc -l </copy/told) answers of before are stored"
is "round $round: refused as ever" "$WORK/denied/file EPERM" "$(robust $TOOL open $WORK/denied/file)"
[ "$2" != last ] || finish

# Answers as fast as they come; whoever reads our output cuts the power.
dd if=/dev/zero of=/tmp/shared bs=4096 count=1 2>/dev/null
load_of robust $WORK/free/file $WORK/denied/file /tmp/counters 5
printf '@sum %s %s\n@working\n' $passed $failed
n=0
while :; do
	n=$((n + 1))
	for i in 1 2 3 4; do echo x >$WORK/held/p.$n.$i; done
	in_background /tmp/held /bin/bash -c "for i in 1 2 3 4; do { echo y >>$WORK/held/p.$n.\$i; } 2>/dev/null & done; wait"
	asking=$JOB
	while kill -0 $asking 2>/dev/null; do
		for id in $(hold_ids); do
			if [ $((RANDOM % 2)) = 0 ]; then
				approve "$id" && echo "@told $id approved"
			else
				deny "$id" && echo "@told $id denied"
			fi
		done
	done
done
