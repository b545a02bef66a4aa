// SPDX-License-Identifier: Apache-2.0
/* approver.c - see approver.h */
#include "approver.h"

#include <string.h>

#include "escalation.h"
#include "govern/people/candidates.h"
#include "govern/people/delegation.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"
#include "json/doc.h"
#include "quorum.h"

bool approver_is_requester(struct governor *g, const struct hold *h, const struct caller *c)
{
	const char *id = numbers_table_name(g->numbers, NUMBER_AGENT, h->agent);
	const json_t *agent = id ? model_find(registry_model(g->registry), DECL_AGENT, id) : NULL;
	const char *owner = json_string_value(json_object_get(agent, "owner"));

	if (g->settings.self_approval || c->uid == 0)
		return false;
	return h->record->uid == c->uid || (owner && strcmp(owner, c->name) == 0);
}

bool approver_has_role(const struct hold *h, const struct caller *c)
{
	return approval_needs_human(h) ? caller_duties(c) != 0 : caller_may(c, ROLE_APPROVER);
}

bool approver_is_asked(struct governor *g, const struct caller *c, const struct peer *p, const struct hold *h, const struct quorum *quorum)
{
	struct steps steps;

	if (delegation_is_one_of(g, c, p, quorum->approvers, quorum->approvers_count))
		return true;
	escalation_of_hold(g, h, &steps);
	for (size_t i = 0; i < steps.reached; i++)
		if (delegation_is_one_of(g, c, p, steps.v[i].names, steps.v[i].count))
			return true;
	return false;
}

bool approver_saw(const struct hold *h, const char *digest)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)h->digest);
	return strcmp(digest, text) == 0;
}

struct users {
	struct governor *g;
	json_t *candidates, *may;
};

static bool may_approve(struct governor *g, const struct hold *h, const char *name)
{
	struct caller c;
	struct peer p;
	struct quorum quorum;
	bool may;

	if (!candidate_peer(name, &p))
		return false;
	quorum_of_hold(g, h, &quorum);
	auth_identify(&g->auth, &p, &c);
	delegation_add_roles(g, &c);
	may = approver_has_role(h, &c) && !approver_is_requester(g, h, &c) &&
	      (!quorum.approvers_count || approver_is_asked(g, &c, &p, h, &quorum));
	free(p.groups);
	return may;
}

static int choose(void *ctx, const struct hold *h)
{
	struct users *u = ctx;
	struct quorum quorum;
	struct steps steps;
	const json_t *name;
	size_t i;

	quorum_of_hold(u->g, h, &quorum);
	for (i = 0; i < quorum.approvers_count; i++)
		candidates_add(u->candidates, quorum.approvers[i]);
	escalation_of_hold(u->g, h, &steps);
	for (i = 0; i < steps.reached; i++)
		for (size_t k = 0; k < steps.v[i].count; k++)
			candidates_add(u->candidates, steps.v[i].names[k]);
	json_array_foreach(u->candidates, i, name)
		if (may_approve(u->g, h, json_string_value(name)))
			json_array_append(u->may, json_array_get(u->candidates, i));
	return 0;
}

json_t *approver_users(struct governor *g, const char *hold)
{
	own_json json_t *candidates = candidates_all(g);
	struct users u = { .g = g, .candidates = candidates, .may = json_array() };
	int r = candidates ? hold_table_find(g->store, hold, choose, &u) : -ENOMEM;

	if (r >= 0)
		return u.may;
	json_decref(u.may);
	return NULL;
}
