/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shape.h - what a query, a body and an answer consist of: one description for checking, for OpenAPI and for docs/API.md
 *
 * Deliberately small: types, bounds, closed lists of words, what must be there. What it cannot say a handler checks itself
 * and `about` tells. In requests nothing is needed unless NEEDED, and null is absent; in answers everything is there unless
 * SOMETIMES.
 */
#ifndef CVF_SHAPE_H
#define CVF_SHAPE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum kind {
	IS_TEXT = 1,	/* of max bytes at most (0: TEXT_MAX) */
	IS_NUMBER,	/* a whole one, from min to max (both 0: any) */
	IS_REAL,
	IS_YES_NO,
	IS_WORD,	/* one of words: "a|b|c" */
	IS_TIME,	/* RFC 3339; in a request also how long ago: "15m" */
	IS_OBJECT,	/* of the shape `of`; NULL: any members */
	IS_ANY,
};

#define NEEDED 1u	/* of a request */
#define MANY 2u		/* an array of these, MANY_MAX at most in a request */
#define OR_NULL 4u	/* of an answer */
#define SOMETIMES 8u	/* of an answer */

#define TEXT_MAX 1024
#define MANY_MAX 2048

struct member {
	const char *name;
	enum kind kind;
	unsigned int flags;
	int64_t min, max;
	const char *words, *preset, *about;
	const struct shape *of;
};

struct shape {
	const char *name;		/* of a part that several answers have; NULL: it is described where it is used */
	const struct member *v;		/* ends with one without a name */
	const char *raw;		/* not NULL: a body of any JSON that the handler reads itself; says what it is */
};

/* M(TEXT, "note", .max = 500) */
#define M(kind_, name_, ...) { .kind = IS_##kind_, .name = (name_), __VA_ARGS__ }
#define SHAPE(name_, ...) { .name = (name_), .v = (const struct member[]){ __VA_ARGS__ { 0 } } }
#define RAW(raw_) { .raw = (raw_) }
/* An unnamed one, for the table of routes: OF(M(...), M(...),) */
#define OF(...) &(const struct shape)SHAPE(NULL, __VA_ARGS__)

/* Every list is read alike: limit and cursor in the query, next in the answer. */
#define PAGE_OF(most, usual) \
	M(NUMBER, "limit", .min = 1, .max = (most), .preset = (usual)), \
	M(TEXT, "cursor", .max = 64, .about = "`next` of the page before: go on from there")
#define NEXT_PAGE M(TEXT, "next", .flags = OR_NULL, .about = "for `cursor`; null: this is the last page")

const struct member *shape_member(const struct shape *s, const char *name);	/* NULL: none; s may be NULL */
/* JSON Schema; named shapes inside are references into components. A new reference. */
json_t *shape_schema(const struct shape *s, bool is_answer);
json_t *member_schema(const struct member *m, bool is_answer);
/* Adds the schema of each named shape that is reachable to an object. */
void shape_components(const struct shape *s, json_t *to);
const char *shape_kind_words(const struct member *m, char *room, size_t size);

struct request;
/* 0, or the status of the refusal. */
unsigned int shape_check_query(struct request *q, const struct shape *s);
unsigned int shape_check_body(struct request *q, const struct shape *s);

#endif
