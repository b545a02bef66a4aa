/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.h - a signed statement that the trail had so many entries with this root, and the keys that sign (Ed25519)
 *
 * The tree is that of merkle.h; its leaf number n - 1 is the hash of the chain at entry n. Signed are the bytes "cvf.head/1"
 * NUL, size and time as 8 little-endian bytes each, root, chain; of a new key "cvf.key/1" NUL, the key before it, itself.
 */
#ifndef CVF_HEAD_H
#define CVF_HEAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "chain.h"
#include "core/own.h"
#include "merkle.h"

#define KEY_BYTES 32
#define SEED_BYTES 32
#define SIGNATURE_BYTES 64

struct head {
	uint64_t size;		/* entries */
	int64_t time_ms;
	uint8_t root[MERKLE_BYTES], chain[CHAIN_BYTES];
	uint8_t key[KEY_BYTES];	/* public */
	uint8_t signature[SIGNATURE_BYTES];
};

/* Sets key and signature. */
void head_sign(struct head *h, const uint8_t seed[SEED_BYTES]);
bool head_is_signed(const struct head *h);
/* {"size","time_ms","root","chain","key","signature"}, the bytes in hexadecimal. */
json_t *head_view(const struct head *h);
bool head_read(const json_t *from, struct head *ret_head);

void key_public(const uint8_t seed[SEED_BYTES], uint8_t ret_public[KEY_BYTES]);
/* A key says of its successor that it is; the first one says it of itself (before NULL). */
void key_endorse(const uint8_t seed[SEED_BYTES], const uint8_t *before, const uint8_t next[KEY_BYTES], uint8_t ret_signature[SIGNATURE_BYTES]);
bool key_is_endorsed(const uint8_t *before, const uint8_t next[KEY_BYTES], const uint8_t signature[SIGNATURE_BYTES]);

/* Hexadecimal of n bytes, exactly. */
bool hex_read(const char *text, uint8_t *to, size_t n);
json_t *hex_view(const uint8_t *p, size_t n);

#endif
