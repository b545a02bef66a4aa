# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# r_lib.sh - what the robustness tests (r_*.sh) share on top of lib.sh; no test itself
#
#   robust_world            agent "robust" with the shipped declarations and the folders below
#   small_world             the same agent with few declarations, for what starts the daemons again and again
#   robust COMMAND...       runs it in a session of its own
#   in_background FILE COMMAND...  the same in the background, output to FILE; sets JOB
#   ended SECONDS PID       waits for it; kills it at the deadline; returns its status, 199 when it had to be killed
#
# Below /srv/r: free/ may be read (R0), denied/ is denied by a policy, held/ is held when read (HIGH), event/ may be
# written, with an event for each time (R1, in scope). r_tool, made from r_tool.c, does things there; it is installed as
# /usr/bin/r_tool, so that running it is nothing special. r_client, made from r_client.c, answers holds as fast as it goes.

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	echo "0 passed, 0 failed, 0 skipped"
	exit 0
fi

# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# shellcheck disable=SC2034  # used by the tests
SOCKET=/run/cvf/cvfd.sock
WORK=/srv/r
TOOL=/usr/bin/r_tool
# shellcheck disable=SC2034
CLIENT=$HERE/r_client

tool() {
	[ -e $TOOL ] || cp "$HERE/r_tool" $TOOL
}

robust_world() {
	tool
	mkdir -p $WORK/free $WORK/denied $WORK/held $WORK/event
	local folder
	for folder in free denied held event; do
		echo "$folder" >$WORK/$folder/file
	done
	capability robust.held HIGH READ "${HOLD_TIMEOUT:-600}" '{"file":[{"path":"/srv/r/held/**","ops":["read"]}]}' \
		>/etc/cvf/capabilities.d/r-robust.json
	robust_agent robust >/etc/cvf/agents.d/r-robust.json
	printf '{"schema":"cvf.policy/v1","id":"robust","priority":100,"rules":[{"id":"denied","when":{"path":["/srv/r/denied/**"]},"effect":"DENY","reason":"the test says no"}]}\n' \
		>/etc/cvf/policies.d/r-robust.json
	reload
}

# A few declarations in place of the shipped ones, whose compilation takes most of the time until it is ready again: agent
# "robust" may read all but denied/, and is held when it writes below held/.
small_world() {
	tool
	mkdir -p $WORK/free $WORK/denied $WORK/held
	echo free >$WORK/free/file
	echo denied >$WORK/denied/file
	world small_declarations
	agent_close
}

small_declarations() {
	capability t.held HIGH WRITE 600 '{"file":[{"path":"/srv/r/held/**","ops":["write"]}]}' >/etc/cvf/capabilities.d/t-robust.json
	printf '{"schema":"cvf.policy/v1","id":"robust","priority":200,"rules":[{"id":"denied","when":{"path":["/srv/r/denied/**"]},"effect":"DENY","reason":"the test says no"}]}\n' \
		>/etc/cvf/policies.d/t-robust.json
	printf '{"schema":"cvf.agent/v1","id":"robust","name":"robust","owner":"test","profile":"bare","mode":"enforce","capabilities":["t.read","t.exec","t.r0","t.held"],"scope":{"paths":[],"net":[]}}\n' \
		>/etc/cvf/agents.d/t-robust.json
}

# robust_agent ID
robust_agent() {
	printf '{"schema":"cvf.agent/v1","id":"%s","name":"%s","owner":"test","profile":"coding","mode":"enforce","capabilities":["robust.*"],' "$1" "$1"
	printf '"scope":{"paths":["/srv/r/event/**"],"net":[]},"limits":{"pending_holds":64}}\n'
}

robust() {
	as robust "$@"
}

in_background() {
	local out=$1
	shift
	cvfctl run --agent robust -- "$@" >"$out" 2>&1 </dev/null &
	# shellcheck disable=SC2034
	JOB=$!
}

ended() {
	within "$1" "! kill -0 $2 2>/dev/null" || {
		kill -KILL "$2" 2>/dev/null
		wait "$2" 2>/dev/null
		return 199
	}
	wait "$2"
}

status_of() {
	cvfctl status --json 2>/dev/null | field "$1"
}

waiting() {
	[ "$(status_of holds_pending)" = "$1" ]
}

ready() {
	[ "$(status_of enforcing)" = true ]
}

hold_state() {
	cvfctl approvals show "$1" --json 2>/dev/null | field state
}

hold_ids() {
	holds | field_each id | sort
}

# The text of a file in one line.
flat() {
	tr '\n' ' ' <"$1" | sed 's/ $//'
}

# Process ids of the enforcer and the governor.
enforcer() {
	cat /run/cvf/cvfd.lock
}

governor() {
	pidof cvfd-govern
}

keeper() {
	local comm
	for comm in /proc/[0-9]*/comm; do
		[ "$(cat "$comm" 2>/dev/null)" != cvfd-keeper ] || basename "$(dirname "$comm")"
	done
}

# pids_of TEXT: of the processes with that in their command line, this one and its children left out
pids_of() {
	local line
	for line in /proc/[0-9]*/cmdline; do
		! { tr "\\0" " " <"$line"; } 2>/dev/null | grep -qF -- "$1" || basename "$(dirname "$line")"
	done
}

start_daemon() {
	(
		setsid /usr/sbin/cvfd --foreground >>/var/log/cvfd.log 2>&1 </dev/null &
	)
}

# load_begin [PAUSE-MS]: starts the agent that opens an allowed and a denied file in turn and counts what went wrong.
load_begin() {
	load_of robust $WORK/free/file $WORK/denied/file $WORK/event/counters "${1:-2}"
}

# load_of AGENT ALLOWED DENIED COUNTERS PAUSE-MS
load_of() {
	COUNTERS=$4
	dd if=/dev/zero of="$COUNTERS" bs=4096 count=1 2>/dev/null
	cvfctl run --agent "$1" -- $TOOL mixed "${@:2}" >/tmp/load 2>&1 </dev/null &
	LOAD=$!
	load_goes_on || not_ok "load: it runs" "$(cat /tmp/load)"
}

load_rounds() {
	$TOOL counters "$COUNTERS" | cut -d' ' -f1
}

# It made at least ten rounds since now.
load_goes_on() {
	local before
	before=$(load_rounds)
	within 30 "[ \$(load_rounds) -ge $((before + 10)) ]"
}

# load_right NAME: no wrong verdict so far, and it goes on
load_right() {
	local rounds refused passed_wrongly
	load_goes_on || not_ok "$1: the load goes on" "it stands: $($TOOL counters "$COUNTERS") $(cat /tmp/load)"
	read -r rounds refused passed_wrongly < <($TOOL counters "$COUNTERS")
	is "$1: denied, never let through ($rounds times)" 0 "$passed_wrongly"
	is "$1: allowed, never refused ($rounds times)" 0 "$refused"
}

load_end() {
	# cvfctl passes it on
	kill -TERM "$LOAD"
	ended 20 "$LOAD"
	is "load: ended in order" 0 $?
}
