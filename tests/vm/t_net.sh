#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every way to reach somebody or to be reached, by address; unix sockets by name. Twins: addresses that differ in class.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
world

# reach NAME KIND PREFIX COMMAND...: % is the address. Allowed: LOW, in scope; refused: policy, out of scope, not granted.
# What arrives at each address is the effect.
reach() {
	local name=$1 kind=$2 a
	local -a good bad
	if [ "$3" = 6 ]; then
		good=(fd00:10::1 fd00:11::1) bad=(fd00:15::1 fd00:11::2 fd00:16::1)
	elif [ "$3" = mapped ]; then
		good=(::ffff:127.0.10.1 ::ffff:127.0.11.1) bad=(::ffff:127.0.15.1 ::ffff:127.0.11.2 ::ffff:127.0.16.1)
	else
		good=(127.0.10.1 127.0.11.1) bad=(127.0.15.1 127.0.11.2 127.0.16.1)
	fi
	shift 3
	for a in "${good[@]}" "${bad[@]}"; do
		server "$kind" "${a#::ffff:}" 7000 "/tmp/at.$a"
	done
	"${@//%/${bad[0]}}" control
	is "$name: control" 0 $?
	yes "$name: control arrives" 'arrived /tmp/at.${bad[0]} control'
	for a in "${good[@]}"; do
		agent "${@//%/$a}" allowed
		is "$name: allowed at $a" 0 $?
		yes "$name: arrives at $a" 'arrived /tmp/at.$a allowed'
	done
	for a in "${bad[@]}"; do
		agent "${@//%/$a}" refused
		is "$name: refused at $a" $EPERM $?
	done
	# Sent after what was refused: when this is there, that would be too.
	"${@//%/${bad[0]}}" fence
	yes "$name: what was refused did not arrive" 'arrived /tmp/at.${bad[0]} fence && absent /tmp/at.${bad[0]} refused && absent /tmp/at.${bad[1]} refused'
	servers_end
}

reach "TCP connect" tcp 4 "$PROBE" tcp-connect % 7000
reach "TCP connect, IPv6" tcp 6 "$PROBE" tcp-connect % 7000
reach "TCP connect, IPv4 mapped" tcp mapped "$PROBE" tcp-connect % 7000
reach "MPTCP connect" tcp 4 "$PROBE" mptcp-connect % 7000
reach "TCP fast open" tcp 4 "$PROBE" tcp-fastopen % 7000
reach "TCP connect by the first write" tcp 4 "$PROBE" fast-connect % 7000
reach "TCP connect past a proxy that is named" tcp 4 env http_proxy=http://127.0.10.1:7000 "$PROBE" tcp-connect % 7000
reach "UDP connect" udp 4 "$PROBE" udp-connect % 7000
reach "UDP connect, IPv6" udp 6 "$PROBE" udp-connect % 7000
reach "UDP sendto" udp 4 "$PROBE" udp-sendto % 7000
reach "UDP sendto, IPv6" udp 6 "$PROBE" udp-sendto % 7000
reach "UDP sendto, IPv4 mapped" udp mapped "$PROBE" udp-sendto % 7000
reach "UDP sendto with AF_UNSPEC" udp 4 "$PROBE" udp-unspec % 7000
reach "UDP sendmsg" udp 4 "$PROBE" udp-sendmsg % 7000
reach "UDP sendmmsg" udp 4 "$PROBE" udp-sendmmsg % 7000

# Two messages in one call: each is judged.
server udp 127.0.10.1 7000 /tmp/at.good
server udp 127.0.15.1 7000 /tmp/at.bad
"$PROBE" udp-twice 127.0.10.1 127.0.15.1 7000 control
is "sendmmsg to two: control sends both" 102 $?
agent "$PROBE" udp-twice 127.0.10.1 127.0.10.1 7000 both
is "sendmmsg to two: both allowed" 102 $?
agent "$PROBE" udp-twice 127.0.10.1 127.0.15.1 7000 mixed
is "sendmmsg to two: the second refused" 101 $?
yes "sendmmsg to two: the first arrives" 'arrived /tmp/at.good mixed'
"$PROBE" udp-sendto 127.0.15.1 7000 fence
yes "sendmmsg to two: the second does not" 'arrived /tmp/at.bad fence && absent /tmp/at.bad mixed'
servers_end

