/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - the only sender of requests to cvfd, and the queue of what cvfd sends unasked
 *
 * A request waits for its reply in place: cvfd is on this host and answers in well under a millisecond, and code that reads
 * from top to bottom is worth that. Whatever else arrives meanwhile is queued and handled when the loop comes round.
 */
#ifndef CVF_LINK_H
#define CVF_LINK_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/own.h"
#include "cvf/wire.h"

struct link;

struct packet {
	struct packet *next;
	size_t size;
	const void *tail;	/* after the fixed part */
	size_t tail_size;
	alignas(8) char bytes[];
};

static inline const struct wire_head *packet_head(const struct packet *p)
{
	return (const void *)p->bytes;
}
static inline const void *packet_fixed(const struct packet *p)
{
	return p->bytes + sizeof(struct wire_head);
}

/* Connects, trying again for up to wait_ms, and says HELLO. -EPROTO: cvfd speaks another ABI. */
int link_open(const char *path, unsigned int wait_ms, struct link **ret_link) must_check;
/* A socket that is connected already, taken; without HELLO. For tests. */
int link_of_fd(int take_fd, struct link **ret_link) must_check;
void link_free(struct link *l);
OWN_DEFINE(link);

int link_fd(const struct link *l);
bool link_is_closed(const struct link *l);	/* cvfd is gone; nothing more can be sent */

/* Reads what has arrived, at most a few hundred packets; 0, or -ECONNRESET when cvfd closed. */
int link_fill(struct link *l) must_check;
/* The oldest unasked packet, owned by the caller (free); NULL: none. */
struct packet *link_pop(struct link *l);
size_t link_queued_bytes(const struct link *l);

/*
 * Sends a request and waits for its REPLY. 0 with *ret_reply, whose error is cvfd's own answer; negative when the link
 * itself failed: -ECONNRESET, -ETIMEDOUT, -EPROTO. fd: -1, or a descriptor that goes along (IMAGE).
 */
int link_call(struct link *l, enum wire_type type, const void *fixed, int fd, struct wire_reply *ret_reply) must_check;
/* The same, with cvfd's error as the result: for callers that need no value. */
int link_order(struct link *l, enum wire_type type, const void *fixed) must_check;
int link_status(struct link *l, struct wire_status *ret_status) must_check;
/* Calls each with every counter of the active generation. */
int link_counts(struct link *l, void (*each)(void *ctx, uint64_t generation, const struct wire_count *c), void *ctx) must_check;
/* Without an answer. */
int link_ack(struct link *l, uint64_t batch) must_check;
int link_ask_holds(struct link *l) must_check;

#endif
