#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A frozen agent does nothing: no computing, no children, no new session, whoever wakes it and whichever process of ours is
# gone; thawed it goes on where it was. Its twin counts all the time. What is held stays held.

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
began=$(date -u +%Y-%m-%dT%H:%M:%SZ) # others have filled the trail before
BEAT=/usr/bin/r_beat
cp "$HERE/r_beat" $BEAT
robust_agent calm >/etc/cvf/agents.d/r-calm.json
robust_world

beats() {
	$BEAT read $WORK/event/beat-$1
}

# beat AGENT HOW: counts in the file of that name, from now on
beat() {
	dd if=/dev/zero of=$WORK/event/beat-$2 bs=4096 count=1 2>/dev/null
	cvfctl run --agent "$1" -- $BEAT "${2%-*}" $WORK/event/beat-$2 >/tmp/beat-$2 2>&1 </dev/null &
	within 30 "[ \$(beats $2) -gt 3 ]" || not_ok "$2: it counts" "$(cat /tmp/beat-$2)"
}

# A hundred counts of the twin's, so that time has passed.
later() {
	local before
	before=$(beats calm)
	within 60 "[ \$(beats calm) -gt $((before + 100)) ]"
}

standing() {
	local how before=()
	for how in count threads fork; do before+=("$(beats $how)"); done
	later || return 1
	for how in count threads fork; do
		[ "$(beats $how)" = "${before[0]}" ] || return 1
		before=("${before[@]:1}")
	done
}

stands() {
	yes "$1: it stands, its twin does not" standing
	pids_of "$BEAT" | while read -r pid; do kill -CONT "$pid"; done 2>/dev/null
	yes "$1: it stands though root sends SIGCONT" standing
}

goes_on() {
	local how before
	for how in count threads fork; do
		before=$(beats $how)
		yes "$1: $how goes on" "within 60 '[ \$(beats $how) -gt $((before + 3)) ]'"
	done
}

beat calm calm
for how in count threads fork; do
	beat robust $how
done

# --- frozen
cvfctl agent freeze robust --note "looks wrong" >/tmp/freeze
is "freeze" 0 $?
# count, threads, and fork with or without a child of it
yes "freeze: so many processes were told" "grep -qE ', processes: (3|4)\$' /tmp/freeze"
within 10 standing
stands frozen
cvfctl agent show robust --json >/tmp/show
yes "frozen: shown, by whom and why" "grep -q '\"frozen\":{\"since\":\"20[^\"]*\",\"by\":\"root\",\"note\":\"looks wrong\"' /tmp/show"
no "frozen: its twin is not" "cvfctl agent show calm --json | grep -q '\"frozen\"'"
is "frozen: status counts it" 1 "$(status_of agents_frozen)"
cvfctl agent freeze nobody-such >/dev/null 2>&1
is "freeze: no such agent" 3 $?
cvfctl agent freeze robust >/dev/null
is "frozen twice" 0 $?
yes "frozen twice: noted as it was" "cvfctl agent show robust --json | grep -q 'looks wrong'"

in_background /tmp/fresh /bin/sh -c "echo fresh >$WORK/event/fresh"
fresh=$JOB
as calm /bin/sh -c "echo fresh >$WORK/event/fresh-twin"
yes "frozen: a new session of its twin runs" "[ -s $WORK/event/fresh-twin ]"
later
no "frozen: a new session does nothing" "[ -s $WORK/event/fresh ]"
yes "frozen: nothing was killed" "kill -0 $fresh"

# One that computes and asks for nothing.
cp $BEAT /tmp/beat-stray
dd if=/dev/zero of=$WORK/event/beat-stray bs=4096 count=1 2>/dev/null
/tmp/beat-stray count $WORK/event/beat-stray &
stray=$!
disown
within 20 "[ \$(beats stray) -gt 3 ]"
cvfctl agent attach robust --pid $stray >/dev/null
strays() {
	local before
	before=$(beats stray)
	later
	[ "$(beats stray)" = "$before" ]
}
yes "frozen: who is enrolled now stands, too" "within 10 strays"

cvfctl reload >/dev/null
is "frozen: reload" 0 $?
stands "after a reload"

# --- our own processes come and go
first=$(enforcer)
kill -KILL "$first"
within 10 "! kill -0 $first 2>/dev/null && ! governor >/dev/null"
stands "enforcer gone"
start_daemon
yes "enforcer started again: ready" "within 60 ready"
stands "enforcer started again"
before=$(governor)
kill -KILL "$before"
yes "governor killed: another is ready" "within 30 'governor >/dev/null && [ \"\$(governor)\" != \"$before\" ] && ready'"
stands "governor killed"
yes "governor killed: still shown" "cvfctl agent show robust --json | grep -q 'looks wrong'"

# --- thawed
cvfctl agent thaw robust --note "was nothing" >/tmp/thaw
is "thaw" 0 $?
goes_on thawed
kill -KILL $stray
ended 30 "$fresh"
is "thawed: the session that was begun while it was frozen ends" 0 $?
yes "thawed: with its effect" "[ -s $WORK/event/fresh ]"
no "thawed: not shown any more" "cvfctl agent show robust --json | grep -q '\"frozen\"'"
cvfctl audit export --since "$began" >/tmp/acts 2>/tmp/acts.err
yes "both are acts of the trail, with their reasons" "grep -q '\"act\": *\"frozen\".*looks wrong' /tmp/acts && grep -q '\"act\": *\"thawed\".*was nothing' /tmp/acts"

