/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h - where declarations come from: shipped files, the administrator's files, the API; and a model as text and back */
#ifndef CVF_SOURCES_H
#define CVF_SOURCES_H

#include "govern/govern.h"

/* A declaration added, replaced or removed compared to what is registered now. Strings are borrowed. */
struct change {
	enum decl_kind kind;
	const char *text;	/* of a declaration or an array of them; NULL: none is added */
	size_t size;
	const char *source;	/* file name for diagnoses */
	const char *drop;	/* id of a registered one that is left out; NULL: none */
	const char *mode_agent, *mode;	/* an agent's mode set through the API; NULL: none */
};

/*
 * Everything there is plus one change (NULL: none), checked as a whole. A registered declaration whose id the change brings
 * anew is replaced.
 * -EINVAL with diagnoses, -EEXIST: change names an id that a file or the product declares (diagnosed too), -ENOMEM.
 */
int sources_model(struct governor *g, const struct change *change, struct model **ret_model, struct diags *d) must_check;

/* Normalised declarations as one JSON text (malloc'ed), and a model made of such a text. */
char *model_text(const struct model *m);
int model_of_text(const char *text, struct model **ret_model) must_check;

const char *decl_kind_plural(enum decl_kind kind);	/* "capabilities" ... */

#endif
