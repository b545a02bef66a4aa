#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The evaluator and the kernel agree: random declarations, random operations that are really done, and each verdict becomes
# what `cvfctl policy test` must find. CVF_SEED is the seed of the first round; a round has the next one.

# shellcheck source=tests/vm/lib.sh
. "$(dirname "$0")/lib.sh"

ROUNDS=${CVF_ROUNDS:-10}
EACH=520
SEED=${CVF_SEED:-20261}
ORACLE=/t/bin/t_oracle

# round SEED
round() {
	local seed=$1 n
	rm -rf /t/o
	mkdir -p /t/o
	"$ORACLE" declare "$seed" /etc/cvf
	reload
	"$ORACLE" operations "$seed" $EACH >/tmp/ops
	"$ORACLE" prepare </tmp/ops
	is "seed $seed: prepared" 0 $?
	cvfctl run --agent o -- "$ORACLE" perform </tmp/ops >/tmp/verdicts 2>/tmp/do.log
	is "seed $seed: done" 0 $?
	n=$(grep -c -x -e allow -e deny -e hold /tmp/verdicts)
	is "seed $seed: every operation has a verdict" $EACH "$n"
	"$ORACLE" cases /tmp/verdicts </tmp/ops >/tmp/cases.json
	cvfctl policy test /tmp/cases.json >/tmp/test.out 2>/tmp/test.err
	is "seed $seed: the evaluator says the same" 0 $?
	is "seed $seed: of all of them" "/tmp/cases.json: $EACH passed, 0 failed" "$(cat /tmp/test.out)"
	head -n 20 /tmp/test.err
	cat /tmp/verdicts >>/tmp/all
}

world
cp "$HERE/t_oracle" "$ORACLE"
: >/tmp/all
for ((i = 0; i < ROUNDS; i++)); do
	round $((SEED + i))
done

# Every verdict must have been met, or the comparison says little.
for verdict in allow deny hold; do
	yes "$verdict was met often" "[ \$(grep -c -x $verdict /tmp/all) -ge $((ROUNDS * 20)) ]"
done
sort /tmp/all | uniq -c | sed 's/^/# /'

# The test itself: an expectation that is wrong is told.
sed 's/"verdict":"deny"/"verdict":"allow"/' /tmp/cases.json >/tmp/wrong.json
cvfctl policy test /tmp/wrong.json >/tmp/test.out 2>&1
is "a verdict that differs is found" 1 $?
rm -rf /t/o
rm -f /etc/cvf/capabilities.d/t-oracle.json /etc/cvf/agents.d/t-oracle.json /etc/cvf/policies.d/t-oracle.json

finish
