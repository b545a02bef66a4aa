/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - the socket to the governor: one peer, fixed messages, records kept until acknowledged
 *
 * A bad message closes the connection, never enforcement.
 */
#ifndef CVF_LINK_H
#define CVF_LINK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cvf/wire.h"
#include "canary.h"
#include "maps.h"
#include "ring.h"

#define LINK_WINDOW 16	/* batches under way without an ACK */

struct link {
	int listen_fd;		/* owned */
	int peer_fd;		/* owned; -1: no governor */
	bool greeted;		/* HELLO was right */
	bool is_accept_due;	/* somebody waits, and accepting failed */
	uid_t governor;		/* who may connect, beside root */
	struct maps *maps;	/* borrowed */
	struct canary *canary;	/* borrowed */
	struct ring rings[2];
	struct {
		uint64_t batch;
		unsigned long position[2];
	} window[LINK_WINDOW];
	uint64_t sent, acked;	/* batches */
	bool is_behind;		/* not all that the rings held could be sent: more is as soon as it can be */
	uint64_t refused;	/* connections closed for a bad message */
};

int link_open(struct link *l, const char *path, uid_t governor, struct maps *maps, struct canary *canary) must_check;
void link_close(struct link *l);
/* The listening socket is readable. */
void link_on_connect(struct link *l);
/* The peer is readable or gone. */
void link_on_peer(struct link *l);
/* Sends what the rings hold, as far as the window and the socket allow; each call may be one more transaction of the governor. */
void link_relay(struct link *l);
void link_drop(struct link *l, const char *why);

#endif
