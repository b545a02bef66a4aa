// SPDX-License-Identifier: Apache-2.0
/* head.c - see head.h */
#include "head.h"

#include <sodium.h>
#include <string.h>

#define HEAD_TITLE "cvf.head/1"
#define KEY_TITLE "cvf.key/1"
#define HEAD_BYTES (sizeof(HEAD_TITLE) + 16 + MERKLE_BYTES + CHAIN_BYTES)
#define ENDORSED_BYTES (sizeof(KEY_TITLE) + 2 * KEY_BYTES)

static void put_u64(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static void head_bytes(const struct head *h, uint8_t to[HEAD_BYTES])
{
	memcpy(to, HEAD_TITLE, sizeof(HEAD_TITLE));
	to += sizeof(HEAD_TITLE);
	put_u64(to, h->size);
	put_u64(to + 8, (uint64_t)h->time_ms);
	memcpy(to + 16, h->root, MERKLE_BYTES);
	memcpy(to + 16 + MERKLE_BYTES, h->chain, CHAIN_BYTES);
}

static void key_pair(const uint8_t seed[SEED_BYTES], uint8_t ret_public[KEY_BYTES], uint8_t ret_secret[crypto_sign_SECRETKEYBYTES])
{
	crypto_sign_seed_keypair(ret_public, ret_secret, seed);
}

void head_sign(struct head *h, const uint8_t seed[SEED_BYTES])
{
	uint8_t bytes[HEAD_BYTES], secret[crypto_sign_SECRETKEYBYTES];

	key_pair(seed, h->key, secret);
	head_bytes(h, bytes);
	crypto_sign_detached(h->signature, NULL, bytes, sizeof(bytes), secret);
	sodium_memzero(secret, sizeof(secret));
}

bool head_is_signed(const struct head *h)
{
	uint8_t bytes[HEAD_BYTES];

	head_bytes(h, bytes);
	return crypto_sign_verify_detached(h->signature, bytes, sizeof(bytes), h->key) == 0;
}

void key_public(const uint8_t seed[SEED_BYTES], uint8_t ret_public[KEY_BYTES])
{
	uint8_t secret[crypto_sign_SECRETKEYBYTES];

	key_pair(seed, ret_public, secret);
	sodium_memzero(secret, sizeof(secret));
}

static void endorsed_bytes(const uint8_t *before, const uint8_t next[KEY_BYTES], uint8_t to[ENDORSED_BYTES])
{
	memcpy(to, KEY_TITLE, sizeof(KEY_TITLE));
	memcpy(to + sizeof(KEY_TITLE), before ? before : next, KEY_BYTES);
	memcpy(to + sizeof(KEY_TITLE) + KEY_BYTES, next, KEY_BYTES);
}

void key_endorse(const uint8_t seed[SEED_BYTES], const uint8_t *before, const uint8_t next[KEY_BYTES], uint8_t ret_signature[SIGNATURE_BYTES])
{
	uint8_t bytes[ENDORSED_BYTES], public[KEY_BYTES], secret[crypto_sign_SECRETKEYBYTES];

	key_pair(seed, public, secret);
	endorsed_bytes(before, next, bytes);
	crypto_sign_detached(ret_signature, NULL, bytes, sizeof(bytes), secret);
	sodium_memzero(secret, sizeof(secret));
}

bool key_is_endorsed(const uint8_t *before, const uint8_t next[KEY_BYTES], const uint8_t signature[SIGNATURE_BYTES])
{
	uint8_t bytes[ENDORSED_BYTES];

	endorsed_bytes(before, next, bytes);
	return crypto_sign_verify_detached(signature, bytes, sizeof(bytes), before ? before : next) == 0;
}

bool hex_read(const char *text, uint8_t *to, size_t n)
{
	size_t got = 0;

	return text && strlen(text) == 2 * n && sodium_hex2bin(to, n, text, 2 * n, NULL, &got, NULL) == 0 && got == n;
}

json_t *hex_view(const uint8_t *p, size_t n)
{
	char text[2 * SIGNATURE_BYTES + 1];

	return n > SIGNATURE_BYTES ? NULL : json_string(sodium_bin2hex(text, sizeof(text), p, n));
}

json_t *head_view(const struct head *h)
{
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "size", (json_int_t)h->size, "time_ms", (json_int_t)h->time_ms, "root",
			 hex_view(h->root, sizeof(h->root)), "chain", hex_view(h->chain, sizeof(h->chain)), "key",
			 hex_view(h->key, sizeof(h->key)), "signature", hex_view(h->signature, sizeof(h->signature)));
}

bool head_read(const json_t *from, struct head *ret_head)
{
	const json_t *size = json_object_get(from, "size"), *time_ms = json_object_get(from, "time_ms");
	struct head h = { .size = (uint64_t)json_integer_value(size), .time_ms = json_integer_value(time_ms) };
	struct {
		const char *name;
		uint8_t *to;
		size_t n;
	} rows[] = {
		{ "root", h.root, sizeof(h.root) },
		{ "chain", h.chain, sizeof(h.chain) },
		{ "key", h.key, sizeof(h.key) },
		{ "signature", h.signature, sizeof(h.signature) },
	};

	if (!json_is_integer(size) || !json_is_integer(time_ms) || json_integer_value(size) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!hex_read(json_string_value(json_object_get(from, rows[i].name)), rows[i].to, rows[i].n))
			return false;
	*ret_head = h;
	return true;
}
