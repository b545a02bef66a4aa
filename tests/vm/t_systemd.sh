#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The shipped units under systemd as process 1: installed as README says, what they start does its work inside the sandbox that the
# units make, and stopping and restarting them is what an administrator expects.
# needs: own-boot
# run-args: --systemd --with python3

installed() {
	systemd-sysusers && systemd-tmpfiles --create cvf.conf &&
		systemctl enable --quiet --now cvfd cvfd-quarantine cvfd-govern cvfd-notify
}
installed >/tmp/install.log 2>&1
install_status=$?

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

is "installed as README says" 0 $install_status
[ $install_status = 0 ] || {
	cat /tmp/install.log
	systemctl --no-pager --full status cvfd cvfd-quarantine cvfd-govern cvfd-notify
	journalctl --no-pager -n 80
	finish
}
enforces() {
	cvfctl status --json 2>/dev/null | grep -q '"enforcing":true'
}
yes "it enforces" "within 60 enforces"
for unit in cvfd cvfd-quarantine cvfd-govern cvfd-notify; do
	is "$unit is active" active "$(systemctl is-active $unit)"
	is "$unit starts with the machine" enabled "$(systemctl is-enabled $unit)"
done
# NAME FIELD: of the main process of a unit
of_unit() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$(systemctl show -P MainPID "$1")/status"
}
uid_of() {
	of_unit "$1" Uid | cut -f1
}
is "cvfd is cvf-enforce" "$(id -u cvf-enforce)" "$(uid_of cvfd)"
is "cvfd keeps CAP_KILL alone" 0000000000000020 "$(of_unit cvfd CapEff)"
is "the governor is cvf" "$(id -u cvf)" "$(uid_of cvfd-govern)"
is "the governor has no capability" 0000000000000000 "$(of_unit cvfd-govern CapPrm)"
is "the quarantine has six" 000000000008001f "$(of_unit cvfd-quarantine CapPrm)"
is "doctor finds nothing" "" "$(cvfctl doctor >/tmp/doctor 2>&1 || cat /tmp/doctor)"

