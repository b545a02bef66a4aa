#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demonstration itself: cvfd enforces, cvfctl is in the PATH, we are root, /srv/demo is ours. Every step checks that what
# it tells is what happened; the first one that did not ends the demonstration with status 1.
set -u

HOME_DIR=/srv/demo
OUT=$HOME_DIR.out
agent=

# Whatever happens, nobody is left standing.
cleanup() {
	[ -n "$agent" ] || return 0
	for hold in $(cvfctl approvals --agent demo --json | grep -oE '"id": ?"[^"]+"' | cut -d'"' -f4); do
		cvfctl deny "$hold" >/dev/null 2>&1
	done
	kill "$agent" 2>/dev/null
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

heading() { printf '\n\n== %s\n' "$1"; }
tell() { printf '   %s\n' "$@"; }

fail() {
	printf '\nTHE DEMONSTRATION FAILED: %s\n' "$1"
	[ -z "$agent" ] || sed 's/^/   agent: /' "$OUT"
	cvfctl events --limit 10
	exit 1
}

# Shows a command of the operator and runs it. status is its exit status; its output is shown and kept in $OUT.cmd.
show() {
	printf '\n$'
	for word in "$@"; do
		case $word in *[!A-Za-z0-9_./:=-]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac
	done
	printf '\n'
	"$@" >"$OUT.cmd" 2>&1
	status=$?
	sed 's/^/  /' "$OUT.cmd"
}

# The agent does one of its jobs: in the background, as an agent does.
agent_starts() {
	printf '\n$ cvfctl run --agent demo -- sh agent.sh %s\n' "$1"
	cvfctl run --agent demo -- sh "$HOME_DIR/agent.sh" "$1" >"$OUT" 2>&1 &
	agent=$!
}
agent_ends() {
	# A demonstration that hangs shows nothing: a second question, or a lost wake-up, is a failure.
	tries=0
	while agent_runs_on && [ $tries -lt 150 ]; do
		sleep 0.2
		tries=$((tries + 1))
	done
	! agent_runs_on || fail "the agent's command should have ended"
	wait "$agent"
	status=$?
	agent=
	sed 's/^/  agent: /' "$OUT"
}
agent_runs_on() { kill -0 "$agent" 2>/dev/null; }

# Waits for a question of the agent; leaves its id in hold.
wait_for_hold() {
	tries=0
	hold=
	while [ -z "$hold" ] && [ $tries -lt 100 ]; do
		hold=$(cvfctl approvals --agent demo --json | sed -nE 's/.*"id": ?"([^"]+)".*/\1/p' | head -n 1)
		[ -n "$hold" ] || sleep 0.2
		tries=$((tries + 1))
	done
	[ -n "$hold" ] || fail "the agent should wait for an approver by now, and does not"
	agent_runs_on || fail "the agent's command came back although nobody had decided"
}

has() { grep -q -- "$2" "$1" || fail "$3"; }
is_there() { [ -e "$1" ] || fail "$1 should be there, and is not"; }
is_gone() { [ ! -e "$1" ] || fail "$1 should be gone, and is there"; }
ended_well() { [ "$status" = 0 ] || fail "$1 (status $status)"; }
ended_badly() { [ "$status" != 0 ] || fail "$1"; }

make_files() {
	mkdir -p $HOME_DIR/src $HOME_DIR/build /srv/tools /srv/other
	printf 'total = price * count\n' >$HOME_DIR/src/invoice.txt
	printf 'old numbers\n' >$HOME_DIR/build/report-2024.csv
	printf 'name,card\n' >$HOME_DIR/customers.csv
	cp "$(command -v cat)" /srv/tools/converter
	# shellcheck disable=SC2016  # the agent's own script
	cat >$HOME_DIR/agent.sh <<-'AGENT'
	cd /srv/demo || exit 1
	case $1 in
	read) for n in 1 2 3 4 5; do cat src/invoice.txt >/dev/null; done; wc -c src/invoice.txt ;;
	write) sed 's/price/net price/' src/invoice.txt >build/invoice.txt && cat build/invoice.txt ;;
	stray) echo 'gotcha' >/srv/other/notes.txt ;;
	clean) rm build/report-2024.csv && echo 'the old report is deleted' ;;
	publish) /bin/sh ./publish.sh --to production --version 7 ;;
	wipe) /usr/bin/shred -u customers.csv && echo 'the customers are gone' ;;
	tool) /srv/tools/converter src/invoice.txt ;;
	esac
	AGENT
	# shellcheck disable=SC2016  # the same
	printf 'echo "published to $2"\n' >$HOME_DIR/publish.sh
	cat >$HOME_DIR.agent.json <<-'JSON'
	{"schema": "cvf.agent/v1", "id": "demo", "name": "Demo agent", "owner": "you",
	 "profile": "default", "capabilities": ["proc.exec.shred", "demo.*"],
	 "scope": {"paths": ["/srv/demo/**"]}}
	JSON
	cat >$HOME_DIR.publish.json <<-'JSON'
	{"schema": "cvf.capability/v1", "id": "demo.publish", "name": "Publish the site",
	 "description": "Puts what was built where customers see it.", "operation_type": "EXECUTE",
	 "risk": {"level": "HIGH", "justification": "customers see it at once", "requires_approval": true},
	 "side_effects": {"reversible": true, "scope": "external", "description": "the public site changes"},
	 "match": {"exec": [{"path": "/usr/bin/*sh", "argv": ["./publish.sh", "**"]},
	                    {"path": "/bin/*sh", "argv": ["./publish.sh", "**"]}]}}
	JSON
}

