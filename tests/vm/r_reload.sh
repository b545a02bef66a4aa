#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A hundred new policies under load: not one wrong verdict, and what is held stays held under its id.

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world

in_background /tmp/held $TOOL open $WORK/held/file
held=$JOB
wait_hold robust || not_ok "one operation is held" "$(flat /tmp/held)"
id=$HOLD
load_begin
before=$(status_of generation)
wrong=0
for n in $(seq 100); do
	# Each time another policy: rules come and go, so that every table is made anew.
	printf '{"schema":"cvf.policy/v1","id":"turn","priority":%d,"rules":[{"id":"r%d","when":{"path":["/srv/r/turn-%d/**"]},"effect":"DENY","reason":"turn %d"}]}' \
		$((n % 2 * 100 + 50)) "$n" "$n" "$n" >/etc/cvf/policies.d/r-turn.json
	cvfctl reload >/tmp/reload.log 2>&1 || wrong=$((wrong + 1))
done
is "a hundred reloads succeed" 0 $wrong
is "each is a generation" $((before + 100)) "$(status_of generation)"
load_right "a hundred reloads"
is "what is held stays held" pending "$(hold_state "$id")"
is "what is held has not gone on" "" "$(cat /tmp/held)"
HOLD=$id
approve
ended 20 $held
is "what is held can be approved afterwards" "$WORK/held/file ok" "$(cat /tmp/held)"
mkdir -p $WORK/turn-100
echo x >$WORK/turn-100/f
is "the last one is in force" "$WORK/turn-100/f EPERM" "$(robust $TOOL open $WORK/turn-100/f)"
load_end
rm -f /etc/cvf/policies.d/r-turn.json
reload
is "taken back" "$WORK/turn-100/f ok" "$(robust $TOOL open $WORK/turn-100/f)"
finish
