#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Being woken is not being approved: whatever wakes a held task, it asks again and stops again, within bounds. Killed, its
# question is closed. Threads stop and go on together.

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world

# woken HOW TIMES ANSWER RESULT: a task asks for a file while something wakes it; nothing happens until it is answered
woken() {
	local how=$1 times=$2 answer=$3 file=$WORK/held/wake-$1-$3 out=/tmp/wake-$1-$3 before
	echo x >"$file"
	before=$(status_of reasks)
	in_background "$out" $TOOL wake "$how" "$file" "$times"
	if ! wait_hold robust "\"$file\""; then
		not_ok "$how, $answer: held" "no hold of $file: $(flat "$out")"
		ended 0 $JOB
		return
	fi
	if [ "$times" -gt 0 ]; then
		yes "$how, $answer: it was woken $times times and asked again" \
			"within 40 '[ \$(status_of reasks) -ge $((before + times)) ]'"
	fi
	no "$how, $answer: not let through by that" "grep -q result '$out'"
	is "$how, $answer: the same hold still waits" pending "$(hold_state "$HOLD")"
	$answer || not_ok "$how, $answer: it can be answered" "$(cat /tmp/$answer.log)"
	ended 20 $JOB
	is "$how, $answer: the run ends" 0 $?
	is "$how, $answer: takes effect" "result $4" "$(grep result "$out")"
}

woken sibling 50 approve ok
woken sibling 20 deny EPERM
woken timer 20 approve ok
woken timer 20 deny EPERM
woken child 10 approve ok
# Message queues have no place that a rule could name: agents have none.
is "mq_notify: no queue for an agent" "setup EPERM" "$(robust $TOOL wake mq $WORK/free/file 1 2>&1)"
woken tracer-polite 0 approve ok
woken tracer-polite 0 deny EPERM

# A tracer that swallows the stop lets the task ask in a circle: it ends in a refusal that nobody gave.
echo x >$WORK/held/tracer
in_background /tmp/tracer $TOOL wake tracer $WORK/held/tracer 0
ended 60 $JOB
is "tracer that swallows the stop: it ends" 0 $?
is "tracer that swallows the stop: refused" "result EPERM" "$(grep result /tmp/tracer)"
yes "tracer that swallows the stop: no hold is left" "within 10 'waiting 0'"
holds | grep . >/tmp/left
[ ! -s /tmp/left ] || printf '# left: %s\n' "$(flat /tmp/left)"
deny_all

# SIGKILL of a held task.
in_background /tmp/killed $TOOL open $WORK/held/file
wait_hold robust "\"$WORK/held/file\"" || not_ok "SIGKILL: held" "$(flat /tmp/killed)"
kill -KILL "$(printf '%s\n' "$HOLD_JSON" | field pid)"
ended 20 $JOB
is "SIGKILL of a held task ends it" 137 $?
yes "SIGKILL of a held task: its hold is abandoned" "within 10 '[ \"\$(hold_state $HOLD)\" = abandoned ]'"
approve
is "an abandoned hold cannot be approved" 1 $?

# A thread held stops the process; two threads ask two questions.
for name in a b c; do echo x >$WORK/held/thread-$name; done
in_background /tmp/threads-1 $TOOL threads $WORK/held/thread-a
wait_hold robust && approve
ended 20 $JOB
is "one thread held and approved" "$WORK/held/thread-a ok main runs" "$(flat /tmp/threads-1)"
in_background /tmp/threads-2 $TOOL threads $WORK/held/thread-b $WORK/held/thread-c
$CLIENT answer approve 2 $SOCKET >/tmp/answers 2>&1
is "two threads held: two answers" "answered 2" "$(grep answered /tmp/answers)"
ended 20 $JOB
is "two threads held and approved" "$WORK/held/thread-b ok $WORK/held/thread-c ok main runs" "$(flat /tmp/threads-2)"
finish
