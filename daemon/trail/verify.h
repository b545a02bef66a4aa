/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.h - is the trail of a store what was written: chain, tree, heads, keys, numbers of the kernel, in one pass
 *
 * Reads every entry once, in constant memory, from a store that nobody needs to run. Each fault names what it is about.
 */
#ifndef CVF_VERIFY_H
#define CVF_VERIFY_H

#include "trail_table.h"

enum fault {
	FAULT_CHANGED,		/* an entry is not what its hash says */
	FAULT_HASH,		/* an entry is, its hash is not */
	FAULT_DELETED,		/* entries between others are missing */
	FAULT_MOVED,		/* an entry stands where it was not written */
	FAULT_CUT_OFF,		/* entries that a head, or a number of the kernel, speaks of are missing at the end */
	FAULT_HEAD,		/* a head does not fit the entries */
	FAULT_SIGNATURE,	/* a head or a key is not signed by whom it says */
	FAULT_KEY,		/* a key that nobody vouched for */
	FAULT_NODE,		/* a stored node does not fit the entries */
	FAULT_ANCHOR,		/* where the stored trail begins is not where it was pruned */
	FAULT_GAP,		/* a declared loss is not what was declared */
	FAULT_COUNT,		/* numbers of the kernel that are neither stored, lost nor pruned */
	FAULT_ROLLED_BACK,	/* a head known from elsewhere is not in this store */
	FAULT_MAX,
};
const char *fault_word(enum fault f);

struct finding {
	enum fault fault;
	int64_t n, last_n;	/* positions it is about; 0: none */
	char id[27];		/* of the entry; empty: none */
	char text[256];
};

struct verify_options {
	const uint8_t (*keys)[KEY_BYTES];	/* public keys that are trusted; none: the first key of the store */
	size_t keys_count;
	const char *heads;		/* file of heads, one JSON object on each line; NULL: none */
	void (*on_finding)(void *ctx, const struct finding *f);
	void *ctx;
};

struct verify_result {
	int64_t first_n, last_n;	/* of the stored entries; 0, 0: none */
	int64_t events, acts, heads, unsigned_entries;	/* the last: newer than the newest head */
	int64_t pruned_n;
	int64_t gaps, missing;		/* declared losses, records in them */
	int64_t findings, known_heads;	/* known: those of the file that were compared */
	struct head head;		/* newest that fits; size 0: none */
	uint8_t first_key[KEY_BYTES];
	bool is_pinned;			/* the keys were given */
};

/* 0 whatever was found; negative errno: the store cannot be read (-EUCLEAN: it is damaged). */
int verify_run(struct store *s, const struct verify_options *o, struct verify_result *ret_result) must_check;

#endif
