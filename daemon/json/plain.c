// SPDX-License-Identifier: Apache-2.0
#include "json/plain.h"

#include <string.h>

#include "core/own.h"

#define DEL 0x7f	/* the one control character that jansson lets stand: JSON does */

char *json_plain(const json_t *document, size_t layout)
{
	own_free char *text = json_dumps(document, JSON_ENSURE_ASCII | JSON_ENCODE_ANY | layout);
	char *plain, *to;
	size_t more = 0;

	if (!text || !strchr(text, DEL))
		return TAKE(text);
	for (const char *at = text; *at; at++)
		more += *at == DEL ? strlen("u007f") : 0;
	to = plain = malloc(strlen(text) + more + 1);
	if (!plain)
		return NULL;
	for (const char *at = text; *at; at++)
		if (*at == DEL)
			to = stpcpy(to, "\\u007f");
		else
			*to++ = *at;
	*to = 0;
	return plain;
}
