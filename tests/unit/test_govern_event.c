// SPDX-License-Identifier: Apache-2.0
/* test_govern_event.c - records: what is sound is read, what is not is refused and harms no other */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"

static struct cvf_record record;

static void add(struct cvf_span *span, const char *p, size_t n)
{
	*span = (struct cvf_span){ (uint16_t)record.text_len, (uint16_t)n };
	memcpy(record.text + record.text_len, p, n);
	record.text_len += (uint32_t)n;
	record.size = CVF_RECORD_HEAD + record.text_len;
}

static int sound(void **state)
{
	(void)state;
	record = (struct cvf_record){ .kind = CVF_KIND_VERDICT, .size = CVF_RECORD_HEAD, .seq = 1, .agent = 1, .op = CVF_OP_EXEC,
				      .verdict = CVF_VERDICT_ALLOW, .reason = CVF_REASON_LOW_RISK };
	add(&record.object, "/bin/ls", 7);
	add(&record.args, "ls\0-l", 6);
	add(&record.cwd, "/", 1);
	return 0;
}

static enum record_fault check(void)
{
	/* An exact copy, so that a read beyond the end is seen. */
	void *copy = malloc(record.size < sizeof(record) ? record.size : sizeof(record));
	size_t size = record.size < sizeof(record) ? record.size : sizeof(record);
	enum record_fault fault;

	memcpy(copy, &record, size);
	fault = record_check(copy, size);
	free(copy);
	return fault;
}

static void test_a_sound_record(void **state)
{
	struct text t, arg;
	size_t off = 0;

	(void)state;
	assert_int_equal(check(), RECORD_OK);
	t = record_text(&record, record.object);
	assert_int_equal(t.n, 7);
	assert_memory_equal(t.p, "/bin/ls", 7);
	t = record_text(&record, record.args);
	assert_true(record_args_next(t, &off, &arg));
	assert_memory_equal(arg.p, "ls", 3);
	assert_true(record_args_next(t, &off, &arg));
	assert_int_equal(arg.n, 2);
	assert_false(record_args_next(t, &off, &arg));
}

#define REFUSED(change, fault)                    \
	do {                                      \
		sound(NULL);                      \
		change;                           \
		assert_int_equal(check(), fault); \
	} while (0)

static void test_each_field_is_checked(void **state)
{
	(void)state;
	REFUSED(record.kind = 0, RECORD_KIND);
	REFUSED(record.kind = CVF_KIND_SESSION + 1, RECORD_KIND);
	REFUSED(record.ring = 2, RECORD_KIND);
	REFUSED(record.flags = 0x8000, RECORD_KIND);
	REFUSED(record.seq = 0, RECORD_SEQUENCE);
	REFUSED(record.seq = UINT64_MAX, RECORD_SEQUENCE);
	REFUSED(record.op = CVF_OP_MAX, RECORD_WORD);
	REFUSED(record.verdict = CVF_VERDICT_HOLD + 1, RECORD_WORD);
	REFUSED(record.reason = CVF_REASON_MAX, RECORD_WORD);
	REFUSED(record.risk = CVF_R3 + 1, RECORD_WORD);
	REFUSED(record.mode = CVF_MODE_LEARN + 1, RECORD_WORD);
	REFUSED(record.protocol = CVF_PROTO_MAX, RECORD_WORD);
	REFUSED(record.agent = CVF_AGENTS_MAX, RECORD_AGENT);
	REFUSED(record.size--, RECORD_SIZE);
	REFUSED(record.text_len++, RECORD_SIZE);
	REFUSED(record.text_len = CVF_TEXT_MAX + 1, RECORD_SIZE);
}

static void test_spans_stay_inside(void **state)
{
	struct cvf_span *const spans[] = { &record.object, &record.object2, &record.args, &record.exe, &record.cwd };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		REFUSED(spans[i]->len = 9000, RECORD_SPAN);
		REFUSED(*spans[i] = ((struct cvf_span){ 65535, 65535 }), RECORD_SPAN);
		REFUSED(*spans[i] = ((struct cvf_span){ (uint16_t)record.text_len, 1 }), RECORD_SPAN);
	}
	REFUSED(record.exe = ((struct cvf_span){ 7, 4 }), RECORD_TEXT); /* over the NUL of the arguments */
	REFUSED(record.args.len--, RECORD_TEXT);
	sound(NULL);
	record.args.len--;
	record.flags = CVF_REC_ARGS_CUT;
	assert_int_equal(check(), RECORD_OK);
}

static void test_short_pieces(void **state)
{
	(void)state;
	for (size_t n = 0; n < record.size; n++) {
		void *copy = malloc(n ? n : 1);

		memcpy(copy, &record, n);
		assert_int_not_equal(record_check(copy, n), RECORD_OK);
		free(copy);
	}
}

static size_t put(char *to, size_t at)
{
	memset(to + at, 0, (record.size + 7) & ~7u);
	memcpy(to + at, &record, record.size);
	return at + ((record.size + 7) & ~7u);
}

static void test_a_bad_record_in_a_batch_harms_no_other(void **state)
{
	static char batch[8192] __attribute__((aligned(8)));
	const struct cvf_record *r;
	enum record_fault fault;
	size_t size = 0, off = 0;

	(void)state;
	size = put(batch, size);
	record.risk = 9;
	size = put(batch, size);
	record.risk = 0;
	record.seq = 3;
	size = put(batch, size);
	assert_int_equal(records_next(batch, size, &off, &r, &fault), 1);
	assert_int_equal(r->seq, 1);
	assert_int_equal(records_next(batch, size, &off, &r, &fault), -EBADMSG);
	assert_int_equal(fault, RECORD_WORD);
	assert_int_equal(records_next(batch, size, &off, &r, &fault), 1);
	assert_int_equal(r->seq, 3);
	assert_int_equal(records_next(batch, size, &off, &r, &fault), 0);
}

static void test_a_size_that_cannot_be_believed_ends_the_batch(void **state)
{
	static char batch[8192] __attribute__((aligned(8)));
	const struct cvf_record *r;
	enum record_fault fault;
	size_t size = put(batch, 0), off = 0;

	(void)state;
	((struct cvf_record *)(void *)batch)->size = 5;
	assert_int_equal(records_next(batch, size, &off, &r, &fault), -EBADMSG);
	assert_int_equal(off, size);
	assert_int_equal(records_next(batch, size, &off, &r, &fault), 0);
}

static void test_every_fault_has_words(void **state)
{
	(void)state;
	for (unsigned int i = 0; i <= RECORD_FAULT_MAX; i++)
		assert_non_null(record_fault_text(i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_sound_record, sound),
		cmocka_unit_test_setup(test_each_field_is_checked, sound),
		cmocka_unit_test_setup(test_spans_stay_inside, sound),
		cmocka_unit_test_setup(test_short_pieces, sound),
		cmocka_unit_test_setup(test_a_bad_record_in_a_batch_harms_no_other, sound),
		cmocka_unit_test_setup(test_a_size_that_cannot_be_believed_ends_the_batch, sound),
		cmocka_unit_test(test_every_fault_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
