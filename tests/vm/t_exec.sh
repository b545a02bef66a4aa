#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What runs, with which arguments: every way to start a program, scripts, long arguments, and races for both.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
world
SAID=/t/r0/said

# said TEXT...: these lines, in any order and nothing else, were said
said() {
	[ "$(sort $SAID 2>/dev/null)" = "$(printf '%s\n' "$@" | sort)" ]
}

# way NAME VERB: starts a program of a free, a denied, a held folder
way() {
	local name=$1 verb=$2
	rm -f $SAID
	"$PROBE" "$verb" /t/deny/probe say $SAID control
	is "$name: control" 0 $?
	agent "$PROBE" "$verb" /t/r0/probe say $SAID free
	is "$name: allowed" 0 $?
	agent "$PROBE" "$verb" /t/r1/in/probe say $SAID scope
	is "$name: allowed in scope" 0 $?
	agent "$PROBE" "$verb" /t/deny/probe say $SAID denied
	is "$name: refused" $EPERM $?
	agent "$PROBE" "$verb" /t/r1/out/probe say $SAID out
	is "$name: a scope is for files and addresses, not for programs" 0 $?
	agent_begin "$PROBE" "$verb" /t/r2/probe say $SAID approved
	wait_hold t approved && approve
	agent_end
	is "$name: approved" 0 $?
	yes "$name: what ran" 'said control free scope out approved'
}

way "execve" exec
way "execveat of a descriptor" execveat
way "posix_spawn" spawn
way "vfork" vfork

# A program without a file: its own matter, unregistered here.
rm -f $SAID
"$PROBE" memfd-exec "$PROBE" say $SAID control
is "a program in memory: control" 0 $?
agent_begin "$PROBE" memfd-exec "$PROBE" say $SAID denied
wait_hold t '"operation":"exec"' && deny
agent_end
is "a program in memory: denied" $EPERM $?
agent_begin "$PROBE" memfd-exec "$PROBE" say $SAID approved
wait_hold t '"operation":"exec"' && approve
agent_end
is "a program in memory: approved" 0 $?
yes "a program in memory: what ran" 'said control approved'

# By arguments.
rm -f $SAID
/t/bin/args say $SAID evil
agent "$PROBE" exec /t/bin/args say $SAID good
is "arguments: allowed" 0 $?
agent "$PROBE" exec /t/bin/args say $SAID evil
is "arguments: refused" $EPERM $?
agent_begin "$PROBE" exec /t/bin/args say $SAID ask
wait_hold t '"ask"' && approve
agent_end
is "arguments: approved" 0 $?
agent_begin "$PROBE" exec /t/bin/args say $SAID other
if wait_hold t '"other"'; then
	is "arguments: unregistered counts as HIGH" HIGH "$(printf '%s\n' "$HOLD_JSON" | field risk)"
	deny
else
	not_ok "arguments: unregistered are held" "$(holds)"
fi
agent_end
is "arguments: unregistered, denied" $EPERM $?
yes "arguments: what ran" 'said evil good ask'

# Arguments that are longer than what is judged are never cut silently.
rm -f $SAID
agent "$PROBE" exec-long /t/bin/args2 20000 say $SAID short
is "20 KB of arguments: allowed" 0 $?
for much in "exec-long 40000" "exec-count 3000"; do
	# shellcheck disable=SC2086
	set -- $much
	"$PROBE" "$1" /t/bin/args2 "$2" say $SAID "control-$2"
	is "$much: control" 0 $?
	agent_begin "$PROBE" "$1" /t/bin/args2 "$2" say $SAID "denied-$2"
	if wait_hold t '"operation":"exec"'; then
		is "$much: counts as HIGH" HIGH "$(printf '%s\n' "$HOLD_JSON" | field risk)"
		deny
	else
		not_ok "$much: held" "no hold"
	fi
	agent_end
	is "$much: denied" $EPERM $?
	agent_begin "$PROBE" "$1" /t/bin/args2 "$2" say $SAID "approved-$2"
	wait_hold t '"operation":"exec"' && approve
	agent_end
	is "$much: approved" 0 $?
done
yes "long arguments: the reason" 'wait_event t args-too-long'
yes "long arguments: what ran" 'said short control-40000 approved-40000 control-3000 approved-3000'

# Scripts: every level is judged, and held at most once each.
script() {
	rm -f "$1"
	printf '#!%s\necho "$1" >>%s\n' "$2" $SAID >"$1"
	chmod 755 "$1"
}

cp /bin/busybox /t/x2/sh && cp /bin/busybox /t/deny/sh && cp /bin/busybox /t/r0/sh
rm -f $SAID
for d in r0 deny x2; do
	script /t/$d/plain "/t/r0/sh"
	script /t/$d/option "/t/r0/sh -e"
	script /t/r0/by-$d "/t/$d/sh"
	script /t/r0/nested-$d "/t/$d/plain"
done
for kind in plain option; do
	/t/deny/$kind control
	agent "$PROBE" exec /t/r0/$kind free
	is "script, $kind: allowed" 0 $?
	agent "$PROBE" exec /t/deny/$kind denied
	is "script, $kind: refused" $EPERM $?
	agent_begin "$PROBE" exec /t/x2/$kind approved
	wait_hold t '"operation":"exec"' && approve
	agent_end
	is "script, $kind: approved with one answer" 0 $?
