#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Rules that count: so many go through, the next one is held or refused, what was approved goes on counting from the beginning.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

LIMIT=5
WINDOW=6

# shellcheck disable=SC2317  # world calls it
limits() {
	agent_declaration o observe >/etc/cvf/agents.d/t-o.json
	agent_declaration u enforce >/etc/cvf/agents.d/t-u.json
	agent_declaration y enforce >/etc/cvf/agents.d/t-y.json
	agent_declaration n enforce >/etc/cvf/agents.d/t-n.json
	cat >/etc/cvf/policies.d/t-rate.json <<-POLICY
	{"schema":"cvf.policy/v1","id":"rate","priority":200,"rules":[
	 {"id":"storm","when":{"op":["delete"],"path":["/t/r0/**"],"rate":{"more_than":$LIMIT,"within_s":$WINDOW}},
	  "effect":"REQUIRE_APPROVAL","reason":"many deletions"},
	 {"id":"old","when":{"agent":["y"],"path":["/t/r0/young"],"session_age":{"more_than_s":4}},"effect":"DENY"},
	 {"id":"new","when":{"agent":["n"],"capability":["t.args.good"],"first_use":true},"effect":"REQUIRE_APPROVAL"},
	 {"id":"args","when":{"argv":["say","*","bad"]},"effect":"DENY"},
	 {"id":"ask","when":{"path":["/t/r0/soon"],"op":["create"]},"effect":"REQUIRE_APPROVAL","hold":{"timeout_s":1}},
	 {"id":"flood","when":{"op":["create"],"path":["/t/r0/flood/**"],"rate":{"more_than":$LIMIT,"within_s":3600}},"effect":"DENY"},
	 {"id":"moves","when":{"op":["rename"],"path":["/t/r0/to/**"],"rate":{"more_than":2,"within_s":3600}},"effect":"DENY"}]}
	POLICY
}

files() {
	mkdir -p /t/r0/s
	local n
	for n in $(seq 0 "$1"); do echo x >/t/r0/s/$n; done
}
left() {
	find /t/r0/s -type f | wc -l
}

world limits

# Held beyond the limit; the twin below it is not; nobody's processes do not count.
files 20
"$PROBE" unlink-many /t/r0/s/ 21
is "nobody's: all of them" 0 "$(left)"
files 20
agent "$PROBE" unlink-many /t/r0/s/ $LIMIT
is "as many as may be" 0 $?
yes "as many as may be: nothing waits" 'no_hold t'
agent_begin "$PROBE" unlink /t/r0/s/10
yes "one more is held" 'wait_hold t /t/r0/s/10'
is "one more: which rule" rate/storm "$(printf '%s\n' "$HOLD_JSON" | field rule)"
is "one more: why" rate "$(printf '%s\n' "$HOLD_JSON" | field reason)"
yes "one more: it is there" '[ -e /t/r0/s/10 ]'
approve
agent_end
is "approved: it is deleted" 0 $?
no "approved: it has gone" '[ -e /t/r0/s/10 ]'
agent "$PROBE" unlink /t/r0/s/11
is "approved: counted from the beginning" 0 $?

# Beyond it again, in one process: the same process is let through twice.
files 20
agent_begin "$PROBE" unlink-many /t/r0/s/ 15
yes "a storm is held" 'wait_hold t /t/r0/s/'
first=$HOLD
seen=$(left)
approve
yes "approved: it goes on as far as the limit, then asks again" "wait_hold_other $first t /t/r0/s/"
is "approved: so many more, and the one that was asked for" $((seen - LIMIT - 1)) "$(left)"
deny
agent_end
no "denied: it fails" '[ $? = 0 ]'
is "denied: nothing more is deleted" $((seen - LIMIT - 1)) "$(left)"
yes "denied: no second question" 'no_hold t'

# Other sessions and agents have counters of their own.
agent_open u
files 4
agent "$PROBE" unlink-many /t/r0/s/ $LIMIT
is "another session has its own" 0 $?
agent_open t

# When the window has passed it may go on.
files 4
sleep $((WINDOW * 9 / 8 + 1))
agent "$PROBE" unlink-many /t/r0/s/ $LIMIT
is "after the window: as many as may be" 0 $?

