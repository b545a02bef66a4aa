// SPDX-License-Identifier: Apache-2.0
/*
 * diff_words.c - declarations compared field by field, as people would say it
 */
#include <string.h>

#include "policy/diff_parts.h"

static const char *const kind_names[DECL_KIND_MAX] = {"capability", "agent", "policy", "profile"};

static int note(json_t *list, const char *kind, const char *id, const char *change, const char *words)
{
	return json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "id", id, "change", change, "words", words));
}

/* ---- one value ---- */

static void put_value(FILE *out, const json_t *value)
{
	own_free char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	fputs(text ? text : "nothing", out);
}

static bool has(const json_t *list, const json_t *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (json_equal(one, wanted))
			return true;
	return false;
}

static void put_members(FILE *out, const char *word, const json_t *list, const json_t *but)
{
	const json_t *one;
	bool first = true;
	size_t i;

	json_array_foreach (list, i, one) {
		if (has(but, one))
			continue;
		fputs(first ? word : ", ", out);
		put_value(out, one);
		first = false;
	}
}

static void put_lists(FILE *out, const char *path, const json_t *before, const json_t *after)
{
	fprintf(out, "; %s:", path);
	put_members(out, " without ", before, after);
	put_members(out, " with ", after, before);
	if (json_array_size(before) == json_array_size(after) && has(after, json_array_get(before, 0)))
		fputs(" in another order or number", out);
}

static void put_changes(FILE *out, const char *path, const json_t *before, const json_t *after);

static void put_field(FILE *out, const char *path, const char *key, const json_t *before, const json_t *after)
{
	own_free char *longer = NULL;

	if (asprintf(&longer, "%s%s%s", path, *path ? "." : "", key) >= 0)
		put_changes(out, longer, json_object_get(before, key), json_object_get(after, key));
	else
		longer = NULL;
}

static void put_objects(FILE *out, const char *path, const json_t *before, const json_t *after)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)before, key, value)
		put_field(out, path, key, before, after);
	json_object_foreach ((json_t *)(uintptr_t)after, key, value)
		if (!json_object_get(before, key))
			put_field(out, path, key, before, after);
}

/* "; path: new, was old" for everything that differs. Rules have lines of their own. */
static void put_changes(FILE *out, const char *path, const json_t *before, const json_t *after)
{
	static const char *const unsaid[] = {"builtin", "source", "rules"};

	for (size_t i = 0; i < ARRAY_SIZE(unsaid); i++)
		if (strcmp(path, unsaid[i]) == 0)
			return;
	if (json_equal(before, after))
		return;
	if (json_is_object(before) && json_is_object(after)) {
		put_objects(out, path, before, after);
	} else if (json_is_array(before) && json_is_array(after)) {
		put_lists(out, path, before, after);
	} else {
		fprintf(out, "; %s: ", path);
		put_value(out, after);
		fputs(", was ", out);
		put_value(out, before);
	}
}

/* Without the first "; ". NULL: out of memory; "": nothing differs. */
static char *changes_of(const json_t *before, const json_t *after)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put_changes(out, "", before, after);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	if (size > 2)
		memmove(text, text + 2, size - 1);
	return text;
}

/* ---- rules ---- */

static const char *rule_id(const json_t *rule)
{
	return json_string_value(json_object_get(rule, "id"));
}

/* Rules by id: {id: place}. */
static json_t *places_of(const json_t *rules)
{
	json_t *places = json_object();
	const json_t *rule;
	size_t i;

	json_array_foreach (rules, i, rule)
		json_object_set_new(places, rule_id(rule), json_integer((json_int_t)i));
	return places;
}

static int note_rule(json_t *list, const char *owner, const char *rule, const char *change, const char *words)
{
	own_free char *id = NULL;

	if (asprintf(&id, "%s/%s", owner, rule) < 0) {
		id = NULL;
		return -1;
	}
	return note(list, "rule", id, change, words);
}

