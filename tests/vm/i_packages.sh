#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The packages on a Debian host, with apt: an upgrade under agents that try all the time what they may not, with a hold open; then
# removed, installed again, purged.
# limit: 900

# shellcheck source=tests/vm/i_lib.sh
. "$(dirname "$0")/i_lib.sh"

active() {
	systemctl is-active cvfd cvfd-quarantine cvfd-govern cvfd-notify | sort -u | xargs
}
mkdir -p /srv/repository
next_version 1
old=$(dpkg-query -W -f '${Version}' cvfd)
is "there is a newer version" "$old+1" "$version"

declare_agent d '"match":{"cgroup":["/cvf.slice/cvf-agents.slice/**"]},'
declared d

# --- who tries: a service in the slice, and a process of an agent that cvfctl started; each round is a byte
cat >/srv/i/free/loop <<'LOOP'
exec 3>>/srv/i/free/rounds.$1 4>>/srv/i/free/leaks 2>/dev/null
until [ -e /srv/i/free/stop ]; do
	if read -r line </srv/i/denied/secret; then echo "$1 $line" >&4; fi
	if echo "$1" >/srv/i/denied/made.$1; then echo "$1 wrote" >&4; fi
	echo x >&3
done
LOOP
systemd-run --quiet -p Restart=on-failure --slice=cvf-agents.slice --unit=trier /bin/bash /srv/i/free/loop service
as d /bin/bash /srv/i/free/loop run >/tmp/loop.log 2>&1 &
loop=$!
rounds() {
	[ ! -e "/srv/i/free/rounds.$1" ] || wc -c <"/srv/i/free/rounds.$1"
}
# goes_on NAME: twenty rounds more
goes_on() {
	local before
	within 60 "[ -s /srv/i/free/rounds.$1 ]"
	before=$(rounds "$1")
	within 60 "[ \$(rounds $1) -gt $((before + 20)) ]"
}
for name in service run; do
	yes "$name tries" "goes_on $name"
done
is "its twin, who is nobody's agent, may" "secret x" "$(cat /srv/i/denied/secret) $(echo x >/srv/i/denied/made.other && cat /srv/i/denied/made.other)"
as d /bin/sh -c 'echo held >/srv/i/held/f' >/tmp/held.log 2>&1 &
job=$!
yes "an operation is held" "wait_hold d /srv/i/held/f"
event=$(cvfctl events --json --limit 1 | field id)

# --- the upgrade
main=$(systemctl show -P MainPID cvfd)
trier=$(systemctl show -P MainPID trier)
repository
done_well "apt-get update" $?
begun_service=$(rounds service)
begun_run=$(rounds run)
apt upgrade
done_well "apt-get upgrade" $?
yes "upgraded: it enforces" "within 120 enforces"
is "upgraded: it is the new version" "$version $version" "$(dpkg-query -W -f '${Version} ' cvfd cvfctl | xargs)"
yes "upgraded: cvfd is another process" "[ $(systemctl show -P MainPID cvfd) != $main ]"
yes "upgraded: the services are active" "within 30 '[ \"\$(active)\" = active ]'"
is "upgraded: the agent's service is the same process" "active $trier" "$(systemctl is-active trier) $(systemctl show -P MainPID trier)"
yes "upgraded: both tried meanwhile" "[ $(rounds service) -gt $begun_service ] && [ $(rounds run) -gt $begun_run ]"
for name in service run; do
	yes "upgraded: $name goes on trying" "goes_on $name"
done
is "upgraded: never let through" "" "$(cat /srv/i/free/leaks)"
yes "upgraded: what was held still is" "wait_hold d /srv/i/held/f && [ ! -e /srv/i/held/f ]"
approve
wait $job
is "upgraded: and approved it is done" held "$(cat /srv/i/held/f)"
yes "upgraded: what was recorded is there" "cvfctl explain $event >/dev/null"

# --- an upgrade to a version that cannot adopt the programs
next_version 2
repository
/copy/i_abi 1 >/tmp/abi
begun_service=$(rounds service)
begun_run=$(rounds run)
apt upgrade
done_well "another version of the programs: apt-get upgrade" $?
is "another version of the programs: the package is there" "$version" "$(dpkg-query -W -f '${Version}' cvfd)"
is "another version of the programs: cvfd does not start, and is not tried again" "failed 8" \
	"$(systemctl show -P ActiveState cvfd) $(systemctl show -P ExecMainStatus cvfd)"
