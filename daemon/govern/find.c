// SPDX-License-Identifier: Apache-2.0
/* find.c - see find.h */
#include "find.h"

#include <string.h>

#include "api/route.h"

#define PREFIX_MIN 6

unsigned int find_by_prefix(struct request *q, prefix_finder find, const char *missing, const char *listing, char ret_id[ULID_SIZE])
{
	const char *text = q->params[0];
	char prefix[ULID_SIZE];
	int n;

	if (!ulid_normalise(text, prefix) || strlen(prefix) < PREFIX_MIN)
		return refuse(q, 404, "not-found", "give an id or at least its first six characters", "%s %s", missing, text);
	n = find(governor_of(q)->store, prefix, ret_id);
	if (n < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read: %s", strerror(-n));
	if (n == 0)
		return refuse(q, 404, "not-found", listing, "%s %s", missing, text);
	if (n > 1)
		return refuse(q, 409, "ambiguous", "give more characters of the id", "several ids start with %s", text);
	return 0;
}
