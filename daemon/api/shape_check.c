// SPDX-License-Identifier: Apache-2.0
/* shape_check.c - see shape.h: does a query, does a body have its shape; and what is in it */
#include <string.h>

#include "json/doc.h"
#include "route.h"
#include "view.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_word_of(const char *words, const char *text)
{
	size_t n = strlen(text);

	for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|')
		if (strcspn(at, "|") == n && strncmp(at, text, n) == 0)
			return n > 0;
	return false;
}

static int64_t longest(const struct member *m)
{
	return m->max ? m->max : TEXT_MAX;
}

/* What a value must be, as a person would be told. */
static void say_wanted(const struct member *m, char *room, size_t size)
{
	if (m->kind == IS_NUMBER && (m->min || m->max))
		snprintf(room, size, "write a whole number from %lld to %lld", (long long)m->min, (long long)m->max);
	else if (m->kind == IS_NUMBER)
		snprintf(room, size, "write a whole number");
	else if (m->kind == IS_WORD)
		snprintf(room, size, "write one of: %s", m->words);
	else if (m->kind == IS_TIME)
		snprintf(room, size, "write a time like 2025-01-31T12:00:00Z, or how long ago: 90s, 15m, 2h, 7d");
	else if (m->kind == IS_TEXT)
		snprintf(room, size, "write a string of at most %lld bytes%s", (long long)longest(m), m->flags & NEEDED ? ", not empty" : "");
	else
		snprintf(room, size, "write %s", m->kind == IS_YES_NO ? "true or false" : m->kind == IS_REAL ? "a number" : "an object");
}

static bool text_fits(const struct member *m, const char *text)
{
	int64_t number;

	switch (m->kind) {
	case IS_TEXT: return (int64_t)strlen(text) <= longest(m) && (*text || !(m->flags & NEEDED));
	case IS_NUMBER: return number_parse(text, m->min, m->max || m->min ? m->max : INT64_MAX, &number) == 0;
	case IS_WORD: return is_word_of(m->words, text);
	case IS_TIME: return moment_parse(text, now_ms(), &number) == 0;
	case IS_YES_NO:
	case IS_REAL:
	case IS_OBJECT:
	case IS_ANY: break;
	}
	return false;
}

static unsigned int refuse_parameter(struct request *q, const struct member *m)
{
	char wanted[256];

	say_wanted(m, wanted, sizeof(wanted));
	return refuse(q, 400, "bad-parameter", wanted, "the parameter \"%s\" cannot be understood", m->name);
}

static unsigned int check_parameter(struct request *q, const struct shape *s, size_t i)
{
	const char *name = q->query[i].name;
	const struct member *m = shape_member(s, name);

	if (!m)
		return refuse(q, 400, "unknown-parameter", "GET /v1/openapi.json says which there are",
			      "there is no parameter \"%s\" here", name);
	for (size_t k = 0; k < i; k++)
		if (strcmp(q->query[k].name, name) == 0)
			return refuse(q, 400, "bad-parameter", "give it once", "the parameter \"%s\" is there twice", name);
	return text_fits(m, q->query[i].value) ? 0 : refuse_parameter(q, m);
}

unsigned int shape_check_query(struct request *q, const struct shape *s)
{
	unsigned int status = 0;

	for (size_t i = 0; !status && i < q->query_count; i++)
		status = check_parameter(q, s, i);
	for (const struct member *m = s ? s->v : NULL; !status && m && m->name; m++)
		if ((m->flags & NEEDED) && !query_text(q, m->name))
			status = refuse(q, 400, "bad-parameter", m->about, "the parameter \"%s\" is missing", m->name);
	return status;
}

static bool value_fits(const struct member *m, const json_t *value)
{
	const char *text = json_string_value(value);

	switch (m->kind) {
	case IS_TEXT:
	case IS_WORD:
	case IS_TIME: return text && strlen(text) == json_string_length(value) && text_fits(m, text);
	case IS_NUMBER:
		return json_is_integer(value) &&
		       ((!m->min && !m->max) || (json_integer_value(value) >= m->min && json_integer_value(value) <= m->max));
	case IS_REAL: return json_is_number(value);
	case IS_YES_NO: return json_is_boolean(value);
	case IS_OBJECT: return json_is_object(value);
	case IS_ANY: break;
	}
	return true;
}

static unsigned int check_object(struct request *q, const struct shape *s, const json_t *object);