yes "another version of the programs: apt shows what to do" "grep -q 'ERROR.*did not start' /tmp/apt.log && grep -q 'cvfd --unpin && systemctl start cvfd' /tmp/apt.log"
yes "another version of the programs: so does the journal" "journalctl --no-pager -u cvfd | grep -q 'cvfd --unpin.*systemctl start cvfd'"
yes "another version of the programs: doctor says what goes on" "cvfctl doctor | grep '^FAIL  daemon' | grep -q 'the programs in the kernel go on'"
for name in service run; do
	yes "another version of the programs: $name goes on trying" "goes_on $name"
done
yes "another version of the programs: both tried meanwhile" "[ $(rounds service) -gt $begun_service ] && [ $(rounds run) -gt $begun_run ]"
is "another version of the programs: never let through" "" "$(cat /srv/i/free/leaks)"
no "another version of the programs: no agent is started" "as d /bin/true 2>/dev/null"
touch /srv/i/free/stop
wait $loop
rm -f /srv/i/free/stop
systemctl stop cvf-agents.slice
cvfd --unpin 2>/tmp/unpin && systemctl start cvfd
is "changed over" 0 $?
yes "changed over: it enforces" "within 120 enforces"
yes "changed over: what was recorded is there" "cvfctl explain $event >/dev/null"
as d /bin/cat /srv/i/denied/secret >/tmp/out 2>&1
no "changed over: the denied operation is refused" "grep -qx secret /tmp/out"
as d /bin/cat /srv/i/free/plain >/tmp/out 2>&1
is "changed over: its twin is allowed" plain "$(cat /tmp/out)"
is "doctor finds nothing" "" "$(cvfctl doctor >/tmp/doctor 2>&1 || cat /tmp/doctor)"

# --- removed
systemctl reset-failed trier 2>/dev/null
systemd-run --quiet -p Restart=on-failure --slice=cvf-agents.slice --unit=stays /bin/sleep infinity
is "a service of an agent runs" active "$(systemctl is-active stays)"
apt remove cvfd cvfctl
done_well "apt-get remove" $?
no "removed: nothing of ours runs" "pid_of cvfd | grep -q . || pid_of cvfd-govern | grep -q . || pid_of cvfd-quaranti | grep -q . || pid_of cvfd-notify | grep -q . || pid_of cvfd-canary | grep -q ."
no "removed: nothing is pinned" "[ -e /sys/fs/bpf/cvf ]"
no "removed: no service of an agent goes on unjudged" "systemctl is-active --quiet stays"
no "removed: programs and units are gone" "[ -e /usr/sbin/cvfd ] || [ -e /usr/bin/cvfctl ] || ls /lib/systemd/system/cvf* 2>/dev/null"
yes "removed: state, settings and declarations are there" "[ -s /var/lib/cvf/cvf.db ] && [ -e /etc/cvf/agents.d/d.json ]"
is "removed: systemd has no failed unit" "" "$(systemctl list-units --failed --plain --no-legend | cut -d' ' -f1 | xargs)"

# --- installed again: as it was
apt install cvfd
done_well "apt-get install" $?
yes "installed again: it enforces" "within 120 enforces"
yes "installed again: with what was recorded" "cvfctl explain $event >/dev/null"
as d /bin/cat /srv/i/denied/secret >/tmp/out 2>&1
no "installed again: the denied operation is refused" "grep -qx secret /tmp/out"
as d /bin/cat /srv/i/free/plain >/tmp/out 2>&1
is "installed again: its twin is allowed" plain "$(cat /tmp/out)"

# --- purged
apt purge cvfd cvfctl
done_well "apt-get purge" $?
no "purged: no file is left" "[ -e /var/lib/cvf ] || [ -e /etc/cvf ] || [ -e /run/cvf ] || [ -e /sys/fs/bpf/cvf ]"
no "purged: no unit is left" "find /etc/systemd /lib/systemd /var/lib/systemd -name 'cvf*' ! -name 'cvf-vm.*' ! -name 'cvfd.service.d' | grep ."
is "purged: the users stay, as Debian's do, without a process or a shell" "/usr/sbin/nologin /usr/sbin/nologin /usr/sbin/nologin" \
	"$(sed -n 's/^cvf[a-z-]*:.*://p' /etc/passwd | xargs)"
no "purged: and without a process" "pgrep -u cvf,cvf-enforce,cvf-notify"
is "purged: dpkg knows nothing of it" "" "$(dpkg-query -W -f '${Package} ${db:Status-Status} ' 'cvf*' 2>/dev/null | xargs)"
yes "purged: who was an agent's is nobody's" "cat /srv/i/denied/secret >/dev/null"
finish
