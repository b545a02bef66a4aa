#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Operations without a path or an address: socket families, other processes and what is kept for them, mounts, namespaces,
# modules, the machine. One capability, t.sys, has them all: LOW, not granted, HIGH. Low risk must be as if nobody governed.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# Like agent t, without t.sys.
no_sys() {
	agent_declaration n enforce | sed 's/,"t.sys"//' >/etc/cvf/agents.d/t-n.json
}

world no_sys
modprobe -a af_alg sctp vsock tipc can can_raw 2>/dev/null
mkdir -p /t/r0/mnt /t/r0/from

"$PROBE" pause &
victim=$!
disown
victims() {
	kill -0 $victim 2>/dev/null || {
		"$PROBE" pause &
		victim=$!
		disown
	}
}

# Another one, for what ends it: a signal that was sent is not yet one that arrived.
fresh() {
	kill -KILL $victim 2>/dev/null
	"$PROBE" pause &
	victim=$!
	disown
	within 10 '[ "$(cat /proc/$victim/comm)" = probe ]'
}

# name | status of a process that is nobody's | command; undo is done after each
table() {
	cat <<-TABLE
	raw socket|0|socket raw
	raw TCP socket|0|socket raw-tcp
	raw IPv6 socket|0|socket raw6
	ping socket|-|socket ping
	ping socket, IPv6|-|socket ping6
	packet socket|0|socket packet
	packet datagram socket|0|socket packet-dgram
	vsock|0|socket vsock
	SCTP|0|socket sctp
	SCTP packets|0|socket sctp-seq
	AF_ALG|0|socket alg
	UDP-Lite|0|socket udplite
	CAN|0|socket can
	TIPC|0|socket tipc
	XDP|0|socket xdp
	netlink change|0|netlink-write
	netlink question and change|0|netlink-two
	ptrace attach|0|ptrace-attach VICTIM
	ptrace seize|0|ptrace-seize VICTIM
	process_vm_readv|-|vm-read VICTIM
	pidfd_getfd|0|pidfd-getfd VICTIM
	kill|0|kill VICTIM
	tgkill|0|tgkill VICTIM
	sigqueue|0|sigqueue VICTIM
	pidfd_send_signal|0|pidfd-kill VICTIM
	mount|0|mount-tmpfs /t/r0/mnt
	bind mount|0|mount-bind /t/r0/from /t/r0/mnt
	new mount API|0|fsmount /t/r0/mnt
	chroot|0|chroot /t/r0
	user namespace|0|unshare-user
	namespaces|0|namespaces nothing
	bpf map|0|bpf
	bpf program|0|bpf-load
	init_module|8|init-module
	finit_module|8|finit-module /t/bin/agentsh
	kexec_load|-|kexec
	reboot|22|reboot
	settimeofday|0|settimeofday
	clock_settime|0|clock-settime
	io_uring|0|io-uring
	adjtimex|0|adjtime
	perf_event_open|0|perf
	swapon|2|swapon /t/r0/nothing
	an address by ioctl|0|if-address lo:7 127.77.0.1
	deleting a subvolume|25|ioctl /t/r0 0x5000940f
	deleting a subvolume by number|25|ioctl /t/r0 0x5000943f
	typing on a terminal|0|type-own
	watching a file system|0|watch-all /t/r0
	memory of another|0|shm-take 4711
	semaphores of another|0|sem-take 4711
	a queue of another|0|queue-take 4711
	TABLE
}

undo() {
	umount /t/r0/mnt 2>/dev/null
	ip addr del 127.77.0.1/8 dev lo 2>/dev/null
	victims
}

# Objects of somebody who is no agent.
"$PROBE" shm-put 4711 secret
"$PROBE" sem-put 4711
"$PROBE" queue-put 4711

declare -A control
while IFS='|' read -r name want command; do
	fresh
	# shellcheck disable=SC2086
	"$PROBE" ${command/VICTIM/$victim} </dev/null
	control[$name]=$?
	[ "$want" = - ] || is "$name: control" "$want" "${control[$name]}"
	undo
done < <(table)
sleep 0.1

sys_risk LOW
while IFS='|' read -r name want command; do
	fresh
	# shellcheck disable=SC2086
	agent "$PROBE" ${command/VICTIM/$victim}
	is "$name: low risk" "${control[$name]}" $?
	undo
done < <(table)

agent_open n
while IFS='|' read -r name want command; do
	victims
	before=$victim
	# shellcheck disable=SC2086
	agent "$PROBE" ${command/VICTIM/$victim}
	status=$?
	# What may not look one up says so by another number.
	[[ $name != *" of another" || $status != 13 ]] || status=$EPERM
	# namespaces adds 100 to the errno of its first call
	[ $status != 101 ] || status=1
	is "$name: refused when not granted" $EPERM $status
	undo
	case $command in *kill*VICTIM | sigqueue*) is "$name: the target lives" "$before" "$victim" ;; esac
done < <(table)
yes "a refusal gives the reason" 'wait_event n not-granted'

agent "$PROBE" shm-take 4711
no "memory of another: nothing was read" 'grep -q secret $OUT'
agent "$PROBE" shm-remove "$("$PROBE" shm-id 4711)"
is "memory of another: cannot be removed" $EPERM $?
is "memory of another: is there" secret "$("$PROBE" shm-take 4711)"

