// SPDX-License-Identifier: Apache-2.0
/* fuzz_trail_proof.c - documents of strangers that claim to prove something: none does without a signature of this key */
#include <jansson.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

#include "trail/proof.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t nobody[KEY_BYTES] = { 1 };
	char words[PROOF_WORDS];
	json_t *proof = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

	if (sodium_init() < 0)
		return 0;
	if (proof && proof_check(proof, nobody, words))
		abort();
	json_decref(proof);
	return 0;
}
