// SPDX-License-Identifier: Apache-2.0
/* target.c - see target.h */
#include "target.h"

#include <stdio.h>
#include <string.h>

#include "govern/metric/histogram.h"
#include "json/fields.h"

const char *const target_words[TARGET_KIND_MAX] = { "uptime", "approval-response", "api-response" };

static const struct word kind_list[] = {
	{ "uptime", TARGET_UPTIME }, { "approval-response", TARGET_APPROVAL_RESPONSE }, { "api-response", TARGET_API_RESPONSE },
};
static const struct words kind_words = { "kind of objective", kind_list, ARRAY_SIZE(kind_list) };

struct fields {
	const char *id;
	int kind;
	struct jat target;
	long long within_s, within_ms, days;
};
static const struct limits days = { 1, 30 }, seconds = { 1, 86400 }, milliseconds = { 1, 86400000 };
static const struct field table[] = {
	{ "id", read_text, offsetof(struct fields, id), true, NULL },
	{ "kind", read_word, offsetof(struct fields, kind), true, &kind_words },
	{ "target", read_at, offsetof(struct fields, target), true, NULL },
	{ "within_s", read_number, offsetof(struct fields, within_s), false, &seconds },
	{ "within_ms", read_number, offsetof(struct fields, within_ms), false, &milliseconds },
	{ "days", read_number, offsetof(struct fields, days), false, &days },
};

void targets_default(struct targets *t)
{
	*t = (struct targets){ .n = 3, .v = {
		{ "uptime", TARGET_UPTIME, 99, 0, 30 },
		{ "approval-response", TARGET_APPROVAL_RESPONSE, 95, 300000000, 30 },
		{ "api-response", TARGET_API_RESPONSE, 99, 50000, 30 },
	} };
}

/* A bound of a bucket: what lies between two of them is not known. */
static void read_within(const struct jat *at, const struct fields *f, struct target *to)
{
	to->within_us = f->within_s ? f->within_s * 1000000 : f->within_ms * 1000;
	if (to->kind == TARGET_UPTIME) {
		if (to->within_us)
			jat_error(at, "leave within_s and within_ms out", "uptime takes no time to answer");
		return;
	}
	if (!to->within_us || (f->within_s && f->within_ms))
		jat_error(at, "for example \"within_s\": 300", "a response needs either within_s or within_ms");
	else if (!histogram_has_bound(to->within_us))
		jat_error(at, "write 1, 2, 5, 10, 20, 50, 100, 200 or 500 ms, or 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400, 43200 or 86400 s",
			  "response times are not measured at %lld ms", (long long)(to->within_us / 1000));
}

static void read_percent(const struct jat *at, struct target *to)
{
	to->percent = json_number_value(at->value);
	if (!json_is_number(at->value) || to->percent <= 0 || to->percent > 99.999)
		jat_error(at, "for example 99.9", "target must be a percentage above 0 and at most 99.999");
}

static void read_one(const struct jat *at, struct targets *t)
{
	struct fields f = { .days = 30 };
	struct target *to = &t->v[t->n];

	fields_read(at, table, ARRAY_SIZE(table), &f);
	*to = (struct target){ .kind = (enum target_kind)f.kind, .days = f.days };
	if (!f.id || !f.target.value)
		return;
	if (strlen(f.id) > TARGET_ID_MAX)
		jat_error(at, NULL, "an id has at most %d characters", TARGET_ID_MAX);
	snprintf(to->id, sizeof(to->id), "%s", f.id);
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].id, to->id) == 0)
			jat_error(at, NULL, "there are two objectives \"%s\"", to->id);
	read_percent(&f.target, to);
	read_within(at, &f, to);
	t->n++;
}

void targets_read(const struct jat *at, struct targets *t)
{
	size_t n = json_array_size(at->value);

	if (!json_is_array(at->value)) {
		jat_error(at, NULL, "objectives must be an array of objects, not %s", json_kind(at->value));
		return;
	}
	if (n > TARGETS_MAX) {
		jat_error(at, NULL, "there are at most %d objectives", TARGETS_MAX);
		return;
	}
	t->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct jat one = jat_element(at, i);

		read_one(&one, t);
	}
}
