/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h - who a peer is and which roles it has: uid 0 is admin, members of the groups cvf-admin, cvf-operator, cvf-approver
 * and cvf-viewer have these roles, principals of cvfd.json add roles to users and groups of the system. admin includes all
 * roles but the two duties, every role viewer.
 *
 * Duties are of people and about CRITICAL operations only: human_operator and compliance_officer. Who has one may answer, but
 * not approve what is for an approver (approval_manager is another name for it). break_glass may do what others must do
 * together, and is reviewed for it.
 */
#ifndef CVF_AUTH_H
#define CVF_AUTH_H

#include "route.h"

#define CALLER_NAME 64

struct principal {
	char *user;	/* or, after an '@', a group */
	uid_t uid;	/* of a group: its gid */
	bool is_known;	/* the system has it */
	bool is_human;	/* declared to be a person: may decide R3 */
	unsigned int roles;
};

struct auth {
	struct principal *principals;
	size_t principals_count;
	gid_t groups[5];	/* of the first roles; (gid_t)-1: no such group */
};

struct caller {
	char name[CALLER_NAME];	/* user name, or "uid:1234" */
	uid_t uid;
	unsigned int roles;
	bool is_human;
};
#define ROLE_DUTIES (ROLE_HUMAN_OPERATOR | ROLE_COMPLIANCE_OFFICER)

/* "viewer" ... "compliance_officer"; ROLE_NONE: unknown. */
enum role role_find(const char *name);


/* Looks up users and groups of the system; takes the list of principals (malloc'ed). */
void auth_init(struct auth *a, struct principal *take_principals, size_t count);
void auth_done(struct auth *a);
void auth_identify(const struct auth *a, const struct peer *p, struct caller *ret_caller);
/* Is the peer one of these users, or in one of these "@group"s? What the system does not have, nobody is. */
bool peer_is_one_of(const struct peer *p, const char *const *names, size_t n);
bool caller_may(const struct caller *c, enum role role);
/* What a person may do about CRITICAL operations. Who is declared to be a person and may approve anyway is a human operator. */
unsigned int caller_duties(const struct caller *c);

#endif
