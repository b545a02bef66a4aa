/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offer.h - the ways in which a hold may be approved, the narrowest first: so that an approver who is tired of a question
 * finds something better than "everything"
 */
#ifndef CVF_OFFER_H
#define CVF_OFFER_H

#include "api/view.h"
#include "approval.h"

/* [{scope, pattern, covers, example, earlier, earlier_of}]; h with its record. What the settings forbid is not offered. */
json_t *offers_view(struct governor *g, const struct hold *h);

#endif
