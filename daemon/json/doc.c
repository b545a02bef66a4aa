// SPDX-License-Identifier: Apache-2.0
/*
 * doc.c - bounded parsing of a JSON text, and errors at places in it
 */
#include "json/doc.h"

#include <stdarg.h>
#include <string.h>

#include "json/memory.h"

static void error_at(const struct jdoc *doc, unsigned int line, unsigned int column, const char *hint, const char *text)
{
	diags_add(doc->d, DIAG_ERROR, doc->name, line, column, hint, "%s", text);
}

/* jansson recurses once per level: the depth is bounded before it sees the text. */
static int check_depth(const struct jdoc *doc)
{
	unsigned int depth = 0, line, column;
	bool in_string = false;

	for (size_t i = 0; i < doc->size; i++) {
		char c = doc->text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth <= JSON_DEPTH_MAX)
				continue;
			jdoc_position(doc, i, &line, &column);
			error_at(doc, line, column, NULL, "nested too deeply: more than 32 levels");
			return -EINVAL;
		} else if ((c == '}' || c == ']') && depth) {
			depth--;
		}
	}
	return 0;
}

static const char *parse_hint(enum json_error_code code)
{
	switch (code) {
	case json_error_duplicate_key:
		return "write each field once";
	case json_error_premature_end_of_input:
		return "a bracket, brace or quote is not closed";
	case json_error_invalid_syntax:
		return "look for a missing or extra comma, quote or bracket just before this place";
	default:
		return NULL;
	}
}

int jdoc_parse(const struct jdoc *doc, json_t **ret_root)
{
	unsigned long failures = memory_failures();
	json_error_t error;
	json_t *root;
	char text[64];

	if (doc->size > JSON_TEXT_MAX) {
		snprintf(text, sizeof(text), "too large: %zu bytes, at most %u", doc->size, JSON_TEXT_MAX);
		error_at(doc, 0, 0, "split it into several files", text);
		return -EINVAL;
	}
	if (check_depth(doc) < 0)
		return -EINVAL;
	root = json_loadb(doc->text, doc->size, JSON_REJECT_DUPLICATES, &error);
	if (!root) {
		if (json_error_code(&error) == json_error_out_of_memory || memory_failures() != failures)
			return -ENOMEM; /* jansson calls some of it a mistake in the text */
		error_at(doc, error.line > 0 ? (unsigned int)error.line : 0,
			 error.column > 0 ? (unsigned int)error.column : 0, parse_hint(json_error_code(&error)),
			 error.text);
		return -EINVAL;
	}
	*ret_root = root;
	return 0;
}

struct jat jat_root(const struct jdoc *doc, json_t *root)
{
	return (struct jat){.doc = doc, .value = root};
}

struct jat jat_member(const struct jat *up, const char *key)
{
	return (struct jat){.doc = up->doc, .up = up, .key = key, .value = json_object_get(up->value, key)};
}

struct jat jat_element(const struct jat *up, size_t index)
{
	return (struct jat){.doc = up->doc, .up = up, .index = index, .value = json_array_get(up->value, index)};
}

static void add(const struct jat *at, enum diag_level level, bool key, const char *hint, const char *format,
		va_list args)
{
	own_free char *text = NULL;
	unsigned int line = 0, column = 0;

	/* Finding a place reads the text: not for a flood of mistakes that nobody will be shown. */
	if (at->doc->d->n < DIAGS_MAX)
		jat_locate(at, key, &line, &column);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	diags_add(at->doc->d, level, at->doc->name, line, column, hint, "%s", text ? text : "out of memory");
}

void jat_error(const struct jat *at, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(at, DIAG_ERROR, false, hint, format, args);
	va_end(args);
}

void jat_error_key(const struct jat *at, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(at, DIAG_ERROR, true, hint, format, args);
	va_end(args);
}

void jat_warn(const struct jat *at, const char *hint, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(at, DIAG_WARNING, false, hint, format, args);
	va_end(args);
}

const char *json_kind(const json_t *value)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",	 [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	     [JSON_NULL] = "null",
	};

	return value ? kinds[json_typeof(value)] : "nothing";
}
