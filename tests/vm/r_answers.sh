#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Ten thousand holds of four processes, each answered at once over the API: none lost, none failed, and no program sees the
# kernel's own errno 513.
# limit: 900

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world

each=2500
all=$((4 * each))
for n in 0 1 2 3; do echo x >$WORK/held/b.$n; done
in_background /tmp/burst $TOOL burst 4 $each $WORK/held/b
burst=$JOB
$CLIENT answer approve $all $SOCKET >/tmp/answers 2>&1
is "$all holds are answered" "answered $all" "$(grep answered /tmp/answers)"
ended 20 $burst
is "$all holds: all went on" "ok $all eperm 0 errno513 0 other 0" "$(grep eperm /tmp/burst)"
printf '# %s\n' "$(grep 'answer:' /tmp/answers)"

# Threads of one process ask at the same moment: each stops the process, and a stop is a stop only if it was queued.
in_background /tmp/threads $TOOL burst-threads 4 250 $WORK/held/b
threads=$JOB
$CLIENT answer approve 1000 $SOCKET >/tmp/answers 2>&1
is "four threads: 1000 holds are answered" "answered 1000" "$(grep answered /tmp/answers)"
ended 20 $threads
is "four threads: all went on" "ok 1000 eperm 0 errno513 0 other 0" "$(grep eperm /tmp/threads)"
yes "no hold is left" "within 10 'waiting 0'"
is "the audit trail has no gap" 0 "$(status_of events_lost)"
finish
