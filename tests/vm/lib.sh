# shellcheck shell=bash
# shellcheck disable=SC2034 # what is not used here is used by the tests
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what the tests inside the machine share; sourced by t_*.sh and r_*.sh, which get it and probe beside them
#
#   world                      declarations of the tests take the place of the shipped ones, agent "t" can be used
#   agent COMMAND...           runs it as agent t (in one long session) and returns its status
#   agent_begin / agent_end    the same in two halves, for what is held in between
#   wait_hold [AGENT [WORD]]   sets HOLD to the id of a waiting hold whose JSON has WORD in it
#   is NAME WANTED GOT, yes NAME CONDITION, no NAME CONDITION, finish
#
# The world: folders /t/r0 LOW, /t/r1 MEDIUM (in scope: /t/r1/in), /t/r2 HIGH, /t/r2t HIGH with a time limit of 1 s,
# /t/r3 CRITICAL, /t/deny denied by a policy, /t/secret not granted, /t/none unregistered: for files, programs and unix
# sockets. Addresses the same: 127.0.10.* LOW, .11 MEDIUM (in scope: 127.0.11.1), .12 HIGH, .13 HIGH with 1 s, .14
# CRITICAL, .15 denied, .16 not granted, .17 unregistered; IPv6 fd00:10:: and so on. Everything else may be read and
# executed. Operations of domain sys are capability t.sys, set by `sys_risk LEVEL` (HIGH at first).

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PROBE=/t/bin/probe
PATIENCE=${PATIENCE:-20}	# seconds until a thing that must come counts as missing
HUNG=99				# status of a command that did not come back
OUT=/t/r0/out			# what commands of the agent print

# Errno values, as probe exits with them.
EPERM=1
ENOENT=2
EAGAIN=11
EEXIST=17
EINVAL=22

passed=0
failed=0
skipped=0
test_name=$(basename "$0" .sh)

case $(uname -r) in
6.1.*) lane=6.1 ;;
*) lane=$(uname -r | cut -d. -f1-2) ;;
esac
lane=$lane-$(cvfctl status --json 2>/dev/null | sed -n 's/.*"flavour":"\([a-z_]*\)".*/\1/p')

# --- results ------------------------------------------------------------------

ok() {
	passed=$((passed + 1))
	printf 'ok %s\n' "$1"
}

# not_ok NAME WHAT-WAS-EXPECTED-AND-SEEN; a failure that skips.list names for this lane is a skip.
not_ok() {
	local test where reason
	if [ -f "$HERE/skips.list" ]; then
		while read -r test where reason; do
			case $test in '' | '#'*) continue ;; esac
			# shellcheck disable=SC2053  # the list has patterns
			if [[ "$test_name:${1// /-}" == $test && $lane == $where ]]; then
				skipped=$((skipped + 1))
				printf 'skip %s: %s\n' "$1" "$reason"
				return 0
			fi
		done <"$HERE/skips.list"
	fi
	failed=$((failed + 1))
	printf 'not ok %s: %s\n' "$1" "$2"
}

# is NAME WANTED GOT
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected '$2', got '$3'"; fi
}

# yes NAME CONDITION: a shell text that must hold; no: that must not
yes() {
	if eval "$2"; then ok "$1"; else not_ok "$1" "expected that: $2"; fi
}

no() {
	if eval "$2"; then not_ok "$1" "expected that not: $2"; else ok "$1"; fi
}

finish() {
	agent_close
	printf '%d passed, %d failed, %d skipped\n' $passed $failed $skipped
	[ $failed = 0 ]
	exit
}

# within SECONDS CONDITION: polls; false when the time is over
within() {
	local end=$((SECONDS + $1))
	until eval "$2"; do
		[ $SECONDS -le $end ] || return 1
		sleep 0.02
	done
}

# --- declarations -------------------------------------------------------------

# capability ID LEVEL TYPE TIMEOUT MATCH
capability() {
	printf '{"schema":"cvf.capability/v1","id":"%s","name":"%s","description":"test","operation_type":"%s",' "$1" "$1" "$3"
	printf '"risk":{"level":"%s","justification":"test"},' "$2"
	printf '"side_effects":{"reversible":true,"scope":"local","description":"test"},'
	printf '"hold":{"timeout_s":%s,"on_timeout":"deny"},"match":%s}' "$4" "$5"
}

FILE_OPS='"read","write","create","delete","rename","link","attr","truncate","exec-map"'
SYS_OPS='"mount","chroot","ptrace","signal","module_load","bpf","userns","reboot","settime","io_uring","mknod","raw_socket","packet_socket","netlink_write","vsock","sctp","alg","socket_other"'
SPECIAL='"/t/{r1,r2,r2t,r3,deny,secret,none}{,/**}"'

