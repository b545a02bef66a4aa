#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Non-interference: stress-ng's stressors of file systems, networks and processes, bounded by what they do, verifying.
# limit: 3000

# shellcheck source=tests/vm/i_same_lib.sh
. "$(dirname "$0")/i_same_lib.sh"
same filesystem network process
finish
