// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_cli_escape.c - any bytes as cvfctl prints them: as a text, in a line, as a word, as JSON
 *
 * What comes out is UTF-8 on one line in which nothing deceives a reader, and JSON is printable ASCII that reads back as
 * what went in.
 */
#include <assert.h>
#include <string.h>

#include "../../cli/escape.h"
#include "../../cli/out.h"
#include "core/utf8.h"
#include "json/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	size_t blanks = 0, n;
	uint32_t c;

	for (size_t i = 0; i < size; i += n) {
		n = utf8_decode(text + i, size - i, &c);
		assert(n && !utf8_is_unseen(c));
		assert(!escape_ascii_only || c < 0x80);
		blanks = c == ' ' ? blanks + 1 : 0;
		assert(blanks <= 3);
	}
}

static void check_put(void (*put)(FILE *, const char *, size_t), const char *data, size_t size)
{
	own_free char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	put(out, data, size);
	assert(fclose(out) == 0);
	check_text(text, n);
	assert(escape_width(text) <= n);
	assert(escape_fit(text, escape_width(text)) == strlen(text));
	assert(escape_fit(text, 0) <= n && escape_width(text + escape_fit(text, 7)) + 7 >= escape_width(text));
}

static void check_json(const char *data, size_t size)
{
	json_t *string = json_stringn(data, size), *back;
	own_free char *text = string ? json_plain(string, JSON_COMPACT) : NULL;

	if (!string)
		return;
	assert(text);
	for (const char *at = text; *at; at++)
		assert(*at >= 0x20 && *at < 0x7f);
	back = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	assert(back && json_equal(back, string));
	json_decref(back);
	json_decref(string);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;

	for (int ascii = 0; ascii < 2; ascii++) {
		escape_ascii_only = ascii;
		check_put(escape_put, text, size);
		check_put(escape_line, text, size);
		check_put(escape_word, text, size);
	}
	check_json(text, size);
	return 0;
}
