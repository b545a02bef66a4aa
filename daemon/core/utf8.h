/* SPDX-License-Identifier: Apache-2.0 */
/*
 * utf8.h - characters of a text that somebody else wrote, and which of them deceive who reads them
 */
#ifndef CVF_UTF8_H
#define CVF_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct utf8_range {
	uint32_t first, last;
};

/* Bytes of the character at text, or 0 when they are no strict UTF-8 (overlong, surrogate, cut). size: at least 1. */
size_t utf8_decode(const char *text, size_t size, uint32_t *ret);
/*
 * What moves the cursor, is invisible, changes the direction, passes for an ordinary blank, or has no agreed look: control
 * characters of both kinds, bidi, zero-width and unusual spaces, variation selectors, private use, tags.
 */
bool utf8_is_unseen(uint32_t c);
bool utf8_among(uint32_t c, const struct utf8_range *v, size_t n);

#endif
