// SPDX-License-Identifier: Apache-2.0
/* message.c - see message.h */
#include "message.h"

#include <sodium.h>
#include <string.h>

char *message_body(const json_t *notice, const char *host)
{
	json_t *data = json_object_get(notice, "data"), *event;
	char *text;

	event = json_pack("{s:s, s:s, s:s, s:O, s:O, s:O, s:O, s:s}", "specversion", "1.0", "source", host, "datacontenttype",
			  "application/json", "id", json_object_get(notice, "id"), "type", json_object_get(notice, "type"), "subject",
			  json_object_get(notice, "hold"), "time", json_object_get(notice, "made_at"), "dataschema", "urn:cvf:approval:v1");
	if (!event || json_object_set(event, "data", data) < 0) {
		json_decref(event);
		return NULL;
	}
	text = json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(event);
	return text;
}

void message_nonce(char ret_nonce[NONCE_TEXT])
{
	unsigned char bytes[(NONCE_TEXT - 1) / 2];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(ret_nonce, NONCE_TEXT, bytes, sizeof(bytes));
}

void message_sign(const struct target *t, int64_t time_s, const char *nonce, const char *body, char ret_signature[SIGNATURE_TEXT])
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	char head[64];

	snprintf(head, sizeof(head), "%lld.%s.", (long long)time_s, nonce);
	crypto_auth_hmacsha256_init(&state, (const unsigned char *)t->secret, t->secret_size);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)head, strlen(head));
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body, strlen(body));
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2hex(ret_signature, SIGNATURE_TEXT, mac, sizeof(mac));
}
