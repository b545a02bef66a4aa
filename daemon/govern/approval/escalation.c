// SPDX-License-Identifier: Apache-2.0
/* escalation.c - see escalation.h */
#include "escalation.h"

#include "api/view.h"

const struct shape escalation_shape = SHAPE(NULL, M(TIME, "at"), M(TEXT, "approvers", .flags = MANY), M(YES_NO, "reached"),);

size_t escalation_level(const struct governor *g, int64_t requested_ms, int64_t now_ms)
{
	size_t n = 0;

	while (n < g->settings.escalation_count && requested_ms + g->settings.escalation[n].after_s * 1000 <= now_ms)
		n++;
	return n;
}

json_t *escalation_view(const struct governor *g, const struct hold *h)
{
	size_t level = escalation_level(g, h->requested_ms, clock_utc_ms());
	json_t *list = json_array();

	for (size_t i = 0; h->state == HOLD_PENDING && i < g->settings.escalation_count; i++) {
		const struct escalation *step = &g->settings.escalation[i];
		json_t *one = json_object(), *names = json_array();

		for (size_t k = 0; k < step->approvers_count; k++)
			json_array_append_new(names, view_text(step->approvers[k]));
		view_set(one, "at", view_time(h->requested_ms + step->after_s * 1000));
		view_set(one, "approvers", names);
		view_set(one, "reached", json_boolean(i < level));
		json_array_append_new(list, one);
	}
	return list;
}
