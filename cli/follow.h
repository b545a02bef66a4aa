/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.h - events as they happen, over Server-Sent Events, through restarts of the daemon
 */
#ifndef CVF_CLI_FOLLOW_H
#define CVF_CLI_FOLLOW_H

#include "args.h"

/* Prints what comes after the event last (NULL: from now on) until the output is closed. An exit status. */
int follow(const struct call *c, const char *last);

/* Cuts a stream into messages; public for its test. */
struct sse {
	char *line;		/* the line being received */
	size_t line_n;
	char *data;		/* of the message being received; NULL: none */
	char *id;		/* of the last complete message that had one: resume after it */
	char *next_id;		/* of the message being received */
	void (*on_message)(void *ctx, const char *data);
	void *ctx;
	bool failed;		/* out of memory, or a line beyond SSE_LINE_MAX */
};
#define SSE_LINE_MAX (1u << 20)

void sse_feed(struct sse *s, const char *bytes, size_t size);
/* Forgets a message that was received in part: the connection is gone. */
void sse_restart(struct sse *s);
void sse_done(struct sse *s);

#endif
