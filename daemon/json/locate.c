// SPDX-License-Identifier: Apache-2.0
/*
 * locate.c - finds a place again in the text that was parsed
 *
 * A second, tiny reader: it only skips. The text is known to be well-formed, yet every step is bounded by its end.
 */
#include <string.h>

#include "json/doc.h"

struct cursor {
	const char *at;
	const char *end;
};

static void skip_space(struct cursor *c)
{
	while (c->at < c->end && strchr(" \t\r\n", *c->at) && *c->at)
		c->at++;
}

static void skip_string(struct cursor *c)
{
	for (c->at++; c->at < c->end && *c->at != '"'; c->at++)
		if (*c->at == '\\' && c->at + 1 < c->end)
			c->at++;
	if (c->at < c->end)
		c->at++;
}

/* Past one value of any kind: brackets balance, strings are skipped whole. */
static void skip_value(struct cursor *c)
{
	unsigned int depth = 0;

	skip_space(c);
	while (c->at < c->end) {
		if (*c->at == '"') {
			skip_string(c);
		} else if (*c->at == '{' || *c->at == '[') {
			depth++;
			c->at++;
		} else if (depth && (*c->at == '}' || *c->at == ']')) {
			depth--;
			c->at++;
		} else if (!depth && strchr(",]} \t\r\n", *c->at)) {
			return;
		} else {
			c->at++;
			continue;
		}
		if (!depth)
			return;
	}
}

/* Is the string token from start to end this key? Escapes are undone by jansson itself. */
static bool is_key(const char *start, const char *end, const char *key)
{
	own_json json_t *token = NULL;

	if (!memchr(start, '\\', (size_t)(end - start)))
		return strlen(key) == (size_t)(end - start) - 2 && memcmp(start + 1, key, strlen(key)) == 0;
	token = json_loadb(start, (size_t)(end - start), JSON_DECODE_ANY, NULL);
	return token && json_is_string(token) && strcmp(json_string_value(token), key) == 0;
}

static bool is_root_element(const struct jat *at)
{
	return at->up && !at->up->up && !at->key;
}

/* Jumps to the marked element if the wanted one is not before it; its index, else that of the first one. */
static size_t resume(struct cursor *c, const struct jat *to)
{
	const struct jdoc_mark *mark = to->doc->mark;

	if (!mark || !mark->line || !is_root_element(to) || mark->index > to->index)
		return 0;
	c->at = to->doc->text + mark->offset;
	return mark->index;
}

/* From an opening bracket to the wanted member's value (or key), or element; false: not there. */
static bool step(struct cursor *c, const struct jat *to, bool at_key)
{
	const char *start;
	size_t index;

	skip_space(c);
	if (c->at >= c->end || *c->at != (to->key ? '{' : '['))
		return false;
	c->at++;
	for (index = resume(c, to); c->at < c->end; c->at++, index++) {
		skip_space(c);
		if (c->at < c->end && (*c->at == '}' || *c->at == ']'))
			return false;
		start = c->at;
		if (to->key) {
			skip_string(c);
			if (is_key(start, c->at, to->key) && at_key) {
				c->at = start;
				return true;
			}
			bool found = is_key(start, c->at, to->key);

			skip_space(c);
			c->at += c->at < c->end; /* the colon */
			skip_space(c);
			if (found)
				return true;
		} else if (index == to->index) {
			return true;
		}
		skip_value(c);
		skip_space(c);
	}
	return false;
}

static bool walk(struct cursor *c, const struct jat *at, bool at_key)
{
	if (!at->up) {
		skip_space(c);
		return true;
	}
	return walk(c, at->up, false) && step(c, at, at_key && at->key);
}

void jdoc_position(const struct jdoc *doc, size_t offset, unsigned int *ret_line, unsigned int *ret_column)
{
	const struct jdoc_mark none = {.line = 1, .column = 1}, *mark = doc->mark ? doc->mark : &none;
	unsigned int line, column;

	if (!mark->line || mark->offset > offset)
		mark = &none;
	line = mark->line;
	column = mark->column;
	for (size_t i = mark->offset; i < offset && i < doc->size; i++) {
		if (doc->text[i] == '\n') {
			line++;
			column = 1;
		} else if ((doc->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	*ret_line = line;
	*ret_column = column;
}

void jat_locate(const struct jat *at, bool key, unsigned int *ret_line, unsigned int *ret_column)
{
	const struct jdoc *doc = at->doc;
	struct cursor c = {doc->text, doc->text + doc->size};

	*ret_line = 0;
	*ret_column = 0;
	/* A missing member is reported where the object that lacks it begins. */
	while (at->up && !at->value)
		at = at->up;
	if (!walk(&c, at, key))
		return;
	jdoc_position(doc, (size_t)(c.at - doc->text), ret_line, ret_column);
	if (doc->mark && is_root_element(at))
		*doc->mark = (struct jdoc_mark){at->index, (size_t)(c.at - doc->text), *ret_line, *ret_column};
}
