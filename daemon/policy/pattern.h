/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - what a grant with a pattern covers: one operation on whatever matches, matched exactly as capabilities are
 *
 * FILE: a path pattern. EXEC: the program's path and its arguments, blank-separated, as in "match.exec" of a capability (a
 * blank inside of an argument is written "?"). NET: PREFIX or PREFIX:PORTS.
 */
#ifndef CVF_PATTERN_H
#define CVF_PATTERN_H

#include "policy/policy.h"

struct pattern;

/*
 * like: the operation, and for NET the protocol, that it is for. -EINVAL with a diagnosis: no such pattern, or one that would
 * cover everything (its first component must be a name); -ENOTSUP: operations like this have no object.
 */
int pattern_make(const struct query *like, const char *text, struct pattern **ret_pattern, struct diags *d) must_check;
void pattern_free(struct pattern *p);
OWN_DEFINE(pattern);

/* Of operations with two names both must match. */
bool pattern_covers(const struct pattern *p, const struct query *q);

/* Bytes of a path or argument as a pattern that matches them alone. malloc'ed; NULL: no memory. */
char *pattern_quote(const char *text);

#endif
