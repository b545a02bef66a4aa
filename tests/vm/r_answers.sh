#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Ten thousand holds of four processes, each answered at once over the API: none lost, none failed, and no program sees the
# kernel's own errno 513.

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
yes "no hold is left" "within 10 'waiting 0'"
is "the audit trail has no gap" 0 "$(status_of events_lost)"
finish
