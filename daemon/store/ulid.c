// SPDX-License-Identifier: Apache-2.0
/* ulid.c - see ulid.h; Crockford's base 32 */
#include "ulid.h"

#include <ctype.h>
#include <sodium.h>
#include <string.h>

#define ID_CHARS 26

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void encode(const uint8_t in[16], char out[ULID_SIZE])
{
	/* 130 bits in 26 characters: the first carries two zero bits. */
	for (int i = 0; i < ID_CHARS; i++) {
		unsigned int value = 0;

		for (int bit = i * 5 - 2; bit < i * 5 + 3; bit++)
			value = value << 1 | (bit < 0 ? 0 : (in[bit / 8] >> (7 - bit % 8)) & 1u);
		out[i] = alphabet[value];
	}
	out[ID_CHARS] = 0;
}

static bool decode(const char *in, uint8_t out[16])
{
	memset(out, 0, 16);
	for (int i = 0; i < ID_CHARS; i++) {
		const char *at = in[i] ? strchr(alphabet, in[i]) : NULL;

		if (!at)
			return false;
		for (int k = 0; k < 5; k++) {
			int bit = i * 5 - 2 + k;

			if (bit >= 0 && ((at - alphabet) >> (4 - k) & 1))
				out[bit / 8] |= (uint8_t)(1u << (7 - bit % 8));
		}
	}
	return !in[ID_CHARS];
}

void ulids_init(struct ulids *u, const char *last)
{
	if (!last || !decode(last, u->last))
		memset(u->last, 0, sizeof(u->last));
}

void ulid_of_time(uint64_t ms, char ret_id[ULID_SIZE])
{
	uint8_t id[16] = { 0 };

	for (int i = 0; i < 6; i++)
		id[i] = (uint8_t)(ms >> (40 - 8 * i));
	encode(id, ret_id);
}

static uint64_t stamp(const uint8_t id[16])
{
	uint64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id[i];
	return ms;
}

static void increment(uint8_t id[16])
{
	for (int i = 15; i >= 0 && ++id[i] == 0; i--)
		;
}

void ulid_next(struct ulids *u, uint64_t now_ms, char ret_id[ULID_SIZE])
{
	if (now_ms > stamp(u->last)) {
		for (int i = 0; i < 6; i++)
			u->last[i] = (uint8_t)(now_ms >> (40 - 8 * i));
		randombytes_buf(u->last + 6, 10);
		u->last[6] &= 0x7f;	/* room to count up within the millisecond */
	} else {
		increment(u->last);
	}
	encode(u->last, ret_id);
}

bool ulid_normalise(const char *text, char ret_id[ULID_SIZE])
{
	size_t n = strlen(text);

	if (n < 1 || n > ID_CHARS)
		return false;
	for (size_t i = 0; i <= n; i++)
		ret_id[i] = (char)toupper((unsigned char)text[i]);
	return ulid_is_prefix(ret_id);
}

bool ulid_is_prefix(const char *text)
{
	size_t n = strspn(text, alphabet);

	return n >= 1 && n <= ID_CHARS && !text[n];
}
