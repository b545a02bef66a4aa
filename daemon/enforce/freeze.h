/* SPDX-License-Identifier: Apache-2.0 */
/*
 * freeze.h - stops all tasks of an agent, and lets them go on
 *
 * The programs keep a frozen agent's tasks out of user mode once they are stopped, whoever wakes them, and stop whoever asks or
 * forks; this room stops those that run. It lives in the kernel's state map: neither process has to be there for it.
 */
#ifndef CVF_FREEZE_H
#define CVF_FREEZE_H

#include "maps.h"

/* *ret_told: processes that got a signal. -EINVAL: no such agent or way. Again is done again. */
int freeze_set(struct maps *m, const struct wire_freeze *what, uint32_t *ret_told) must_check;
/* Stops what runs of frozen agents: a child whose fork was under way. True: some did, look again soon. */
bool freeze_sweep(struct maps *m);

#endif
