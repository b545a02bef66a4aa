/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out.h - documents of the API as tables, as trees of fields, and as JSON; every string of theirs is escaped
 * here
 */
#ifndef CVF_CLI_OUT_H
#define CVF_CLI_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/own.h"

/* Writes one field of a row, escaped. */
typedef void (*column_put)(FILE *out, const json_t *row);

struct column {
	const char *title;
	const char *field;	/* "risk.level"; used when put is NULL */
	column_put put;
};

/* One document on one line; ASCII only. */
void out_json(FILE *out, const json_t *document);
/* A value as one escaped text: "-" for none, "yes" and "no", lists with commas. */
void out_value(FILE *out, const json_t *value);
/* A field by its path "a.b"; NULL: none. */
const json_t *out_field(const json_t *object, const char *path);
/* Its text; otherwise when it is absent or no string. Borrowed, not escaped. */
const char *out_text(const json_t *object, const char *path, const char *otherwise);
/* The first object of an array whose member is this text, borrowed; NULL: none. */
const json_t *out_find(const json_t *list, const char *member, const char *text);
/* Rows under a heading, columns aligned. empty: the sentence for no rows. */
int out_table(FILE *out, const json_t *rows, const struct column *columns, size_t n,
	      const char *empty) must_check;
/* All fields of a document, one a line, nested ones indented. */
void out_tree(FILE *out, const json_t *document, unsigned int indent);
/* A list of diagnoses: "file:line:column: error: message [word]", hint below. NULL: nothing. */
void out_diagnoses(FILE *out, const json_t *diagnoses);

#endif
