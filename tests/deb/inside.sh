#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# In a machine with systemd and nothing of ours: the packages are installed, upgraded under an agent that tries what it may not,
# removed, installed again and purged. inside.sh OLD-VERSION NEW-VERSION
mkdir -p /var/lib/dpkg/{info,updates,triggers,alternatives} /var/log
touch /var/lib/dpkg/status
# Its libraries are there, their packages are not.
packages() {
	dpkg --force-depends "$@" >/tmp/dpkg.log 2>&1
}
# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"
old=/copy/cvfctl_$1_amd64.deb\ /copy/cvfd_$1_amd64.deb
new=/copy/cvfctl_$2_amd64.deb\ /copy/cvfd_$2_amd64.deb

# done_well NAME STATUS
done_well() {
	is "$1" 0 "$2"
	[ "$2" = 0 ] || sed 's/^/# /' /tmp/dpkg.log
}
enforces() {
	cvfctl status --json 2>/dev/null | grep -q '"enforcing":true'
}
active() {
	systemctl is-active cvfd cvfd-quarantine cvfd-govern | sort -u | xargs
}

packages -i $old
done_well "installed" $?
yes "installed: it enforces" "within 60 enforces"
is "installed: the services are active" active "$(active)"
is "installed: and start with the machine" enabled "$(systemctl is-enabled cvfd cvfd-quarantine cvfd-govern | sort -u | xargs)"
is "installed: the state is the governor's" "cvf 750" "$(stat -c '%U %a' /var/lib/cvf)"

mkdir -p /srv/s/{free,denied}
echo secret >/srv/s/denied/f
echo plain >/srv/s/free/f
echo '{"schema":"cvf.agent/v1","id":"d","owner":"test","profile":"coding","scope":{"paths":["/srv/s/free/**"]}}' >/etc/cvf/agents.d/d.json
echo '{"schema":"cvf.policy/v1","id":"d","priority":100,"rules":[{"id":"no","when":{"path":["/srv/s/denied/**"]},"effect":"DENY","reason":"the test says no"}]}' \
	>/etc/cvf/policies.d/d.json
echo '{"approvals":{"grant_max_s":600}}' >/etc/cvf/cvfd.json
systemctl reload cvfd-govern
yes "the declarations are in force" "within 20 'cvfctl agent show d >/dev/null 2>&1'"
as d /bin/cat /srv/s/denied/f >/tmp/out 2>&1
no "an agent's denied operation is refused" "[ $? = 0 ] || grep -q secret /tmp/out"
as d /bin/cat /srv/s/free/f >/tmp/out 2>&1
is "its twin is allowed" "0 plain" "$? $(cat /tmp/out)"
cat /srv/s/denied/f >/tmp/out
is "and others may" "0 secret" "$? $(cat /tmp/out)"

# --- an upgrade, under an agent that tries all the time; each round is a byte
cat >/srv/s/free/loop <<'LOOP'
exec 3>>/srv/s/free/rounds 4>>/srv/s/free/leaks 2>/dev/null
until [ -e /srv/s/free/stop ]; do
	if read -r line </srv/s/denied/f; then echo "$line" >&4; fi
	echo x >&3
done
LOOP
as d /bin/bash /srv/s/free/loop >/tmp/loop.log 2>&1 &
loop=$!
rounds() {
	[ ! -e /srv/s/free/rounds ] || wc -c </srv/s/free/rounds
}
goes_on() {
	local before
	within 30 "[ -s /srv/s/free/rounds ]"
	before=$(rounds)
	within 30 "[ \$(rounds) -gt $((before + 20)) ]"
}
yes "the agent tries" goes_on
before=$(systemctl show -P MainPID cvfd)
event=$(cvfctl events --json --limit 1 | field id)
begun=$(rounds)
packages -i $new
done_well "upgraded" $?
yes "upgraded: it enforces" "within 60 enforces"
yes "upgraded: the agent tried meanwhile" "[ $(rounds) -gt $begun ]"
is "upgraded: it is the new version" "$2 $2" "$(dpkg-query -W -f '${Version} ' cvfd cvfctl | xargs)"
no "upgraded: cvfd is another process" "[ $(systemctl show -P MainPID cvfd) = $before ]"
is "upgraded: the services are active" active "$(active)"
yes "upgraded: the new one took over what was pinned" "journalctl --no-pager -u cvfd | grep -c 'adopted from the pins' | grep -q '^1$'"
yes "upgraded: the agent goes on trying" goes_on
is "upgraded: never let through" "" "$(cat /srv/s/free/leaks)"
yes "upgraded: declarations and settings are there" "cvfctl agent show d >/dev/null && grep -q 600 /etc/cvf/cvfd.json"
yes "upgraded: and what was recorded" "cvfctl explain $event >/dev/null"
touch /srv/s/free/stop
wait $loop
is "the agent ends" 0 $?

# --- removed, there again, purged
packages -r cvfd cvfctl
done_well "removed" $?
no "removed: nothing runs" "pid_of cvfd | grep -q . || pid_of cvfd-govern | grep -q ."
no "removed: nothing is enforced" "[ -e /sys/fs/bpf/cvf ]"
no "removed: the programs are gone" "[ -e /usr/sbin/cvfd ] || [ -e /usr/bin/cvfctl ]"
yes "removed: state, settings and declarations are there" "[ -s /var/lib/cvf/cvf.db ] && [ -e /etc/cvf/cvfd.json ] && [ -e /etc/cvf/agents.d/d.json ]"
packages -i $new
done_well "installed again" $?
yes "installed again: it enforces" "within 60 enforces"
yes "installed again: with what was recorded" "cvfctl explain $event >/dev/null"
packages -P cvfd cvfctl
done_well "purged" $?
no "purged: nothing is left" "[ -e /var/lib/cvf ] || [ -e /etc/cvf ] || [ -e /run/cvf ] || [ -e /sys/fs/bpf/cvf ]"
# The machine itself has cvf-vm.*.
no "purged: no unit is left" "find /etc/systemd /lib/systemd /var/lib/systemd -name 'cvf*' ! -name 'cvf-vm.*' | grep -q ."
finish
