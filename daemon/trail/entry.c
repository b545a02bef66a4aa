// SPDX-License-Identifier: Apache-2.0
/* entry.c - see entry.h */
#include "entry.h"

#include <stdalign.h>
#include <string.h>

#include "core/event.h"

const struct cvf_record *entry_record(const struct entry *e)
{
	static alignas(8) char copy[sizeof(struct cvf_record)];
	const struct cvf_record *r = (const void *)copy;

	if (e->record.n < CVF_RECORD_HEAD || e->record.n > sizeof(copy))
		return NULL;
	memcpy(copy, e->record.p, e->record.n);
	return record_check(copy, e->record.n) == RECORD_OK && r->size == e->record.n ? r : NULL;
}

/* Numbers that a malformed record carries are read all the same: its hash will tell. */
static uint32_t number_at(const struct blob *record, size_t offset)
{
	uint32_t value = 0;

	if (record->n >= offset + sizeof(value))
		memcpy(&value, (const char *)record->p + offset, sizeof(value));
	return value;
}

void entry_hash(const struct names *names, const uint8_t before[CHAIN_BYTES], const struct entry *e, uint8_t ret_hash[CHAIN_BYTES])
{
	const char *boot_id = names_find(names, NAME_BOOT, e->boot);
	struct chain_link link = { .id = e->id, .boot_id = boot_id, .time_ms = e->time_ms };
	struct chain_act act = { .id = e->id, .boot_id = boot_id, .time_ms = e->time_ms, .kind = e->kind, .body = e->body };

	if (e->is_act) {
		chain_hash_act(before, &act, ret_hash);
		return;
	}
	link.agent = names_find(names, NAME_AGENT, number_at(&e->record, offsetof(struct cvf_record, agent)));
	link.capability = names_find(names, NAME_CAPABILITY, number_at(&e->record, offsetof(struct cvf_record, capability)));
	link.rule = names_find(names, NAME_RULE, number_at(&e->record, offsetof(struct cvf_record, rule)));
	link.record = e->record.p;
	link.record_size = e->record.n;
	link.seal = e->has_seal && e->seal.n == CHAIN_BYTES ? e->seal.p : NULL;
	chain_hash(before, &link, ret_hash);
}

const char *entry_column_fault(const struct entry *e)
{
	const struct cvf_record *r = e->is_act ? NULL : entry_record(e);

	if (e->is_act)
		return NULL;
	if (!r)
		return "record";
	if (e->has_seal && e->seal.n != CHAIN_BYTES)
		return "seal";
	const struct {
		const char *name;
		int64_t has, wants;
	} columns[] = {
		{ "cpu", e->cpu, r->cpu },
		{ "ring", e->ring, r->ring },
		{ "seq", e->seq, (int64_t)r->seq },
		{ "kind", e->event_kind, r->kind },
		{ "agent", e->agent, r->agent },
		{ "op", e->op, r->op },
		{ "verdict", e->verdict, r->flags & CVF_REC_OBSERVED && r->verdict ? CVF_VERDICT_ALLOW : r->verdict },
		{ "capability", e->capability, r->capability },
		{ "hold_no", e->hold_no, (int64_t)r->hold_no },
	};

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		if (columns[i].has != columns[i].wants)
			return columns[i].name;
	return NULL;
}
