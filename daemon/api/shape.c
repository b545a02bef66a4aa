// SPDX-License-Identifier: Apache-2.0
/* shape.c - see shape.h: what a shape is as JSON Schema */
#include "shape.h"

#include <string.h>

#include "core/own.h"
#include "view.h"

const struct member *shape_member(const struct shape *s, const char *name)
{
	for (const struct member *m = s ? s->v : NULL; m && m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m;
	return NULL;
}

static json_t *words_list(const char *words)
{
	json_t *list = json_array();

	for (const char *at = words; *at;) {
		size_t n = strcspn(at, "|");

		json_array_append_new(list, json_stringn(at, n));
		at += n + (at[n] == '|');
	}
	return list;
}

static json_t *reference(const char *name)
{
	return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

static json_t *number_schema(const struct member *m)
{
	json_t *to = json_pack("{s:s}", "type", "integer");

	if (m->min || m->max) {
		json_object_set_new(to, "minimum", json_integer(m->min));
		json_object_set_new(to, "maximum", json_integer(m->max));
	}
	return to;
}

static json_t *text_schema(const struct member *m, bool is_answer)
{
	json_t *to = json_pack("{s:s}", "type", "string");

	if (!is_answer) {
		if (m->flags & NEEDED)
			json_object_set_new(to, "minLength", json_integer(1));
		json_object_set_new(to, "maxLength", json_integer(m->max ? m->max : TEXT_MAX));
	}
	return to;
}

static json_t *bare_schema(const struct member *m, bool is_answer)
{
	switch (m->kind) {
	case IS_TEXT: return text_schema(m, is_answer);
	case IS_NUMBER: return number_schema(m);
	case IS_REAL: return json_pack("{s:s}", "type", "number");
	case IS_YES_NO: return json_pack("{s:s}", "type", "boolean");
	case IS_WORD: return json_pack("{s:s, s:o}", "type", "string", "enum", words_list(m->words));
	case IS_TIME:
		return is_answer ? json_pack("{s:s, s:s}", "type", "string", "format", "date-time") : json_pack("{s:s}", "type", "string");
	case IS_OBJECT:
		if (!m->of)
			return json_pack("{s:s}", "type", "object");
		return m->of->name ? reference(m->of->name) : shape_schema(m->of, is_answer);
	case IS_ANY: break;
	}
	return json_object();
}

/* In the way of JSON Schema 2020-12, which OpenAPI 3.1 uses: null is one of the types. */
static json_t *or_null(json_t *take)
{
	const json_t *type = json_object_get(take, "type"), *words = json_object_get(take, "enum");

	if (!type || words)
		return json_pack("{s:[o, {s:s}]}", "anyOf", take, "type", "null");
	json_object_set_new(take, "type", json_pack("[O, s]", type, "null"));
	return take;
}

json_t *member_schema(const struct member *m, bool is_answer)
{
	json_t *to = bare_schema(m, is_answer);

	if (m->flags & MANY)
		to = json_pack("{s:s, s:o}", "type", "array", "items", to);
	if ((m->flags & MANY) && !is_answer)
		json_object_set_new(to, "maxItems", json_integer(MANY_MAX));
	if ((m->flags & OR_NULL) && m->kind != IS_ANY)
		to = or_null(to);
	if (m->about)
		json_object_set_new(to, "description", json_string(m->about));
	if (m->preset)
		json_object_set_new(to, "default", m->kind == IS_NUMBER ? json_integer(atoll(m->preset)) : json_string(m->preset));
	return to;
}

json_t *shape_schema(const struct shape *s, bool is_answer)
{
	json_t *members = json_object(), *needed = json_array(), *to;

	if (s->raw) {
		json_decref(members);
		json_decref(needed);
		return json_pack("{s:s}", "description", s->raw);
	}
	for (const struct member *m = s->v; m->name; m++) {
		view_set(members, m->name, member_schema(m, is_answer));
		if (is_answer ? !(m->flags & SOMETIMES) : m->flags & NEEDED)
			json_array_append_new(needed, json_string(m->name));
	}
	to = json_pack("{s:s, s:o}", "type", "object", "properties", members);
	if (json_array_size(needed))
		json_object_set(to, "required", needed);
	if (!is_answer)
		json_object_set_new(to, "additionalProperties", json_false());
	json_decref(needed);
	return to;
}

void shape_components(const struct shape *s, json_t *to)
{
	if (!s || s->raw || (s->name && json_object_get(to, s->name)))
		return;
	if (s->name)
		view_set(to, s->name, shape_schema(s, true));
	for (const struct member *m = s->v; m->name; m++)
		shape_components(m->of, to);
}

const char *shape_kind_words(const struct member *m, char *room, size_t size)
{
	static const char *const names[] = {
		[IS_TEXT] = "text", [IS_NUMBER] = "number", [IS_REAL] = "fraction", [IS_YES_NO] = "true or false",
		[IS_TIME] = "time", [IS_OBJECT] = "object", [IS_ANY] = "any",
	};

	if (m->kind == IS_WORD)
		snprintf(room, size, "%s", m->words);
	else if (m->kind == IS_OBJECT && m->of && m->of->name)
		snprintf(room, size, "%s", m->of->name);
	else if (m->kind == IS_NUMBER && (m->min || m->max))
		snprintf(room, size, "%lld to %lld", (long long)m->min, (long long)m->max);
	else
		snprintf(room, size, "%s", names[m->kind]);
	return room;
}
