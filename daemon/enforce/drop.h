/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drop.h - gives up every privilege but the one to resume held tasks, and checks that it is gone
 */
#ifndef CVF_DROP_H
#define CVF_DROP_H

#include <sys/types.h>

#include "../core/own.h"

/*
 * Becomes uid:gid with CAP_KILL alone (resume tasks of any user), no new privileges, not dumpable, and a list of system calls.
 * 0, or negative errno after saying which part did not take.
 */
int drop_privileges(uid_t uid, gid_t gid) must_check;

#endif
