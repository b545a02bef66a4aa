// SPDX-License-Identifier: Apache-2.0
/* ws.c - see ws.h */
#include "ws.h"

#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_BYTES 16
#define SHA1_BYTES 20

bool ws_accept(const char *key, char ret_accept[WS_ACCEPT_SIZE])
{
	unsigned char hash[SHA1_BYTES], decoded[KEY_BYTES];
	char text[64];
	size_t n = 0;

	if (sodium_base642bin(decoded, sizeof(decoded), key, strlen(key), NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) < 0 || n != KEY_BYTES)
		return false;
	n = (size_t)snprintf(text, sizeof(text), "%s" GUID, key);
	if (n >= sizeof(text) || gnutls_hash_fast(GNUTLS_DIG_SHA1, text, n, hash) < 0)
		return false;
	sodium_bin2base64(ret_accept, WS_ACCEPT_SIZE, hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
	return true;
}

size_t ws_head(enum ws_op op, size_t size, unsigned char ret_head[WS_HEAD_MAX])
{
	size_t bytes = size < 126 ? 0 : size <= UINT16_MAX ? 2 : 8;

	ret_head[0] = 0x80 | (unsigned char)op;
	ret_head[1] = bytes == 0 ? (unsigned char)size : bytes == 2 ? 126 : 127;
	for (size_t i = 0; i < bytes; i++)
		ret_head[2 + i] = (unsigned char)((uint64_t)size >> (8 * (bytes - 1 - i)));
	return 2 + bytes;
}

/* Frames of a client are masked; control frames are whole and short. */
static int check_head(const struct ws_reader *r)
{
	unsigned int op = r->head[0] & 0x0f;

	if (op == 0 || op == 1 || op == 2)
		return -EMSGSIZE;
	if ((r->head[0] & 0xf0) != 0x80 || (op != WS_CLOSE && op != WS_PING && op != WS_PONG))
		return -EPROTO;
	return (r->head[1] & 0x80) && (r->head[1] & 0x7f) <= WS_CONTROL_MAX ? 0 : -EPROTO;
}

int ws_read(struct ws_reader *r, const unsigned char *p, size_t n, size_t *ret_used, enum ws_op *ret_op, size_t *ret_size)
{
	size_t size;
	int bad;

	for (*ret_used = 0; *ret_used < n;) {
		unsigned char byte = p[(*ret_used)++];

		if (r->have < sizeof(r->head)) {
			r->head[r->have++] = byte;
			bad = r->have == 2 ? check_head(r) : 0;
			if (bad)
				return bad;
		} else {
			size_t at = r->have++ - sizeof(r->head);

			r->payload[at] = byte ^ r->head[2 + at % 4];
		}
		size = r->have >= 2 ? r->head[1] & 0x7f : 0;
		if (r->have == sizeof(r->head) + size) {
			*ret_op = (enum ws_op)(r->head[0] & 0x0f);
			*ret_size = size;
			r->have = 0;
			return 1;
		}
	}
	return 0;
}
