/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.h - the declaration that covers what an agent was recorded doing */
#ifndef CVF_GOVERN_SUGGEST_H
#define CVF_GOVERN_SUGGEST_H

#include "api/route.h"

/* GET /v1/agents/{id}/suggestion */
unsigned int get_suggestion(struct request *q);

#endif
