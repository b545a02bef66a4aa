#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What a cell comes to by mode, grant, scope, rule and level; and who may answer.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

watched() {
	agent_declaration w observe >/etc/cvf/agents.d/t-w.json
	agent_declaration l learn >/etc/cvf/agents.d/t-l.json
}

world watched

# observe and learn: nothing refused; events tell what would have been.
for id in w l; do
	agent_open $id
	for d in deny r1/out secret r2 r3 none; do
		echo x >/t/$d/f
		agent "$PROBE" unlink /t/$d/f
		is "agent $id: unlink in /t/$d" 0 $?
		no "agent $id: has its effect in /t/$d" '[ -e /t/$d/f ]'
	done
	agent "$PROBE" socket raw
	is "agent $id: raw socket" 0 $?
	agent "$PROBE" exec /t/deny/probe nothing
	is "agent $id: denied program" 0 $?
	yes "agent $id: nothing waits" 'no_hold $id'
done
yes "observed: what would be denied" 'wait_event w /t/deny/f deny'
yes "observed: what would be held" 'wait_event w /t/r2/f hold'
# Reasons, one by one, each beside its twin.
agent_open t
reason() {
	local d=$1 reason=$2
	echo x >/t/$d/f
	agent "$PROBE" open-write /t/$d/f
	is "$reason: refused" $EPERM $?
	yes "$reason: the reason" "wait_event t '\"reason\":\"$reason\"' /t/$d/f"
}
reason secret not-granted
reason r1/out out-of-scope
reason deny policy-deny
yes "policy-deny: which rule" '[[ $EVENT == *no* ]]'
echo x >/t/r1/in/f
agent "$PROBE" open-write /t/r1/in/f
is "in scope: allowed" 0 $?
echo x >/t/r0/f
agent "$PROBE" open-write /t/r0/f
is "low risk: allowed" 0 $?
agent cvfctl why
yes "the agent can ask why" 'grep -q "the test says no" $OUT'

echo x >/t/none/f
agent_begin "$PROBE" unlink /t/none/f
if wait_hold t /t/none/f; then
	is "unregistered: counts as HIGH" HIGH "$(printf '%s\n' "$HOLD_JSON" | field risk)"
	is "unregistered: its name" unregistered.delete "$(printf '%s\n' "$HOLD_JSON" | field capability)"
	approve
else
	not_ok "unregistered: held" "$(holds)"
fi
agent_end
is "unregistered: approved" 0 $?

# CRITICAL: root on the control socket is no person.
echo x >/t/r3/f
agent_begin "$PROBE" unlink /t/r3/f
if wait_hold t /t/r3/f; then
	is "critical: its level" CRITICAL "$(printf '%s\n' "$HOLD_JSON" | field risk)"
	approve
	is "critical: root without a principal may not approve" 5 $?
	yes "critical: still waits" 'holds | grep -q -F "$HOLD" && [ -e /t/r3/f ]'
	printf '{"principals":[{"user":"root","roles":["approver"],"human":true}]}\n' >/etc/cvf/cvfd.json
	cvfctl reload >/dev/null 2>&1
	approve
	yes "critical: a person without a second factor may not either" 'grep -q "cvfctl approver enrol" /tmp/approve.log && [ -e /t/r3/f ]'
	yes "critical: one is enrolled" 'cvfctl approver enrol root 2>/dev/null | grep -q "^otpauth://totp/CVF:root?secret="'
	no "critical: no code, no approval" 'cvfctl approve "$HOLD" --otp "" >/dev/null 2>&1'
	yes "critical: still waits after all that" 'holds | grep -q -F "$HOLD" && [ -e /t/r3/f ]'
	rm -f /etc/cvf/cvfd.json
	cvfctl reload >/dev/null 2>&1
	deny
	is "critical: root may deny" 0 $?
else
	not_ok "critical: held" "$(holds)"
fi
agent_end
is "critical: denied" $EPERM $?
yes "critical: no effect" '[ -e /t/r3/f ]'

# Answers that last.
for i in 1 2 3; do echo x >/t/r2/g$i; done
agent_begin "$PROBE" open-write /t/r2/g1
wait_hold t /t/r2/g1
cvfctl approve "$HOLD" --scope session --uses 2 >/dev/null
agent_end
is "grant for the session: approved" 0 $?
agent "$PROBE" open-write /t/r2/g1
is "grant for the session: the same again" 0 $?
agent_begin "$PROBE" open-write /t/r2/g2
if wait_hold t /t/r2/g2; then ok "grant for the session: another file asks"; else not_ok "grant for the session: another file asks" "no hold"; fi
deny
agent_end
for i in 1 2 3 4; do
	agent_begin "$PROBE" open-write /t/r2/g1
	if within 1 'wait_hold_now t /t/r2/g1'; then
		deny
		agent_end
		break
	fi
	agent_end || break
done
yes "grant for the session: used up after --uses" '[ $i -le 3 ]'

# An answer is used once: two tasks that ask the same are two questions.
echo x >/t/r2/g3
agent_begin "$PROBE" open-write /t/r2/g3
wait_hold t /t/r2/g3
approve
agent_end
agent_begin "$PROBE" open-write /t/r2/g3
if wait_hold t /t/r2/g3; then ok "an approval is used once"; else not_ok "an approval is used once" "the second open was not held"; fi
deny
agent_end
is "an approval is used once: denied" $EPERM $?
approve
no "an answered hold cannot be answered again" '[ $? = 0 ]'

# More questions than the agent may have.
sed 's/"mode"/"limits":{"pending_holds":2},"mode"/' -i /etc/cvf/agents.d/t-t.json
reload
for i in 1 2 3 4; do
	echo x >/t/r2/h$i
	as t "$PROBE" unlink /t/r2/h$i &
	pids[i]=$!
done
within $PATIENCE '[ "$(holds | grep -c /t/r2/h)" = 2 ]'
is "limit of holds: two wait" 2 "$(holds | grep -c /t/r2/h)"
deny_all
refused=0
for i in 1 2 3 4; do
	wait "${pids[i]}"
	[ $? != $EPERM ] || refused=$((refused + 1))
done
is "limit of holds: all four are refused" 4 $refused
yes "limit of holds: the reason" 'wait_event t hold-limit'
finish
