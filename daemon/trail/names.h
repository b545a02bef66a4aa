/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - what the numbers in events stand for: boots, agents, capabilities, rules; read whole */
#ifndef CVF_TRAIL_NAMES_H
#define CVF_TRAIL_NAMES_H

#include "store/store.h"

enum name_kind { NAME_AGENT, NAME_CAPABILITY, NAME_RULE, NAME_BOOT, NAME_KINDS };

struct names {
	char **v[NAME_KINDS];	/* [kind][number]; NULL: none such */
	size_t n[NAME_KINDS];
};

int names_load(struct store *s, struct names *ret_names) must_check;
void names_done(struct names *names);
const char *names_find(const struct names *names, enum name_kind kind, int64_t number);	/* NULL: none such */

#endif
