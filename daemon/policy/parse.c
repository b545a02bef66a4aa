// SPDX-License-Identifier: Apache-2.0
/*
 * parse.c - words, ids, patterns and lists
 */
#include "policy/parse.h"

#include <string.h>

#include "policy/glob.h"

static const struct word risk_list[] = {
	{"LOW", CVF_R0}, {"MEDIUM", CVF_R1}, {"HIGH", CVF_R2}, {"CRITICAL", CVF_R3},
	{"R0", CVF_R0},	 {"R1", CVF_R1},     {"R2", CVF_R2},   {"R3", CVF_R3},
};
const struct words risk_words = {"risk level", risk_list, ARRAY_SIZE(risk_list)};

static const struct word type_list[] = {
	{"READ", TYPE_READ},	   {"WRITE", TYPE_WRITE},     {"DELETE", TYPE_DELETE},
	{"EXECUTE", TYPE_EXECUTE}, {"NETWORK", TYPE_NETWORK},
};
const struct words type_words = {"operation type", type_list, ARRAY_SIZE(type_list)};

static const struct word mode_list[] = {
	{"enforce", CVF_MODE_ENFORCE},
	{"observe", CVF_MODE_OBSERVE},
	{"learn", CVF_MODE_LEARN},
};
const struct words mode_words = {"mode", mode_list, ARRAY_SIZE(mode_list)};

static const struct word op_list[] = {
#define OP(number, suffix, name, domain, type) {name, number},
#include "cvf/ops.def"
#undef OP
};
const struct words op_words = {"operation", op_list, ARRAY_SIZE(op_list)};

void set_default(json_t *object, const char *key, json_t *value)
{
	if (json_object_get(object, key))
		json_decref(value);
	else
		json_object_set_new(object, key, value);
}

static bool id_is_plain(const char *id)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t n = strlen(id);

	return n && n <= ID_MAX && strchr(plain, *id) && strspn(id, "._-") == 0 &&
	       id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

void read_id(const struct jat *at, const struct field *f, void *out)
{
	const char *id = json_string_value(at->value);

	if (id && !id_is_plain(id))
		jat_error(at, "use letters, digits, '.', '_' and '-', beginning with a letter or digit, 128 at most",
			  "\"%.140s\" is not an id", id);
	else
		read_text(at, f, out);
}

size_t elements_count(const struct jat *at)
{
	return json_is_array(at->value) ? json_array_size(at->value) : 1;
}

struct jat element_at(const struct jat *at, size_t i)
{
	return json_is_array(at->value) ? jat_element(at, i) : *at;
}

static void check_globs(const struct jat *at, enum glob_flavour flavour)
{
	for (size_t i = 0; i < elements_count(at); i++) {
		struct jat one = element_at(at, i);
		const char *wrong, *text = json_string_value(one.value);

		if (text && *text && !glob_check(text, flavour, &wrong))
			jat_error(&one, NULL, "the pattern \"%.200s\" is wrong: %s", text, wrong);
	}
}

void read_path_globs(const struct jat *at, const struct field *f, void *out)
{
	read_texts(at, f, out);
	check_globs(at, GLOB_PATH);
}

void read_name_globs(const struct jat *at, const struct field *f, void *out)
{
	read_texts(at, f, out);
	check_globs(at, GLOB_NAME);
}

void read_word_bits(const struct jat *at, const struct field *f, void *out)
{
	for (size_t i = 0; i < elements_count(at); i++) {
		struct jat one = element_at(at, i);
		int value;

		if (word_find(&one, f->arg, &value))
			*(uint64_t *)out |= 1ull << value;
	}
	if (!elements_count(at))
		jat_error(at, "leave the field out to mean all", "the list is empty");
}

static const struct field scope_fields[] = {
	{"paths", read_path_globs, offsetof(struct scope, paths), false, NULL},
	{"net", read_cidrs, offsetof(struct scope, net), false, NULL},
};

void read_scope(const struct jat *at, const struct field *f, void *out)
{
	(void)f;
	fields_read(at, scope_fields, ARRAY_SIZE(scope_fields), out);
}