# --- what somebody stopped before stays so
in_background /tmp/parked /bin/sh -c "while :; do echo x; sleep 0.05; done >>$WORK/event/parked"
job=$JOB
within 20 "[ -s $WORK/event/parked ]"
shell=$(pids_of "$WORK/event/parked" | while read -r pid; do [ "$(cat /proc/$pid/comm)" != sh ] || echo "$pid"; done)
kill -STOP $shell
within 10 "grep -q 'T (stopped)' /proc/$shell/status"
cvfctl agent freeze robust >/dev/null
cvfctl agent thaw robust >/dev/null
goes_on "thawed again"
yes "stopped by somebody before: still stopped" "grep -q 'T (stopped)' /proc/$shell/status"
kill -CONT $shell
size=$(wc -c <$WORK/event/parked)
yes "stopped by somebody before: goes on when that one says so" "within 20 '[ \$(wc -c <$WORK/event/parked) -gt $size ]'"
kill -KILL $shell
ended 20 $job 2>/dev/null

# --- holds
echo x >$WORK/held/frozen-1
in_background /tmp/held-1 $TOOL open $WORK/held/frozen-1
held_1=$JOB
wait_hold robust "\"$WORK/held/frozen-1\"" || not_ok "held, then frozen" "no hold: $(cat /tmp/held-1)"
id=$HOLD
cvfctl agent freeze robust >/dev/null
approve "$id"
is "approved while frozen: taken" 0 $?
later
no "approved while frozen: nothing happens" "grep -q ok /tmp/held-1"
cvfctl agent thaw robust >/dev/null
ended 30 $held_1
is "approved while frozen, then thawed: runs" "$WORK/held/frozen-1 ok" "$(tail -n 1 /tmp/held-1)"

echo x >$WORK/held/frozen-2
in_background /tmp/held-2 $TOOL open $WORK/held/frozen-2
held_2=$JOB
wait_hold robust "\"$WORK/held/frozen-2\"" || not_ok "held, frozen, thawed" "no hold: $(cat /tmp/held-2)"
id=$HOLD
cvfctl agent freeze robust >/dev/null
cvfctl agent thaw robust >/dev/null
later
no "held, frozen, thawed: not let through" "grep -q ok /tmp/held-2"
is "held, frozen, thawed: the same hold waits" pending "$(hold_state "$id")"
deny "$id"
ended 30 $held_2
is "held, frozen, thawed: denied" "$WORK/held/frozen-2 EPERM" "$(tail -n 1 /tmp/held-2)"

# --- the canary: tracing silenced by a person, so that nothing is refused
silenced() {
	echo "{\"canary\":{\"on_miss\":\"$1\"}}" >/etc/cvf/cvfd.json
	reload
	echo 0 >/proc/sys/kernel/ftrace_enabled
}
# What wakes itself would only be stopped again and again: this one does not.
beat robust calm-2
rests() {
	local before end=$((SECONDS + 3))
	before=$(beats calm-2)
	within 10 "[ \$SECONDS -ge $end ]"
	[ "$(beats calm-2)" = "$before" ]
}
silenced log
no "canary missed, log: not ready" "within 30 '! ready' && ready"
before=$(beats calm-2)
yes "canary missed, log: agents go on" "within 30 '[ \$(beats calm-2) -gt $((before + 100)) ]'"
is "canary missed, log: nobody is frozen" 0 "$(status_of agents_frozen)"
silenced freeze
all_frozen() {
	[ "$(status_of agents_frozen)" -ge "$(status_of agents)" ]
}
yes "canary missed, freeze: every agent is frozen" "within 30 all_frozen"
yes "canary missed, freeze: the agent rests" "within 20 rests"
yes "canary missed, freeze: by whom" "cvfctl agent show robust --json | grep -q '\"by\":\"canary\"'"
echo 1 >/proc/sys/kernel/ftrace_enabled
yes "canary refused again: ready" "within 30 ready"
yes "canary refused again: still frozen" rests
cvfctl agent thaw robust >/dev/null
before=$(beats calm-2)
yes "canary refused again, thawed: goes on" "within 30 '[ \$(beats calm-2) -gt $before ]'"
silenced stop
yes "canary missed, stop: no process of the agents is left" "within 30 '! pids_of $BEAT | grep -q .'"
yes "canary missed, stop: ours are" "governor >/dev/null && kill -0 \$(enforcer)"
echo 1 >/proc/sys/kernel/ftrace_enabled
yes "canary refused after stop: ready" "within 30 ready"
rm -f /etc/cvf/cvfd.json
reload
in_background /tmp/after-stop $TOOL open $WORK/free/file
job=$JOB
no "canary missed, stop: a new session waits" "within 3 '! kill -0 $job 2>/dev/null'"
for agent in robust calm; do cvfctl agent thaw $agent >/dev/null; done
ended 30 $job
is "canary missed, stop, thawed: it goes on" "0 $WORK/free/file ok" "$? $(tail -n 1 /tmp/after-stop)"

rm -f /etc/cvf/agents.d/r-calm.json
reload
finish
