// SPDX-License-Identifier: Apache-2.0
/* test_govern_link.c - the governor's end of the link: order, queue, and what closes it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "govern/link.h"

static struct link *l;
static int peer;

static int setup(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	peer = pair[1];
	l = NULL;
	return link_of_fd(pair[0], &l);
}

static int teardown(void **state)
{
	(void)state;
	link_free(l);
	if (peer >= 0)
		close(peer);
	return 0;
}

static void push(uint16_t type, uint32_t id, const void *fixed, size_t size, size_t tail)
{
	char packet[WIRE_SIZE_MAX] = { 0 };
	struct wire_head head = { .size = (uint32_t)(sizeof(head) + size + tail), .type = type, .id = id };

	memcpy(packet, &head, sizeof(head));
	memcpy(packet + sizeof(head), fixed, size);
	assert_int_equal(send(peer, packet, head.size, 0), head.size);
}

static void push_reply(uint32_t id, int error, uint64_t value)
{
	struct wire_reply r = { .error = error, .value = value };

	push(WIRE_REPLY, id, &r, sizeof(r), 0);
}

static void push_records(uint64_t batch)
{
	struct wire_records r = { .batch = batch };

	push(WIRE_RECORDS, 0, &r, sizeof(r), 8);
}

static void test_an_answer_is_found_among_what_comes_unasked(void **state)
{
	struct wire_label message = { .pid = 5 };
	struct wire_reply answer;
	struct packet *p;

	(void)state;
	push_records(1);
	push_reply(77, 0, 0); /* an answer nobody waits for any more */
	push_records(2);
	push_reply(1, 0, 42);
	push_records(3);
	assert_int_equal(link_call(l, WIRE_LABEL, &message, -1, &answer), 0);
	assert_int_equal(answer.value, 42);
	assert_int_equal(link_fill(l), 0);
	for (uint64_t batch = 1; batch <= 3; batch++) {
		p = link_pop(l);
		assert_non_null(p);
		assert_int_equal(packet_head(p)->type, WIRE_RECORDS);
		assert_int_equal(((const struct wire_records *)packet_fixed(p))->batch, batch);
		assert_int_equal(p->tail_size, 8);
		free(p);
	}
	assert_null(link_pop(l));
	assert_int_equal(link_queued_bytes(l), 0);
}

static void test_an_error_of_cvfd_is_no_error_of_the_link(void **state)
{
	struct wire_label message = { .pid = 5 };
	struct wire_reply answer;

	(void)state;
	push_reply(1, -ESRCH, 0);
	assert_int_equal(link_call(l, WIRE_LABEL, &message, -1, &answer), 0);
	assert_int_equal(answer.error, -ESRCH);
	push_reply(2, -EEXIST, 0);
	assert_int_equal(link_order(l, WIRE_LABEL, &message), -EEXIST);
	assert_false(link_is_closed(l));
}

static void count(void *ctx, uint64_t generation, const struct wire_count *c)
{
	*(uint64_t *)ctx += c->value;
	assert_int_equal(generation, 9);
}

static void push_counts(uint32_t id, uint32_t n, uint32_t more)
{
	struct {
		struct wire_counts head;
		struct wire_count v[4];
	} packet = { .head = { 9, n, more } };

	for (uint32_t i = 0; i < n; i++)
		packet.v[i] = (struct wire_count){ .cell = i, .value = 10 };
	push(WIRE_COUNTS_REPLY, id, &packet, sizeof(packet.head) + n * sizeof(packet.v[0]), 0);
}

static void test_counters_come_in_chunks(void **state)
{
	uint64_t sum = 0;

	(void)state;
	push_counts(1, 3, 1);
	push_records(1);
	push_counts(1, 4, 1);
	push_counts(1, 0, 0);
	assert_int_equal(link_counts(l, count, &sum), 0);
	assert_int_equal(sum, 70);
	free(link_pop(l));
}

static void test_counters_that_lie_about_their_number_close_the_link(void **state)
{
	struct wire_counts head = { 9, 1000, 0 };
	uint64_t sum = 0;

	(void)state;
	push(WIRE_COUNTS_REPLY, 1, &head, sizeof(head), 16);
	assert_int_equal(link_counts(l, count, &sum), -EPROTO);
	assert_true(link_is_closed(l));
}

static void test_what_the_list_does_not_allow_closes_the_link(void **state)
{
	static const struct {
		uint16_t type;
		size_t fixed, tail;
	} bad[] = {
		{ WIRE_HELLO, sizeof(struct wire_hello), 0 },		/* a request of ours */
		{ 0, 8, 0 }, { 63, 8, 0 }, { 999, 8, 0 },		/* unknown */
		{ WIRE_REPLY, sizeof(struct wire_reply) - 1, 0 },	/* too short */
		{ WIRE_REPLY, sizeof(struct wire_reply), 1 },		/* too long */
		{ WIRE_HOLD, sizeof(struct wire_empty), 8449 },
		{ WIRE_RECORDS, sizeof(struct wire_records), 49153 },
	};
	char fixed[256] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		push(bad[i].type, 0, fixed, bad[i].fixed, bad[i].tail);
		assert_int_equal(link_fill(l), -EPROTO);
		assert_true(link_is_closed(l));
		assert_null(link_pop(l));
		teardown(NULL);
		setup(NULL);
	}
}

static void test_a_size_that_is_not_the_packets_closes_the_link(void **state)
{
	struct {
		struct wire_head head;
		struct wire_reply reply;
	} packet = { .head = { .size = sizeof(packet) + 8, .type = WIRE_REPLY } };

	(void)state;
	assert_int_equal(send(peer, &packet, sizeof(packet), 0), sizeof(packet));
	assert_int_equal(link_fill(l), -EPROTO);
}

static void test_what_came_before_the_end_is_not_lost(void **state)
{
	struct wire_reply answer;
	struct wire_label message = { 0 };

	(void)state;
	push_records(1);
	close(peer);
	peer = -1;
	assert_int_equal(link_fill(l), -ECONNRESET);
	free(link_pop(l));
	assert_true(link_is_closed(l));
	assert_int_equal(link_call(l, WIRE_LABEL, &message, -1, &answer), -ECONNRESET);
	assert_int_equal(link_ack(l, 1), -ECONNRESET);
}

static void test_nobody_there(void **state)
{
	struct link *other = NULL;
	char name[200];

	(void)state;
	assert_true(link_open("/nonexistent/link.sock", 0, &other) < 0);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	assert_int_equal(link_open(name, 5000, &other), -ENAMETOOLONG);
	assert_null(other);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_an_answer_is_found_among_what_comes_unasked),
		T(test_an_error_of_cvfd_is_no_error_of_the_link),
		T(test_counters_come_in_chunks),
		T(test_counters_that_lie_about_their_number_close_the_link),
		T(test_what_the_list_does_not_allow_closes_the_link),
		T(test_a_size_that_is_not_the_packets_closes_the_link),
		T(test_what_came_before_the_end_is_not_lost),
		T(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
