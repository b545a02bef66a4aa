/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ws.h - as much of WebSocket (RFC 6455) as a server needs that only tells: the handshake, frames without fragments to the
 * client, and what a client may say: ping, pong, close
 */
#ifndef CVF_WS_H
#define CVF_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/own.h"

enum ws_op { WS_TEXT = 1, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

#define WS_HEAD_MAX 10
#define WS_CONTROL_MAX 125
#define WS_ACCEPT_SIZE 29

/* Sec-WebSocket-Accept of a Sec-WebSocket-Key; false when that is no key. */
bool ws_accept(const char *key, char ret_accept[WS_ACCEPT_SIZE]);
/* The bytes before the payload: their number. */
size_t ws_head(enum ws_op op, size_t size, unsigned char ret_head[WS_HEAD_MAX]);

/* What a client sends, byte by byte. */
struct ws_reader {
	unsigned char head[6];	/* op, length, mask */
	size_t have;		/* of head, then of the payload */
	unsigned char payload[WS_CONTROL_MAX];
};
/*
 * Takes up to n bytes: *ret_used of them. 1: a whole control frame is there (op, payload and its size); 0: more is needed;
 * -EPROTO: no frame that a client may send here; -EMSGSIZE: a message, and nobody listens to those.
 */
int ws_read(struct ws_reader *r, const unsigned char *p, size_t n, size_t *ret_used, enum ws_op *ret_op, size_t *ret_size) must_check;

#endif
