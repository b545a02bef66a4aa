#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# No agent reaches what enforces: an agent with every capability at low risk, root, still cannot. Twins: an ordinary file,
# process or socket beside it; controls: the same by root who is no agent, where that does no harm.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

everything() {
	capability t.all LOW EXECUTE 60 "{\"file\":[{\"path\":[\"/**\",\"//anon/**\"],\"ops\":[$FILE_OPS]}],
		\"exec\":[{\"path\":[\"/**\",\"//anon/**\"]}],\"unix\":[{\"path\":[\"/**\",\"//abstract/**\",\"//anon/**\"],\"ops\":[\"connect\",\"send\",\"bind\"]}],
		\"net\":[{\"ops\":[\"connect\",\"send\",\"bind\",\"listen\"]}],\"sys\":[{\"ops\":[$SYS_OPS]}]}" >/etc/cvf/capabilities.d/t-all.json
	rm -f /etc/cvf/capabilities.d/t-sys.json /etc/cvf/policies.d/t-policy.json
	agent_declaration t enforce | sed 's/"capabilities":\[[^]]*\]/"capabilities":["t.all"]/' >/etc/cvf/agents.d/t-t.json
}

CG=/sys/fs/cgroup
world everything
cvfd=$(pid_of cvfd | head -n 1)
govern=$(pid_of cvfd-govern | head -n 1)
yes "the notifier runs" 'within $PATIENCE "pid_of cvfd-notify >/dev/null"'
notify=$(pid_of cvfd-notify | head -n 1)
yes "all processes run" '[ -n "$cvfd" ] && [ -n "$govern" ] && [ -n "$notify" ]'

# The flavour is one whose programs are called.
case $(cat /sys/kernel/security/lsm) in
*bpf*) called=lsm ;;
*) called=fmod_ret ;;
esac
yes "the flavour is one that is called" "[[ ' $called ' == *' ${lane#*-} '* ]]"

# The socket: cvfctl says it has no daemon, or no permission; nothing was approved.
agent "$PROBE" unix-connect /run/cvf/cvfd.sock
is "control socket: refused" $EPERM $?
"$PROBE" unix-connect /run/cvf/cvfd.sock
is "control socket: control" 0 $?
server unix /t/r0/sock 0 /tmp/at.sock
agent "$PROBE" unix-connect /t/r0/sock
is "another socket: allowed" 0 $?
servers_end
agent cvfctl approvals
no "cvfctl approvals: refused" '[ $? = 0 ]'
agent cvfctl agent remove t
yes "cvfctl agent remove: nothing happened" 'cvfctl agent show t >/dev/null'
agent cvfctl policy list
no "cvfctl policy list: refused" '[ $? = 0 ]'
agent "$PROBE" unlink /run/cvf/cvfd.sock
is "control socket: cannot be deleted" $EPERM $?
agent "$PROBE" rename /run/cvf /run/other
is "its folder: cannot be renamed" $EPERM $?
agent "$PROBE" rename /run /run2
is "the folder above: cannot be renamed" $EPERM $?
agent "$PROBE" open-read /run/cvf
is "its folder: cannot be read" $EPERM $?
agent "$PROBE" open-read /run
is "the folder above: can be read" 0 $?

