// SPDX-License-Identifier: Apache-2.0
/* approver.c - see approver.h */
#include "approver.h"

#include <string.h>

#include "escalation.h"
#include "govern/people/delegation.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"

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

static int read_requested(void *ctx, const struct hold *h)
{
	*(int64_t *)ctx = h->requested_ms;
	return 0;
}

bool approver_is_asked(struct request *q, const char *hold, const struct quorum *quorum)
{
	struct governor *g = governor_of(q);
	int64_t requested_ms = INT64_MAX / 2;
	size_t level;

	if (delegation_is_one_of(g, caller_of(q), q->peer, quorum->approvers, quorum->approvers_count))
		return true;
	if (hold_table_find(g->store, hold, read_requested, &requested_ms) < 0)
		return false;
	level = escalation_level(g, requested_ms, clock_utc_ms());
	for (size_t i = 0; i < level; i++) {
		const struct escalation *step = &g->settings.escalation[i];

		if (delegation_is_one_of(g, caller_of(q), q->peer, (const char *const *)step->approvers, step->approvers_count))
			return true;
	}
	return false;
}

bool approver_saw(const struct hold *h, const char *digest)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)h->digest);
	return strcmp(digest, text) == 0;
}
