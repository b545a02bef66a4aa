#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The start of a host on which cvfd cannot start, and is tried again and again: people can log in, what is nobody's runs, and no service
# in cvf-agents.slice does; when cvfd can start after all, everything is as it should be.
# run-args: --no-wait

# shellcheck source=tests/vm/i_lib.sh
. "$(dirname "$0")/i_lib.sh"

is "the system is up" active "$(systemctl is-active multi-user.target)"
no "cvfd is not" "systemctl is-active --quiet cvfd"
yes "it is tried again and again" "[ $(systemctl show -P NRestarts cvfd) -gt 0 ]"
no "nor is the governor" "systemctl is-active --quiet cvfd-govern"
for unit in systemd-user-sessions cron ssh; do
	is "$unit is there" active "$(systemctl is-active $unit)"
done
is "somebody logs in" dev "$(su - dev -c 'id -un')"
no "a service in the slice did not start" "[ -e /srv/i/free/agent ] || systemctl is-active --quiet i-agent"
is "the slice refused" "inactive no" "$(systemctl is-active cvf-agents.slice) $(systemctl show -P AssertResult cvf-agents.slice)"
is "its twin outside the slice runs" "active secret plain" "$(systemctl is-active i-nobody) $(xargs </srv/i/free/nobody)"
no "nor does it when somebody starts it" "systemctl start i-agent 2>/tmp/start"
no "and it did nothing" "[ -e /srv/i/free/agent ]"
yes "doctor says what is wrong" "cvfctl doctor | grep -q '^FAIL  daemon'"

rm /etc/systemd/system/cvfd.service.d/z-broken.conf
systemctl daemon-reload
yes "where cvfd can start again, it does by itself, and the governor with it" "within 240 enforces"
yes "then the service starts" "systemctl start i-agent"
yes "and is governed" "within 60 '[ -s /srv/i/free/agent ]' && [ \"\$(cat /srv/i/free/agent)\" = plain ]"
finish
