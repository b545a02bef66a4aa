#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 of the enforcer, of the governor or of both at a random moment, $CVF_ROUNDS rounds (50) by $CVF_SEED, while three processes of
# an agent ask, two clients answer as they like, and load runs. r_rounds.py does it; here is what must hold all the time and at the end.
# needs: own-boot
# run-args: --with python3
# also: tests/host/history.py

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"

loss_is_in_rows() {
	[ "$(status_of events_lost)" = "$($CLIENT get $SOCKET /v1/gaps | tr '{' '\n' | sed -n 's/.*"missing":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')" ]
}

small_world
load_of robust $WORK/free/file $WORK/denied/file /tmp/counters 20
dd if=/dev/zero of=/tmp/shared bs=4096 count=1 2>/dev/null
in_background /tmp/workers $TOOL workers 3 $WORK/held/q /tmp/shared
workers=$JOB

python3 "$HERE/r_rounds.py" $WORK/held/q /tmp/shared >/tmp/rounds 2>&1
is "the rounds end" 0 $?
cat /tmp/rounds
passed=$((passed + $(grep -c '^ok ' /tmp/rounds)))
failed=$((failed + $(grep -c '^not ok ' /tmp/rounds)))

load_right "after all of it"
load_end
kill -TERM $workers
ended 20 $workers
is "who asked ends in order" 0 $?
yes "nothing waits" "within 20 'waiting 0'"
yes "the audit trail verifies" "cvfctl audit verify --store /var/lib/cvf/cvf.db >/tmp/verify 2>&1 || ! cat /tmp/verify"
yes "what the trail lost, if anything, is in rows" "within 20 loss_is_in_rows"
printf '# recorded %s, lost %s, completeness %s\n' "$(status_of events_recorded)" "$(status_of events_lost)" "$(status_of audit_completeness)"
finish
