#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A hundred new policies under load: not one wrong verdict, and what is held stays held under its id.

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
tool
# The small declarations of lib.sh: what is measured is the change, not the compiler of large ones.
world
sed -i '/"id":"t.r2"/s/"timeout_s":60/"timeout_s":600/' /etc/cvf/capabilities.d/t-all.json
reload
for folder in r0 deny r2; do echo x >/t/$folder/file; done

cvfctl run --agent t -- $TOOL open /t/r2/file >/tmp/held 2>&1 </dev/null &
held=$!
wait_hold t || not_ok "one operation is held" "$(flat /tmp/held)"
id=$HOLD
load_of t /t/r0/file /t/deny/file /t/r0/counters 2
before=$(status_of generation)
wrong=0
for n in $(seq 100); do
	# Each time another policy: rules come and go, so that every table is made anew.
	printf '{"schema":"cvf.policy/v1","id":"turn","priority":%d,"rules":[{"id":"r%d","when":{"path":["/t/r0/turn-%d/**"]},"effect":"DENY","reason":"turn %d"}]}' \
		$((n % 2 * 100 + 50)) "$n" "$n" "$n" >/etc/cvf/policies.d/r-turn.json
	cvfctl reload >/tmp/reload.log 2>&1 || wrong=$((wrong + 1))
done
is "a hundred reloads succeed" 0 $wrong
is "each is a generation" $((before + 100)) "$(status_of generation)"
load_right "a hundred reloads"
is "what is held stays held" pending "$(hold_state "$id")"
is "what is held has not gone on" "" "$(cat /tmp/held)"
approve "$id"
ended 20 $held
is "what is held can be approved afterwards" "/t/r2/file ok" "$(cat /tmp/held)"
mkdir -p /t/r0/turn-100
echo x >/t/r0/turn-100/f
is "the last one is in force" "/t/r0/turn-100/f EPERM" "$(as t $TOOL open /t/r0/turn-100/f)"
load_end
rm -f /etc/cvf/policies.d/r-turn.json
reload
is "taken back" "/t/r0/turn-100/f ok" "$(as t $TOOL open /t/r0/turn-100/f)"
world_end
finish
