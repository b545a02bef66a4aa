// SPDX-License-Identifier: Apache-2.0
/* escalation.c - see escalation.h */
#include "escalation.h"

#include "api/view.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"

const struct shape escalation_shape = SHAPE(NULL, M(TIME, "at"), M(TEXT, "approvers", .flags = MANY), M(YES_NO, "reached"),);

static void add_name(struct step *s, const char *name)
{
	if (name && s->count < STEP_NAMES_MAX)
		s->names[s->count++] = name;
}

/* The declaration is checked: what is there has its form. */
static void steps_of_capability(const json_t *list, struct steps *to)
{
	const json_t *one, *name;
	size_t i, k;

	json_array_foreach(list, i, one) {
		struct step *s = &to->v[to->n];
		const json_t *names = json_object_get(one, "approvers");

		if (to->n == STEPS_MAX)
			return;
		*s = (struct step){ .after_s = json_integer_value(json_object_get(one, "after_s")) };
		add_name(s, json_string_value(names));
		json_array_foreach(names, k, name)
			add_name(s, json_string_value(name));
		to->n++;
	}
}

static void steps_of_settings(const struct governor *g, struct steps *to)
{
	for (size_t i = 0; i < g->settings.escalation_count && to->n < STEPS_MAX; i++) {
		const struct escalation *e = &g->settings.escalation[i];
		struct step *s = &to->v[to->n++];

		*s = (struct step){ .after_s = e->after_s };
		for (size_t k = 0; k < e->approvers_count; k++)
			add_name(s, e->approvers[k]);
	}
}

void escalation_of_hold(struct governor *g, const struct hold *h, struct steps *ret_steps)
{
	const char *id = numbers_table_name(g->numbers, NUMBER_CAPABILITY, h->record->capability);
	const json_t *decl = id ? model_find(registry_model(g->registry), DECL_CAPABILITY, id) : NULL;
	uint64_t waited_ns = clock_boot_ns() - h->record->time_ns;

	ret_steps->n = ret_steps->reached = 0;
	steps_of_capability(json_object_get(json_object_get(decl, "hold"), "escalation"), ret_steps);
	if (!ret_steps->n)
		steps_of_settings(g, ret_steps);
	while (ret_steps->reached < ret_steps->n && (uint64_t)ret_steps->v[ret_steps->reached].after_s * 1000000000 <= waited_ns)
		ret_steps->reached++;
}

json_t *escalation_view(struct governor *g, const struct hold *h)
{
	json_t *list = json_array();
	struct steps steps;

	if (h->state != HOLD_PENDING)
		return list;
	escalation_of_hold(g, h, &steps);
	for (size_t i = 0; i < steps.n; i++) {
		json_t *one = json_object(), *names = json_array();

		for (size_t k = 0; k < steps.v[i].count; k++)
			json_array_append_new(names, view_text(steps.v[i].names[k]));
		view_set(one, "at", view_time(h->requested_ms + steps.v[i].after_s * 1000));
		view_set(one, "approvers", names);
		view_set(one, "reached", json_boolean(i < steps.reached));
		json_array_append_new(list, one);
	}
	return list;
}
