#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Input that is wrong: declarations refused whole, with the old generation enforcing on; hostile bytes on both sockets.
# needs: own-boot
# run-args: --with python3 --timeout 420

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world
load_begin

# --- declarations
mkdir -p /tmp/bad
python3 "$HERE/r_input.py" declarations /tmp/bad
generation=$(status_of generation)
for file in /tmp/bad/*.json; do
	name=$(basename "$file" .json)
	kind=${name##*.}
	verb=register
	[ "$kind" != policy ] || verb=apply
	start=$SECONDS
	timeout 60 cvfctl "$kind" $verb "$file" >/tmp/refusal 2>&1
	status=$?
	is "$name: refused" 1 $status
	is "$name: in a few words" yes "$([ "$(wc -c </tmp/refusal)" -lt 2000 ] && echo yes || wc -c </tmp/refusal)"
	yes "$name: with a reason" "[ -s /tmp/refusal ]"
	[ $status != 0 ] || cvfctl "$kind" remove "$(sed -n 's/.*"id": "\([^"]*\)".*/\1/p' "$file" | head -n 1)" >/dev/null 2>&1
	[ $((SECONDS - start)) -lt 40 ] || not_ok "$name: in reasonable time" "$((SECONDS - start)) s"
done
is "after them: the same generation" "$generation" "$(status_of generation)"
load_right "wrong declarations"

# --- the same as a file on disk: reload is refused whole, a start over does not lose the rest
cp /tmp/bad/glob-bracket.capability.json /etc/cvf/capabilities.d/r-bad.json
printf '{"schema":"cvf.policy/v1","id":"open","priority":999,"rules":[]}' >/etc/cvf/policies.d/r-open.json
rm /etc/cvf/policies.d/r-robust.json
cvfctl reload >/tmp/refusal 2>&1
is "reload with one bad file is refused" 1 $?
yes "it names file, line and column" "grep -qE 'r-bad.json:[0-9]+:[0-9]+' /tmp/refusal"
is "it is refused whole: the same generation" "$generation" "$(status_of generation)"
load_right "reload with a bad file"
kill -KILL "$(governor)"
within 30 'governor >/dev/null'
yes "the governor starts with the bad file there: ready" "within 30 ready"
load_right "started with a bad file"
yes "and says what is wrong" "cvfctl status --json | grep -q 'r-bad.json'"
rm /etc/cvf/capabilities.d/r-bad.json /etc/cvf/policies.d/r-open.json
robust_world
load_right "put right"

# --- sockets
# part NAME: adds the counts of r_input.py to ours
part() {
	local good bad
	"${@:2}" 2>&1 | tee /tmp/part | grep -v '^counts'
	grep -q '^counts' /tmp/part || not_ok "$1" "it did not come to its end: $(tail -n 3 /tmp/part)"
	read -r good bad < <(sed -n 's/^counts //p' /tmp/part)
	passed=$((passed + ${good:-0}))
	failed=$((failed + ${bad:-0}))
}

part "control socket" python3 "$HERE/r_input.py" control
load_right "hostile callers"
# The governor holds the only place at the link: it makes room.
kill -STOP "$(keeper)"
kill -KILL "$(governor)"
part "link socket" $TOOL as 990 990 /tmp python3 "$HERE/r_input.py" link
load_right "hostile packets"
kill -CONT "$(keeper)"
yes "hostile packets: the governor comes back and is ready" "within 60 ready"
yes "hostile packets: the enforcer lives" "kill -0 \$(enforcer)"
in_background /tmp/after $TOOL open $WORK/held/file
wait_hold robust && approve
ended 20 $JOB
is "after it all: a hold can be approved" "$WORK/held/file ok" "$(cat /tmp/after)"
load_end
finish