# --- its work, from inside the sandbox of the units
mkdir -p /srv/s/{free,held,kept}
chmod 777 /srv/s/*
keeps='"side_effects":{"reversible":true,"scope":"local","description":"test"},"compensation":{"supported":true,"strategy":"quarantine"}'
capability s.held HIGH DELETE 60 '{"file":[{"path":"/srv/s/held/**","ops":["delete"]}]}' >/etc/cvf/capabilities.d/s-held.json
printf '{"schema":"cvf.capability/v1","id":"s.kept","name":"k","description":"test","operation_type":"WRITE",%s,"risk":{"level":"MEDIUM","justification":"test"},"match":{"file":[{"path":"/srv/s/kept/**","ops":["delete"]}]}}\n' \
	"$keeps" >/etc/cvf/capabilities.d/s-kept.json
printf '{"schema":"cvf.agent/v1","id":"s","owner":"test","profile":"coding","capabilities":["s.*"],"scope":{"paths":["/srv/s/free/**","/srv/s/kept/**"]},"match":{"cgroup":["/cvf.slice/cvf-agents.slice/**"]}}\n' \
	>/etc/cvf/agents.d/s.json
systemctl reload cvfd-govern
status=$?
is "systemctl reload reads the declarations" 0 $status
[ $status = 0 ] || journalctl --no-pager -u cvfd-govern -n 20
yes "they are in force" "within 20 'cvfctl agent show s >/dev/null 2>&1'"

# deletes FILE: an agent tries to, in the background
deletes() {
	echo x >"$1"
	as s /bin/rm "$1" >/tmp/rm.log 2>&1 &
	job=$!
}
deletes /srv/s/free/f
wait $job
no "what is in its scope flows" "[ -e /srv/s/free/f ]"
deletes /srv/s/held/f
yes "a delete is held" "wait_hold s /srv/s/held/f"
yes "and has no effect" "[ -e /srv/s/held/f ]"
approve
wait $job
no "approved, it is done" "[ -e /srv/s/held/f ]"
deletes /srv/s/held/f
wait_hold s /srv/s/held/f && deny
wait $job
yes "denied, it is not" "[ -e /srv/s/held/f ]"
echo keep >/srv/s/kept/f
chown 1000:1000 /srv/s/kept/f
as s /bin/rm /srv/s/kept/f
no "what is deleted under quarantine is gone" "[ -e /srv/s/kept/f ]"
item=$(cvfctl quarantine list --json | sed -e 's/},{"id"/}\n{"id"/g' | grep -F '"object":"/srv/s/kept/f"' | field id)
cvfctl quarantine restore "$item" >/tmp/restore.log 2>&1
is "and can be restored" "0 keep" "$? $(cat /srv/s/kept/f)"
is "with its owner" 1000 "$(stat -c %u /srv/s/kept/f)"

# --- people: one is told, and approves what is CRITICAL with a code
printf '#!/bin/sh\nexec systemd-cat -t told\n' >/usr/local/bin/told
chmod 755 /usr/local/bin/told
mkdir -p /srv/s/critical
chmod 777 /srv/s/critical
capability s.critical CRITICAL DELETE 60 '{"file":[{"path":"/srv/s/critical/**","ops":["delete"]}]}' >/etc/cvf/capabilities.d/s-critical.json
printf '{"principals":[{"user":"root","human":true,"roles":["approver"]}],"notifications":{"commands":[{"id":"told","path":"/usr/local/bin/told"}],"terminals":{}}}\n' \
	>/etc/cvf/cvfd.json
systemctl reload cvfd-govern
is "the notifier is cvf-notify" "$(id -u cvf-notify)" "$(uid_of cvfd-notify)"
is "the notifier has no capability" 0000000000000000 "$(of_unit cvfd-notify CapPrm)"
# What an authenticator shows: RFC 6238.
totp() {
	python3 -c 'import base64, hmac, sys, time, urllib.parse as u
secret = base64.b32decode(u.parse_qs(u.urlsplit(sys.argv[1]).query)["secret"][0])
digest = hmac.digest(secret, (int(time.time()) // 30).to_bytes(8, "big"), "sha1")
at = digest[-1] & 15
print("%06d" % ((int.from_bytes(digest[at:at + 4], "big") & 0x7fffffff) % 1000000))' "$1"
}
# A terminal at which root is logged in.
python3 -c 'import os, pty, select, struct, time
master, slave = pty.openpty()
line = os.ttyname(slave)
os.chown(line, 0, 5)
os.chmod(line, 0o620)
with open("/run/utmp", "ab") as f:
    f.write(struct.pack("<hxxi32s4s32s256s", 7, os.getpid(), line[5:].encode(), b"x", b"root", b"").ljust(384, b"\0"))
end, got = time.monotonic() + 120, b""
while time.monotonic() < end and b"approvals show" not in got:
    if select.select([master], [], [], 1)[0]:
        got += os.read(master, 65536)
with open("/tmp/terminal", "wb") as f:
    f.write(got)' &
yes "root is logged in" "within 20 'grep -q root /run/utmp'"
deletes /srv/s/critical/f
yes "a CRITICAL delete is held" "wait_hold s /srv/s/critical/f"
yes "the terminal of one who may approve it says so" "within 60 'grep -qs \"approvals show \$HOLD\" /tmp/terminal'"
yes "a program is told, inside the sandbox of the unit" "within 60 'journalctl -t told | grep -q $HOLD'"
approve
yes "a person without a second factor cannot approve it" "grep -q 'cvfctl approver enrol' /tmp/approve.log && [ -e /srv/s/critical/f ]"
uri=$(cvfctl approver enrol root 2>/dev/null)
no "nor with a second factor and no code" 'approve'
yes "it still waits" "[ -e /srv/s/critical/f ]"
cvfctl approve "$HOLD" --otp "$(totp "$uri")" >/tmp/approve.log 2>&1
is "nor is it refused with the code" 0 $?
wait $job
no "approved with the code, it is done" "[ -e /srv/s/critical/f ]"
yes "that it ended is told, too" "within 60 'journalctl -t told | grep -q cvf.approval.ended'"

# --- an agent that is a service
echo x >/srv/s/held/g
systemd-run --quiet --slice=cvf-agents.slice --unit=agent-service /bin/rm /srv/s/held/g
yes "a service in cvf-agents.slice is the agent" "wait_hold s /srv/s/held/g"
deny
yes "denied, it has no effect" "within 20 '! systemctl is-active --quiet agent-service' && [ -e /srv/s/held/g ]"
systemctl reset-failed agent-service 2>/dev/null
echo x >/srv/s/held/h
systemd-run --quiet --unit=other-service /bin/rm /srv/s/held/h
yes "its twin outside the slice is not governed" "within 20 '[ ! -e /srv/s/held/h ]'"

# Both systemd and what it forked put that into the cgroup, in any order: a service starts each time.
started=0
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	systemd-run --quiet --slice=cvf-agents.slice /bin/sh -c ": >/srv/s/free/started$i"
	within 20 "[ -e /srv/s/free/started$i ]" && started=$((started + 1))
done
is "each service of the slice starts" 12 $started
is "and each ran as the agent" 12 "$(cvfctl events --agent s --limit 500 --json 2>/dev/null | grep -o '/srv/s/free/started[0-9]*' | sort -u | wc -l)"

# --- the daemons are guarded where their units put them
daemon=$(systemctl show -P MainPID cvfd)
as s /bin/sh -c "echo $daemon >/sys/fs/cgroup/cgroup.procs" >/tmp/move.log 2>&1 &
job=$!
wait_hold s cgroup.procs && deny
wait $job
is "an agent of root cannot move cvfd to another cgroup" "0::/system.slice/cvfd.service" "$(cat "/proc/$daemon/cgroup")"
as s /usr/bin/systemctl stop cvfd >/tmp/stop.log 2>&1 &
job=$!
wait_hold s && deny
wait $job
is "nor have systemd stop it" "active $daemon" "$(systemctl is-active cvfd) $(systemctl show -P MainPID cvfd)"

# --- what an administrator does to them
deletes /srv/s/held/f
yes "held before the restarts" "wait_hold s /srv/s/held/f"
kill -KILL "$daemon"
yes "cvfd, killed, is started again" "within 60 'enforces && [ \$(systemctl show -P MainPID cvfd) != $daemon ]'"
yes "the governor with it" "within 60 'systemctl is-active --quiet cvfd-govern'"
systemctl restart cvfd-govern
yes "the governor, restarted, lists the same hold" "within 60 'cvfctl approvals show $HOLD --json 2>/dev/null | grep -q \"\\\"state\\\":\\\"pending\\\"\"'"
approve
wait $job
no "approved after it all, it is done" "[ -e /srv/s/held/f ]"
as s /bin/bash -c 'echo >/srv/s/free/there; until [ -e /srv/s/free/go ]; do :; done; rm -f /usr/bin/cvfctl' >/tmp/late.log 2>&1 &
job=$!
yes "an agent is there" "within 20 '[ -e /srv/s/free/there ]'"
systemctl stop cvfd
is "stopped: the governor stops with it" "inactive inactive" "$(systemctl is-active cvfd cvfd-govern | xargs)"
touch /srv/s/free/go
wait $job
yes "stopped: the kernel goes on refusing" "[ -e /usr/bin/cvfctl ]"
cvfd --unpin
is "unpin ends it" 0 $?
no "unpin leaves nothing" "[ -e /sys/fs/bpf/cvf ]"
finish
