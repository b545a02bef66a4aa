/* SPDX-License-Identifier: Apache-2.0 */
/*
 * canary.h - a labelled child that tries what must be refused: the only proof that enforcement works now
 *
 * Lists and versions say what should work; a silenced trampoline (ftrace_enabled=0) or another LSM in the way is seen by
 * nothing but an operation that succeeds although it must not.
 */
#ifndef CVF_CANARY_H
#define CVF_CANARY_H

#include <sys/types.h>

#include "maps.h"

struct canary {
	pid_t pid;
	int fd;	/* owned; -1: none */
	char missed;	/* what the last try found not to be refused: a row of the trials, plus 1; 0 none */
};

/* Forks and labels the child. Must be called before privileges are dropped. */
int canary_start(struct canary *c, struct maps *maps) must_check;
void canary_stop(struct canary *c);
/* 0: every family refused just now. -EIO: something was let through. -ETIMEDOUT, -EPIPE: the child does not answer. */
int canary_try(struct canary *c) must_check;

#endif
