// SPDX-License-Identifier: Apache-2.0
/*
 * compile_rates.c - the limits of how often: equal chains are one
 */
#include <stdlib.h>

#include "policy/compile.h"

int rates_init(struct rates *r)
{
	r->v = calloc(CVF_RATES_MAX, sizeof(*r->v));
	r->first = calloc(CVF_CELLS_MAX, sizeof(*r->first));
	r->link = calloc(CVF_RATES_MAX, sizeof(*r->link));
	r->n = 1; /* number 0 is none */
	return r->v && r->first && r->link ? 0 : -ENOMEM;
}

void rates_done(struct rates *r)
{
	free(r->v);
	free(r->first);
	free(r->link);
}

static bool is_same(const struct cvf_rate *a, const struct cvf_rate *b)
{
	return a->rule == b->rule && a->limit == b->limit && a->window_s == b->window_s && a->over == b->over &&
	       a->next == b->next;
}

static int rate_intern(struct compiler *c, const struct cvf_rate *rate, uint32_t *ret_rate)
{
	struct rates *r = &c->rates;

	for (uint16_t at = r->first[rate->over]; at; at = r->link[at]) {
		*ret_rate = at;
		if (is_same(&r->v[at], rate))
			return 0;
	}
	if (r->n == CVF_RATES_MAX)
		return too_big(c, "the table of limits of how often", r->n + 1, CVF_RATES_MAX,
			       "use fewer rules with \"rate\", or fewer agents that they concern");
	r->v[r->n] = *rate;
	r->link[r->n] = r->first[rate->over];
	r->first[rate->over] = (uint16_t)r->n;
	*ret_rate = (uint32_t)r->n++;
	return 0;
}

/* From the last one, so that each leads to a smaller number and the chain ends. */
int rates_chain(struct compiler *c, const struct cvf_rate *chain, size_t n, uint32_t *ret_rate)
{
	*ret_rate = 0;
	while (n-- > 0) {
		struct cvf_rate rate = chain[n];
		int r;

		rate.next = (uint16_t)*ret_rate;
		r = rate_intern(c, &rate, ret_rate);
		if (r < 0)
			return r;
	}
	return 0;
}
