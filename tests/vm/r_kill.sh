#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 of the enforcer, of the governor and of both, with ten holds waiting and load running: verdicts stand all the
# time, holds keep their ids and can be answered afterwards, and the audit trail says what it lost, if anything.
# needs: own-boot

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
mkdir -p $WORK/short
echo x >$WORK/short/file
capability robust.short HIGH READ 2 '{"file":[{"path":"/srv/r/short/**","ops":["read"]}]}' >/etc/cvf/capabilities.d/r-short.json
robust_world

# asks_late NAME: a process that is there already asks for NAME once /srv/r/free/NAME is there
asks_late() {
	echo x >$WORK/held/$1
	in_background /tmp/$1 /bin/bash -c "until [ -e $WORK/free/$1 ]; do :; done; exec $TOOL open $WORK/held/$1"
	within 20 "pids_of free/$1 | grep -q ." || not_ok "$1: it runs" "$(cat /tmp/$1)"
}

# stopped NAME: it asked, and stands
stopped() {
	local pid
	for pid in $(pids_of "open $WORK/held/$1"); do
		! grep -q 'State:.*T (stopped)' "/proc/$pid/status" 2>/dev/null || return 0
	done
	return 1
}

for n in 0 1 2 3 4 5 6 7 8 9; do echo x >$WORK/held/k.$n; done
asks_late late-1
late_1=$JOB
asks_late late-2
late_2=$JOB
in_background /tmp/ten $TOOL flood 10 $WORK/held/k
ten=$JOB
yes "ten operations are held" "within 30 'waiting 10'"
hold_ids >/tmp/ids
load_begin

# --- the enforcer
first=$(enforcer)
kill -KILL "$first"
yes "enforcer killed: it is gone, the governor with it" "within 10 '! kill -0 $first 2>/dev/null && ! governor >/dev/null'"
load_right "enforcer gone"
touch $WORK/free/late-1
yes "enforcer gone: who asks now is held" "within 20 'stopped late-1'"
cvfctl status >/dev/null 2>&1
is "enforcer gone: cvfctl says that there is no daemon" 4 $?
no "enforcer gone: nothing held went on" "grep -q ok /tmp/ten"
cat $WORK/held/file $WORK/denied/file >/dev/null
is "enforcer gone: others are not affected" 0 $?
start_daemon
yes "enforcer started again: ready" "within 60 ready"
yes "enforcer started again: adopted the pins" "grep -q 'adopted from the pins' /var/log/cvfd.log"
yes "enforcer started again: eleven holds wait" "within 20 'waiting 11'"
yes "enforcer started again: who asked meanwhile is among them" "wait_hold robust '\"$WORK/held/late-1\"'"
late_hold_1=$HOLD
echo "$HOLD" >>/tmp/ids
sort -o /tmp/ids /tmp/ids
is "enforcer started again: they kept their ids" "$(cat /tmp/ids)" "$(hold_ids)"
load_right "enforcer started again"

# --- a second one
/usr/sbin/cvfd --foreground >/tmp/second 2>&1
is "second daemon: it fails" 1 $?
yes "second daemon: it says why" "grep -q 'another cvfd runs' /tmp/second"
yes "second daemon: the first is not affected" "ready && kill -0 \$(enforcer)"

# --- the governor
for round in 1 2; do
	before=$(governor)
	kill -KILL "$before"
	yes "governor killed $round: the keeper starts another" "within 30 'governor >/dev/null && [ \"\$(governor)\" != \"$before\" ]'"
	yes "governor killed $round: ready again" "within 30 ready"
	is "governor killed $round: the holds kept their ids" "$(cat /tmp/ids)" "$(hold_ids)"
	load_right "governor killed $round"
done

# --- a question that the governor has not seen when it dies
kill -STOP "$(governor)"
touch $WORK/free/late-2
yes "asked while the governor stands: held" "within 20 'stopped late-2'"
before=$(governor)
kill -KILL "$before"
yes "asked while the governor stands: the next one lists it" "wait_hold robust '\"$WORK/held/late-2\"'"
late_hold_2=$HOLD
echo "$HOLD" >>/tmp/ids
sort -o /tmp/ids /tmp/ids

# --- a question whose time ends while the governor stands
in_background /tmp/short /bin/bash -c "until [ -e $WORK/free/short ]; do :; done; $TOOL open $WORK/short/file"
short=$JOB
within 20 "pids_of free/short | grep -q ." || not_ok "it runs" "$(cat /tmp/short)"
before=$(governor)
kill -STOP "$before"
touch $WORK/free/short
ended 60 "$short"
is "nobody answers in its time: refused, without the governor" "$WORK/short/file EPERM" "$(tail -n 1 /tmp/short)"
kill -CONT "$before"
yes "nobody answers in its time: the reason is known afterwards" "within 20 'cvfctl events --json --capability robust.short | grep -q timeout'"

