/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - the hash of an event covers the event and the hash before it (BLAKE2b, 32 bytes)
 *
 * Covered: id, boot id, time, the names of agent, capability and rule (so that renumbering shows), and the record as the
 * kernel wrote it. The bytes: "cvf.event/1" NUL, previous hash, then each field as a little-endian u32 length and its bytes;
 * the time is a field of 8 little-endian bytes.
 */
#ifndef CVF_CHAIN_H
#define CVF_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#define CHAIN_BYTES 32

struct chain_link {
	const char *id, *boot_id;
	int64_t time_ms;
	const char *agent, *capability, *rule;	/* NULL counts as empty */
	const void *record;
	size_t record_size;
};

void chain_hash(const uint8_t before[CHAIN_BYTES], const struct chain_link *event, uint8_t ret_hash[CHAIN_BYTES]);

#endif
