/* SPDX-License-Identifier: Apache-2.0 */
/* lint.h - the parts of model_lint(), private to lint*.c */
#ifndef CVF_POLICY_LINT_H
#define CVF_POLICY_LINT_H

#include "policy/plan.h"

struct lint {
	const struct model *m;
	const struct plan *plan;
	time_t now;
	struct diags *d;
	uint64_t *ops;	    /* [capability]: operations that it covers */
	size_t comparisons; /* left, in units of the cheap ones: an automaton of two rules costs many of them */
};

/* Rules of candidate policies and profiles. */
void lint_rules(struct lint *l, const struct decl *decl, const struct rules *rules);
/* Does it cover every path there is? */
bool is_everything(const struct texts *paths);
bool is_every_address(const struct cidrs *addresses);

#endif