# A signal that the kernel sends because a file has an owner: nobody sends it to what enforces, root outside of sessions neither.
sleep 1000 &
stranger=$!
"$PROBE" sigio-kill $stranger
yes "a signal by the owner of a file: control" "within 5 '! kill -0 $stranger 2>/dev/null'"
for name in cvfd:$cvfd govern:$govern notify:$notify; do
	agent "$PROBE" sigio-kill ${name#*:}
	"$PROBE" sigio-kill ${name#*:}
	yes "a signal by the owner of a file does not reach ${name%:*}" "cvfctl status >/dev/null && kill -0 ${name#*:}"
done

# Files. Reading the configuration is harmless; the store is not read either.
agent "$PROBE" open-read /var/lib/cvf/cvf.db
is "the store: not readable" $EPERM $?
agent "$PROBE" open-write /var/lib/cvf/cvf.db
is "the store: not writable" $EPERM $?
agent "$PROBE" open-read /etc/cvf/agents.d/t-t.json
is "configuration: readable" 0 $?
mkdir -p /etc/cvf/secrets && echo key >/etc/cvf/secrets/ops.key
agent "$PROBE" open-read /etc/cvf/secrets/ops.key
is "keys of webhooks: not readable" $EPERM $?
for name in /etc/cvf /var/lib/cvf /sys/fs/bpf/cvf /usr/share/cvf; do
	agent "$PROBE" create-excl $name/made
	is "create in $name" $EPERM $?
	agent "$PROBE" mkdir $name/made
	is "mkdir in $name" $EPERM $?
	agent "$PROBE" rename $name $name.off
	is "rename $name" $EPERM $?
	yes "$name is there" '[ -d $name ] && [ ! -e $name/made ]'
	agent "$PROBE" chmod $name
	is "chmod $name" $EPERM $?
	agent "$PROBE" setxattr $name
	is "setxattr $name" $EPERM $?
	rm -rf /t/r0/link
	agent "$PROBE" symlink $name /t/r0/link
	agent "$PROBE" create-excl /t/r0/link/made
	is "create in $name through a symlink" $EPERM $?
done
agent "$PROBE" write /etc/cvf/agents.d/t-t.json
is "configuration: not writable" $EPERM $?
agent "$PROBE" unlink /etc/cvf/agents.d/t-t.json
is "configuration: cannot be deleted" $EPERM $?
agent "$PROBE" link /etc/cvf/agents.d/t-t.json /t/r0/hard
is "configuration: cannot be linked" $EPERM $?
agent "$PROBE" write /etc/t-other
is "another file of /etc: writable" 0 $?
agent "$PROBE" mkdir /var/lib/t-other
is "another folder of /var/lib: can be made" 0 $?
for name in /usr/sbin/cvfd /usr/sbin/cvfd-notify /usr/bin/cvfctl; do
	agent "$PROBE" unlink $name
	is "delete $name" $EPERM $?
	agent "$PROBE" rename $name /t/r0/gone
	is "rename $name" $EPERM $?
	yes "$name is there" '[ -e $name ]'
done
agent "$PROBE" rename /usr/sbin /usr/sbin2
is "rename /usr/sbin" $EPERM $?

# Pins, maps and programs.
pin=$(find /sys/fs/bpf/cvf -type f 2>/dev/null | head -n 1)
yes "something is pinned" '[ -n "$pin" ]'
agent "$PROBE" unlink "$pin"
is "a pin: cannot be deleted" $EPERM $?
yes "a pin: is there" '[ -e "$pin" ]'
agent "$PROBE" bpf-get "$pin"
is "a pin: cannot be opened" $EPERM $?
agent "$PROBE" bpf-steal
is "a map: cannot be had by number" $EPERM $?
agent "$PROBE" bpf
is "a map of one's own: allowed" 0 $?
agent "$PROBE" umount /sys/fs/bpf
no "bpffs: cannot be unmounted" '[ $? = 0 ]'
yes "bpffs: is mounted" '[ -e "$pin" ]'
agent "$PROBE" mount-tmpfs /sys/fs/bpf
no "bpffs: cannot be covered" '[ $? = 0 ]'
yes "bpffs: is not covered" '[ -e "$pin" ]'
agent "$PROBE" mount-tmpfs /run/cvf
no "the socket's folder: cannot be covered" '[ $? = 0 ]'
yes "the socket's folder: is not covered" '[ -S /run/cvf/cvfd.sock ]'
mkdir -p /t/r0/bpffs
agent /bin/busybox mount -t bpf bpf /t/r0/bpffs
agent "$PROBE" unlink "/t/r0/bpffs${pin#/sys/fs/bpf}"
no "a pin: cannot be deleted through a second mount" '[ ! -e "$pin" ]'
umount /t/r0/bpffs 2>/dev/null

# Processes.
"$PROBE" pause &
victim=$!
disown
for name in cvfd:$cvfd cvfd-govern:$govern cvfd-notify:$notify; do
	pid=${name#*:}
	for verb in kill tgkill sigqueue pidfd-kill ptrace-seize pidfd-getfd vm-read nice sched affinity prlimit; do
		agent "$PROBE" $verb "$pid"
		is "$verb ${name%:*}" $EPERM $?
	done
	agent "$PROBE" kill "$pid" 19
	is "stop ${name%:*}" $EPERM $?
	agent "$PROBE" open-read "/proc/$pid/environ"
	no "environment of ${name%:*}" '[ $? = 0 ]'
	agent "$PROBE" open-rw "/proc/$pid/mem"
	no "memory of ${name%:*}" '[ $? = 0 ]'
	yes "${name%:*} runs" 'kill -0 $pid && [ "$("$PROBE" state $pid)" != T ]'
done
agent "$PROBE" open-write "/proc/$cvfd/oom_score_adj"
is "cvfd cannot be offered to the memory killer" $EPERM $?
agent "$PROBE" open-write "/proc/$cvfd/task/$cvfd/oom_score_adj"
is "cvfd cannot be offered to the memory killer by its thread" $EPERM $?
agent "$PROBE" open-write "/proc/$notify/oom_score_adj"
is "cvfd-notify cannot be offered to the memory killer" $EPERM $?
agent "$PROBE" open-read "/proc/$cvfd/status"
is "the state of cvfd: may be read" 0 $?
agent "$PROBE" open-write "/proc/$victim/oom_score_adj"
is "another process: can be offered to the memory killer" 0 $?
for verb in nice sched affinity prlimit; do
	"$PROBE" $verb $victim
	is "$verb of another process: control" 0 $?
	agent "$PROBE" $verb $victim
	is "$verb of another process: allowed" 0 $?
done
mkdir -p /sys/fs/cgroup/t-trap
agent_begin_line "echo $cvfd >/sys/fs/cgroup/t-trap/cgroup.procs"
agent_end
no "cvfd cannot be moved to another cgroup" 'grep -qx $cvfd /sys/fs/cgroup/t-trap/cgroup.procs'
agent_begin_line "echo $victim >/sys/fs/cgroup/t-trap/cgroup.procs"
agent_end
yes "another process: can be moved" 'grep -qx $victim /sys/fs/cgroup/t-trap/cgroup.procs'
agent "$PROBE" ptrace-attach $victim
is "another process: can be traced" 0 $?
agent "$PROBE" kill $victim
is "another process: can be signalled" 0 $?

# Switches that silence tracing or start programs.
for name in kernel/ftrace_enabled kernel/core_pattern kernel/modprobe kernel/sysrq kernel/kptr_restrict \
	kernel/yama/ptrace_scope kernel/unprivileged_bpf_disabled fs/protected_symlinks fs/suid_dumpable vm/mmap_min_addr; do
	before=$(cat /proc/sys/$name)
	agent "$PROBE" write /proc/sys/$name 0
	is "/proc/sys/$name" $EPERM $?
	is "/proc/sys/$name is as it was" "$before" "$(cat /proc/sys/$name)"
done
mkdir -p /t/r0/proc
agent /bin/busybox mount -t proc proc /t/r0/proc
agent "$PROBE" write /t/r0/proc/sys/kernel/ftrace_enabled 0
is "ftrace_enabled through a second mount is as it was" 1 "$(cat /proc/sys/kernel/ftrace_enabled)"
umount /t/r0/proc 2>/dev/null
mkdir -p $CG/t-v1 && mount -t cgroup -o none,name=t t $CG/t-v1
echo control >$CG/t-v1/release_agent
is "release_agent: control" control "$(cat $CG/t-v1/release_agent)"
agent "$PROBE" write $CG/t-v1/release_agent evil
is "release_agent" $EPERM $?
is "release_agent is as it was" control "$(cat $CG/t-v1/release_agent)"
umount $CG/t-v1 && rmdir $CG/t-v1
agent "$PROBE" open-write /proc/sysrq-trigger
is "/proc/sysrq-trigger" $EPERM $?
agent "$PROBE" open-write /sys/kernel/tracing/tracing_on
is "tracing_on" $EPERM $?
agent "$PROBE" open-read /dev/mem
is "/dev/mem" $EPERM $?
agent "$PROBE" write /proc/sys/vm/swappiness 60
is "another setting: allowed" 0 $?

# Whoever may write logs may write there what he wants: what happened is what the store has.
agent "$PROBE" open-append /var/log/cvfd.log
is "a log: may be written here" 0 $?
agent_begin_line 'echo "cvfd: t allowed forged-4711" >>/var/log/cvfd.log'
agent_end
no "a log: a forged line is no event" 'cvfctl events --json --limit 200 | grep -q forged-4711'

# The guard holds in any mode.
sed 's/"mode":"enforce"/"mode":"observe"/' -i /etc/cvf/agents.d/t-t.json
reload
echo x >/t/r0/f
agent "$PROBE" unlink /t/r0/f
is "observe: others are allowed" 0 $?
agent "$PROBE" open-read /var/lib/cvf/cvf.db
is "observe: the store" $EPERM $?
agent "$PROBE" create-excl /etc/cvf/made
is "observe: configuration" $EPERM $?
agent "$PROBE" kill "$cvfd" 10
agent "$PROBE" kill "$cvfd" 18
is "observe: signal to cvfd" $EPERM $?
agent "$PROBE" bpf-steal
is "observe: a map by number" $EPERM $?
agent "$PROBE" unix-connect /run/cvf/cvfd.sock
is "observe: control socket" $EPERM $?
rm -f /etc/cvf/made
sed 's/"mode":"observe"/"mode":"enforce"/' -i /etc/cvf/agents.d/t-t.json
reload

# After all this it still enforces.
echo x >/t/r0/f
agent "$PROBE" open-read /var/lib/cvf/cvf.db
is "still refused" $EPERM $?
is "still enforcing" true "$(cvfctl status --json | field enforcing)"
yes "the reason" 'wait_event t self-guard'
finish
