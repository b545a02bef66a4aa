/* SPDX-License-Identifier: Apache-2.0 */
/* verify_internal.h - what verify.c and verify_signed.c share; nobody else includes it */
#ifndef CVF_VERIFY_INTERNAL_H
#define CVF_VERIFY_INTERNAL_H

#include <stdarg.h>

#include "entry.h"
#include "rings.h"
#include "verify.h"

/* An entry that does not fit its hash, until the next one tells why. */
struct suspect {
	int64_t n;	/* 0: none */
	char id[27];
	uint8_t computed[CHAIN_BYTES], stored[CHAIN_BYTES];
	bool has_hash, is_behind;
};

struct verify {
	struct store *store;
	const struct verify_options *options;
	struct verify_result *result;
	struct names names;
	struct rings rings;
	int64_t n;			/* position reached */
	uint8_t chain[CHAIN_BYTES];	/* hash there */
	char greatest_id[27];
	struct suspect suspect;
	bool is_unlinked;		/* what the next entry follows is not there */
	struct merkle tree, block;	/* the tree; as it was when the block began */
	bool block_is_bad;		/* its leaves are not all known */
	bool tree_is_lost;		/* heads cannot be compared any more */

	struct key_row *keys;
	size_t keys_count, key_next;	/* those before key_next are in force or were */
	struct head next_head;		/* not compared yet */
	int has_head;
};

void verify_found(struct verify *v, const struct finding *f, const char *format, ...) printf_like(3, 4);

int verify_keys_load(struct verify *v) must_check;
int verify_act(struct verify *v, const struct entry *e) must_check;
int verify_last_pruned(struct verify *v, int64_t *ret_n, uint8_t ret_hash[CHAIN_BYTES]) must_check;	/* 1, 0 none */
int verify_heads_open(struct verify *v) must_check;
int verify_heads(struct verify *v) must_check;		/* those of the size that the tree has */
int verify_heads_rest(struct verify *v) must_check;	/* those beyond the last entry */
int verify_gaps(struct verify *v) must_check;
int verify_known_heads(struct verify *v, const char *path) must_check;

#endif
