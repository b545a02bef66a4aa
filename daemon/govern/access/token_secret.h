/* SPDX-License-Identifier: Apache-2.0 */
/* token_secret.h - the secret half of a token */
#ifndef CVF_TOKEN_SECRET_H
#define CVF_TOKEN_SECRET_H

#include <sodium.h>
#include <string.h>

#include "token_table.h"

#define TOKEN_SECRET_BYTES 24
#define TOKEN_SECRET_SIZE sodium_base64_ENCODED_LEN(TOKEN_SECRET_BYTES, sodium_base64_VARIANT_URLSAFE_NO_PADDING)

static inline void token_hash(const char *secret, unsigned char ret_hash[TOKEN_HASH_BYTES])
{
	crypto_generichash(ret_hash, TOKEN_HASH_BYTES, (const unsigned char *)secret, strlen(secret), NULL, 0);
}

#endif