done
yes "script: what ran" 'said control control free free approved approved'
rm -f $SAID
/t/r0/by-deny control
agent "$PROBE" exec /t/r0/by-deny denied
is "script with a denied interpreter: refused" $EPERM $?
agent "$PROBE" exec /t/r0/by-r0 free
is "script with a free interpreter: allowed" 0 $?
agent_begin "$PROBE" exec /t/r0/by-x2 approved
wait_hold t '"operation":"exec"' && approve
agent_end
is "script with a held interpreter: approved with one answer" 0 $?
yes "script with an interpreter: what ran" 'said control free approved'
# The nested script is called with the outer one as its argument: that is what it says.
rm -f $SAID
/t/r0/nested-deny x
is "nested script: control" 0 $?
agent "$PROBE" exec /t/r0/nested-r0 x
is "nested script: allowed" 0 $?
agent "$PROBE" exec /t/r0/nested-deny x
is "nested script: refused" $EPERM $?
agent_begin "$PROBE" exec /t/r0/nested-x2 x
wait_hold t '"operation":"exec"' && approve
agent_end
is "nested script: approved with one answer" 0 $?
yes "nested script: what ran" 'said /t/r0/nested-deny /t/r0/nested-r0 /t/r0/nested-x2'
rm -f $SAID
script /t/x2/both /t/x2/sh
agent_begin "$PROBE" exec /t/x2/both approved
wait_hold t '"operation":"exec"'
approve
wait_hold_other "$HOLD" t '"operation":"exec"' && approve
agent_end
is "held script with a held interpreter: an answer for each" 0 $?
yes "held script with a held interpreter: ran once" 'said approved'

# The kernel's copy and ours can differ only in programs that never get to run.
rm -f $SAID
"$PROBE" flip 200 /t/bin/args $SAID >/dev/null
yes "race for an argument: control runs the evil" 'grep -q food $SAID'
rm -f $SAID
agent "$PROBE" flip 300 /t/bin/args $SAID
is "race for an argument: the attempts end" 0 $?
no "race for an argument: evil never ran" 'grep -q food $SAID'
yes "race for an argument: good did" 'grep -q good $SAID'
printf '# race for an argument: %s\n' "$(cat $OUT)"
deny_all

# Changed while held: another question. The first answer is good for nothing.
swap() {
	local name=$1 verb=$2 a=$3 b=$4 first
	rm -f /t/r0/swapped
	agent_begin "$PROBE" "$verb" "$a" "$b"
	if ! wait_hold t "$a"; then
		not_ok "$name: held" "$(holds)"
		agent_end
		return
	fi
	first=$HOLD
	within 5 '[ -e /t/r0/swapped ]'
	approve
	if wait_hold t "$b"; then
		yes "$name: another question" '[ "$HOLD" != "$first" ]'
		is "$name: the first is void or answered" no "$(holds | grep -q -F "$first" && echo yes || echo no)"
		deny
	else
		not_ok "$name: another question" "none about $b"
	fi
	agent_end
	is "$name: the second answer counts" $EPERM $?
}

echo x >/t/r2/first-file && echo x >/t/r2/second-file
swap "path swapped while held" swap-unlink /t/r2/first-file /t/r2/second-file
yes "path swapped while held: nothing was deleted" '[ -e /t/r2/first-file ] && [ -e /t/r2/second-file ]'
rm -f $SAID
swap "argument swapped while held" swap-exec first-word second-word
no "argument swapped while held: nothing ran" '[ -e $SAID ]'
swap "address swapped while held" swap-connect 127.0.12.1 127.0.12.2
# Not swapped: one question, one answer.
agent_begin "$PROBE" swap-unlink /t/r2/first-file /t/r2/first-file
wait_hold t first-file && approve
agent_end
is "nothing swapped while held: approved" 0 $?
no "nothing swapped while held: deleted" '[ -e /t/r2/first-file ]'

# Asked at once: whoever asks sees what was done before, though events are stored together a little later.
agent bash -c '(exit 76); bash -c "exit 77"; :'
cvfctl audit export >/tmp/trail
yes "the end of a program is recorded with its status" "grep -q '\"exit_code\":77,' /tmp/trail"
no "the end of what executed nothing is not" "grep -q '\"exit_code\":76,' /tmp/trail"

# The same while others follow: what is stored on the way is for them, too, and no request is served within another one.
cvfctl events --follow >/tmp/followed 2>&1 &
follower=$!
disown
bad=0
for _ in $(seq 10); do
	asking=()
	for n in 1 2 3 4; do
		as t /bin/true >/dev/null 2>>/tmp/unanswered &
		asking+=($!)
	done
	for n in "${asking[@]}"; do
		wait "$n" || bad=$((bad + 1))
	done
done
is "asking while others follow: each has an answer" 0 $bad
agent "$PROBE" exec /t/deny/probe say $SAID followed
is "asking while others follow: refused" $EPERM $?
yes "asking while others follow: who follows sees it" "within 10 'grep -q followed /tmp/followed'"
kill $follower
finish
