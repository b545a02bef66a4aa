/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drop.h - giving up privileges, step by step: what a daemon cannot give up it does not run with
 */
#ifndef CVF_CORE_DROP_H
#define CVF_CORE_DROP_H

#include "own.h"

struct drop_step {
	const char *part;	/* "forbidding core dumps": for the line that says what did not take */
	int (*take)(const void *ctx);	/* 0 or negative errno */
};

/* Takes the steps in order. 0, or negative errno after saying which one of program's did not take. */
int drop_run(const char *program, const struct drop_step *steps, size_t n, const void *ctx) must_check;

/* Steps; ctx is not looked at. */
int drop_new_privileges(const void *ctx) must_check;	/* none by exec, and not dumpable: nobody may trace it */
int drop_core_dumps(const void *ctx) must_check;

#endif
