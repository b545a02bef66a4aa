/* SPDX-License-Identifier: Apache-2.0 */
/* signer.h - the key that signs heads: a file of the governor's alone, its public half a row of the store */
#ifndef CVF_SIGNER_H
#define CVF_SIGNER_H

#include "govern/govern.h"
#include "trail/head.h"

struct signer {
	uint8_t seed[SEED_BYTES], public[KEY_BYTES];
	bool has_key;
	char problem[160];	/* empty: none */
};

/*
 * The key of the file, made when there was never one. One that the store does not know gets a row that says so: whoever
 * verifies is told. In a transaction of its own.
 */
int signer_open(struct governor *g, struct signer *s) must_check;
int signer_rotate(struct governor *g, struct signer *s, const char *by) must_check;
void signer_done(struct signer *s);

#endif
