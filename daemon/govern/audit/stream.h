/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - GET /v1/events/stream: Server-Sent Events read from the trail by a cursor, never pushed */
#ifndef CVF_AUDIT_STREAM_H
#define CVF_AUDIT_STREAM_H

#include "event_api.h"
#include "govern/govern.h"

/* Takes the query. is_of_holds: the hold as it is now instead of each event. */
unsigned int streams_start(struct request *q, struct event_query *take, bool is_of_holds);
/* There are new events, or it is time to look whether a sign of life is due. */
void streams_wake(struct governor *g);

#endif