part_status() {
	heading "1. Is anything enforced? (asked of the kernel, not of a settings file)"
	printf '\n$ cvfctl status | head -n 4\n'
	cvfctl status >"$OUT.cmd"
	head -n 4 "$OUT.cmd" | sed 's/^/  /'
	has "$OUT.cmd" "enforcing" "cvfctl status does not say that it enforces"
}

part_register() {
	heading "2. An agent, and a capability of our own"
	tell "The agent may work in /srv/demo. The capability gives a name and a risk to 'publish.sh'."
	show cat $HOME_DIR.agent.json
	show cat $HOME_DIR.publish.json
	show cvfctl capability register $HOME_DIR.publish.json
	ended_well "the capability was not registered"
	show cvfctl agent register $HOME_DIR.agent.json
	ended_well "the agent was not registered"
}

part_r0() {
	heading "3. R0, LOW: reading flows"
	tell "Nothing asks, nothing waits; the kernel counts."
	agent_starts read
	agent_ends
	ended_well "reading should have worked"
	has "$OUT" "src/invoice.txt" "the agent should have counted the bytes"
}

part_r1() {
	heading "4. R1, MEDIUM: writing flows inside of the agent's scope ..."
	agent_starts write
	agent_ends
	ended_well "writing in /srv/demo should have worked"
	has $HOME_DIR/build/invoice.txt "net price" "the agent should have written build/invoice.txt"
	heading "   ... and is refused outside of it"
	agent_starts stray
	agent_ends
	ended_badly "writing in /srv/other should have been refused"
	is_gone /srv/other/notes.txt
	show cvfctl why --agent demo --limit 1
	has "$OUT.cmd" "out-of-scope" "cvfctl why should name the reason out-of-scope"
}

part_r2() {
	heading "5. R2, HIGH: a delete is held in the kernel until somebody decides"
	agent_starts clean
	wait_for_hold
	tell "" "The agent's 'rm' stands still inside of its system call. Who, what, why:"
	show cvfctl approvals show "$hold"
	has "$OUT.cmd" "report-2024.csv" "the approver should see what would be deleted"
	is_there $HOME_DIR/build/report-2024.csv
	show cvfctl approve "$hold" --note 'last year, not needed'
	ended_well "the approval was refused"
	tell "" "The same system call goes on; 'rm' never noticed:"
	agent_ends
	ended_well "the approved delete should have worked"
	has "$OUT" "the old report is deleted" "the agent should have gone on after the delete"
	is_gone $HOME_DIR/build/report-2024.csv
	tell "" "What an approved delete takes away was kept first. It is needed after all:"
	show cvfctl quarantine list
	has "$OUT.cmd" "report-2024.csv" "the deleted file should be in quarantine"
	kept=$(cvfctl quarantine list --json | sed -nE 's/.*"id": ?"([^"]+)".*/\1/p' | head -n 1)
	show cvfctl quarantine restore "$kept"
	ended_well "the file should come back"
	has $HOME_DIR/build/report-2024.csv "old numbers" "the file should be as it was"
}

part_denied() {
	heading "6. R2, denied: our own capability, judged by its arguments"
	agent_starts publish
	wait_for_hold
	show cvfctl approvals
	has "$OUT.cmd" "demo.publish" "the approver should see the capability demo.publish"
	show cvfctl deny "$hold" --note 'not on a Friday'
	ended_well "the denial was refused"
	agent_ends
	ended_badly "the denied publish should have failed"
	! grep -q published "$OUT" || fail "the agent published although it was denied"
}

part_r3() {
	heading "7. R3, CRITICAL: only a person may decide, and root is not a person"
	agent_starts wipe
	wait_for_hold
	show cvfctl approve "$hold"
	ended_badly "root without a human principal must not approve R3"
	is_there $HOME_DIR/customers.csv
	show cvfctl deny "$hold" --note 'never'
	ended_well "the denial was refused"
	agent_ends
	ended_badly "the denied shred should have failed"
	has $HOME_DIR/customers.csv "name,card" "customers.csv should be as it was"
}

part_unregistered() {
	heading "8. What nobody registered counts as HIGH: it is held, not guessed"
	agent_starts tool
	wait_for_hold
	show cvfctl approvals
	has "$OUT.cmd" "unregistered" "the approver should see that no capability covers it"
	show cvfctl approve "$hold"
	ended_well "the approval was refused"
	agent_ends
	ended_well "the approved tool should have run"
	has "$OUT" "price" "the tool should have printed the file"
}

part_trail() {
	heading "9. What is kept: events, reasons, counts"
	show cvfctl events --agent demo --limit 40
	has "$OUT.cmd" "approved" "the trail should have the approval"
	event=$(cvfctl events --agent demo --verdict deny --json | grep '"out-of-scope"' | sed -nE 's/.*"id": ?"([^"]+)".*/\1/p' | head -n 1)
	[ -n "$event" ] || fail "the trail should have the refused write"
	show cvfctl explain "$event"
	ended_well "the event should be explained"
	has "$OUT.cmd" "/srv/other/notes.txt" "the explanation should name what was refused"
	show cvfctl counters --agent demo
	has "$OUT.cmd" "io.fs.read" "reads should be counted although they make no events"
}

command -v shred >/dev/null || fail "this needs the program shred (coreutils)"
make_files
part_status
part_register
part_r0
part_r1
part_r2
part_denied
part_r3
part_unregistered
part_trail
printf '\n\nEverything happened as told.\n'
