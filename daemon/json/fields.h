/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h - objects read by tables: which fields there are, what each holds, where it goes
 *
 * A field that no table names is an error with the nearest name as its hint. Readers report and go on, so that one run
 * shows every mistake; whoever reads a document looks at diags.errors at the end. Strings are borrowed from the JSON.
 */
#ifndef CVF_JSON_FIELDS_H
#define CVF_JSON_FIELDS_H

#include <stdint.h>

#include "json/doc.h"

struct word {
	const char *name;
	int value;
};

struct field {
	const char *name;
	void (*read)(const struct jat *at, const struct field *f, void *out); /* out: address of the member */
	size_t offset;
	bool required;
	const void *arg; /* of the reader: a struct words, a struct limits, ... */
};

struct words {
	const char *what; /* "risk level" */
	const struct word *v;
	size_t n;
};

struct limits {
	long long min, max;
};

/* Strings of an array, borrowed; v is of the document's pool. */
struct texts {
	const char **v;
	size_t n;
};

/* Checks that the value is an object, refuses unknown and missing fields, reads what is there. */
void fields_read(const struct jat *at, const struct field *fields, size_t n, void *out);

/*
 * Readers, for struct field.read. out: const char **, bool *, long long *, int *, struct texts *, struct jat * (to read
 * later).
 */
void read_text(const struct jat *at, const struct field *f, void *out); /* not empty */
void read_any_text(const struct jat *at, const struct field *f, void *out);
void read_bool(const struct jat *at, const struct field *f, void *out);
void read_number(const struct jat *at, const struct field *f, void *out); /* arg: struct limits */
void read_word(const struct jat *at, const struct field *f, void *out);	  /* arg: struct words */
void read_texts(const struct jat *at, const struct field *f, void *out);  /* an array of strings, or one string */
void read_at(const struct jat *at, const struct field *f, void *out);	  /* remembers the place itself */
void read_json(const struct jat *at, const struct field *f, void *out);	  /* json_t **, borrowed, any value */

/* A word that is in the table, or an error that lists what may be written. */
bool word_find(const struct jat *at, const struct words *words, int *ret_value);
/* The candidate that was most likely meant, or NULL. name_at(ctx, i) returns NULL past the last. */
const char *nearest(const char *name, const char *(*name_at)(const void *ctx, size_t i), const void *ctx);

#endif
