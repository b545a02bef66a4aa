#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each operation held: approved it succeeds as if nothing had happened, denied it is EPERM without an effect, unanswered it
# is denied for that reason. Twins: the same in a LOW folder, and by a process that is no agent's.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# Two of everybody for /t/r2/two, and for /t/r2/dev whoever is in the group dev.
declare_quorum() {
	printf '{"schema":"cvf.policy/v1","id":"several","priority":200,"rules":[%s,%s]}\n' \
		'{"id":"two","when":{"path":"/t/r2/two/**"},"effect":"REQUIRE_APPROVAL","hold":{"quorum":2}}' \
		'{"id":"dev","when":{"path":"/t/r2/dev/**"},"effect":"REQUIRE_APPROVAL","hold":{"approvers":["@dev"]}}' \
		>/etc/cvf/policies.d/t-several.json
	printf '{"principals":[{"user":"dev","roles":["approver"]}]}\n' >/etc/cvf/cvfd.json
}

world declare_quorum

# held NAME WORD SETUP EFFECT COMMAND...: % stands for the folder; WORD is in the hold's JSON
held() {
	local name=$1 word=$2 setup=$3 effect=$4 d
	shift 4

	d=/t/r2
	eval "${setup//%/$d}"
	"${@//%/$d}"
	is "$name: control" 0 $?
	yes "$name: control has the effect" "${effect//%/$d}"

	d=/t/r0
	eval "${setup//%/$d}"
	agent "${@//%/$d}"
	is "$name: low risk" 0 $?
	yes "$name: low risk has the effect" "${effect//%/$d}"

	d=/t/r2
	eval "${setup//%/$d}"
	agent_begin "${@//%/$d}"
	if wait_hold t "$word"; then
		no "$name: no effect while held" "${effect//%/$d}"
		approve || not_ok "$name: approve" "$(cat /tmp/approve.log)"
	else
		not_ok "$name: held" "no hold with $word: $(holds)"
	fi
	agent_end
	is "$name: approved" 0 $?
	yes "$name: approved has the effect" "${effect//%/$d}"

	eval "${setup//%/$d}"
	agent_begin "${@//%/$d}"
	wait_hold t "$word" && deny
	agent_end
	is "$name: denied" $EPERM $?
	no "$name: denied has no effect" "${effect//%/$d}"

	d=/t/r2t
	eval "${setup//%/$d}"
	agent "${@//%/$d}"
	is "$name: time-out" $EPERM $?
	no "$name: time-out has no effect" "${effect//%/$d}"
}

held "unlink" '"operation":"delete"' 'echo x >%/f' '[ ! -e %/f ]' "$PROBE" unlink %/f
yes "time-out is the reason in the event" 'wait_event t timeout /t/r2t/f'
held "open for writing" '"operation":"write"' 'rm -f %/f; : >%/f' 'grep -q probe %/f' "$PROBE" write %/f
held "create" '"operation":"create"' 'rm -f %/new' '[ -e %/new ]' "$PROBE" create %/new
held "create O_EXCL" '"operation":"create"' 'rm -f %/new' '[ -e %/new ]' "$PROBE" create-excl %/new
held "mkdir" '"operation":"create"' 'rm -rf %/d' '[ -d %/d ]' "$PROBE" mkdir %/d
held "rmdir" '"operation":"delete"' 'mkdir -p %/d' '[ ! -d %/d ]' "$PROBE" rmdir %/d
held "rename" '"operation":"rename"' 'rm -f %/g; echo x >%/f' '[ -e %/g ]' "$PROBE" rename %/f %/g
held "exec" '"operation":"exec"' 'rm -f /t/r0/said' '[ -e /t/r0/said ]' "$PROBE" exec %/probe say /t/r0/said x
held "posix_spawn" '"operation":"exec"' 'rm -f /t/r0/said' '[ -e /t/r0/said ]' "$PROBE" spawn %/probe say /t/r0/said x
held "a thread's unlink" '"operation":"delete"' 'echo x >%/f' '[ ! -e %/f ]' "$PROBE" thread unlink %/f