# level_capability FOLDER LEVEL TIMEOUT NUMBER
level_capability() {
	capability "t.$1" "$2" EXECUTE "$3" "$(printf '{"file":[{"path":"/t/%s{,/**}","ops":[%s]}],"exec":[{"path":"/t/%s/**"}],
		"unix":[{"path":["/t/%s/**","//abstract/%s-*"],"ops":["connect","send","bind"]}],
		"net":[{"ops":["connect","send","bind","listen"],"address":["127.0.%s.0/24","fd00:%s::/64"]}]}' \
		"$1" "$FILE_OPS" "$1" "$1" "$1" "$4" "$4")"
}

sys_capability() {
	capability t.sys "$1" EXECUTE "${2:-60}" "{\"sys\":[{\"ops\":[$SYS_OPS]}]}"
}

declare_capabilities() {
	printf '[\n'
	capability t.read LOW READ 60 "{\"file\":[{\"path\":[\"/**\",\"//anon/**\"],\"ops\":[\"read\",\"exec-map\"],\"except\":[$SPECIAL]}]}"
	printf ',\n'
	capability t.exec LOW EXECUTE 60 "{\"exec\":[{\"path\":\"/**\",\"except\":[$SPECIAL,\"//anon/**\",\"/t/x2/**\",\"/t/bin/args\",\"/t/bin/args2\"]}]}"
	printf ',\n'
	capability t.r0 LOW WRITE 60 '{"file":[{"path":["/t/r0{,/**}","/t/ovl/merged/r0*","/dev/**","/proc/**","/tmp/**","/sys/fs/cgroup/**","//anon/**"],
		"ops":["write","create","rename","link","attr","truncate"]}],
		"unix":[{"path":["/t/r0/**","//abstract/r0-*","//anon/**"],"ops":["connect","send","bind"]}],
		"net":[{"ops":["connect","send","bind","listen"],"address":["127.0.10.0/24","fd00:10::/64"]},
		       {"ops":["bind","listen"],"address":["0.0.0.0/32","::/128"]}]}'
	printf ',\n'
	capability t.delete HIGH DELETE 60 '{"file":[{"path":["/t/r0/**","/t/r1/in/**","/tmp/**"],"ops":["delete"]}]}'
	printf ',\n'
	capability t.r1 MEDIUM WRITE 60 "$(printf '{"file":[{"path":"/t/r1{,/**}","ops":["read","write","create","rename","link","attr","truncate","exec-map"]},
		{"path":"/t/r1/out/**","ops":["delete"]}],
		"exec":[{"path":"/t/r1/**"}],"unix":[{"path":["/t/r1/**"],"ops":["connect","send","bind"]}],
		"net":[{"ops":["connect","send","bind","listen"],"address":["127.0.11.0/24","fd00:11::/64"]}]}')"
	printf ',\n'
	level_capability r2 HIGH 60 12
	printf ',\n'
	capability t.x2 HIGH EXECUTE 60 '{"exec":[{"path":"/t/x2/**"}]}'
	printf ',\n'
	level_capability r2t HIGH 1 13
	printf ',\n'
	level_capability r3 CRITICAL 60 14
	printf ',\n'
	level_capability deny LOW 60 15
	printf ',\n'
	level_capability secret LOW 60 16
	printf ',\n'
	capability t.args.good LOW EXECUTE 60 '{"exec":[{"path":["/t/bin/args","/t/bin/args2"],"argv":["say","*","good"]},{"path":"/t/bin/args2","argv":["**"]}]}'
	printf ',\n'
	capability t.args.evil LOW EXECUTE 60 '{"exec":[{"path":"/t/bin/args","argv":["say","*","{evil,food}"]}]}'
	printf ',\n'
	capability t.args.ask HIGH EXECUTE 60 '{"exec":[{"path":"/t/bin/args","argv":["say","*","ask"]}]}'
	printf '\n]\n'
}

# agent_declaration ID MODE [MORE]
agent_declaration() {
	printf '{"schema":"cvf.agent/v1","id":"%s","name":"%s","owner":"test","profile":"bare","mode":"%s",%s' "$1" "$1" "$2" "${3:-}"
	printf '"capabilities":["t.read","t.exec","t.delete","t.r?","t.r2t","t.x2","t.deny","t.args.*","t.sys"],'
	printf '"scope":{"paths":["/t/r1/in{,/**}"],"net":["127.0.11.1/32","fd00:11::1/128"]}}\n'
}

declare_policy() {
	cat <<-'POLICY'
	{"schema":"cvf.policy/v1","id":"t","priority":100,"rules":[
	 {"id":"deletes","when":{"capability":["t.delete"]},"effect":"ALLOW","reason":"free here",
	  "standing_grant":{"expires":"2099-12-31T23:59:59Z","ticket":"test"}},
	 {"id":"no","when":{"capability":["t.deny"]},"effect":"DENY","reason":"the test says no"},
	 {"id":"no-evil","when":{"capability":["t.args.evil"]},"effect":"DENY","reason":"the test says evil"}]}
	POLICY
}

reload() {
	cvfctl reload >/tmp/reload.log 2>&1 && return 0
	cat /tmp/reload.log
	not_ok "the declarations are accepted" "cvfctl reload failed (above)"
	finish
}

# sys_risk LEVEL [TIMEOUT]: what operations of domain sys need from now on
sys_risk() {
	sys_capability "$@" >/etc/cvf/capabilities.d/t-sys.json
	reload
}

folders() {
	mkdir -p /t/bin /t/r0 /t/r1/in /t/r1/out /t/r2 /t/r2t /t/r3 /t/deny /t/secret /t/none /t/x2
	local folder
	for folder in bin r0 r1/in r1/out r2 r2t r3 deny secret none x2; do
		[ -e /t/$folder/probe ] || cp "$HERE/probe" /t/$folder/probe
	done
	for folder in args args2; do
		[ -e /t/bin/$folder ] || cp "$HERE/probe" /t/bin/$folder
	done
}

addresses() {
	local n
	for n in 10 11 12 13 14 15 16 17; do
		ip -6 addr add "fd00:$n::1/128" dev lo 2>/dev/null || true
		ip -6 addr add "fd00:$n::2/128" dev lo 2>/dev/null || true
	done
}

# world [FUNCTION]...: the functions write more declarations, named t-*, before they are read. The shipped ones are kept
# aside: `world` is the same in every script of a boot.
world() {
	local more
	folders
	addresses
	mkdir -p /tmp/shipped /etc/cvf/capabilities.d /etc/cvf/agents.d /etc/cvf/policies.d
	mv /usr/share/cvf/capabilities/*.json /tmp/shipped/ 2>/dev/null || true
	rm -f /etc/cvf/agents.d/t-* /etc/cvf/capabilities.d/t-* /etc/cvf/policies.d/t-*
	printf '{"schema":"cvf.profile/v1","id":"bare","name":"Bare","description":"nothing","capabilities":[],"scope":{"paths":[],"net":[]},"rules":[]}\n' \
		>/usr/share/cvf/profiles/bare.json
	declare_capabilities >/etc/cvf/capabilities.d/t-all.json
	sys_capability HIGH >/etc/cvf/capabilities.d/t-sys.json
	agent_declaration t enforce >/etc/cvf/agents.d/t-t.json
	declare_policy >/etc/cvf/policies.d/t-policy.json
	for more; do
		$more
	done
	reload
	agent_open t
}

# Undoes world, for scripts that test what is shipped.
world_end() {
	agent_close
	mv /tmp/shipped/*.json /usr/share/cvf/capabilities/ 2>/dev/null || true
	rm -f /etc/cvf/agents.d/t-* /etc/cvf/capabilities.d/t-* /etc/cvf/policies.d/t-* /usr/share/cvf/profiles/bare.json
	reload
}

# --- the agent ----------------------------------------------------------------

agent_pid=

# agent_open ID: a shell under the agent's label that runs one command after the other.
agent_open() {
	agent_close
	cat >/t/bin/agentsh <<-'SHELL'
	while IFS= read -r line; do
		(eval "exec $line") </dev/null >>/t/r0/out 2>&1
		echo $?
	done
	SHELL
	agent_id=$1
	coproc AGENT { exec cvfctl run --agent "$agent_id" -- /bin/bash --norc --noprofile /t/bin/agentsh 2>/tmp/agentsh.log; }
	# shellcheck disable=SC2153  # coproc sets it
	agent_pid=$AGENT_PID
	agent_out=${AGENT[0]}
	agent_in=${AGENT[1]}
	agent true || {
		cat /tmp/agentsh.log
		not_ok "agent $1 runs a shell" "it did not (above)"
		agent_pid=
		finish
	}
}

agent_close() {
	[ -n "$agent_pid" ] || return 0
	exec {agent_in}>&-
	agent_pid=
	within 5 '! kill -0 $AGENT_PID 2>/dev/null' || kill -KILL "${AGENT_PID:-}" 2>/dev/null
	wait "${AGENT_PID:-}" 2>/dev/null || true
}

agent_begin() {
	: >$OUT
	printf '%q ' "$@" >&"$agent_in"
	printf '\n' >&"$agent_in"
}

# Sends a line of shell as it is, for redirections.
agent_begin_line() {
	: >$OUT
	printf '%s\n' "$1" >&"$agent_in"
}

# Status of what agent_begin started; whatever still waits for an answer is denied, so that the next one can run.
agent_end() {
	local status=
	if read -r -t "$PATIENCE" -u "$agent_out" status; then
		return "$status"
	fi
	for _ in 1 2 3 4 5 6 7 8 9; do
		deny_all
		! read -r -t 2 -u "$agent_out" status || break
	done
	return $HUNG
}

agent() {
	agent_begin "$@"
	agent_end
}

# as ID COMMAND...: in a session of its own
as() {
	local id=$1
	shift
	cvfctl run --agent "$id" -- "$@"
}

# --- holds --------------------------------------------------------------------

# One object per line.
holds() {
	cvfctl approvals --json 2>/dev/null | sed -e 's/^{"holds":\[//' -e 's/\],"next":[^]]*}$//' -e 's/},{"id"/}\n{"id"/g'
}

# field NAME <JSON: the text of a flat member, still escaped
field() {
	sed -n "s/.*\"$1\":\"\(\([^\"\\\\]\|\\\\.\)*\)\".*/\1/p; t; s/.*\"$1\":\([^,}]*\).*/\1/p" | head -n 1
}

HOLD=
HOLD_JSON=

# wait_hold_now [AGENT [WORD]]: one look
wait_hold_now() {
	HOLD_JSON=$(holds | grep -F "\"agent\":\"${1:-t}\"" | grep -F -- "${2:-}" | head -n 1)
	HOLD=
	[ -n "$HOLD_JSON" ] || return 1
	HOLD=$(printf '%s\n' "$HOLD_JSON" | field id)
}

pid_of() {
	local d
	for d in /proc/[0-9]*; do
		[ "$(cat "$d/comm" 2>/dev/null)" != "$1" ] || echo "${d#/proc/}"
	done
}

# wait_hold [AGENT [WORD]]
wait_hold() {
	local end=$((SECONDS + PATIENCE))
	until wait_hold_now "$@"; do
		[ $SECONDS -le $end ] || return 1
	done
}

# begin_held AGENT WORD COMMAND...: as agent_begin, again and again until it is held: a denial stands for two seconds
begin_held() {
	local agent=$1 word=$2 status end=$((SECONDS + PATIENCE))
	shift 2
	while [ $SECONDS -le $end ]; do
		agent_begin "$@"
		until wait_hold_now "$agent" "$word"; do
			! read -r -t 0.1 -u "$agent_out" status || continue 2
			[ $SECONDS -le $end ] || return 1
		done
		return 0
	done
	return 1
}

# wait_hold_other OLD [AGENT [WORD]]: one that is not OLD
wait_hold_other() {
	local old=$1 end=$((SECONDS + 5))
	shift
	until wait_hold_now "$@" && [ "$HOLD" != "$old" ]; do
		[ $SECONDS -le $end ] || return 1
	done
}

# No hold of that agent waits.
no_hold() {
	! holds | grep -q -F "\"agent\":\"${1:-t}\""
}

approve() {
	cvfctl approve "${1:-$HOLD}" >/tmp/approve.log 2>&1
}

deny() {
	cvfctl deny "${1:-$HOLD}" >/tmp/deny.log 2>&1
}

deny_all() {
	local id
	holds | field_each id | while read -r id; do
		cvfctl deny "$id" >/dev/null 2>&1
	done
}

field_each() {
	local line
	while read -r line; do
		printf '%s\n' "$line" | field "$1"
	done
}

# --- events -------------------------------------------------------------------

# wait_event AGENT WORD [WORD]: an event of the agent whose JSON has the words in it; sets EVENT
wait_event() {
	local end=$((SECONDS + ${PATIENCE_EVENT:-5}))
	while [ $SECONDS -le $end ]; do
		EVENT=$(cvfctl events --json --agent "$1" --limit 40 | grep -F -- "$2" | grep -F -- "${3:-}" | tail -n 1)
		[ -z "$EVENT" ] || return 0
	done
	return 1
}

# --- servers ------------------------------------------------------------------

servers=()

# server KIND ADDRESS PORT FILE: unlabelled; FILE gets what arrives
server() {
	rm -f "$4"
	"$PROBE" serve "$@" </dev/null >/dev/null 2>&1 &
	servers+=($!)
	disown
	within 5 "[ -e '$4' ]" || not_ok "server $1 $2 $3" "it did not start"
}

servers_end() {
	[ ${#servers[@]} = 0 ] || kill -KILL "${servers[@]}" 2>/dev/null
	servers=()
}

# arrived FILE TEXT: within a moment, for what the network delivers
arrived() {
	within 2 "grep -q -x -F -- '$2' '$1'"
}

absent() {
	! grep -q -x -F -- "$2" "$1"
}
