// SPDX-License-Identifier: Apache-2.0
/* top_count.c - sums, rates and their order */
#include "top.h"

#include "core/own.h"
#include "out.h"
#include "when.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const verdicts[] = { "allow", "deny", "hold" };
static const char *const rate_names[] = { "allow_per_s", "deny_per_s", "hold_per_s" };

static void add(json_t *sums, const char *agent, const char *verdict, json_int_t count)
{
	json_t *one = json_object_get(sums, agent), *sum;

	if (!one) {
		one = json_pack("{s:i, s:i, s:i}", "allow", 0, "deny", 0, "hold", 0);
		json_object_set_new(sums, agent, one);
	}
	sum = json_object_get(one, verdict);
	if (sum)
		json_integer_set(sum, json_integer_value(sum) + count);
}

json_t *top_sums(const json_t *counters)
{
	json_t *sums = json_object();
	const json_t *one;
	size_t i;

	json_array_foreach(counters, i, one)
		add(sums, out_text(one, "agent", ""), out_text(one, "verdict", ""), json_integer_value(out_field(one, "count")));
	return sums;
}

/* What was not there before began at nothing; what counts anew has no rate this time. */
static json_t *rate(json_int_t now, json_int_t before, double interval_s)
{
	return interval_s <= 0 || now < before ? json_null() : json_real((double)(now - before) / interval_s);
}

static json_t *agent_row(const char *id, const json_t *sum, const json_t *before, const json_t *health, double interval_s)
{
	json_t *row = json_object(), *value;

	json_object_set_new(row, "agent", *id ? json_string(id) : json_null());
	value = json_object_get(health, "health");
	json_object_set(row, "health", value ? value : json_null());
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		json_int_t n = json_integer_value(json_object_get(sum, verdicts[i]));

		json_object_set_new(row, verdicts[i], json_integer(n));
		json_object_set_new(row, rate_names[i],
				    rate(n, json_integer_value(json_object_get(json_object_get(before, id), verdicts[i])),
					 before ? interval_s : 0));
	}
	value = json_object_get(health, "holds_pending");
	json_object_set(row, "waiting", value ? value : json_null());
	return row;
}

static double number(const json_t *row, const char *field)
{
	return json_number_value(json_object_get(row, field));
}

static int by_need(const void *a, const void *b)
{
	static const char *const fields[] = { "waiting", "deny_per_s", "hold_per_s", "allow_per_s", "deny", "hold", "allow" };
	const json_t *x = *(const json_t *const *)a, *y = *(const json_t *const *)b;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (number(x, fields[i]) < number(y, fields[i]) || number(x, fields[i]) > number(y, fields[i]))
			return number(x, fields[i]) < number(y, fields[i]) ? 1 : -1;
	return strcmp(out_text(x, "agent", ""), out_text(y, "agent", ""));
}

static json_t *sorted(const json_t *rows)
{
	size_t n = json_array_size(rows), i;
	own_free json_t **v = calloc(n + 1, sizeof(json_t *));
	json_t *list = json_array();

	for (i = 0; v && i < n; i++)
		v[i] = json_array_get(rows, i);
	if (v && n)
		qsort(v, n, sizeof(json_t *), by_need);
	for (i = 0; v && i < n; i++)
		json_array_append(list, v[i]);
	return list;
}

static json_t *agent_rows(const struct top_answers *now, const json_t *sums, const json_t *before, double interval_s)
{
	json_t *rows = json_array(), *made, *sum;
	const json_t *one;
	const char *id;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)sums, id, sum)
		json_array_append_new(rows, agent_row(id, sum, before, out_find(now->health, "agent", id), interval_s));
	json_array_foreach(now->health, i, one)
		if (!json_object_get(sums, out_text(one, "agent", "")))
			json_array_append_new(rows, agent_row(out_text(one, "agent", ""), NULL, before, one, interval_s));
	made = sorted(rows);
	json_decref(rows);
	return made;
}

static json_t *rates(const json_t *agents, bool known)
{
	json_t *to = json_object();
	const json_t *one;
	size_t i, k;

	for (k = 0; k < ARRAY_SIZE(verdicts); k++) {
		double sum = 0;

		json_array_foreach(agents, i, one)
			sum += number(one, rate_names[k]);
		json_object_set_new(to, verdicts[k], known ? json_real(sum) : json_null());
	}
	return to;
}

static json_t *copy_or_null(const json_t *value)
{
	return value ? json_incref((json_t *)(uintptr_t)value) : json_null();
}

json_t *top_document(const struct top_answers *now, const json_t *sums, const json_t *before, double interval_s)
{
	json_t *document = json_object(), *agents = agent_rows(now, sums, before, interval_s);
	char moment[WHEN_MAX];

	when_print(time(NULL), moment);
	json_object_set_new(document, "time", json_string(moment));
	json_object_set_new(document, "interval_s", before ? json_real(interval_s) : json_null());
	json_object_set_new(document, "status", copy_or_null(now->status));
	json_object_set_new(document, "rates", rates(agents, before != NULL));
	json_object_set_new(document, "agents", agents);
	json_object_set_new(document, "holds", copy_or_null(now->holds));
	json_object_set_new(document, "refusals", copy_or_null(now->refusals));
	return document;
}
