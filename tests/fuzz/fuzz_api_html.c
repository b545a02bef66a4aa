// SPDX-License-Identifier: Apache-2.0
/* fuzz_api_html.c - any bytes as text of a page: no markup, nothing but printable ASCII, every '&' begins a character */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = NULL, *end;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return 0;
	html_put(out, (const char *)data, size);
	fclose(out);
	if (strlen(text) != n)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (text[i] < ' ' || text[i] > '~' || strchr("<>\"'`", text[i]))
			abort();
		if (text[i] == '&' && (strncmp(text + i, "&#x", 3) != 0 || !strtoul(text + i + 3, &end, 16) || *end != ';'))
			abort();
	}
	free(text);
	return 0;
}
