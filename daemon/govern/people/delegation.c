// SPDX-License-Identifier: Apache-2.0
/* delegation.c - see delegation.h */
#include "delegation.h"

#include "candidates.h"
#include "core/log.h"
#include "delegation_table.h"

#define LENT (ROLE_APPROVER | ROLE_DUTIES)

/* The lender, if the name is still that user's. */
static bool peer_of_user(const char *name, uid_t uid, struct peer *ret_peer)
{
	if (!candidate_peer(name, ret_peer))
		return false;
	if (ret_peer->uid == uid)
		return true;
	free(ret_peer->groups);
	return false;
}

struct walk {
	struct governor *g;
	struct caller *caller;
	const char *const *names;
	size_t n;
	bool found;
};

static int add_roles(void *ctx, const struct delegation *d)
{
	struct walk *w = ctx;
	struct caller lender;
	struct peer peer;

	if (!peer_of_user(d->from, d->from_uid, &peer))
		return 0;
	auth_identify(&w->g->auth, &peer, &lender);
	if (lender.roles & ROLE_ADMIN)
		lender.roles |= ROLE_APPROVER;
	lender.roles |= caller_duties(&lender);
	w->caller->roles |= lender.roles & (w->caller->is_human ? LENT : ROLE_APPROVER);
	free(peer.groups);
	return 0;
}

void delegation_add_roles(struct governor *g, struct caller *c)
{
	struct walk w = { .g = g, .caller = c };

	if (delegation_table_each(g->store, clock_steady_ms(), c->uid, add_roles, &w) < 0)
		log_debug("what was lent to %s cannot be read: it counts for nothing", c->name);
}

static int look(void *ctx, const struct delegation *d)
{
	struct walk *w = ctx;
	struct peer peer;

	if (!peer_of_user(d->from, d->from_uid, &peer))
		return 0;
	w->found = peer_is_one_of(&peer, w->names, w->n);
	free(peer.groups);
	return w->found;
}

bool delegation_is_one_of(struct governor *g, const struct caller *c, const struct peer *p, const char *const *names, size_t n)
{
	struct walk w = { .g = g, .names = names, .n = n };

	if (peer_is_one_of(p, names, n))
		return true;
	return delegation_table_each(g->store, clock_steady_ms(), c->uid, look, &w) == 0 && w.found;
}
