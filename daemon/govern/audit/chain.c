// SPDX-License-Identifier: Apache-2.0
/* chain.c - see chain.h */
#include "chain.h"

#include <sodium.h>
#include <string.h>

static void put(crypto_generichash_state *state, const void *p, size_t n)
{
	uint8_t length[4] = { (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24) };

	crypto_generichash_update(state, length, sizeof(length));
	crypto_generichash_update(state, p, n);
}

static void put_text(crypto_generichash_state *state, const char *text)
{
	put(state, text ? text : "", text ? strlen(text) : 0);
}

void chain_hash(const uint8_t before[CHAIN_BYTES], const struct chain_link *event, uint8_t ret_hash[CHAIN_BYTES])
{
	static const char title[] = "cvf.event/1";
	crypto_generichash_state state;
	uint8_t time[8];

	for (int i = 0; i < 8; i++)
		time[i] = (uint8_t)((uint64_t)event->time_ms >> (8 * i));
	crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES);
	crypto_generichash_update(&state, (const uint8_t *)title, sizeof(title));
	crypto_generichash_update(&state, before, CHAIN_BYTES);
	put_text(&state, event->id);
	put_text(&state, event->boot_id);
	put(&state, time, sizeof(time));
	put_text(&state, event->agent);
	put_text(&state, event->capability);
	put_text(&state, event->rule);
	put(&state, event->record, event->record_size);
	crypto_generichash_final(&state, ret_hash, CHAIN_BYTES);
}
