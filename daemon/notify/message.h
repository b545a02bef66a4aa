/* SPDX-License-Identifier: Apache-2.0 */
/* message.h - what is sent: a CloudEvents 1.0 document, and its signature */
#ifndef CVF_NOTIFY_MESSAGE_H
#define CVF_NOTIFY_MESSAGE_H

#include <jansson.h>
#include <stdint.h>

#include "config.h"

#define NONCE_TEXT 33		/* 16 bytes in hex */
#define SIGNATURE_TEXT 65	/* 32 bytes in hex */

/* A notice of the governor as one line of ASCII, malloc'ed; NULL: it lacks something, or no memory. host: where it comes from. */
char *message_body(const json_t *notice, const char *host);
void message_nonce(char ret_nonce[NONCE_TEXT]);
/* HMAC-SHA256 of "TIME.NONCE.BODY", in hex. */
void message_sign(const struct target *t, int64_t time_s, const char *nonce, const char *body, char ret_signature[SIGNATURE_TEXT]);

#endif
