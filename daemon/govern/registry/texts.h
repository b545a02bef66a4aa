/* SPDX-License-Identifier: Apache-2.0 */
/*
 * texts.h - declarations as they were written, with where they come from: what a generation was made of, kept in the store
 */
#ifndef CVF_TEXTS_H
#define CVF_TEXTS_H

#include "policy/policy.h"

struct decl_text {
	enum decl_kind kind;
	bool is_builtin;
	char *name;	/* file, or what the caller of the API gave */
	char *text;
	size_t size;
};

struct texts_list {
	struct decl_text *v;
	size_t n;
};

void texts_done(struct texts_list *l);
/* Copies. */
int texts_add(struct texts_list *l, const struct decl_text *one) must_check;
/* Every *.json of a folder in name order; a missing folder is empty. -EINVAL with diagnoses. */
int texts_add_folder(struct texts_list *l, const char *path, enum decl_kind kind, bool is_builtin, struct diags *d) must_check;

/* Adds all to a model; goes on after mistakes, so that one run shows every one. */
int texts_load(const struct texts_list *l, struct model *m, struct diags *d) must_check;

/* The list as one JSON text (malloc'ed; NULL: no memory) and back. Bytes that are no JSON text cannot have been loaded. */
char *texts_print(const struct texts_list *l);
int texts_parse(const char *json, struct texts_list *ret_list) must_check;

#endif
