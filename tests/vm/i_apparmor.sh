#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# AppArmor beside us: what either refuses is refused, and what both permit is permitted, for agents and for others.
# limit: 900

# shellcheck source=tests/vm/i_lib.sh
. "$(dirname "$0")/i_lib.sh"

yes "AppArmor is on" "grep -q Y /sys/module/apparmor/parameters/enabled"
cp /bin/cat /usr/local/bin/confined
mkdir -p /srv/i/apparmor
echo private >/srv/i/apparmor/private
declare_agent a
sed -i 's,"/srv/i/free/\*\*","/srv/i/free/**"\,"/srv/i/apparmor/**",' /etc/cvf/agents.d/a.json
declared a
cat >/etc/apparmor.d/usr.local.bin.confined <<'PROFILE'
#include <tunables/global>
/usr/local/bin/confined {
  #include <abstractions/base>
  /usr/local/bin/confined mr,
  /srv/** r,
  audit deny /srv/i/apparmor/** r,
}
PROFILE
apparmor_parser -r /etc/apparmor.d/usr.local.bin.confined
is "a profile is loaded" 0 $?
yes "and enforced" "grep -q '/usr/local/bin/confined (enforce)' /sys/kernel/security/apparmor/profiles"

# says WHO PROGRAM FILE
says() {
	if [ "$1" = agent ]; then as a "$2" "$3" 2>/dev/null; else "$2" "$3" 2>/dev/null; fi
}
is "an agent, confined: AppArmor refuses its own" "" "$(says agent /usr/local/bin/confined /srv/i/apparmor/private)"
is "an agent, unconfined: nobody does" private "$(says agent /bin/cat /srv/i/apparmor/private)"
is "an agent, confined: we refuse ours" "" "$(says agent /usr/local/bin/confined /srv/i/denied/secret)"
yes "ours is in the record" "wait_event a /srv/i/denied/secret deny"
is "an agent, confined: what both permit" plain "$(says agent /usr/local/bin/confined /srv/i/free/plain)"
is "no agent, confined: AppArmor refuses its own" "" "$(says nobody /usr/local/bin/confined /srv/i/apparmor/private)"
is "no agent, confined: ours is not for it" secret "$(says nobody /usr/local/bin/confined /srv/i/denied/secret)"
echo held >/srv/i/held/f
as a /usr/local/bin/confined /srv/i/held/f >/tmp/out 2>/tmp/err &
job=$!
yes "an agent, confined: what we hold waits" "wait_hold a /srv/i/held/f"
approve
wait $job
is "approved, AppArmor permits it" held "$(cat /tmp/out)"
yes "the refusal of AppArmor is in the kernel's log" "dmesg | grep -q 'apparmor=\"DENIED\".*confined' || journalctl -k --no-pager | grep -q 'apparmor=\"DENIED\".*confined'"
yes "we enforce as before" enforces
is "doctor finds nothing" "" "$(cvfctl doctor >/tmp/doctor 2>&1 || cat /tmp/doctor)"
apparmor_parser -R /etc/apparmor.d/usr.local.bin.confined
is "the profile is taken out" 0 $?
is "an agent, then: AppArmor refuses nothing" private "$(says agent /usr/local/bin/confined /srv/i/apparmor/private)"
is "and we ours" "" "$(says agent /usr/local/bin/confined /srv/i/denied/secret)"
finish
