/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h - where declarations come from: shipped files, the administrator's files, the API */
#ifndef CVF_SOURCES_H
#define CVF_SOURCES_H

#include "govern/govern.h"
#include "texts.h"

/* A declaration added, replaced or removed compared to what is registered now. Strings are borrowed. */
struct change {
	enum decl_kind kind;
	const char *text;	/* of a declaration or an array of them; NULL: none is added */
	size_t size;
	const char *source;	/* file name for diagnoses */
	const char *drop;	/* id of a registered one that is left out; NULL: none */
	const char *set_id, *set;	/* an agent's mode or a capability's state set through the API; NULL: none */
	const char *note;	/* why; kept with the version. NULL: none */
};

/* A checked model and what it was made of. */
struct origin {
	struct model *model;
	struct texts_list texts;
};
void origin_done(struct origin *o);

/*
 * Everything there is plus one change (NULL: none), checked as a whole. A registered declaration whose id the change brings
 * anew is replaced. -EINVAL with diagnoses, -EEXIST: change names an id that a file declares (diagnosed too), -ENOMEM.
 */
int sources_collect(struct governor *g, const struct change *change, struct origin *ret_origin, struct diags *d) must_check;
/* Only what the product ships, without a single agent. */
int sources_shipped(struct governor *g, struct origin *ret_origin) must_check;
/* What the store keeps of a generation (generation_table_model). */
int sources_of_text(const char *json, struct origin *ret_origin) must_check;

const char *decl_kind_plural(enum decl_kind kind);	/* "capabilities" ... */

#endif
