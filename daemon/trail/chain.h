/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain.h - the hash of an entry of the trail covers the entry and the hash before it (BLAKE2b, 32 bytes)
 *
 * An entry is an event (a record of the kernel) or an act (what people and the governor did). Covered of an event: id, boot
 * id, time, the names of agent, capability and rule (so that renumbering shows), the record as it is stored, and the seal of
 * what was left out of it. The bytes: "cvf.event/1" NUL, previous hash, then each field as a little-endian u32 length and its
 * bytes; the time is a field of 8 little-endian bytes. With a seal: "cvf.event/2", and the seal as the last field. An act:
 * "cvf.act/1", and id, boot id, time, kind, body.
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
	const uint8_t *seal;	/* CHAIN_BYTES; NULL: nothing was left out */
};

struct chain_act {
	const char *id, *boot_id;
	int64_t time_ms;
	const char *kind, *body;
};

void chain_hash(const uint8_t before[CHAIN_BYTES], const struct chain_link *event, uint8_t ret_hash[CHAIN_BYTES]);
void chain_hash_act(const uint8_t before[CHAIN_BYTES], const struct chain_act *act, uint8_t ret_hash[CHAIN_BYTES]);

#endif
