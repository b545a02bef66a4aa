/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.h - values of the store and of the kernel as JSON
 *
 * Bytes that are valid UTF-8 are shown as they are; of anything else each byte that fits nowhere is shown as \xNN (four
 * characters, in JSON "\\xNN"). The stored bytes stay what they were.
 */
#ifndef CVF_VIEW_H
#define CVF_VIEW_H

#include <jansson.h>
#include <stdint.h>

#include "core/own.h"

#define TIME_TEXT 32

/* New references; NULL only when memory is short. */
json_t *view_bytes(const char *p, size_t n);
json_t *view_text(const char *text);		/* NULL: null; otherwise as view_bytes() */
json_t *view_time(int64_t utc_ms);		/* "2025-01-02T03:04:05.678Z"; 0 or less: null */
json_t *view_hex(uint64_t value);		/* 16 digits */

void moment_print(int64_t utc_ms, char ret_text[TIME_TEXT]);
/* RFC 3339 with any offset and fraction, or a duration before now: "90s", "15m", "2h", "7d". -EINVAL. */
int moment_parse(const char *text, int64_t now_ms, int64_t *ret_ms) must_check;
/* Digits only, min <= value <= max. -EINVAL. */
int number_parse(const char *text, int64_t min, int64_t max, int64_t *ret_value) must_check;

/* Sets a member and takes the value; a NULL value (no memory) becomes null. */
void view_set(json_t *object, const char *key, json_t *take_value);

#endif
