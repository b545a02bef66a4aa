#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In the machine: the same operations on the bare kernel, beside a running cvfd, and governed, in one boot.
set -eu
# shellcheck source=tests/bench/machine/lib.sh
. /copy/machine/lib.sh

R0="/bench/r0 127.0.10.1" R1="/bench/r1 127.0.11.1" DENY="/bench/deny 127.0.15.1" TEMP="/tmp/bench 127.0.0.1"
for d in /bench/r0 /bench/r1 /bench/deny /bench/kept /tmp/bench; do folder $d; done

# Without the deletes below a scope, which wait for the daemons.
governed_columns() {
	local n
	before() { daemons_stop; }
	after() { daemons_go_on; }
	for n in 1 100 10000; do
		world $n
		column rules-$n governed /copy/ops $R0
	done
	world 100
	column recorded governed /copy/ops $R1
	column denied governed /copy/ops -d $DENY
	world_end
}

coding_columns() {
	printf '{"schema":"cvf.agent/v1","id":"bench","name":"Bench","owner":"bench","profile":"coding",%s}\n' \
		'"scope":{"paths":["/bench/kept/**"],"net":["127.0.0.0/8"]}' > /tmp/agent.json
	cvfctl agent register /tmp/agent.json > /dev/null
	column coding governed /tmp/bench/ops $TEMP
	before() { stored; } # what the operation before has left
	after() { :; }
	figure=mean
	column coding-daemons governed /tmp/bench/ops $TEMP
	column kept governed /bench/kept/ops -1 /bench/kept 127.0.0.1 create_unlink
}

# Both processes, and cvfd started again: it adopts what is pinned.
processes() {
	sleep 10 # a quiet daemon, not one that has just stored
	echo "cvfd memory $(own_memory "$(cat /run/cvf/cvfd.lock)")"
	echo "governor memory $(own_memory "$(pidof cvfd-govern)")"
	kill -TERM "$(cat /run/cvf/cvfd.lock)"
	for _ in $(seq 300); do
		pidof cvfd-govern > /dev/null || break
		sleep 0.1
	done
	cvfd_start again
}

# own_memory PID: KiB of its own and of its program and libraries, without the kernel's maps
own_memory() { awk '/^[0-9a-f]+-/ { maps = /bpf/ } /^Rss:/ && !maps { sum += $2 } END { print sum }' "/proc/$1/smaps"; }

column bare /copy/ops $R0
cvfd_start
column beside /copy/ops $R0
governed_columns
coding_columns
processes