# --- both at once
first=$(enforcer)
kill -KILL "$first" "$(governor)"
within 10 "! kill -0 $first 2>/dev/null"
load_right "both killed"
start_daemon
yes "both killed: ready again" "within 60 ready"
yes "both killed: all holds are there" "within 20 'waiting 12'"
is "both killed: with their ids" "$(cat /tmp/ids)" "$(hold_ids)"

# --- the answers
n=0
for id in $(cat /tmp/ids); do
	[ "$id" != "$late_hold_1" ] && [ "$id" != "$late_hold_2" ] || continue
	n=$((n + 1))
	if [ $n -le 6 ]; then approve "$id"; else deny "$id"; fi || not_ok "answer $n after it all" "$(cat /tmp/approve.log)"
done
ended 30 "$ten"
is "the ten end" 0 $?
is "six are approved, four denied" "ok 6 eperm 4 errno513 0 other 0" "$(grep eperm /tmp/ten)"
approve "$late_hold_1"
ended 20 "$late_1"
is "who asked while the enforcer was gone is approved" "$WORK/held/late-1 ok" "$(tail -n 1 /tmp/late-1)"
deny "$late_hold_2"
ended 20 "$late_2"
is "who asked while the governor stood is denied" "$WORK/held/late-2 EPERM" "$(tail -n 1 /tmp/late-2)"
load_end
load_wrong=$($TOOL counters "$COUNTERS" | cut -d' ' -f2-)
is "no wrong verdict in all this time" "0 0" "$load_wrong"

# --- the audit trail
trail_is_complete_or_says_so() {
	local lost gaps
	lost=$(status_of events_lost)
	gaps=$($CLIENT get $SOCKET /v1/gaps | tr '{' '\n' | sed -n 's/.*"missing":\([0-9]*\).*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
	[ "$lost" = "$gaps" ]
}
yes "audit: what was lost is in rows" "within 20 trail_is_complete_or_says_so"
printf '# events recorded %s, lost %s, completeness %s\n' "$(status_of events_recorded)" "$(status_of events_lost)" "$(status_of audit_completeness)"
cvfctl events --json --agent robust --limit 1000 --verdict hold 2>/dev/null >/tmp/hold-events
for id in $(cat /tmp/ids); do
	[ "$(status_of events_lost)" != 0 ] || is "audit: one hold event for $id" 1 "$(grep -c "\"hold\":\"$id\"" /tmp/hold-events)"
done

# --- the way to end it is not for a host that is being enforced
/usr/sbin/cvfd --unpin >/tmp/unpin 2>&1
is "unpin while a daemon runs: it fails" 1 $?
is "unpin while a daemon runs: verdicts stand" "ok 0 eperm 10 other 0" "$(robust $TOOL repeat 10 $WORK/denied/file r)"
yes "unpin while a daemon runs: the pins are there" "[ -n \"\$(ls /sys/fs/bpf/cvf)\" ]"

# --- pins of another version: their enforcement goes on, and nothing is mixed with it
load_begin
first=$(enforcer)
kill -KILL "$first"
within 10 "! kill -0 $first 2>/dev/null && ! governor >/dev/null"
ours=$($TOOL pinned-abi 999)
/usr/sbin/cvfd --foreground >/tmp/stale 2>&1
is "pins of another version: cvfd does not start" 8 $?
yes "pins of another version: it says whose, and what to do" "grep -q 'belong to another version of cvfd' /tmp/stale && grep -q 'cvfd --unpin' /tmp/stale"
load_right "pins of another version"
is "pins of another version: they are as they were" 999 "$($TOOL pinned-abi "$ours")"
start_daemon
yes "pins of our version again: adopted" "within 60 ready"
load_right "pins of our version again"
load_end
first=$(enforcer)
kill -KILL "$first"
within 10 "! kill -0 $first 2>/dev/null && ! governor >/dev/null"
$TOOL pinned-abi 999 >/dev/null
/usr/sbin/cvfd --unpin >/tmp/unpin 2>&1
is "pins of another version: they can be removed" 0 $?

# --- a kernel without one of the hooks: nothing is enforced by halves
"$HERE/probe" swap-text /sys/kernel/btf/vmlinux /tmp/btf.1 bpf_lsm_path_rename bpf_lsm_path_missed &&
	"$HERE/probe" swap-text /tmp/btf.1 /tmp/btf.2 security_path_rename security_path_missed
is "a kernel without a hook: prepared" 0 $?
mount --bind /tmp/btf.2 /sys/kernel/btf/vmlinux
/usr/sbin/cvfd --foreground >/tmp/halves 2>&1
is "a kernel without a hook: cvfd does not start" 1 $?
yes "a kernel without a hook: it says which" "grep -q 'this kernel has no [a-z_]*path_rename: cvfd needs it' /tmp/halves"
no "a kernel without a hook: nothing is pinned" "[ -e /sys/fs/bpf/cvf/state ]"
umount /sys/kernel/btf/vmlinux
rm -f /tmp/btf.1 /tmp/btf.2
start_daemon
# The kernel verifies them all again.
yes "and replaced" "within 150 ready"
is "the new ones enforce" "ok 0 eperm 10 other 0" "$(robust $TOOL repeat 10 $WORK/denied/file r)"

finish