# Held, other than what t_hold shows.
holds_at() {
	local name=$1 kind=$2 a=$3
	shift 3
	server "$kind" "$a" 7000 /tmp/at.held
	agent_begin "${@//%/$a}" denied
	wait_hold t "\"address\":\"$a" && deny
	agent_end
	is "$name: denied" $EPERM $?
	agent_begin "${@//%/$a}" approved
	wait_hold t "\"address\":\"$a" && approve
	agent_end
	is "$name: approved" 0 $?
	yes "$name: arrives when approved" 'arrived /tmp/at.held approved && absent /tmp/at.held denied'
	servers_end
}

holds_at "held TCP connect, IPv6" tcp fd00:12::1 "$PROBE" tcp-connect % 7000
holds_at "held UDP sendmsg" udp 127.0.12.1 "$PROBE" udp-sendmsg % 7000
holds_at "held UDP sendmmsg" udp 127.0.12.1 "$PROBE" udp-sendmmsg % 7000
holds_at "held TCP fast open" tcp 127.0.12.1 "$PROBE" tcp-fastopen % 7000
holds_at "held UDP sendto with AF_UNSPEC" udp 127.0.12.1 "$PROBE" udp-unspec % 7000
holds_at "unregistered address" tcp 127.0.17.1 "$PROBE" tcp-connect % 7000

# place NAME COMMAND...: bind and listen
place() {
	local name=$1 a
	shift
	"${@//%/127.0.15.1}"
	is "$name: control" 0 $?
	for a in 127.0.10.1 127.0.11.1 fd00:10::1; do
		agent "${@//%/$a}"
		is "$name: allowed at $a" 0 $?
	done
	for a in 127.0.15.1 127.0.11.2 127.0.16.1 fd00:15::1; do
		agent "${@//%/$a}"
		is "$name: refused at $a" $EPERM $?
	done
	agent_begin "${@//%/127.0.12.1}"
	wait_hold t 127.0.12.1 && deny
	agent_end
	is "$name: denied" $EPERM $?
	agent_begin "${@//%/127.0.12.1}"
	wait_hold t 127.0.12.1 && approve
	wait_hold_next && approve
	agent_end
	is "$name: approved" 0 $?
}

# listen comes after bind, and asks for itself.
wait_hold_next() {
	[ "$name" = listen ] || return 1
	wait_hold_other "$HOLD" t 127.0.12.1
}

place "bind of TCP" "$PROBE" tcp-bind % 7001
place "bind of UDP" "$PROBE" udp-bind % 7001
place "listen" "$PROBE" tcp-listen % 7001
agent "$PROBE" tcp-listen-unbound
is "listen without bind: any address, LOW here" 0 $?

# Unix sockets. Their hooks run under a lock: what would be held is refused.
# unix NAME KIND COMMAND...: % is the name of the socket
unix() {
	local name=$1 kind=$2 d
	shift 2
	for d in r0 deny r2 r1/in r1/out secret; do
		server "$kind" /t/$d/sock 0 "/tmp/at.${d//\//-}"
	done
	"${@//%//t/deny/sock}" control
	is "$name: control" 0 $?
	yes "$name: control arrives" 'arrived /tmp/at.deny control'
	for d in r0 r1/in; do
		agent "${@//%//t/$d/sock}" allowed
		is "$name: allowed in /t/$d" 0 $?
		yes "$name: arrives in /t/$d" 'arrived /tmp/at.${d//\//-} allowed'
	done
	for d in deny r1/out secret r2; do
		agent "${@//%//t/$d/sock}" refused
		is "$name: refused in /t/$d" $EPERM $?
	done
	"${@//%//t/r2/sock}" fence
	yes "$name: what was refused did not arrive" 'arrived /tmp/at.r2 fence && absent /tmp/at.r2 refused && absent /tmp/at.deny refused'
	servers_end
}

# abstract NAME KIND COMMAND...
abstract() {
	local name=$1 kind=$2 d
	shift 2
	for d in r0 deny r2; do
		server "$kind" @$d-sock 0 /tmp/at.$d
	done
	"${@//%/@deny-sock}" control
	is "$name: control" 0 $?
	yes "$name: control arrives" 'arrived /tmp/at.deny control'
	agent "${@//%/@r0-sock}" allowed
	is "$name: allowed" 0 $?
	yes "$name: arrives when allowed" 'arrived /tmp/at.r0 allowed'
	for d in deny r2; do
		agent "${@//%/@$d-sock}" refused
		is "$name: refused at @$d-sock" $EPERM $?
	done
	"${@//%/@r2-sock}" fence
	yes "$name: what was refused did not arrive" 'arrived /tmp/at.r2 fence && absent /tmp/at.r2 refused && absent /tmp/at.deny refused'
	servers_end
}

