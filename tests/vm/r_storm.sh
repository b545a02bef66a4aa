#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Too much of everything: 20,000 events of R1 times $CVF_SIZE (make check-long: 50, a million), maps of the kernel without room, both
# daemons without descriptors. Memory stays bounded, others are not affected, what cannot be told or remembered is counted or refused,
# and with room again all is as before.

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world
EVENTS=$((20000 * ${CVF_SIZE:-1}))
TIME=$((120 * ${CVF_SIZE:-1}))

# MiB that a process has, and that it may have more after a storm
resident() {
	awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$1/status"
}

MORE=64

gaps() {
	$CLIENT get $SOCKET /v1/gaps | tr '{' '\n' | sed -n 's/.*"missing":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}

# others NAME: a process without a label does what it likes
others() {
	is "$1: others read what agents may not" "ok 2000 eperm 0 other 0" "$($TOOL repeat 2000 $WORK/denied/file r)"
	is "$1: others start programs" "made 20 failed 0 ended 20" "$($TOOL forks 20)"
}

# --- a storm of events
recorded=$(status_of events_recorded)
lost=$(status_of events_lost)
had_enforcer=$(resident "$(enforcer)")
had_governor=$(resident "$(governor)")
in_background /tmp/storm $TOOL repeat $EVENTS $WORK/event/file w
storm=$JOB
others "$EVENTS events"
ended $TIME $storm
is "$EVENTS events: the storm ends" 0 $?
is "$EVENTS events: each was let through" "ok $EVENTS eperm 0 other 0" "$(tail -n 1 /tmp/storm)"

all_told() {
	[ $(($(status_of events_recorded) - recorded + $(status_of events_lost) - lost)) -ge $EVENTS ] && [ "$(status_of events_lost)" = "$(gaps)" ]
}
yes "$EVENTS events: each is recorded, or lost and in a row" "within $TIME all_told"
is "$EVENTS events: memory of the enforcer is bounded" yes \
	"$([ "$(resident "$(enforcer)")" -le $((had_enforcer + MORE)) ] && echo yes || resident "$(enforcer)")"
is "$EVENTS events: memory of the governor is bounded" yes \
	"$([ "$(resident "$(governor)")" -le $((had_governor + MORE)) ] && echo yes || resident "$(governor)")"
yes "$EVENTS events: ready" "within 60 ready"
printf '# %s events: enforcer %s MiB, then %s; governor %s MiB, then %s; lost %s\n' $EVENTS "$had_enforcer" "$(resident "$(enforcer)")" \
	"$had_governor" "$(resident "$(governor)")" $(($(status_of events_lost) - lost))

# --- maps of the kernel without room
load_begin
rm -f $WORK/free/go-*

# waits_to WORD COMMAND...: a process of the agent that is there already does it, once go WORD is said; its output is /tmp/WORD
waits_to() {
	local word=$1
	shift
	in_background /tmp/$word /bin/bash -c "until [ -e $WORK/free/go-$word ]; do :; done; exec $*"
	within 20 "pids_of go-$word | grep -q ." || not_ok "$word: it runs" "$(cat /tmp/$word)"
}

go() {
	touch $WORK/free/go-$1
}

# without_room MAP NAME
without_room() {
	printf '# %s: %s filled\n' "$1" "$($TOOL fill "$1")"
	others "$2"
	load_right "$2"
}

# room MAP
room() {
	$TOOL drain "$1" >/dev/null || not_ok "$1: there is room again" "nothing was removed"
}

waits_to fork "$TOOL forks 10"
forking=$JOB
without_room members "no room for labels"
# What ended before, and the canary each second, leave room for one or two: filled again at once, and most are refused.
$TOOL fill members >/dev/null
go fork
ended 60 $forking
yes "no room for labels: an agent's process makes no other" "grep -Eq 'made [0-3] failed ([7-9]|10) ' /tmp/fork"
$TOOL fill members >/dev/null # what that process had
robust $TOOL open $WORK/free/file >/tmp/run 2>&1
no "no room for labels: no agent begins" "grep -q ok /tmp/run"
printf '# %s\n' "$(flat /tmp/run)"
room members
is "room for labels again: agents begin, and make processes" "made 10 failed 0 ended 10" "$(robust $TOOL forks 10 2>&1)"

without_room sessions "no room for sessions"
robust $TOOL open $WORK/free/file >/tmp/run 2>&1
no "no room for sessions: no agent begins" "grep -q ok /tmp/run"
printf '# %s\n' "$(flat /tmp/run)"
room sessions
is "room for sessions again: agents begin" "$WORK/free/file ok" "$(robust $TOOL open $WORK/free/file 2>&1)"

without_room asks "no room for questions"
is "no room for questions: what needs an answer is refused" "$WORK/held/file EPERM" "$(robust $TOOL open $WORK/held/file 2>&1)"
yes "no room for questions: for that reason" \
	"within 20 'cvfctl events --json --agent robust --verdict deny --limit 1000 | grep -F hold-limit | grep -qF \"\\\"$WORK/held/file\\\"\"'"
room asks

# asks_and_is PATH WORD STATUS: it is held, answered by cvfctl WORD, and then is ok or EPERM
asks_and_is() {
	in_background /tmp/asks $TOOL open "$1"
	local asks=$JOB
	wait_hold robust "\"$1\"" || not_ok "it is held" "$(cat /tmp/asks)"
	# shellcheck disable=SC2086  # an option with its value
	cvfctl $2 "$HOLD" >/tmp/answer.log 2>&1 || cat /tmp/answer.log
	ended 30 $asks
	is "$3" "$1 $4" "$(cat /tmp/asks)"
}

for n in 1 2 3; do echo x >$WORK/held/s.$n; done
asks_and_is $WORK/held/s.1 deny "room for questions again: held, and denied" EPERM
without_room grants "no room for grants"
asks_and_is $WORK/held/s.2 "approve --scope agent --for 10m" "no room for grants: what was approved goes on" ok
is "no room for grants: the next one is let through by who approved, not by the kernel" "$WORK/held/s.2 ok" "$(robust $TOOL open $WORK/held/s.2 2>&1)"
room grants

# --- without descriptors
# A limit of three leaves no number that is free.
waits_to asks "$TOOL open $WORK/held/s.3"
asking=$JOB
go asks
yes "the enforcer without descriptors: it is held before" "wait_hold robust '\"$WORK/held/s.3\"'"
few=$(enforcer)
had=$($TOOL nofile "$few" 3)
approve
is "the enforcer without descriptors: an approval is refused" 1 $?
printf '# %s\n' "$(flat /tmp/approve.log)"
is "the enforcer without descriptors: what was held has not gone on" "" "$(cat /tmp/asks)"
robust $TOOL open $WORK/free/file >/tmp/run 2>&1
no "the enforcer without descriptors: no agent begins" "grep -q ok /tmp/run"
printf '# %s\n' "$(flat /tmp/run)"
load_right "the enforcer without descriptors"
before=$(governor)
kill -KILL "$before"
within 20 "[ \"\$(governor)\" != \"$before\" ]"
others "the enforcer without descriptors"
load_right "the enforcer without descriptors, the governor killed"
$TOOL nofile "$few" "$had" >/dev/null
yes "the enforcer with descriptors again: ready" "within 60 ready"
approve || not_ok "the enforcer with descriptors again: approvals work" "$(cat /tmp/approve.log)"
ended 60 $asking
is "the enforcer with descriptors again: what was approved goes on" "$WORK/held/s.3 ok" "$(cat /tmp/asks)"
is "the enforcer with descriptors again: agents begin" "$WORK/free/file ok" "$(robust $TOOL open $WORK/free/file 2>&1)"
is "it is the same enforcer" "$few" "$(enforcer)"

few=$(governor)
had=$($TOOL nofile "$few" 3)
timeout 10 $CLIENT get $SOCKET /readyz >/tmp/nofile 2>&1
printf '# the governor without descriptors: a request ends with %s: %s\n' $? "$(head -c 200 /tmp/nofile)"
others "the governor without descriptors"
load_right "the governor without descriptors"
$TOOL nofile "$few" "$had" >/dev/null
yes "the governor with descriptors again: ready" "within 60 ready"
asks_and_is $WORK/held/file deny "the governor with descriptors again: held, and denied" EPERM
load_end
finish