# A grant with a pattern: the next in the folder goes on with nobody asked, one beside it waits, and a revoked one covers nothing.
mkdir -p /t/r2/build /t/r2/src
for f in build/1 build/2 build/3 src/1; do echo x >/t/r2/$f; done
agent_begin "$PROBE" unlink /t/r2/build/1
wait_hold t '"operation":"delete"' && yes "pattern: it is offered" 'cvfctl approvals show "$HOLD" | grep -q -F "/t/r2/build/*"'
cvfctl approve "$HOLD" --scope session --pattern '/t/r2/build/*' >/tmp/approve.log 2>&1
agent_end
is "pattern: the first is approved" 0 $?
agent "$PROBE" unlink /t/r2/build/2
is "pattern: the next is covered" 0 $?
yes "pattern: the next has the effect" '[ ! -e /t/r2/build/2 ]'
agent_begin "$PROBE" unlink /t/r2/src/1
wait_hold t '"operation":"delete"' && deny
agent_end
is "pattern: another folder is not covered" $EPERM $?
no "pattern: another folder has no effect" '[ ! -e /t/r2/src/1 ]'
cvfctl grants revoke "$(cvfctl grants --json | field id)" >/dev/null
agent_begin "$PROBE" unlink /t/r2/build/3
wait_hold t '"operation":"delete"' && deny
agent_end
is "pattern: revoked" $EPERM $?
no "pattern: revoked has no effect" '[ ! -e /t/r2/build/3 ]'

# One of two releases nothing, the second does; whom the rule does not name cannot; one denial is enough.
as_dev() {
	su dev -c "cvfctl $*"
}

mkdir -p /t/r2/two /t/r2/dev
for f in two/1 two/2 dev/1; do echo x >/t/r2/$f; done
agent_begin "$PROBE" unlink /t/r2/two/1
wait_hold t '"operation":"delete"' && cvfctl approve "$HOLD" >/tmp/approve.log 2>&1
yes "quorum: one of two is shown" 'grep -q "1 of 2 approved" /tmp/approve.log && cvfctl approvals | grep -q "1 of 2 approved"'
no "quorum: the same user is no second one" 'cvfctl approve "$HOLD" 2>/dev/null'
pid=$(cvfctl approvals show --json "$HOLD" | field pid)
kill -CONT "$pid"
yes "quorum: woken, it asks again and stops" 'within $PATIENCE "[ \"\$($PROBE state $pid)\" = T ]"'
yes "quorum: one of two releases nothing" '[ -e /t/r2/two/1 ]'
yes "quorum: the second approves" 'as_dev approve "$HOLD" >/tmp/approve.log 2>&1'
agent_end
is "quorum: approved by two" 0 $?
no "quorum: approved by two has the effect" '[ -e /t/r2/two/1 ]'
agent_begin "$PROBE" unlink /t/r2/two/2
wait_hold t '"operation":"delete"' && cvfctl approve "$HOLD" >/dev/null && as_dev deny "$HOLD" >/dev/null
agent_end
is "quorum: one denial denies" $EPERM $?
yes "quorum: denied has no effect" '[ -e /t/r2/two/2 ]'
agent_begin "$PROBE" unlink /t/r2/dev/1
wait_hold t '"operation":"delete"'
no "approvers: root is not named" 'cvfctl approve "$HOLD" 2>/dev/null'
yes "approvers: nothing is released" '[ -e /t/r2/dev/1 ]'
yes "approvers: one of the group is" 'as_dev approve "$HOLD" >/tmp/approve.log 2>&1'
agent_end
is "approvers: approved" 0 $?
no "approvers: approved has the effect" '[ -e /t/r2/dev/1 ]'
rm -f /etc/cvf/policies.d/t-several.json /etc/cvf/cvfd.json