unix "unix stream" unix "$PROBE" unix-connect %
yes "unix stream: the reason" 'wait_event t cannot-hold /t/r2/sock'
unix "unix sequenced packets" unix-seq "$PROBE" unix-seqpacket %
unix "unix datagram by connect" unix-dgram "$PROBE" unix-dgram-connect %
unix "unix datagram by sendto" unix-dgram "$PROBE" unix-send %
abstract "abstract stream" unix "$PROBE" unix-connect %
abstract "abstract datagram" unix-dgram "$PROBE" unix-send %
agent "$PROBE" socketpair
is "socketpair" 0 $?

rm -f /t/*/bound.sock
"$PROBE" unix-bind /t/deny/bound.sock
is "bind of a unix name: control" 0 $?
rm -f /t/deny/bound.sock
agent "$PROBE" unix-bind /t/r0/bound.sock
is "bind of a unix name: allowed" 0 $?
agent "$PROBE" unix-bind /t/deny/bound.sock
is "bind of a unix name: refused" $EPERM $?
no "bind of a unix name: not made" '[ -e /t/deny/bound.sock ]'
agent_begin "$PROBE" unix-bind /t/r2/bound.sock
wait_hold t /t/r2/bound.sock && approve
agent_end
is "bind of a unix name: approved" 0 $?
yes "bind of a unix name: made" '[ -S /t/r2/bound.sock ]'
"$PROBE" unix-bind @deny-bound
is "bind of an abstract name: control" 0 $?
agent "$PROBE" unix-bind @r0-bound
is "bind of an abstract name: allowed" 0 $?
agent "$PROBE" unix-bind @deny-bound
is "bind of an abstract name: refused" $EPERM $?
agent_begin "$PROBE" unix-bind @r2-bound
wait_hold t r2-bound && approve
agent_end
is "bind of an abstract name: approved" 0 $?

# The kernel connects by itself for a mount: the mount is what is asked about.
modprobe -a 9p 9pnet_fd 2>/dev/null
mkdir -p /t/r0/share
server tcp 127.0.15.1 7000 /tmp/at.share
share() {
	/bin/busybox mount -t 9p -o trans=tcp,port=7000,version=9p2000.L 127.0.15.1 /t/r0/share
}
share 2>/dev/null
yes "a file system of another host: control connects" 'arrived /tmp/at.share connected'
servers_end
server tcp 127.0.15.1 7000 /tmp/at.share
agent_begin /bin/busybox mount -t 9p -o trans=tcp,port=7000,version=9p2000.L 127.0.15.1 /t/r0/share
wait_hold t '"operation":"mount"' && deny
agent_end
no "a file system of another host: denied" '[ $? = 0 ]'
"$PROBE" tcp-connect 127.0.15.1 7000 fence
yes "a file system of another host: denied, nobody connected" 'arrived /tmp/at.share fence && [ "$(grep -c connected /tmp/at.share)" = 1 ]'
agent_begin /bin/busybox mount -t 9p -o trans=tcp,port=7000,version=9p2000.L 127.0.15.1 /t/r0/share
wait_hold t '"operation":"mount"' && approve
agent_end
yes "a file system of another host: approved, connects" 'within 2 "[ \$(grep -c connected /tmp/at.share) -gt 1 ]"'
servers_end

# io_uring's connect cannot wait.
sys_risk LOW
server tcp 127.0.10.1 7000 /tmp/at.good
server tcp 127.0.12.1 7000 /tmp/at.held
server tcp 127.0.15.1 7000 /tmp/at.bad
"$PROBE" uring-connect 127.0.15.1 7000
is "connect by io_uring: control" 0 $?
agent "$PROBE" uring-connect 127.0.10.1 7000
is "connect by io_uring: allowed" 0 $?
agent "$PROBE" uring-connect 127.0.15.1 7000
is "connect by io_uring: refused" $EPERM $?
agent "$PROBE" uring-connect 127.0.12.1 7000
is "connect by io_uring: refused where it would be held" $EPERM $?
yes "connect by io_uring: held one did not arrive" 'absent /tmp/at.held connected'
servers_end
finish
