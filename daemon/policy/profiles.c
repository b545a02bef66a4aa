// SPDX-License-Identifier: Apache-2.0
/*
 * profiles.c - what a profile extends: itself first, and each of its bases once, behind everything that extends it
 */
#include <string.h>

#include "policy/model.h"

enum mark { MARK_NONE, MARK_OPEN, MARK_DONE };

struct walk {
	const struct model *m;
	uint8_t *mark;		      /* [profile]: enum mark */
	const struct profile **chain; /* filled from the end */
	size_t free, seen;
	const char *culprit;
};

static int visit(struct walk *w, const char *id)
{
	const struct decls *all = &w->m->seen[DECL_PROFILE];
	const struct decl *d = model_decl(w->m, DECL_PROFILE, id);
	size_t i = 0;
	int r = 0;

	w->culprit = id;
	if (!d)
		return -ENOENT;
	while (all->v[i] != d)
		i++;
	if (w->mark[i] == MARK_OPEN)
		return -ELOOP;
	if (w->mark[i] == MARK_DONE)
		return 0;
	if (w->seen++ == PROFILES_CHAIN)
		return -E2BIG;
	w->mark[i] = MARK_OPEN;
	/* From the last to the first, since the chain grows from its end. */
	for (size_t k = d->profile.extends.n; r == 0 && k-- > 0;)
		r = visit(w, d->profile.extends.v[k]);
	if (r < 0)
		return r;
	w->mark[i] = MARK_DONE;
	w->chain[--w->free] = &d->profile;
	return 0;
}

int profile_chain(const struct model *m, const char *id, struct profiles *ret_chain, const char **ret_culprit)
{
	size_t n = m->seen[DECL_PROFILE].n;
	own_free const struct profile **chain = calloc(n + 1, sizeof(*chain));
	own_free uint8_t *mark = calloc(n + 1, sizeof(*mark));
	struct walk w = {.m = m, .mark = mark, .chain = chain, .free = n};
	int r = chain && mark ? visit(&w, id) : -ENOMEM;

	if (r < 0) {
		if (ret_culprit)
			*ret_culprit = w.culprit;
		return r;
	}
	memmove(chain, chain + w.free, (n - w.free) * sizeof(*chain));
	*ret_chain = (struct profiles){.n = n - w.free};
	ret_chain->v = TAKE(chain);
	return 0;
}

void profiles_done(struct profiles *p)
{
	free(p->v);
	*p = (struct profiles){0};
}
