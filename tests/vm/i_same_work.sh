#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Non-interference: ordinary work: a history in git, a configure script and make, archives and trees.
# limit: 3000

# shellcheck source=tests/vm/i_same_lib.sh
. "$(dirname "$0")/i_same_lib.sh"
same git configure archives
finish
