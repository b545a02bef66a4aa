#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# In the machine: the verifier's statistics of a first start.
set -eu
# shellcheck source=tests/bench/machine/lib.sh
. /copy/machine/lib.sh
(
	export LD_PRELOAD=/copy/states.so CVF_STATES=/tmp/states
	exec /usr/sbin/cvfd --foreground > /var/log/cvfd.log 2>&1
) &
cvfd_wait
# The kernel cuts names at 15 bytes; what is the same then is numbered.
awk '/^cvf_/ { n = ++seen[$1]; $1 = $1 (n > 1 ? "." n : ""); print }' /tmp/states
