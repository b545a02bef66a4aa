/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slices.h - answers that take a while: worked on in slices between the loop's other work, then sent as one document
 *
 * There is one thread, and holds must be answered and records stored while somebody asks what last month would have come
 * to. One such answer is worked on at a time.
 */
#ifndef CVF_SLICES_H
#define CVF_SLICES_H

#include "api/route.h"
#include "govern/govern.h"

struct job {
	/*
	 * Works for a moment (some milliseconds). 1: there is more to do; 0: done, *ret_result is owned by the caller;
	 * -ESTALE: what it began with is no longer in force; others: it failed.
	 */
	int (*step)(struct governor *g, void *work, json_t **ret_result);
	void (*free)(void *work);
	void *work;
};

/*
 * Takes the job, freed here in any case. Returns a status like a handler: 200 and the document comes later ({"error": ...}
 * if the job fails then), or 503 when another one is being worked on.
 */
unsigned int slices_start(struct request *q, const struct job *take);

#endif
