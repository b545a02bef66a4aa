// SPDX-License-Identifier: Apache-2.0
/*
 * fields.c - the table reader and the readers for plain values
 */
#include "json/fields.h"

#include <string.h>

#define NAME_MAX_EDIT 64

/* Edits (insert, remove, replace) between two short words; long words count as unrelated. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[NAME_MAX_EDIT + 1];
	size_t n = strlen(b);

	if (n > NAME_MAX_EDIT || strlen(a) > NAME_MAX_EDIT)
		return NAME_MAX_EDIT;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; a[i - 1]; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= n; j++) {
			unsigned int best = diagonal + ((a[i - 1] | 0x20) != (b[j - 1] | 0x20));

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n];
}

const char *nearest(const char *name, const char *(*name_at)(const void *ctx, size_t i), const void *ctx)
{
	unsigned int best = (unsigned int)strlen(name) / 4 + 2;
	const char *found = NULL, *candidate;

	for (size_t i = 0; (candidate = name_at(ctx, i)); i++) {
		unsigned int edits = distance(name, candidate);

		if (edits < best) {
			best = edits;
			found = candidate;
		}
	}
	return found;
}

struct table {
	const struct field *v;
	size_t n;
};

static const char *field_at(const void *ctx, size_t i)
{
	const struct table *t = ctx;

	return i < t->n ? t->v[i].name : NULL;
}

static const struct field *field_find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].name, name) == 0)
			return &t->v[i];
	return NULL;
}

static void refuse_unknown(const struct jat *at, const struct table *t, const char *key)
{
	struct jat member = jat_member(at, key);
	const char *meant = nearest(key, field_at, t);
	own_free char *hint = NULL;

	if (meant && asprintf(&hint, "did you mean \"%s\"?", meant) < 0)
		hint = NULL;
	jat_error_key(&member, hint, "unknown field \"%.80s\"", key);
}

void fields_read(const struct jat *at, const struct field *fields, size_t n, void *out)
{
	const struct table t = {fields, n};
	const char *key;
	json_t *value;

	if (!json_is_object(at->value)) {
		jat_error(at, NULL, "must be an object, not %s", json_kind(at->value));
		return;
	}
	json_object_foreach (at->value, key, value)
		if (!field_find(&t, key))
			refuse_unknown(at, &t, key);
	for (size_t i = 0; i < n; i++) {
		struct jat member = jat_member(at, fields[i].name);

		if (member.value)
			fields[i].read(&member, &fields[i], (char *)out + fields[i].offset);
		else if (fields[i].required)
			jat_error(at, NULL, "the field \"%s\" is missing", fields[i].name);
	}
}

void read_any_text(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	if (json_is_string(at->value))
		*(const char **)out = json_string_value(at->value);
	else
		jat_error(at, NULL, "must be a string, not %s", json_kind(at->value));
}

void read_text(const struct jat *at, const struct field *f, void *out)
{
	if (json_is_string(at->value) && !json_string_length(at->value))
		jat_error(at, NULL, "must not be empty");
	else
		read_any_text(at, f, out);
}

void read_bool(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	if (json_is_boolean(at->value))
		*(bool *)out = json_is_true(at->value);
	else
		jat_error(at, NULL, "must be true or false, not %s", json_kind(at->value));
}

void read_number(const struct jat *at, const struct field *f, void *out)
{
	const struct limits *l = f->arg;

	if (!json_is_integer(at->value)) {
		jat_error(at, NULL, "must be a whole number, not %s", json_kind(at->value));
		return;
	}
	if (json_integer_value(at->value) < l->min || json_integer_value(at->value) > l->max)
		jat_error(at, NULL, "must be between %lld and %lld, not %lld", l->min, l->max,
			  (long long)json_integer_value(at->value));
	else
		*(long long *)out = json_integer_value(at->value);
}

static const char *word_at(const void *ctx, size_t i)
{
	const struct words *w = ctx;

	return i < w->n ? w->v[i].name : NULL;
}

/* "LOW, MEDIUM, HIGH or CRITICAL" */
static char *list_words(const struct words *words)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; i < words->n; i++)
		fprintf(f, "%s%s", !i ? "write " : i + 1 < words->n ? ", " : " or ", words->v[i].name);
	fclose(f);
	return text;
}

bool word_find(const struct jat *at, const struct words *words, int *ret_value)
{
	own_free char *hint = NULL;
	const char *text = json_string_value(at->value), *meant;

	for (size_t i = 0; text && i < words->n; i++) {
		if (strcmp(words->v[i].name, text) == 0) {
			*ret_value = words->v[i].value;
			return true;
		}
	}
	meant = text && words->n > 8 ? nearest(text, word_at, words) : NULL;
	if (!meant)
		hint = list_words(words);
	else if (asprintf(&hint, "did you mean \"%s\"?", meant) < 0)
		hint = NULL;
	if (text)
		jat_error(at, hint, "unknown %s \"%.80s\"", words->what, text);
	else
		jat_error(at, hint, "the %s must be a string, not %s", words->what, json_kind(at->value));
	return false;
}

void read_word(const struct jat *at, const struct field *f, void *out)
{
	word_find(at, f->arg, out);
}

void read_texts(const struct jat *at, const struct field *f, void *out)
{
	struct texts *texts = out;
	size_t n = json_is_string(at->value) ? 1 : json_array_size(at->value);

	if (!json_is_string(at->value) && !json_is_array(at->value)) {
		jat_error(at, NULL, "must be an array of strings, not %s", json_kind(at->value));
		return;
	}
	texts->v = pool_alloc(at->doc->pool, n, sizeof(*texts->v));
	if (!texts->v) {
		jat_error(at, NULL, "out of memory");
		return;
	}
	if (json_is_string(at->value)) {
		read_text(at, f, &texts->v[0]);
		texts->n = texts->v[0] != NULL;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct jat element = jat_element(at, i);

		read_text(&element, f, &texts->v[texts->n]);
		texts->n += texts->v[texts->n] != NULL;
	}
}

void read_at(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	*(struct jat *)out = *at;
}

void read_json(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	*(json_t **)out = at->value;
}
