#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In the machine: the same operations on the bare kernel, beside a running cvfd, and governed, in one boot.
set -eu
D=/home/dev/work/bench
mkdir -p $D/a/b/c/d/e/f/g/h
echo x > $D/file
echo x > $D/a/b/c/d/e/f/g/h/file
cp /copy/true /copy/ops $D/

run() { # LABEL COMMAND...
	local label=$1
	shift
	"$@" | while read -r name value; do echo "$label $name $value"; done
}

run bare /copy/ops
/usr/sbin/cvfd --foreground > /var/log/cvfd.log 2>&1 &
for _ in $(seq 600); do cvfctl status --json 2> /dev/null | grep -q '"enforcing": *true' && break; sleep 0.2; done
run ungoverned /copy/ops
cat > /tmp/agent.json << 'X'
{"schema": "cvf.agent/v1", "id": "bench", "name": "Bench", "owner": "bench", "profile": "coding",
 "scope": {"paths": ["/home/dev/work/**"], "net": ["127.0.0.0/8"]}}
X
cvfctl agent register /tmp/agent.json > /dev/null
# Everything on one CPU: first with the daemons' own work in the figures, then what the caller alone waits for.
run recorded cvfctl run --agent bench -- $D/ops
cvfctl run --agent bench -- bash -c "touch $D/waiting; while [ ! -e $D/go ]; do sleep 0.1; done; $D/ops unkept > $D/figures.new; mv $D/figures.new $D/figures" &
until [ -e $D/waiting ]; do sleep 0.2; done
kill -STOP $(pidof cvfd) $(pidof cvfd-govern)
touch $D/go
until [ -e $D/figures ]; do sleep 1; done
run governed cat $D/figures
kill -CONT $(pidof cvfd) $(pidof cvfd-govern)
wait $!
