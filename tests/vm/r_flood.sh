#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Many at once: 2,000 forks inside an agent, times $CVF_SIZE (make check-long: 50); 100 processes that ask while 64 may wait; others are
# not affected.

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world
robust_agent robust2 >/etc/cvf/agents.d/r-robust2.json
reload

forks=$((2000 * ${CVF_SIZE:-1}))
in_background /tmp/forks $TOOL forks $forks
forking=$JOB
is "$forks forks: others start programs meanwhile" "made 50 failed 0 ended 50" "$($TOOL forks 50)"
ended $((120 * ${CVF_SIZE:-1})) $forking
is "$forks forks in an agent" "made $forks failed 0 ended $forks" "$(cat /tmp/forks)"
yes "$forks forks: the session's tasks are counted down again" "within 60 '[ \$(status_of tasks) = 0 ]'"

for n in $(seq 0 99); do echo x >$WORK/held/f.$n; done
in_background /tmp/flood $TOOL flood 100 $WORK/held/f
flood=$JOB
yes "100 ask, 64 may wait: 64 wait" "within 60 'waiting 64'"
yes "100 ask, 64 may wait: the others are refused for it" \
	"within 30 '[ \$(cvfctl events --json --agent robust --verdict deny --limit 1000 | grep -c \"\\\"reason\\\":\\\"hold-limit\\\"\") = 36 ]'"
is "meanwhile: reading is free for others" held "$(cat $WORK/held/file)"
is "meanwhile: what is free for the agent still is" "$WORK/free/file ok" "$(robust $TOOL open $WORK/free/file)"
cvfctl run --agent robust2 -- $TOOL open $WORK/held/file >/tmp/other 2>&1 &
other=$!
yes "meanwhile: another agent's operation is held, not refused" "wait_hold robust2"
approve
ended 20 $other
is "meanwhile: and goes on when approved" "$WORK/held/file ok" "$(cat /tmp/other)"
$CLIENT answer approve 64 $SOCKET >/tmp/answers 2>&1
is "64 are answered" "answered 64" "$(grep answered /tmp/answers)"
ended 60 $flood
is "64 went on, 36 were refused" "ok 64 eperm 36 errno513 0 other 0" "$(grep eperm /tmp/flood)"
in_background /tmp/again $TOOL open $WORK/held/file
yes "there is room again" "wait_hold robust"
deny
ended 20 $JOB
is "there is room again: answered" "$WORK/held/file EPERM" "$(cat /tmp/again)"
rm -f /etc/cvf/agents.d/r-robust2.json
finish
