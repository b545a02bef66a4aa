/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - the governor gives up what it does not need: root first, everything else when all is open
 */
#ifndef CVF_SANDBOX_H
#define CVF_SANDBOX_H

#include "govern.h"

#define GOVERN_USER "cvf"

/*
 * Started as root: makes the state and run directories for the user cvf where they are missing, becomes that user for good
 * and verifies it. -ENOENT: there is no such user. Started as anybody else: nothing happens.
 */
int sandbox_become_user(const struct places *places) must_check;
/* No new privileges, no capabilities, not dumpable, limits, and only the system calls that the loop needs. */
int sandbox_enter(void) must_check;

#endif
