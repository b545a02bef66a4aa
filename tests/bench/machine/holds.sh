#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In the machine: an operation that is held, approved and goes on, beside 0, 9 and 999 others that wait. One CPU does all of it.
# Lines "hold-WAITING SHARE INSTRUCTIONS"; time without work counts, too.
set -eu
# shellcheck source=tests/bench/machine/lib.sh
. /copy/machine/lib.sh

ROUNDS=200 EACH=55
PATIENCE=60

status_of() { cvfctl status --json 2> /dev/null | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

# waiting COUNT: until so many wait
waiting() {
	for _ in $(seq $((PATIENCE * 5))); do
		[ "$(status_of holds_pending)" != "$1" ] || return 0
		sleep 0.2
	done
	echo "# $(status_of holds_pending) wait, not $1"
	exit 1
}

# share NUMBER PER-CENT: of the sorted lines of /tmp/took
share() { sed -n "$(($1 * $2 / 100 > 0 ? $1 * $2 / 100 : 1))p" /tmp/took; }

# idle_now: time without work since the start, in ns, as exact as the kernel counts it
idle_now() { awk '{ print int($2 * 1e9) }' /proc/uptime; }

# on_cpu NAME: instructions of that program so far, exact
on_cpu() {
	local pid
	for pid in $(pidof "$1"); do cat /proc/"$pid"/task/*/schedstat; done | awk '{ sum += $1 } END { print int(sum) }'
}

measure() {
	local others=$1 rounds=$2 idle cvfd govern hold
	cvfctl run --agent bench -- /copy/hold ask /bench/r2/asked 3 > /dev/null
	idle=$(idle_now) cvfd=$(on_cpu cvfd) govern=$(on_cpu cvfd-govern) hold=$(on_cpu answer)
	cvfctl run --agent bench -- /copy/hold ask /bench/r2/asked "$rounds" | sort -n > /tmp/took
	echo "hold-$((others + 1)) idle $((($(idle_now) - idle) / rounds))"
	echo "hold-$((others + 1)) cvfd $((($(on_cpu cvfd) - cvfd) / rounds))"
	echo "hold-$((others + 1)) govern $((($(on_cpu cvfd-govern) - govern) / rounds))"
	echo "hold-$((others + 1)) client $((($(on_cpu answer) - hold) / rounds))"
	echo "hold-$((others + 1)) mean $(awk '{ sum += $1 } END { print int(sum / NR) }' /tmp/took)"
	echo "hold-$((others + 1)) p50 $(share "$rounds" 50)"
	echo "hold-$((others + 1)) p99 $(share "$rounds" 99)"
	echo "hold-$((others + 1)) max $(tail -n 1 /tmp/took)"
}

mkdir -p /bench/r2 /bench/r0 /bench/r1 /bench/deny
for i in $(seq 0 $EACH); do echo x > /bench/r2/$i; done
echo x > /bench/r2/asked
cvfd_start
more_agents() {
	local n
	for n in $(seq 21); do
		agent_declaration bench-$n > /etc/cvf/agents.d/bench-$n.json
	done
}
MORE=more_agents world 100
cp /copy/hold /copy/answer
/copy/answer answer /run/cvf/cvfd.sock bench &
measure 0 $ROUNDS
for n in $(seq 3); do
	cvfctl run --agent bench-$n -- /copy/hold wait /bench/r2 3 > /dev/null 2>&1 &
done
waiting 9
measure 9 $ROUNDS
for n in $(seq 4 21); do
	cvfctl run --agent bench-$n -- /copy/hold wait /bench/r2 $EACH > /dev/null 2>&1 &
done
waiting 999
measure 999 $ROUNDS
