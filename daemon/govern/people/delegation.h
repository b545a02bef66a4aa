/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegation.h - roles of an approver that one user lends another until a moment
 *
 * What is lent is what the lender has now, of approver and the two duties: roles that were lent to the lender are not lent on,
 * and a lender who loses a role has lent nothing any more. Duties go to people only.
 */
#ifndef CVF_DELEGATION_H
#define CVF_DELEGATION_H

#include "govern/govern.h"

/* Adds what was lent to the caller. */
void delegation_add_roles(struct governor *g, struct caller *c);
/* Does the caller stand for one of these users and "@group"s, by itself or for a lender? */
bool delegation_is_one_of(struct governor *g, const struct caller *c, const struct peer *p, const char *const *names, size_t n);

#endif
