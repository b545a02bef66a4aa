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

static void put_time(crypto_generichash_state *state, int64_t time_ms)
{
	uint8_t time[8];

	for (int i = 0; i < 8; i++)
		time[i] = (uint8_t)((uint64_t)time_ms >> (8 * i));
	put(state, time, sizeof(time));
}

static void begin(crypto_generichash_state *state, const char *title, const uint8_t before[CHAIN_BYTES])
{
	crypto_generichash_init(state, NULL, 0, CHAIN_BYTES);
	crypto_generichash_update(state, (const uint8_t *)title, strlen(title) + 1);
	crypto_generichash_update(state, before, CHAIN_BYTES);
}

void chain_hash(const uint8_t before[CHAIN_BYTES], const struct chain_link *event, uint8_t ret_hash[CHAIN_BYTES])
{
	crypto_generichash_state state;

	begin(&state, event->seal ? "cvf.event/2" : "cvf.event/1", before);
	put_text(&state, event->id);
	put_text(&state, event->boot_id);
	put_time(&state, event->time_ms);
	put_text(&state, event->agent);
	put_text(&state, event->capability);
	put_text(&state, event->rule);
	put(&state, event->record, event->record_size);
	if (event->seal)
		put(&state, event->seal, CHAIN_BYTES);
	crypto_generichash_final(&state, ret_hash, CHAIN_BYTES);
}

void chain_hash_act(const uint8_t before[CHAIN_BYTES], const struct chain_act *act, uint8_t ret_hash[CHAIN_BYTES])
{
	crypto_generichash_state state;

	begin(&state, "cvf.act/1", before);
	put_text(&state, act->id);
	put_text(&state, act->boot_id);
	put_time(&state, act->time_ms);
	put_text(&state, act->kind);
	put_text(&state, act->body);
	crypto_generichash_final(&state, ret_hash, CHAIN_BYTES);
}
