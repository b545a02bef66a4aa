/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine_view.h - kept objects as JSON */
#ifndef CVF_QUARANTINE_VIEW_H
#define CVF_QUARANTINE_VIEW_H

#include "api/shape.h"
#include "api/view.h"
#include "quarantine.h"

extern const struct shape kept_shape;
const char *kept_state_word(enum kept_state state);
/* KEPT_STATE_MAX: unknown; "all" is KEPT_ANY. */
bool kept_state_find(const char *word, enum kept_state *ret_state);

/* NULL when memory is short. */
json_t *kept_view(struct governor *g, const struct kept *k);
/* NULL: none such, or the store cannot be read. */
json_t *kept_view_id(struct governor *g, const char *id);

#endif
