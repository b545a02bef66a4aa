// SPDX-License-Identifier: Apache-2.0
/* html.c - see html.h */
#include "html.h"

#include <string.h>

#include "core/utf8.h"

void html_put(FILE *out, const char *text, size_t size)
{
	while (size) {
		uint32_t c;
		size_t n = utf8_decode(text, size, &c);

		if (!n)
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else if (utf8_is_unseen(c))
			fprintf(out, "\\u{%x}", c);
		else if (c >= 0x7f || memchr("<>&\"'`", (int)c, 6))
			fprintf(out, "&#x%x;", c);
		else
			fputc((int)c, out);
		text += n ? n : 1;
		size -= n ? n : 1;
	}
}