static int note_new_rule(json_t *list, const char *owner, const json_t *rule, const char *change)
{
	own_free char *when = json_dumps(json_object_get(rule, "when"), JSON_COMPACT), *words = NULL;

	if (!when || asprintf(&words, "%s when %s", json_string_value(json_object_get(rule, "effect")),
			      strcmp(when, "{}") ? when : "anything") < 0) {
		words = NULL;
		return -1;
	}
	return note_rule(list, owner, rule_id(rule), change, words);
}

static int compare_rule(json_t *list, const char *owner, const json_t *before, const json_t *after, bool moved)
{
	static const char place[] = "comes after rules that it came before";
	const char *id = rule_id(after);
	own_free char *words = changes_of(before, after), *both = NULL;

	if (!words || asprintf(&both, "%s%s%s", words, *words && moved ? "; " : "", moved ? place : "") < 0) {
		both = NULL;
		return -1;
	}
	return *both ? note_rule(list, owner, id, *words ? "changed" : "moved", both) : 0;
}

/* A rule has moved when one that came after it comes before it now: {id: true}. */
static json_t *moved_of(const json_t *before, const json_t *places_after)
{
	json_t *moved = json_object();
	json_int_t least = (json_int_t)json_object_size(places_after);

	for (size_t i = json_array_size(before); i-- > 0;) {
		const char *id = rule_id(json_array_get(before, i));
		const json_t *place = json_object_get(places_after, id);

		if (place && json_integer_value(place) > least)
			json_object_set_new(moved, id, json_true());
		if (place && json_integer_value(place) < least)
			least = json_integer_value(place);
	}
	return moved;
}

static int compare_rules(json_t *list, const char *owner, const json_t *before, const json_t *after)
{
	own_json json_t *places_before = places_of(before), *places_after = places_of(after);
	own_json json_t *moved = moved_of(before, places_after);
	const json_t *rule, *place;
	size_t i;
	int r = 0;

	json_array_foreach (after, i, rule) {
		place = json_object_get(places_before, rule_id(rule));
		r |= place ? compare_rule(list, owner, json_array_get(before, (size_t)json_integer_value(place)), rule,
					  json_object_get(moved, rule_id(rule)))
			   : note_new_rule(list, owner, rule, "added");
	}
	json_array_foreach (before, i, rule)
		if (!json_object_get(places_after, rule_id(rule)))
			r |= note_new_rule(list, owner, rule, "removed");
	return r;
}

/* ---- declarations ---- */

static int compare_decl(json_t *list, enum decl_kind kind, const char *id, const json_t *before, const json_t *after)
{
	const char *change = !before ? "added" : !after ? "removed" : "changed";
	own_free char *owner = NULL, *words = NULL;
	int r = 0;

	if (before && after)
		words = changes_of(before, after);
	else
		words = strdup("");
	if (!words || asprintf(&owner, "%s%s", kind == DECL_PROFILE ? "profile:" : "", id) < 0) {
		owner = NULL;
		return -1;
	}
	if (!before || !after || *words)
		r = note(list, kind_names[kind], id, change, words);
	if (kind == DECL_POLICY || kind == DECL_PROFILE)
		r |= compare_rules(list, owner, json_object_get(before, "rules"), json_object_get(after, "rules"));
	return r;
}

json_t *diff_changes(const struct model *before, const struct model *after)
{
	json_t *list = json_array();
	int r = list ? 0 : -1;

	for (enum decl_kind kind = 0; r == 0 && kind < DECL_KIND_MAX; kind++) {
		for (size_t i = 0; i < model_count(after, kind); i++) {
			const json_t *one = model_at(after, kind, i);
			const char *id = json_string_value(json_object_get(one, "id"));

			r |= compare_decl(list, kind, id, model_find(before, kind, id), one);
		}
		for (size_t i = 0; i < model_count(before, kind); i++) {
			const json_t *one = model_at(before, kind, i);
			const char *id = json_string_value(json_object_get(one, "id"));

			if (!model_find(after, kind, id))
				r |= compare_decl(list, kind, id, one, NULL);
		}
	}
	if (r) {
		json_decref(list);
		return NULL;
	}
	return list;
}
