// SPDX-License-Identifier: Apache-2.0
#include "escape.h"

#include "core/own.h"
#include "core/utf8.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#define COMBINING_MAX 2		/* marks on one letter: more than any language needs for a file name */
#define BLANKS_MAX 3		/* blanks in a row; the next ones could push text off the screen */

bool escape_ascii_only;

static const struct utf8_range combining[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },   { 0x610, 0x61a },	{ 0x64b, 0x65f },
	{ 0xe31, 0xe3a },   { 0xe47, 0xe4e },	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },
	{ 0x302a, 0x302f }, { 0x3099, 0x309a }, { 0xfe20, 0xfe2f },
};

static const struct utf8_range wide[] = {
	{ 0x1100, 0x115f }, { 0x2e80, 0x303e },	  { 0x3041, 0xa4cf },	{ 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },	  { 0xff00, 0xff60 },	{ 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

static void put_number(FILE *out, uint32_t c)
{
	if (c < 0x80)
		fprintf(out, "\\x%02x", c);
	else if (c < 0x10000)
		fprintf(out, "\\u%04x", c);
	else
		fprintf(out, "\\U%08x", c);
}

static bool put_short(FILE *out, uint32_t c)
{
	static const char codes[] = "\a\b\t\n\v\f\r", letters[] = "abtnvfr";
	const char *at = c && c < 0x20 ? strchr(codes, (int)c) : NULL;

	if (!at)
		return false;
	fprintf(out, "\\%c", letters[at - codes]);
	return true;
}

struct run {
	size_t blanks, marks;
	const char *doubled;	/* characters that get a backslash before them */
};

static bool is_plain(struct run *r, uint32_t c)
{
	r->blanks = c == ' ' ? r->blanks + 1 : 0;
	r->marks = utf8_among(c, combining, ARRAY_SIZE(combining)) ? r->marks + 1 : 0;
	if (c < 0x20 || c == 0x7f || r->blanks > BLANKS_MAX || r->marks > COMBINING_MAX)
		return false;
	return c < 0x80 || (!escape_ascii_only && !utf8_is_unseen(c));
}

static void put(FILE *out, const char *text, size_t size, const char *doubled)
{
	const char *at = text, *end = at + size;
	struct run r = { .doubled = doubled };
	uint32_t c;
	size_t n;

	for (; at < end; at += n) {
		n = utf8_decode(at, (size_t)(end - at), &c);
		if (n == 0) {
			fprintf(out, "\\x%02x", (unsigned char)*at);
			n = 1;
			continue;
		}
		if (c && c < 0x80 && strchr(r.doubled, (int)c))
			fputc('\\', out);
		if (is_plain(&r, c))
			fwrite(at, 1, n, out);
		else if (!put_short(out, c))
			put_number(out, c);
	}
}

void escape_put(FILE *out, const char *text, size_t size)
{
	put(out, text, size, "\\");
}

void escape_line(FILE *out, const char *text, size_t size)
{
	put(out, text, size, "");
}

void escape_word(FILE *out, const char *text, size_t size)
{
	static const char bare[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"
				   ":=@%+,^";
	size_t plain = 0;

	while (plain < size && text[plain] && strchr(bare, text[plain]))
		plain++;
	if (size > 0 && plain == size) {
		fwrite(text, 1, size, out);
		return;
	}
	fputc('"', out);
	put(out, text, size, "\\\"");
	fputc('"', out);
}

char *escape_text(const char *text, size_t size)
{
	char *made = NULL;
	size_t length;
	FILE *out = open_memstream(&made, &length);

	if (!out)
		return NULL;
	escape_put(out, text, size);
	if (fclose(out) == 0)
		return made;
	free(made);
	return NULL;
}

/* Bytes and columns of the first character. */
static size_t measure(const char *text, size_t left, size_t *ret_columns)
{
	uint32_t c;
	size_t n = utf8_decode(text, left, &c);

	*ret_columns = 1;
	if (n == 0)
		return 1;
	if (utf8_among(c, combining, ARRAY_SIZE(combining)))
		*ret_columns = 0;
	else if (utf8_among(c, wide, ARRAY_SIZE(wide)))
		*ret_columns = 2;
	return n;
}

size_t escape_width(const char *text)
{
	size_t left = strlen(text), width = 0, n, columns;

	for (; left > 0; left -= n, text += n) {
		n = measure(text, left, &columns);
		width += columns;
	}
	return width;
}

size_t escape_fit(const char *text, size_t columns)
{
	size_t size = strlen(text), at = 0, width = 0, n, more;

	for (; at < size; at += n) {
		n = measure(text + at, size - at, &more);
		width += more;
		if (width > columns)
			break;
	}
	return at;
}

size_t escape_foreign(const char *text, size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += ((unsigned char)text[i] & 0xc0) == 0xc0;
	return count;
}
