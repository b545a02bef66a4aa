/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests.h - the privileged interface, whole: what the governor may ask, one row per request
 */
#ifndef CVF_REQUESTS_H
#define CVF_REQUESTS_H

#include "link.h"

/*
 * Carries out one packet. fd: descriptor that came with it, or -1; borrowed. Negative errno: the packet is malformed, not
 * permitted now, or its reply could not be sent: the connection must be closed. Nothing was changed by a malformed packet.
 */
int requests_handle(struct link *l, const void *packet, size_t size, int fd) must_check;

/* Sends one message: fixed part and tail. */
int link_send(struct link *l, enum wire_type type, uint32_t id, const void *fixed, size_t fixed_size, const void *tail,
	      size_t tail_size) must_check;

#endif
