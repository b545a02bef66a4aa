#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The n-th allocation or system call of the enforcer fails, while it takes over the pins, while it loads the programs, and while it works
# (r_nth.py). $CVF_EVERY=all for every n (make check-long), else some places, chosen by $CVF_SEED (1).
# needs: own-boot
# run-args: --with python3,libgcc-s1
# also: tests/host/nth.py build/release/tests/nth.so

# shellcheck source=tests/vm/r_lib.sh
. "$(dirname "$0")/r_lib.sh"

python_part() {
	python3 "$HERE/r_nth.py" "$@" >/tmp/nth.log 2>&1
	is "$1: it comes to an end" 0 $?
	cat /tmp/nth.log
	passed=$((passed + $(grep -c '^ok ' /tmp/nth.log)))
	failed=$((failed + $(grep -c '^not ok ' /tmp/nth.log)))
}

# Python takes nth.so for nth.py.
mv "$HERE/nth.so" /usr/lib/
small_world
load_of robust $WORK/free/file $WORK/denied/file /tmp/counters 20
python_part adopt /tmp/counters
python_part work /tmp/counters
load_right "after all of it"
load_end
python_part load
yes "the audit trail verifies" "cvfctl audit verify --store /var/lib/cvf/cvf.db >/tmp/verify 2>&1 || ! cat /tmp/verify"
finish