static unsigned int check_value(struct request *q, const struct member *m, const json_t *value)
{
	char wanted[256];

	if (!value_fits(m, value)) {
		say_wanted(m, wanted, sizeof(wanted));
		return refuse(q, 400, "bad-value", wanted, "\"%s\" cannot be understood", m->name);
	}
	return m->kind == IS_OBJECT && m->of ? check_object(q, m->of, value) : 0;
}

static unsigned int check_many(struct request *q, const struct member *m, const json_t *list)
{
	unsigned int status = 0;
	char wanted[256];

	if (!json_is_array(list) || json_array_size(list) > MANY_MAX || (!json_array_size(list) && (m->flags & NEEDED))) {
		snprintf(wanted, sizeof(wanted), "write an array of %s to %d", m->flags & NEEDED ? "1" : "0", MANY_MAX);
		return refuse(q, 400, "bad-value", wanted, "\"%s\" must be an array", m->name);
	}
	for (size_t i = 0; !status && i < json_array_size(list); i++)
		status = check_value(q, m, json_array_get(list, i));
	return status;
}

static unsigned int check_object(struct request *q, const struct shape *s, const json_t *object)
{
	unsigned int status = 0;
	const json_t *value;
	const char *key;
	void *at;

	for (at = json_object_iter((json_t *)(uintptr_t)object); at && !status; at = json_object_iter_next((json_t *)(uintptr_t)object, at)) {
		const struct member *m = shape_member(s, key = json_object_iter_key(at));

		value = json_object_iter_value(at);
		if (!m)
			status = refuse(q, 400, "unknown-member", "GET /v1/openapi.json says which there are",
					"the body has an unknown member \"%s\"", key);
		else if (!json_is_null(value))
			status = m->flags & MANY ? check_many(q, m, value) : check_value(q, m, value);
	}
	for (const struct member *m = s ? s->v : NULL; !status && m && m->name; m++) {
		value = json_object_get(object, m->name);
		if ((m->flags & NEEDED) && (!value || json_is_null(value)))
			status = refuse(q, 400, "bad-value", m->about, "\"%s\" is missing", m->name);
	}
	return status;
}

unsigned int shape_check_body(struct request *q, const struct shape *s)
{
	struct diags d = { 0 };
	struct jdoc doc = { .text = q->body, .size = q->body_size, .d = &d };
	unsigned int status = 0;
	int r;

	if ((s && s->raw) || !q->body_size)
		return s && !s->raw ? check_object(q, s, NULL) : 0;
	r = jdoc_parse(&doc, &q->object);
	if (r == -ENOMEM)
		status = refuse(q, 500, "no-memory", NULL, "out of memory");
	else if (r < 0)
		status = refuse(q, 400, "bad-json", d.n && d.v[0].hint ? d.v[0].hint : "send a JSON object",
				"the body is not a JSON object: line %u, column %u: %s", d.n ? d.v[0].line : 0, d.n ? d.v[0].column : 0,
				d.n ? d.v[0].message : "it cannot be read");
	else if (!json_is_object(q->object))
		status = refuse(q, 400, "bad-json", "send a JSON object", "the body is %s, not a JSON object", json_kind(q->object));
	else
		status = check_object(q, s, q->object);
	diags_done(&d);
	return status;
}

const char *request_query(const struct request *q, const char *name)
{
	for (size_t i = 0; i < q->query_count; i++)
		if (strcmp(q->query[i].name, name) == 0)
			return q->query[i].value;
	return NULL;
}

const char *query_text(const struct request *q, const char *name)
{
	const struct member *m = q->route ? shape_member(q->route->query, name) : NULL;
	const char *given = request_query(q, name);

	return given || !m ? given : m->preset;
}

int64_t query_number(const struct request *q, const char *name)
{
	const char *text = query_text(q, name);

	return text ? strtoll(text, NULL, 10) : 0;
}

int64_t query_time(const struct request *q, const char *name)
{
	const char *text = query_text(q, name);
	int64_t ms = 0;

	return text && moment_parse(text, now_ms(), &ms) == 0 ? ms : 0;
}

const char *body_text(const struct request *q, const char *name)
{
	const struct member *m = q->route ? shape_member(q->route->body, name) : NULL;
	const char *given = json_string_value(json_object_get(q->object, name));

	return given || !m ? given : m->preset;
}

int64_t body_number(const struct request *q, const char *name)
{
	const struct member *m = q->route ? shape_member(q->route->body, name) : NULL;
	const json_t *given = json_object_get(q->object, name);

	if (json_is_integer(given))
		return json_integer_value(given);
	return m && m->preset ? strtoll(m->preset, NULL, 10) : 0;
}
