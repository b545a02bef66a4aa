/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ulid.h - identifiers that sort by the order they were made in: 48 bits of milliseconds, 80 random bits, 26 characters
 *
 * Within one millisecond, or when the clock goes back, the next id is the last one plus one: ids made by one struct ulids
 * always grow, so that "after this id" is a cursor that misses nothing.
 */
#ifndef CVF_ULID_H
#define CVF_ULID_H

#include <stdbool.h>
#include <stdint.h>

#define ULID_SIZE 27	/* with the NUL */

struct ulids {
	uint8_t last[16];
};

/* Continues after an id made earlier (from the store); NULL or malformed: from nothing. */
void ulids_init(struct ulids *u, const char *last);
void ulid_next(struct ulids *u, uint64_t now_ms, char ret_id[ULID_SIZE]);
/* The least id of a moment: ids made before it are less, ids made since are greater. */
void ulid_of_time(uint64_t ms, char ret_id[ULID_SIZE]);
/* 1..26 characters of the alphabet, upper case. */
bool ulid_is_prefix(const char *text);
/* Upper-cases a copy, so that ids can be typed in any case; false when it is no prefix of an id. */
bool ulid_normalise(const char *text, char ret_id[ULID_SIZE]);

#endif
