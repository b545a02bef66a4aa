/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h - does the whole of it work now: tried, not concluded
 *
 * An operation that must be refused is tried (the canary); an answer to a hold that nobody has is sent to cvfd, which must have
 * looked for it; a row is written to the disk.
 */
#ifndef CVF_PROBE_H
#define CVF_PROBE_H

#include "govern.h"

enum probe_part { PROBE_CANARY, PROBE_HOLDS, PROBE_STORE, PROBE_MAX };

struct probe {
	int64_t at_ms;			/* 0: never */
	struct {
		bool ok;
		int64_t us;		/* how long it took; -1: it was not tried */
		char problem[256];
	} part[PROBE_MAX];
};

struct routes;
extern const struct routes probe_routes;

/* What was found at most max_age_ms ago. */
const struct probe *probe_run(struct governor *g, int64_t max_age_ms);
/* What does not work first, in words; NULL: all of it works. */
const char *probe_problem(const struct probe *p, const char **ret_code);

#endif
