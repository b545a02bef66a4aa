/* SPDX-License-Identifier: Apache-2.0 */
/* find.h - what a path names by its id, or by the beginning of it */
#ifndef CVF_FIND_H
#define CVF_FIND_H

#include "govern.h"

/* How many ids start with prefix, at most 2; *ret_id is the first of them. Negative errno. */
typedef int (*prefix_finder)(struct store *s, const char *prefix, char ret_id[ULID_SIZE]);

/*
 * The id that the path's first parameter names: whole, or six characters or more of it that fit one only, in any case. 0, or the
 * status of the refusal. missing: "there is no hold", before what was asked for; listing: the hint to find the right one.
 */
unsigned int find_by_prefix(struct request *q, prefix_finder find, const char *missing, const char *listing,
			    char ret_id[ULID_SIZE]) must_check;

#endif
