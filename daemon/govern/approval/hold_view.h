/* SPDX-License-Identifier: Apache-2.0 */
/* hold_view.h - holds and grants as JSON */
#ifndef CVF_HOLD_VIEW_H
#define CVF_HOLD_VIEW_H

#include "api/shape.h"
#include "api/view.h"
#include "approval.h"

extern const struct shape hold_shape, grant_shape;
const char *hold_state_word(enum hold_state state);
/* NULL: the store cannot be read. Pending ones are listed once per question. */
json_t *holds_view(struct governor *g, const struct hold_filter *f);
json_t *hold_view_id(struct governor *g, const char *id);
/* While it waits, with the ways to approve it: they are matched against what was asked before, which takes as long as the rest tenfold. */
json_t *hold_view_offers(struct governor *g, const char *id);
json_t *grants_view(struct governor *g, uint32_t agent);

#endif