# effects NAME COMMAND EFFECT UNDO of what has an effect to look at: control, refused, and permitted at low risk
effects() {
	cat <<-TABLE
	an address by ioctl|if-address lo:7 127.77.0.1|ip addr show dev lo @ grep -q 127.77.0.1|ip addr del 127.77.0.1/8 dev lo 2>/dev/null
	mount_setattr|read-only /t/r0/mnt|! touch /t/r0/mnt/x 2>/dev/null|mount -o remount,bind,rw /t/r0/mnt
	a signal by F_SETOWN|sigio-kill VICTIM|within 2 '! kill -0 \$victim 2>/dev/null'|:
	a signal by F_SETOWN_EX|owner-ex-kill VICTIM|within 2 '! kill -0 \$victim 2>/dev/null'|:
	a signal by FIOSETOWN|owner-ioctl-kill VICTIM|within 2 '! kill -0 \$victim 2>/dev/null'|:
	TABLE
}
mount -t tmpfs probe /t/r0/mnt
for who in nobody n t; do
	case $who in
	n) agent_open n ;;
	t)
		sys_risk LOW
		agent_open t
		;;
	esac
	while IFS='|' read -r name command effect undo; do
		fresh
		command=${command/VICTIM/$victim}
		# shellcheck disable=SC2086
		if [ $who = nobody ]; then "$PROBE" $command; else agent "$PROBE" $command; fi
		status=$?
		effect=${effect/@/|}
		case $who in
		nobody) yes "$name: control has the effect" "$effect" ;;
		t) yes "$name: permitted, has the effect" "$effect" ;;
		n)
			no "$name: refused, has no effect" "$effect"
			# The owner of a file is named, and gets no signal.
			[[ $name == a\ signal* ]] || is "$name: refused" $EPERM $status
			;;
		esac
		eval "$undo"
	done < <(effects)
done
umount /t/r0/mnt
agent "$PROBE" iopl
is "iopl: refused whatever is granted" $EPERM $?
"$PROBE" iopl
is "iopl: control" 0 $?
agent_open n
agent "$PROBE" owner-child
is "a signal to an own child by F_SETOWN: allowed without a capability" 0 $?
victims

# Everybody may do this, agents too.
while IFS='|' read -r name command; do
	# shellcheck disable=SC2086
	agent "$PROBE" $command
	is "$name: allowed without a capability" 0 $?
done <<-TABLE
TCP socket|socket tcp
UDP socket|socket udp
TCP IPv6 socket|socket tcp6
MPTCP socket|socket mptcp
unix socket|socket unix
netlink socket|socket netlink
netlink question|netlink-read
a signal to an own child|kill-own-child
to be traced by the parent|traceme
memory of one's own|shm-own
memory made by the session|shm-put 4712 mine
memory made by the session, used|shm-take 4712
semaphores of the session|sem-put 4712
semaphores of the session, used|sem-take 4712
a queue of the session|queue-put 4712
a queue of the session, used|queue-take 4712
watching a folder|watch /t/r0
a question by ioctl|ioctl /t/bin/probe 0x5452
TABLE
agent "$PROBE" kill $victim 0
is "signal 0: allowed without a capability" 0 $?

# HIGH: held where a call can wait, refused where it cannot.
sys_risk HIGH
agent_open t
while IFS='|' read -r name command; do
	victims
	# shellcheck disable=SC2086
	agent "$PROBE" ${command/VICTIM/$victim}
	is "$name: cannot wait, refused" $EPERM $?
done <<-TABLE
kill|kill VICTIM
ptrace|ptrace-attach VICTIM
reboot|reboot
adjtimex|adjtime
TABLE
yes "cannot wait: the reason" 'wait_event t cannot-hold'
while IFS='|' read -r name word command; do
	# shellcheck disable=SC2086
	agent_begin "$PROBE" $command
	wait_hold t "\"operation\":\"$word\"" && approve
	agent_end
	is "$name: approved" "${control[$name]}" $?
	undo
done <<-TABLE
raw socket|raw_socket|socket raw
packet socket|packet_socket|socket packet
vsock|vsock|socket vsock
SCTP|sctp|socket sctp
AF_ALG|alg|socket alg
CAN|socket_other|socket can
netlink change|netlink_write|netlink-write
mount|mount|mount-tmpfs /t/r0/mnt
chroot|chroot|chroot /t/r0
user namespace|userns|unshare-user
bpf map|bpf|bpf
init_module|module_load|init-module
settimeofday|settime|settimeofday
an address by ioctl|netlink_write|if-address lo:7 127.77.0.1
TABLE
agent_begin "$PROBE" mount-tmpfs /t/r0/mnt
wait_hold t '"operation":"mount"' && deny
agent_end
is "mount: denied" $EPERM $?
no "mount: denied has no effect" 'grep -q /t/r0/mnt /proc/mounts'
mount -t tmpfs probe /t/r0/mnt
agent_begin "$PROBE" umount /t/r0/mnt
wait_hold t '"operation":"mount"' && deny
agent_end
is "umount: denied" $EPERM $?
yes "umount: denied has no effect" 'grep -q /t/r0/mnt /proc/mounts'
agent_begin "$PROBE" umount /t/r0/mnt
wait_hold t '"operation":"mount"' && approve
agent_end
is "umount: approved" 0 $?
no "umount: approved has the effect" 'grep -q /t/r0/mnt /proc/mounts'
kill $victim 2>/dev/null
finish
