// SPDX-License-Identifier: Apache-2.0
/*
 * create.c - capabilities by pattern: the level follows from what the effect is, so that the easy call is the safe one
 */
#include "policy/policy.h"

struct pattern {
	const char *type, *level, *justification, *effect;
	bool reversible;
};

static int create(const struct capability_text *text, const struct pattern *p, json_t *compensation, json_t **ret_decl)
{
	json_t *risk = json_pack("{s:s, s:s, s:b}", "level", p->level, "justification", p->justification,
				 "requires_approval", p->level[0] == 'H' || p->level[0] == 'C');
	json_t *effects =
		json_pack("{s:b, s:s, s:s}", "reversible", p->reversible, "scope", "local", "description", p->effect);
	json_t *decl = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "schema", "cvf.capability/v1", "id",
				 text->id, "name", text->name ? text->name : text->id, "description",
				 text->description ? text->description : "", "operation_type", p->type, "risk", risk,
				 "side_effects", effects, "compensation", compensation);

	if (!decl)
		return -ENOMEM;
	*ret_decl = decl;
	return 0;
}

static json_t *by_capability(const char *id)
{
	if (!id)
		return json_pack("{s:b}", "supported", 0);
	return json_pack("{s:b, s:s, s:s}", "supported", 1, "strategy", "command", "capability_id", id);
}

int capability_create_read(const struct capability_text *text, json_t **ret_decl)
{
	static const struct pattern p = {"READ", "LOW", "reading changes nothing", "none", true};

	return create(text, &p, by_capability(NULL), ret_decl);
}

int capability_create_write(const struct capability_text *text, bool reversible, const char *compensation_id,
			    json_t **ret_decl)
{
	static const struct pattern reversibly = {"WRITE", "MEDIUM", "changes what can be changed back", "changes data",
						  true};
	static const struct pattern for_good = {"WRITE", "HIGH", "changes what cannot be changed back",
						"changes data for good", false};

	/* Irreversible and not compensated would have to be CRITICAL: that is nothing to ask for in passing. */
	if (!reversible && !compensation_id)
		return -EINVAL;
	return create(text, reversible ? &reversibly : &for_good, by_capability(compensation_id), ret_decl);
}

/* What a program does, and what happens at the other end, is not seen from here: HIGH, unless somebody knows better. */
int capability_create_exec(const struct capability_text *text, const char *compensation_id, json_t **ret_decl)
{
	static const struct pattern p = {"EXECUTE", "HIGH", "what the program does is not seen from here", "runs a program",
					 true};

	return create(text, &p, by_capability(compensation_id), ret_decl);
}

int capability_create_net(const struct capability_text *text, const char *compensation_id, json_t **ret_decl)
{
	static const struct pattern p = {"NETWORK", "HIGH", "what is sent leaves this host", "talks to another host", true};

	return create(text, &p, by_capability(compensation_id), ret_decl);
}

int capability_create_delete(const struct capability_text *text, const char *compensation_id, json_t **ret_decl)
{
	static const struct pattern p = {"DELETE", "HIGH", "what is deleted is gone", "data is lost", false};

	return create(text, &p,
		      compensation_id ? by_capability(compensation_id)
				      : json_pack("{s:b, s:s}", "supported", 1, "strategy", "quarantine"),
		      ret_decl);
}
