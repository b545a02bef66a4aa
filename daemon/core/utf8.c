// SPDX-License-Identifier: Apache-2.0
#include "utf8.h"

#include "own.h"

static const struct utf8_range unseen[] = {
	{ 0, 0x1f },	      { 0x7f, 0xa0 },	    { 0xad, 0xad },	  { 0x34f, 0x34f },	{ 0x61c, 0x61c },
	{ 0x115f, 0x1160 },   { 0x1680, 0x1680 },   { 0x17b4, 0x17b5 },	  { 0x180b, 0x180f },	{ 0x2000, 0x200f },
	{ 0x2028, 0x202f },   { 0x205f, 0x206f },   { 0x2800, 0x2800 },	  { 0x3000, 0x3000 },	{ 0x3164, 0x3164 },
	{ 0xd800, 0xf8ff },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },	  { 0xffa0, 0xffa0 },	{ 0xfff0, 0xffff },
	{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0x1fffe, 0x1ffff }, { 0xe0000, 0x10ffff },
};

bool utf8_among(uint32_t c, const struct utf8_range *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= v[i].first && c <= v[i].last)
			return true;
	return false;
}

bool utf8_is_unseen(uint32_t c)
{
	return utf8_among(c, unseen, ARRAY_SIZE(unseen));
}

size_t utf8_decode(const char *text, size_t size, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)text;
	size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	uint32_t c;

	if ((p[0] >= 0x80 && p[0] < 0xc2) || p[0] > 0xf4 || n > size)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (n > 1 && (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)))
		return 0;
	*ret = c;
	return n;
}
