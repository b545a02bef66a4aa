/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc.h - a JSON text with places: jansson keeps no positions, so a mistake of meaning is found again in the text
 *
 * Texts are bounded in size and depth and may hold no key twice. A place (struct jat) is a chain on the caller's stack
 * from a value up to the root, good as long as its links are; an error at a place gets the line and column of the value
 * or its key.
 */
#ifndef CVF_JSON_DOC_H
#define CVF_JSON_DOC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/diag.h"
#include "json/pool.h"

#define JSON_TEXT_MAX  (1u << 20)
#define JSON_DEPTH_MAX 32

/* An element of the root array that was located: whoever locates them in order finds the next one from here. */
struct jdoc_mark {
	size_t index, offset;
	unsigned int line, column; /* 0: none yet */
};

struct jdoc {
	const char *name; /* of the file, for diagnoses; NULL: none */
	const char *text;
	size_t size;
	struct diags *d;
	struct pool *pool;	/* where readers put lists; NULL: only jdoc_parse() is used */
	struct jdoc_mark *mark; /* NULL: every place is looked for from the beginning */
};

struct jat {
	const struct jdoc *doc;
	const struct jat *up; /* NULL: the root */
	const char *key;      /* NULL: element `index` of an array, or the root */
	size_t index;
	json_t *value; /* borrowed; NULL: the member is missing */
};

/* Parses doc->text; -EINVAL with a diagnosis, -ENOMEM. *ret_root is owned by the caller. */
int jdoc_parse(const struct jdoc *doc, json_t **ret_root) must_check;

struct jat jat_root(const struct jdoc *doc, json_t *root);
struct jat jat_member(const struct jat *up, const char *key);
struct jat jat_element(const struct jat *up, size_t index);

/* Adds an error at the value of a place (at its key: jat_error_key), or a warning; hint may be NULL. */
void jat_error(const struct jat *at, const char *hint, const char *format, ...) printf_like(3, 4);
void jat_error_key(const struct jat *at, const char *hint, const char *format, ...) printf_like(3, 4);
void jat_warn(const struct jat *at, const char *hint, const char *format, ...) printf_like(3, 4);

/* Line and column (from 1) of a place; 0 and 0 when it is not there. */
void jat_locate(const struct jat *at, bool key, unsigned int *ret_line, unsigned int *ret_column);

/* Line and column of a byte of the text; columns count characters. */
void jdoc_position(const struct jdoc *doc, size_t offset, unsigned int *ret_line, unsigned int *ret_column);

/* "a string", "an object", ...: for messages. */
const char *json_kind(const json_t *value);

static inline void own_json_(json_t **p)
{
	json_decref(*p);
}
#define own_json __attribute__((cleanup(own_json_)))

#endif
