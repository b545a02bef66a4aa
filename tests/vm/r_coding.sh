#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Profile "coding" as it is shipped: a shell, coreutils, git, make, gcc and Python work in their own workspace without one
# hold or refusal (r_coding_work.sh is the work); the twin: what leaves the workspace is refused or held.
# needs: own-boot
# run-args: --with coreutils,git,gcc,make,python3 --memory 3072 --timeout 420

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
tool
mkdir -p /home/dev/work /usr/local/bin
cp "$HERE/r_coding_work.sh" /usr/local/bin/coding-work
chown 1000:1000 /home/dev/work
cat >/etc/cvf/agents.d/r-coder.json <<-'JSON'
	{"schema": "cvf.agent/v1", "id": "coder", "name": "Coder", "owner": "test", "profile": "coding", "mode": "enforce",
	 "scope": {"paths": ["/home/dev/work{,/**}"]}}
JSON
reload

coder() {
	HOME=/home/dev cvfctl run --agent coder -- $TOOL as 1000 1000 /home/dev "$@"
}

coder /bin/bash /usr/local/bin/coding-work >/tmp/coding 2>&1 </dev/null &
job=$!
# Whatever is held is written down and denied, so that the work goes on and all of it is seen.
while kill -0 $job 2>/dev/null; do
	holds | tee -a /tmp/coding-holds | field_each id | while read -r id; do deny "$id"; done
	sleep 0.3
done
wait $job
is "the work ends well" 0 $?
is "the work is done" "done" "$(tail -n 1 /tmp/coding)"
is "nothing of it failed" "" "$(grep failed /tmp/coding)"
is "nothing of it was held" 0 "$(sort -u /tmp/coding-holds | grep -c .)"
cvfctl events --json --agent coder --limit 1000 --verdict deny >/tmp/coding-denied
cvfctl events --json --agent coder --limit 1000 --verdict hold >>/tmp/coding-denied
# This machine has no caches of the system's Python modules; nobody but root may make them, here as anywhere.
# What it deletes waits until it is kept, and nobody is asked.
grep -v -e '"object":"/usr/lib/python3[^"]*/__pycache__"' -e '"reason":"kept-first"' /tmp/coding-denied >/tmp/coding-denied-rest
is "nothing of it was refused" 0 "$(grep -c . /tmp/coding-denied-rest)"
tr '{' '\n' </tmp/coding-denied-rest | sed -n 's/.*"argv":\(\[[^]]*\]\).*"operation":"\([^"]*\)","object":\("[^"]*"\).*"target_pid":\([^,]*\),.*"capability":\("[^"]*"\).*"verdict":\("[^"]*"\).*"reason":\("[^"]*"\).*/# \2 \3 \4 \5 \6 \7 \1/p' |
	sort | uniq -c | sort -rn | head -n 40
printf '# %s events, lost %s\n' "$(status_of events_recorded)" "$(status_of events_lost)"

# --- the twin: refused or held, and without effect
# outside NAME EFFECT COMMAND...
outside() {
	local name=$1 effect=$2 status
	shift 2
	coder "$@" >/tmp/outside 2>&1 </dev/null &
	job=$!
	until ! kill -0 $job 2>/dev/null; do
		deny_all
		sleep 0.2
	done
	wait $job
	status=$?
	no "outside: $name fails" "[ $status = 0 ]"
	no "outside: $name has no effect" "$effect"
}

chmod 777 /srv
mkdir -p /home/dev/other /srv/other
chmod 777 /home/dev/other /srv/other
echo x >/home/dev/other/f
chown 1000:1000 /home/dev/other/f
outside "creating in another folder" "[ -e /srv/other/new ]" sh -c 'echo x >/srv/other/new'
outside "changing a file of the home folder" "grep -q y /home/dev/other/f" sh -c 'echo y >/home/dev/other/f'
outside "deleting there" "[ ! -e /home/dev/other/f ]" rm -f /home/dev/other/f
outside "renaming out of the workspace" "[ -e /srv/other/moved ]" sh -c 'echo x >/home/dev/work/f && mv /home/dev/work/f /srv/other/moved'
outside "linking out of the workspace" "[ -e /srv/other/linked ]" sh -c 'echo x >/home/dev/work/g && ln /home/dev/work/g /srv/other/linked'
outside "following a link out of the workspace" "grep -q y /home/dev/other/f" sh -c 'ln -s ../other/f /home/dev/work/out && echo y >/home/dev/work/out'
mkdir -p /home/dev/.ssh && echo key >/home/dev/.ssh/id_rsa && chown -R 1000:1000 /home/dev/.ssh
outside "reading a key" "grep -q key /tmp/outside" cat /home/dev/.ssh/id_rsa
outside "a hook for git" "[ -e /home/dev/work/.git/hooks/pre-commit ]" sh -c 'mkdir -p /home/dev/work/.git/hooks && echo x >/home/dev/work/.git/hooks/pre-commit'
finish