# Reading has no effect on the disk: what was read is the effect.
echo secret >/t/r2/f
agent_begin "$PROBE" cat /t/r2/f
wait_hold t '"operation":"read"' && approve
agent_end
is "read: approved" 0 $?
is "read: approved has the effect" secret "$(cat $OUT)"
agent_begin "$PROBE" cat /t/r2/f
wait_hold t '"operation":"read"' && deny
agent_end
is "read: denied" $EPERM $?
is "read: denied has no effect" "" "$(cat $OUT)"

# held_net NAME WORD KIND COMMAND...: % stands for the address; what arrives is the effect
held_net() {
	local name=$1 word=$2 kind=$3 n
	shift 3
	for n in 10 12 13; do
		server "$kind" 127.0.$n.1 7000 /tmp/arrived.$n
	done

	"${@//%/127.0.12.1}" control
	is "$name: control" 0 $?
	yes "$name: control has the effect" 'arrived /tmp/arrived.12 control'
	agent "${@//%/127.0.10.1}" low
	is "$name: low risk" 0 $?
	yes "$name: low risk has the effect" 'arrived /tmp/arrived.10 low'

	agent_begin "${@//%/127.0.12.1}" approved
	if wait_hold t "$word"; then
		yes "$name: no effect while held" 'absent /tmp/arrived.12 approved'
		approve || not_ok "$name: approve" "$(cat /tmp/approve.log)"
	else
		not_ok "$name: held" "no hold with $word: $(holds)"
	fi
	agent_end
	is "$name: approved" 0 $?
	yes "$name: approved has the effect" 'arrived /tmp/arrived.12 approved'

	agent_begin "${@//%/127.0.12.1}" denied
	wait_hold t "$word" && deny
	agent_end
	is "$name: denied" $EPERM $?
	agent "${@//%/127.0.13.1}" late
	is "$name: time-out" $EPERM $?
	yes "$name: denied has no effect" 'absent /tmp/arrived.12 denied'
	yes "$name: time-out has no effect" 'absent /tmp/arrived.13 late'
	servers_end
}

held_net "connect" '"operation":"connect"' tcp "$PROBE" tcp-connect % 7000
held_net "UDP sendto" '"operation":"send"' udp "$PROBE" udp-sendto % 7000


# What it calls itself is shown as that; what it is and does comes from the kernel.
echo x >/t/r2/named
agent_begin "$PROBE" named "safe: say yes" unlink /t/r2/named
wait_hold t named
is "a name that speaks to the approver: the program" /t/bin/probe "$(printf '%s\n' "$HOLD_JSON" | field exe)"
is "a name that speaks to the approver: the object" /t/r2/named "$(printf '%s\n' "$HOLD_JSON" | field object)"
deny
agent_end
yes "a name that speaks to the approver: denied" '[ $? = $EPERM ] && [ -e /t/r2/named ]'

# A process that asked is gone, another has its number and asks the same: the old answer is nobody's.
echo x >/t/r2/numbered
agent_begin "$PROBE" fork-as 31338 unlink /t/r2/numbered
wait_hold t numbered
first=$HOLD
is "a number that is used again: asked" 31338 "$(printf '%s\n' "$HOLD_JSON" | field pid)"
kill -KILL 31338
agent_end
agent_begin "$PROBE" fork-as 31338 unlink /t/r2/numbered
if wait_hold_other "$first" t numbered; then
	is "a number that is used again: asked again" 31338 "$(printf '%s\n' "$HOLD_JSON" | field pid)"
	approve "$first"
	no "a number that is used again: the old question cannot be answered" '[ $? = 0 ]'
	yes "a number that is used again: nothing was done" '[ -e /t/r2/numbered ]'
	approve
else
	not_ok "a number that is used again: asked again" "$(holds)"
fi
agent_end
is "a number that is used again: its own answer counts" 0 $?
no "a number that is used again: done" '[ -e /t/r2/numbered ]'
finish
