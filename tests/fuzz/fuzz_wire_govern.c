// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_wire_govern.c - packets as a hostile cvfd would send them: the governor takes or refuses each, and stays whole
 *
 * Input: packets, each after its length as two little-endian bytes.
 */
#include <sodium.h>
#include <stdint.h>
#include <unistd.h>

#include "../support/governor.h"
#include "core/log.h"
#include "govern/loop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void send_all(int peer, const uint8_t *data, size_t size)
{
	while (size >= 2) {
		size_t n = (size_t)data[0] | (size_t)data[1] << 8;

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		if (n && send(peer, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			return;
		data += n;
		size -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct governor *g;
	int peer;

	if (!g) {
		log_open("fuzz", -1);
		if (sodium_init() < 0)
			return 0;
		g = governor_make(":memory:");
	}
	governor_link(g, &peer);
	send_all(peer, data, size);
	close(peer); /* answers and acknowledgements fail at once */
	while (link_fill(g->link) == 0)
		;
	if (loop_drain(g) == 0)
		abort(); /* the link is closed, and that must be noticed */
	return 0;
}
