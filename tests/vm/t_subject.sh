#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Who is governed: whatever an agent's process forks, becomes or moves to; what is enrolled by program, user, cgroup or hand;
# and nobody else.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

CG=/sys/fs/cgroup
mkdir -p $CG/t-old/below

enrolled() {
	agent_declaration byexe enforce '"match":{"exe":["/t/bin/byexe"]},' >/etc/cvf/agents.d/t-byexe.json
	agent_declaration byuid enforce '"match":{"uid":[1234]},' >/etc/cvf/agents.d/t-byuid.json
	agent_declaration bycg enforce '"match":{"cgroup":["/t-old","/t-new*"]},' >/etc/cvf/agents.d/t-bycg.json
	agent_declaration byhand enforce >/etc/cvf/agents.d/t-byhand.json
}

cp "$HERE/probe" /tmp/probe.byexe
# A process that sits in the cgroup before anything names it.
mkdir -p /t/bin /t/deny && cp "$HERE/probe" /t/bin/probe
"$PROBE" cgroup $CG/t-old after /tmp/go-old create-excl /t/deny/old 2>/dev/null &
old=$!
within 5 '[ -e /tmp/go-old.waiting ]'
world enrolled
cp "$HERE/probe" /t/bin/byexe
chmod 777 /t/r0 /t/deny

agent_open t
echo x >/t/deny/f

# inherits NAME COMMAND...: the command ends with a verb; it is governed as agent t
inherits() {
	local name=$1
	shift
	"$@" open-write /t/deny/f
	is "$name: control" 0 $?
	agent "$@" open-write /t/r0/f
	is "$name: allowed" 0 $?
	agent "$@" open-write /t/deny/f
	is "$name: governed" $EPERM $?
}

echo x >/t/r0/f
mkdir -p $CG/t-elsewhere
chmod 666 /t/r0/f /t/deny/f
inherits "fork" "$PROBE" fork
inherits "fork of a fork" "$PROBE" fork fork fork
inherits "thread" "$PROBE" thread
inherits "exec chain" "$PROBE" exec /bin/busybox sh -c 'exec /bin/sh -c "exec /t/bin/probe vfork /t/bin/probe \"\$@\"" x "$@"' x
inherits "moved to another cgroup" "$PROBE" cgroup $CG/t-elsewhere
# moved FOLDER: the status of an agent's process that somebody else moved to another cgroup
moved() {
	rm -f /t/r0/go /t/r0/go.waiting
	agent_begin "$PROBE" after /t/r0/go open-write "$1/f"
	within 5 '[ -e /t/r0/go.waiting ]'
	for pid in $(pid_of probe); do
		[ "$pid" = "$old" ] || echo "$pid" >$CG/t-elsewhere/cgroup.procs 2>/dev/null
	done
	: >/t/r0/go
	agent_end
}
moved /t/r0
is "moved by somebody else: allowed" 0 $?
moved /t/deny
is "moved by somebody else: governed" $EPERM $?
inherits "a process made under a chosen number" "$PROBE" fork-as 31337
inherits "another user" "$PROBE" uid 1000
rm -f /t/r0/result /t/deny/orphan
agent "$PROBE" double-fork /t/r0/result create-excl /t/deny/orphan
yes "double fork and setsid: ends" 'within 10 "[ -s /t/r0/result ]"'
is "double fork and setsid: governed" $EPERM "$(cat /t/r0/result)"
no "double fork and setsid: no effect" '[ -e /t/deny/orphan ]'
rm -f /t/r0/result
agent "$PROBE" double-fork /t/r0/result create-excl /t/r0/orphan
yes "double fork and setsid: allowed" 'within 10 "[ -s /t/r0/result ]" && [ "$(cat /t/r0/result)" = 0 ]'
rm -f /tmp/result /t/deny/orphan
"$PROBE" double-fork /tmp/result create-excl /t/deny/orphan
yes "double fork and setsid: control" 'within 10 "[ -s /tmp/result ]" && [ "$(cat /tmp/result)" = 0 ]'

