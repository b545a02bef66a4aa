#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The start of a Debian host: services in cvf-agents.slice, which i_boot.root puts there, are governed from their first exec, however
# early they want to be; where nothing enforces none of them starts; and a new start of the daemons ends none of them.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

# at UNIT PROPERTY: a time of it in microseconds since the start
at() {
	systemctl show -P "$2" "$1"
}
ended() {
	[ "$(systemctl show -P ActiveState "$1")" != activating ]
}
within 60 'ended i-refused && ended i-allowed && ended i-other && ended i-early && ended i-late'
is "the system is up, no unit failed but the one that must" i-refused.service "$(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | xargs)"
for unit in cvfd cvfd-quarantine cvfd-govern cvfd-notify; do
	is "$unit is active" active "$(systemctl is-active $unit)"
done
is "doctor finds nothing" "" "$(cvfctl doctor >/tmp/doctor 2>&1 || cat /tmp/doctor)"

for unit in early late; do
	yes "$unit in the slice: it runs" "within 60 '[ -s /srv/i/free/$unit ]' && systemctl is-active --quiet i-$unit"
	is "$unit in the slice: what it may not read it did not" plain "$(cat /srv/i/free/$unit)"
	yes "$unit in the slice: it began when the policy was in force" \
		"[ $(at i-$unit ExecMainStartTimestampMonotonic) -gt $(at cvfd-govern ActiveEnterTimestampMonotonic) ]"
done
is "its twin outside the slice reads both" "secret plain" "$(xargs </srv/i/free/nobody)"
yes "its twin outside the slice waited for nobody" \
	"[ $(at i-nobody ExecMainStartTimestampMonotonic) -lt $(at cvfd ActiveEnterTimestampMonotonic) ]"
is "its first exec is judged" "203 no" "$(at i-refused ExecMainStatus) $([ -e /srv/i/free/refused ] && echo yes || echo no)"
is "its twin in the slice that may run ran" "0 ran" "$(at i-allowed ExecMainStatus) $(cat /srv/i/free/allowed)"
is "its twin outside the slice ran" "0 ran" "$(at i-other ExecMainStatus) $(cat /srv/i/free/other)"
yes "the refusal is recorded" "wait_event boot /srv/i/denied/program deny"
yes "people log in after the policy is in force" \
	"[ $(at systemd-user-sessions InactiveExitTimestampMonotonic) -ge $(at cvfd-govern ActiveEnterTimestampMonotonic) ]"

# --- the daemons anew: agents go on
pid=$(at i-late MainPID)
systemctl restart cvfd
yes "started again, cvfd enforces" "within 60 \"cvfctl status --json 2>/dev/null | grep -q '\\\"enforcing\\\":true'\""
is "the service in the slice is the same process" "active $pid" "$(systemctl is-active i-late) $(at i-late MainPID)"
systemctl restart cvfd-govern
is "and is after a restart of the governor" "active $pid" "$(systemctl is-active i-late) $(at i-late MainPID)"

# --- nothing enforces: no agent starts
systemctl stop cvf-agents.slice
is "stopped with its slice" inactive "$(systemctl is-active i-late)"
systemctl stop cvfd
cvfd --unpin 2>/tmp/unpin
is "unpinned" 0 $?
mkdir -p /run/systemd/system/cvfd.service.d
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/bin/false' >/run/systemd/system/cvfd.service.d/broken.conf
systemctl daemon-reload
no "where cvfd cannot start, a service in the slice does not" "systemctl start i-late 2>/tmp/start"
is "it is not there" "inactive 0" "$(systemctl is-active i-late) $(at i-late MainPID)"
yes "its twin outside the slice starts" "systemctl restart i-nobody"
rm /run/systemd/system/cvfd.service.d/broken.conf /srv/i/free/late
systemctl daemon-reload
systemctl stop cvfd
systemctl reset-failed cvfd
yes "with cvfd there again it starts, and brings cvfd with it" "systemctl start i-late && [ $(systemctl is-active cvfd) = inactive ] && systemctl is-active --quiet cvfd-govern"
yes "and is governed" "within 60 '[ -s /srv/i/free/late ]' && [ \"\$(cat /srv/i/free/late)\" = plain ]"

# --- another flavour than this kernel lets expect is said
is "the flavour is the one that the kernel lets expect: nothing to tell" null "$(cvfctl status --json | field flavour_problem)"
systemctl stop cvf-agents.slice cvfd
cvfd --unpin 2>/tmp/unpin
mkdir -p /run/systemd/system/cvfd.service.d
printf '%s\n' '[Service]' 'ExecStart=' 'ExecStart=/usr/sbin/cvfd --flavour fmod_ret' >/run/systemd/system/cvfd.service.d/flavour.conf
systemctl daemon-reload
systemctl start cvfd
yes "as fmod_ret it enforces" "within 60 \"cvfctl status --json 2>/dev/null | grep -q '\\\"enforcing\\\":true'\""
if grep -qw bpf /sys/kernel/security/lsm; then
	yes "with bpf among the security modules the status says so" "cvfctl status --json | field flavour_problem | grep -q '^bpf is among'"
	yes "and doctor warns" "cvfctl doctor | grep -q '^WARN  enforcing .*fmod_ret'"
else
	is "without bpf among the security modules that is nothing to tell" null "$(cvfctl status --json | field flavour_problem)"
	yes "and doctor is content" "cvfctl doctor | grep -q '^OK    enforcing .*fmod_ret'"
fi
finish