# A grant for the session: as often as it likes.
files 40
agent_begin "$PROBE" unlink-many /t/r0/s/ 41
wait_hold t /t/r0/s/
cvfctl approve "$HOLD" --scope session --for 10m >/tmp/approve.log 2>&1
agent_end
is "approved for the session: all of them" 0 $?
is "approved for the session: they have gone" 0 "$(left)"
files 40
agent "$PROBE" unlink-many /t/r0/s/ 41
is "approved for the session: and the next" 0 $?

# DENY: no question. Attempts count, the refused ones too.
mkdir -p /t/r0/flood
for n in $(seq $LIMIT); do
	agent "$PROBE" create-excl /t/r0/flood/$n
	is "flood: $n" 0 $?
done
agent "$PROBE" create-excl /t/r0/flood/more
is "flood: one more is refused" $EPERM $?
no "flood: it is not there" '[ -e /t/r0/flood/more ]'
yes "flood: the reason" "wait_event t '\"reason\":\"rate\"' /t/r0/flood/more"
agent "$PROBE" create-excl /t/r0/elsewhere
is "flood: elsewhere it may" 0 $?
rm -rf /t/r0/flood/* /t/r0/elsewhere

# The new name of a rename counts too.
mkdir -p /t/r0/to
for n in 1 2 3; do echo x >/t/r0/m$n; done
agent "$PROBE" rename /t/r0/m1 /t/r0/to/1
is "moves: the first" 0 $?
agent "$PROBE" rename /t/r0/m2 /t/r0/to/2
is "moves: the second" 0 $?
agent "$PROBE" rename /t/r0/m3 /t/r0/to/3
is "moves: the third is refused" $EPERM $?
yes "moves: it is where it was" '[ -e /t/r0/m3 ] && [ ! -e /t/r0/to/3 ]'
agent "$PROBE" rename /t/r0/m3 /t/r0/m4
is "moves: elsewhere it may" 0 $?

# A reload does not forget what was counted.
reload
agent "$PROBE" rename /t/r0/m4 /t/r0/to/4
is "moves: counted across a reload" $EPERM $?

# The age of the session.
agent_open y
agent "$PROBE" create-excl /t/r0/young
is "age: a young session may" 0 $?
rm -f /t/r0/young
sleep 5
agent "$PROBE" create-excl /t/r0/young
is "age: an old one may not" $EPERM $?
no "age: it is not there" '[ -e /t/r0/young ]'
yes "age: the reason" "wait_event y '\"reason\":\"session-age\"' /t/r0/young"
agent "$PROBE" create-excl /t/r0/other
is "age: elsewhere it may" 0 $?
agent_open y
agent "$PROBE" create-excl /t/r0/young
is "age: the next session may again" 0 $?
rm -f /t/r0/young /t/r0/other

# Rules that name arguments, and a time limit of their own.
agent_open t
agent "$PROBE" exec "$PROBE" say to bad
is "arguments: the rule's are refused" $EPERM $?
agent "$PROBE" exec "$PROBE" nothing
is "arguments: others are not" 0 $?
agent_begin "$PROBE" create-excl /t/r0/soon
wait_hold t /t/r0/soon
agent_end
is "a time limit of the rule: over" $EPERM $?
yes "a time limit of the rule: the reason" "wait_event t '\"reason\":\"timeout\"' /t/r0/soon"

# observe: goes through, and is told.
files 10
agent_open o
agent "$PROBE" unlink-many /t/r0/s/ 11
is "observed: all of them" 0 $?
yes "observed: what would be held" "wait_event o '\"reason\":\"rate\"' hold"

# What was never done before: asked about once, a denial is no use; another agent is not concerned.
agent_open n
agent_begin /t/bin/args2 nothing
yes "first use: held" 'wait_hold n /t/bin/args2'
is "first use: which rule" rate/new "$(printf '%s\n' "$HOLD_JSON" | field rule)"
deny
agent_end
no "first use, denied: it fails" '[ $? = 0 ]'
yes "first use, denied: held again" 'begin_held n /t/bin/args2 /t/bin/args2 nothing'
generation=$(cvfctl status --json | field generation)
approve
agent_end
is "first use, approved: it runs" 0 $?
yes "first use: the policy is compiled without it" "within 10 '[ \"\$(cvfctl status --json | field generation)\" != $generation ]'"
agent /t/bin/args2 nothing
is "the second use: it runs" 0 $?
yes "the second use: nobody is asked" 'no_hold n'

rm -rf /t/r0/to /t/r0/flood /t/r0/s /t/r0/m*
world_end
finish