sys_risk LOW
agent_open t
inherits "new user, mount, pid, net, ipc and uts namespaces" "$PROBE" namespaces
echo x >/t/r2/f
agent_begin "$PROBE" namespaces open-write /t/r2/f
wait_hold t /t/r2/f
pid=$(printf '%s\n' "$HOLD_JSON" | field pid)
is "in a process namespace: the question has the host's number" "$pid 1" "$(sed -n 's/^NSpid:[[:space:]]*//p' "/proc/$pid/status" | tr '\t' ' ')"
deny
agent_end
is "in a process namespace: denied" $EPERM $?

# A background process that outlives the session's root is still governed.
rm -f /t/r0/go /t/r0/go.waiting /t/deny/late
as t /bin/sh -c "$PROBE after /t/r0/go create-excl /t/deny/late >/dev/null 2>&1 & :"
within 5 '[ -e /t/r0/go.waiting ]'
: >/t/r0/go
yes "left behind by its session: refused" 'wait_event t /t/deny/late deny'
no "left behind by its session: no effect" '[ -e /t/deny/late ]'

# By program.
rm -f /t/deny/g
"$PROBE" exec /t/bin/byexe create-excl /t/deny/g
is "by program: governed" $EPERM $?
no "by program: no effect" '[ -e /t/deny/g ]'
"$PROBE" exec /t/bin/byexe create-excl /t/r0/byexe
is "by program: allowed" 0 $?
yes "by program: under its own name" 'wait_event byexe /t/deny/g'
"$PROBE" exec /tmp/probe.byexe create-excl /t/deny/g
is "by program: another path is nobody's" 0 $?
rm -f /t/deny/g
"$PROBE" exec /t/bin/byexe exec "$PROBE" create-excl /t/deny/g
is "by program: what it starts is governed" $EPERM $?

# By user: at exec.
"$PROBE" uid 1234 exec "$PROBE" create-excl /t/deny/u1
is "by user: governed" $EPERM $?
"$PROBE" uid 1235 exec "$PROBE" create-excl /t/deny/u2
is "by user: another one is nobody's" 0 $?
"$PROBE" uid 1234 exec "$PROBE" create-excl /t/r0/u1
is "by user: allowed" 0 $?

# By cgroup.
: >/tmp/go-old
wait $old
is "by cgroup: a process that was there before" $EPERM $?
no "by cgroup: a process that was there before: no effect" '[ -e /t/deny/old ]'
"$PROBE" cgroup $CG/t-old create-excl /t/deny/c1
is "by cgroup: a process that moves in" $EPERM $?
"$PROBE" cgroup $CG/t-old create-excl /t/r0/c1
is "by cgroup: allowed" 0 $?
"$PROBE" cgroup $CG/t-old/below create-excl /t/deny/c2
is "by cgroup: a child that was there before" $EPERM $?
mkdir -p $CG/t-old/fresh/deep
"$PROBE" cgroup $CG/t-old/fresh/deep create-excl /t/deny/c3
is "by cgroup: a new grandchild" $EPERM $?
mkdir -p $CG/t-new-1
"$PROBE" cgroup $CG/t-new-1 create-excl /t/deny/c4
is "by cgroup: made after it was named" $EPERM $?
"$PROBE" cgroup $CG/t-elsewhere create-excl /t/deny/c5
is "by cgroup: another one is nobody's" 0 $?
"$PROBE" cgroup $CG/t-old cgroup $CG/t-elsewhere create-excl /t/r0/c6
"$PROBE" cgroup $CG/t-old open-read /t/r0/f
"$PROBE" cgroup $CG/t-old fork cgroup $CG/t-elsewhere create-excl /t/deny/c6
is "by cgroup: having left it again" $EPERM $?
rmdir $CG/t-new-1 && mkdir $CG/t-new-1
"$PROBE" cgroup $CG/t-new-1 create-excl /t/deny/c7
is "by cgroup: made again" $EPERM $?

