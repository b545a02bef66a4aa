/* SPDX-License-Identifier: Apache-2.0 */
/*
 * overlay.h - what the API set on declarations: agents' modes, capabilities' states; they win over what the texts declare
 *
 * A declaration that is registered anew comes with what it says itself.
 */
#ifndef CVF_OVERLAY_H
#define CVF_OVERLAY_H

#include "sources.h"
#include "texts.h"

struct overlay {
	struct store *store;
	const struct change *change;	/* NULL: none */
	const json_t *added;		/* ids that the change brings */
};

/* Puts it into the texts (compact JSON then). */
int overlay_apply(const struct overlay *o, struct texts_list *texts, bool *ret_is_changed) must_check;

#endif
