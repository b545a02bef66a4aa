// SPDX-License-Identifier: Apache-2.0
/* candidate.c - see candidate.h */
#include "candidate.h"

#include <string.h>

#include "govern/registry/generation_table.h"
#include "govern/registry/registry.h"
#include "govern/registry/registry_view.h"

#define KINDS (1u << DECL_CAPABILITY | 1u << DECL_AGENT | 1u << DECL_POLICY)

void candidate_done(struct candidate *c)
{
	origin_done(&c->origin);
}

int candidate_check(const struct governor *g, const struct candidate *c)
{
	return registry_generation(g->registry) == c->generation ? 0 : -ESTALE;
}

int candidate_copy(struct governor *g, struct candidate *ret_candidate)
{
	struct candidate c = {.generation = registry_generation(g->registry)};
	own_free char *text = NULL;
	int r = generation_table_model(g->store, c.generation, &text);

	if (r == 0)
		r = sources_of_text(text, &c.origin);
	if (r == 0)
		*ret_candidate = c;
	return r;
}

static int load(struct request *q, struct candidate *c, struct diags *d)
{
	struct governor *g = governor_of(q);
	const char *name = request_query(q, "name");
	int r;

	if (!q->body_size)
		return sources_collect(g, NULL, &c->origin, d);
	r = candidate_copy(g, c);
	if (r == 0)
		r = model_load_candidate(c->origin.model, q->body, q->body_size, name ? name : "request", KINDS, d);
	return r == 0 ? model_check(c->origin.model, d) : r;
}

unsigned int candidate_make(struct request *q, struct candidate *ret_candidate)
{
	struct candidate c = {.generation = registry_generation(governor_of(q)->registry)};
	struct diags d = {0};
	unsigned int status = 0;
	int r = load(q, &c, &d);

	if (d.errors)
		status = refuse_diags(q, 422, "invalid", "the declarations are not valid", &d);
	else if (r < 0)
		status = refuse(q, r == -ENOMEM ? 500 : 503, "store", "see the journal of cvfd-govern",
				"what is in force cannot be read: %s", strerror(-r));
	diags_done(&d);
	if (status)
		candidate_done(&c);
	else
		*ret_candidate = c;
	return status;
}