# By hand, with threads.
rm -f /tmp/go /tmp/go.waiting /t/deny/t
"$PROBE" threads 8 /tmp/go open-write /t/deny/f >/tmp/threads &
pid=$!
within 5 '[ -e /tmp/go.waiting ]'
cvfctl agent attach byhand --pid $pid >/tmp/attach.log 2>&1
is "by hand: attached" 0 $?
: >/tmp/go
wait $pid
is "by hand: every thread is governed" "1 1 1 1 1 1 1 1 1" "$(cat /tmp/threads)"
rm -f /tmp/go /tmp/go.waiting
"$PROBE" threads 8 /tmp/go open-write /t/deny/f >/tmp/threads &
pid=$!
within 5 '[ -e /tmp/go.waiting ]'
: >/tmp/go
wait $pid
is "by hand: control" "0 0 0 0 0 0 0 0 0" "$(cat /tmp/threads)"
cvfctl agent attach byhand --pid 999999 >/dev/null 2>&1
is "by hand: a process that does not exist" 3 $?

# init and what enforces are no agents, neither by hand nor in an agent's cgroup.
for pid in 1 $(pid_of cvfd) $(pid_of cvfd-govern); do
	name=$(cat /proc/$pid/comm)
	cvfctl agent attach byhand --pid $pid >/tmp/attach.log 2>&1
	is "by hand: $name is no agent" 5 $?
	came_from[pid]=$(sed -n 's/^0:://p' /proc/$pid/cgroup)
	echo $pid >$CG/t-new-1/cgroup.procs
done
for when in before after; do # a reload looks for processes of the cgroup
	echo x >/t/r2/f
	agent_begin "$PROBE" unlink /t/r2/f
	wait_hold t /t/r2/f
	approve
	is "in an agent's cgroup: an approval is taken, $when" 0 $?
	agent_end
	is "in an agent's cgroup: what was approved is resumed, $when" 0 $?
	yes "in an agent's cgroup: declarations are read again, $when" 'cvfctl reload >/tmp/reload.log 2>&1'
done
"$PROBE" cgroup $CG/t-new-1 create-excl /t/deny/c8
is "in an agent's cgroup: others are governed as before" $EPERM $?
for pid in "${!came_from[@]}"; do
	echo "$pid" >"$CG${came_from[$pid]}/cgroup.procs"
done

# Nobody's processes go on while an agent's are held, refused and counted.
echo x >/t/r2/f
agent_begin "$PROBE" unlink /t/r2/f
wait_hold t /t/r2/f
yes "nobody's processes: the same file while it is held" '"$PROBE" open-write /t/r2/f'
yes "nobody's processes: denied, critical and foreign things" '"$PROBE" open-write /t/deny/f && "$PROBE" socket raw && "$PROBE" kill-own-child'
deny
agent_end
is "nobody's processes: the held one is denied" $EPERM $?

# Where no more labels can be remembered, an agent makes no process.
for members in full free; do
	rm -f /t/r0/ready /t/r0/go
	agent_begin "$PROBE" forks-after /t/r0/ready /t/r0/go
	within $PATIENCE '[ -e /t/r0/ready ]' || not_ok "a fork without room for a label" "it did not begin"
	if [ $members = full ]; then
		"$PROBE" map-fill /sys/fs/bpf/cvf/members
		is "the members are full: prepared" 0 $?
		rm -f /t/r0/here
		: >/t/r0/go
		"$PROBE" forks-after /t/r0/here /t/r0/go
		is "a fork without room for a label: control" 0 $?
	fi
	: >/t/r0/go
	agent_end
	status=$?
	if [ $members = full ]; then
		is "a fork without room for a label: refused" $EAGAIN $status
		"$PROBE" map-clear /sys/fs/bpf/cvf/members
		is "the members are free again" 0 $?
	else
		is "a fork with room for a label: allowed" 0 $status
	fi
done
finish
