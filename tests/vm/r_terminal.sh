#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `cvfctl run` between a shell with job control and an interactive program: see r_terminal.py
# run-args: --with python3

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"
robust_world
exec python3 "$HERE/r_terminal.py"
