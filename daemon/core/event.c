// SPDX-License-Identifier: Apache-2.0
/*
 * event.c - the only reader of raw record bytes; what it lets through is in range everywhere
 */
#include "event.h"

#include <stdint.h>
#include <string.h>

#define REC_FLAGS (CVF_REC_OBSERVED | CVF_REC_ARGS_CUT | CVF_REC_TEXT_CUT | CVF_REC_COMPAT | CVF_REC_REDACTED)
#define ALIGN8(n) (((n) + 7) & ~(size_t)7)

static const char *const fault_texts[RECORD_FAULT_MAX] = {
	[RECORD_OK] = "sound",
	[RECORD_SHORT] = "shorter than it says",
	[RECORD_SIZE] = "size and text length disagree",
	[RECORD_KIND] = "unknown kind, ring or flag",
	[RECORD_SEQUENCE] = "no sequence number",
	[RECORD_WORD] = "unknown operation, verdict, reason, risk, mode or protocol",
	[RECORD_AGENT] = "agent number out of range",
	[RECORD_SPAN] = "a span leaves the text",
	[RECORD_TEXT] = "a NUL inside a path, or arguments without their last NUL",
};

const char *record_fault_text(unsigned int fault)
{
	return fault < RECORD_FAULT_MAX ? fault_texts[fault] : "unknown fault";
}

struct text record_text(const struct cvf_record *r, struct cvf_span span)
{
	return (struct text){ .p = r->text + span.off, .n = span.len };
}

static enum record_fault check_size(const struct cvf_record *r, size_t size)
{
	if (r->text_len > CVF_TEXT_MAX || r->size != CVF_RECORD_HEAD + r->text_len)
		return RECORD_SIZE;
	return r->size <= size ? RECORD_OK : RECORD_SHORT;
}

static enum record_fault check_words(const struct cvf_record *r)
{
	if (r->kind < CVF_KIND_VERDICT || r->kind > CVF_KIND_SESSION || r->ring > CVF_RING_EVENT)
		return RECORD_KIND;
	if (r->flags & ~REC_FLAGS)
		return RECORD_KIND;
	if (!r->seq || r->seq > INT64_MAX)
		return RECORD_SEQUENCE;
	if (r->op >= CVF_OP_MAX || r->verdict > CVF_VERDICT_HOLD || r->reason >= CVF_REASON_MAX || r->risk > CVF_R3)
		return RECORD_WORD;
	if (r->mode > CVF_MODE_LEARN || r->protocol >= CVF_PROTO_MAX)
		return RECORD_WORD;
	if (r->agent >= CVF_AGENTS_MAX)
		return RECORD_AGENT;
	return RECORD_OK;
}

static enum record_fault check_span(const struct cvf_record *r, struct cvf_span span, bool may_have_nul)
{
	if ((size_t)span.off + span.len > r->text_len)
		return RECORD_SPAN;
	if (!may_have_nul && memchr(r->text + span.off, 0, span.len))
		return RECORD_TEXT;
	return RECORD_OK;
}

static enum record_fault check_spans(const struct cvf_record *r)
{
	const struct cvf_span paths[] = { r->object, r->object2, r->exe, r->cwd };
	enum record_fault fault;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		fault = check_span(r, paths[i], false);
		if (fault)
			return fault;
	}
	fault = check_span(r, r->args, true);
	if (fault || !r->args.len || (r->flags & CVF_REC_ARGS_CUT))
		return fault;
	return r->text[r->args.off + r->args.len - 1] ? RECORD_TEXT : RECORD_OK;
}

enum record_fault record_check(const void *bytes, size_t size)
{
	const struct cvf_record *r = bytes;
	enum record_fault fault;

	if (size < CVF_RECORD_HEAD)
		return RECORD_SHORT;
	fault = check_size(r, size);
	if (!fault)
		fault = check_words(r);
	if (!fault)
		fault = check_spans(r);
	return fault;
}

int records_next(const void *tail, size_t size, size_t *off, const struct cvf_record **ret_record,
		 enum record_fault *ret_fault)
{
	const struct cvf_record *r = (const void *)((const char *)tail + *off);
	size_t left = size - *off;

	if (!left)
		return 0;
	*ret_fault = left < CVF_RECORD_HEAD ? RECORD_SHORT : check_size(r, left);
	if (*ret_fault) {
		*off = size;
		return -EBADMSG;
	}
	*off += ALIGN8(r->size) < left ? ALIGN8(r->size) : left;
	*ret_fault = record_check(r, left);
	if (*ret_fault)
		return -EBADMSG;
	*ret_record = r;
	return 1;
}

bool record_args_next(struct text args, size_t *off, struct text *ret_arg)
{
	const char *start = args.p + *off;
	size_t left = args.n - *off;

	if (!left)
		return false;
	ret_arg->p = start;
	ret_arg->n = strnlen(start, left);
	*off += ret_arg->n < left ? ret_arg->n + 1 : left;
	return true;
}
