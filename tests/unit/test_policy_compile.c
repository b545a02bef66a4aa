// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_compile.c - declarations into an image: what comes out is sound, and decides as explain does
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/image.h"
#include "policy_fixture.h"

static const char declarations[] =
	"[{\"schema\":\"cvf.capability/v1\",\"id\":\"t.read\",\"operation_type\":\"READ\",\"risk\":{\"level\":\"LOW\"},"
	" \"match\":{\"file\":[{\"path\":\"/**\",\"ops\":[\"read\"]}]}},"
	"{\"schema\":\"cvf.capability/"
	"v1\",\"id\":\"t.write\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"MEDIUM\"},"
	" \"match\":{\"file\":[{\"path\":\"/**\",\"ops\":[\"write\",\"create\"],\"except\":[\"/dev/null\"]}]}},"
	"{\"schema\":\"cvf.capability/"
	"v1\",\"id\":\"t.delete\",\"operation_type\":\"DELETE\",\"risk\":{\"level\":\"HIGH\"},"
	" \"match\":{\"file\":[{\"path\":\"/srv/**\",\"ops\":[\"delete\"]}]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"t.*\"],\"scope\":{\"paths\":[\"/work/**\"]}}]";

static void expect(struct fixture *f, enum cvf_op op, const char *path, enum cvf_verdict verdict,
		   enum cvf_reason reason)
{
	struct query q = {.agent = "a", .op = op, .object = path, .now = FIXTURE_NOW};

	fixture_expect(f, &q, verdict, reason);
}

static void test_files(void **state)
{
	struct fixture f;

	(void)state;
	fixture_load(&f, declarations);
	expect(&f, CVF_OP_READ, "/etc/passwd", CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
	expect(&f, CVF_OP_WRITE, "/work/x", CVF_VERDICT_ALLOW, CVF_REASON_IN_SCOPE);
	expect(&f, CVF_OP_WRITE, "/other/x", CVF_VERDICT_DENY, CVF_REASON_OUT_OF_SCOPE);
	expect(&f, CVF_OP_WRITE, "/dev/null", CVF_VERDICT_HOLD, CVF_REASON_UNREGISTERED);
	expect(&f, CVF_OP_DELETE, "/srv/x", CVF_VERDICT_HOLD, CVF_REASON_APPROVAL);
	expect(&f, CVF_OP_DELETE, "/work/x", CVF_VERDICT_HOLD, CVF_REASON_UNREGISTERED);
	expect(&f, CVF_OP_WRITE, "/etc/cvf/cvfd.json", CVF_VERDICT_DENY, CVF_REASON_SELF_GUARD);
	expect(&f, CVF_OP_READ, "/etc/cvf/cvfd.json", CVF_VERDICT_ALLOW, CVF_REASON_LOW_RISK);
	fixture_done(&f);
}

static void test_fill(void **state)
{
	struct cvf_slot *slot = calloc(1, sizeof(*slot));
	struct fixture f;

	(void)state;
	assert_non_null(slot);
	memset(slot, 0xff, sizeof(*slot));
	fixture_load(&f, declarations);
	image_fill(f.image, slot);
	assert_int_equal(slot->generation, 1);
	assert_int_equal(slot->agents[1].row, 1);
	assert_int_equal(slot->agents[2].row, 0);
	assert_int_equal(slot->agents[1].max_holds, CVF_HOLDS_AGENT);
	assert_int_equal(slot->cells[0].action, CVF_VERDICT_DENY);
	assert_int_equal(slot->dfa[0], 0);
	fixture_done(&f);
	free(slot);
}

/* ---- sizes ---- */

struct text {
	char *bytes;
	size_t size;
	FILE *f;
};

static void text_begin(struct text *t)
{
	t->f = open_memstream(&t->bytes, &t->size);
	assert_non_null(t->f);
	fputs("[{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"*\"]}", t->f);
}

/* Loads what was written and compiles it; the diagnosis of a failure must name the table, and its hint who takes most.
 */
static void text_end(struct text *t, int expected, const char *table, const char *named)
{
	struct fixture f;

	fputs("]", t->f);
	fclose(t->f);
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, t->bytes), 0);
	assert_int_equal(fixture_compile(&f), expected);
	if (expected < 0)
		assert_true(f.d.n && strstr(f.d.v[0].message, table) && strstr(f.d.v[0].message, "at most"));
	else
		assert_int_equal(image_check(f.image, f.size), IMAGE_OK);
	if (named)
		assert_non_null(strstr(f.d.v[0].hint, named));
	fixture_done(&f);
	free(t->bytes);
}

#define CAPABILITY ",{\"schema\":\"cvf.capability/v1\",\"id\":\"c%d\",\"match\":"

/* A thousand places, in one capability or in one each. */
static void test_thousand(void **state)
{
	struct text t;

	(void)state;
	for (int each = 0; each < 2; each++) {
		text_begin(&t);
		for (int i = 0; i < 1000; i++) {
			if (each || !i)
				fprintf(t.f, CAPABILITY "{\"file\":[{\"ops\":[\"read\",\"write\"],\"path\":[", i);
			fprintf(t.f, "%s\"/srv/customer-%04d/data/**\"", each || !i ? "" : ",", i * 7919 % 10000);
			if (each || i == 999)
				fputs("]}]}}", t.f);
		}
		text_end(&t, 0, NULL, NULL);
	}
}

static void test_too_many_states(void **state)
{
	struct text t;

	(void)state;
	text_begin(&t);
	fprintf(t.f, CAPABILITY "{\"file\":[{\"ops\":[\"read\"],\"path\":\"/*a%s\"}]}}", 0, "????????????????????");
	text_end(&t, -E2BIG, "the automaton of paths", "what takes the most: capability \"c0\"");
	/* Twins: one that is as long and anchored. */
	text_begin(&t);
	fprintf(t.f, CAPABILITY "{\"file\":[{\"ops\":[\"read\"],\"path\":\"/a%s\"}]}}", 0, "????????????????????");
	text_end(&t, 0, NULL, NULL);
}

/* Bytes that lead different ways keep a state from being short. */
#define SETS "[abc][bcd][cde][def][efg][fgh][ghi][hij][ijk][jkl]"

static void test_too_many_words(void **state)
{
	struct text t;

	(void)state;
	text_begin(&t);
	for (int i = 0; i < 1500; i++)
		fprintf(t.f,
			CAPABILITY "{\"file\":[{\"ops\":[\"read\"],\"path\":\"/%d/" SETS SETS SETS SETS SETS
				   "/**\"}]}}",
			i, i * 7919);
	text_end(&t, -E2BIG, "the automaton of paths and programs", "what takes the most: capability \"c");
}

/* A bigger table than full rows have room for, with a rule for each path: the limits of limits.h, and how long it
 * takes. */
static void test_ten_thousand(void **state)
{
	struct timespec before, after;
	struct fixture f;
	struct text t;

	(void)state;
	text_begin(&t);
	fputs(",{\"schema\":\"cvf.policy/v1\",\"id\":\"p\",\"rules\":[", t.f);
	for (int i = 0; i < 10000; i++)
		fprintf(t.f, "%s{\"effect\":\"DENY\",\"when\":{\"op\":[\"read\"],\"path\":[\"/srv/%d/%x/**\"]}}",
			i ? "," : "", i, (i + 1) * 7919);
	fputs("]}]", t.f);
	fclose(t.f);
	fixture_begin(&f);
	assert_int_equal(fixture_add(&f, t.bytes), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	f.names.only_count = true;
	assert_int_equal(fixture_compile(&f), 0);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	assert_int_equal(image_check(f.image, f.size), IMAGE_OK);
	assert_true(f.image->short_from < f.image->section[CVF_SECTION_DFA].count);
	/* Two seconds without sanitizers; this only catches a blow-up. */
	assert_in_range(after.tv_sec - before.tv_sec, 0, 60);
	for (int i = 0; i < 10000; i += 97) {
		const struct cvf_cell *cells = image_section(f.image, CVF_SECTION_CELL, NULL);
		char path[64];
		struct query q = {.agent = "a", .op = CVF_OP_READ, .object = path};

		snprintf(path, sizeof(path), "/srv/%d/%x/f", i, (i + 1) * 7919);
		assert_int_equal(cells[image_judge(f.image, 1, &q)].reason, CVF_REASON_POLICY_DENY);
		snprintf(path, sizeof(path), "/srv/%d/%x/f", i, (i + 1) * 7919 + 1);
		assert_int_equal(cells[image_judge(f.image, 1, &q)].reason, CVF_REASON_UNREGISTERED);
	}
	fixture_done(&f);
	free(t.bytes);
}

static void put_ports(struct text *t, int n)
{
	fprintf(t->f, CAPABILITY "{\"net\":[", 0);
	for (int i = 0; i < n; i++)
		fprintf(t->f, "%s{\"ops\":[\"connect\"],\"ports\":\"%d\"}", i ? "," : "", 10 + i * 2);
	fputs("]}}", t->f);
}

static void test_ports(void **state)
{
	struct text t;

	(void)state;
	text_begin(&t);
	put_ports(&t, 255);
	text_end(&t, 0, NULL, NULL);
	text_begin(&t);
	put_ports(&t, 256);
	text_end(&t, -E2BIG, "the table of port classes", NULL);
}

static void test_cells(void **state)
{
	struct text t;

	(void)state;
	for (int n = 40; n <= 80; n += 40) {
		text_begin(&t);
		/* Each may connect somewhere else: none shares the row of another. */
		for (int i = 1; i < n; i++)
			fprintf(t.f,
				",{\"schema\":\"cvf.agent/v1\",\"id\":\"a%d\",\"capabilities\":[\"*\"],\"scope\":{\"net\":[\"10.0.0."
				"%d\"]}}",
				i, i);
		for (int i = 0; i < 900; i++)
			fprintf(t.f, CAPABILITY "{\"file\":[{\"ops\":[\"read\"],\"path\":\"/%d\"}]}}", i, i);
		text_end(&t, n == 40 ? 0 : -E2BIG, "the table of outcomes", n == 40 ? NULL : "capability \"c");
	}
}

/* Numbers that the store has run out of. */
static uint32_t none(void *ctx, enum number_kind kind, const char *name)
{
	(void)name;
	return (int)kind == *(int *)ctx ? 0 : 1;
}

static void test_numbers(void **state)
{
	const struct numbers numbers = {none, &(int){NUMBER_CAPABILITY}}, no_agents = {none, &(int){NUMBER_AGENT}};
	struct cvf_image *image = NULL;
	struct fixture f;
	size_t size;

	(void)state;
	fixture_load(&f, declarations);
	assert_int_equal(policy_compile(f.m, &numbers, 1, 0, &image, &size, &f.d), -E2BIG);
	assert_int_equal(policy_compile(f.m, &no_agents, 1, 0, &image, &size, &f.d), -E2BIG);
	assert_null(image);
	assert_int_equal(f.d.n, 2);
	fixture_done(&f);
}

/* Nobody's row, and an agent that is not in the image. */
static void test_nobody(void **state)
{
	const struct cvf_cell *cells;
	struct query q = {.agent = "a"};
	struct fixture f;

	(void)state;
	fixture_load(&f, declarations);
	cells = image_section(f.image, CVF_SECTION_CELL, NULL);
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		const struct cvf_cell *cell;

		q.op = (enum cvf_op)op;
		q.object = "/etc/passwd";
		cell = &cells[image_judge(f.image, 99, &q)];
		assert_int_equal(cell->action, CVF_VERDICT_DENY);
		assert_int_equal(cell->reason, CVF_REASON_NO_POLICY);
		assert_int_equal(cell->op, op);
	}
	q.op = CVF_OP_NONE;
	assert_int_equal(image_judge(f.image, 1, &q), 0);
	fixture_done(&f);
	/* Without anything at all. */
	fixture_load(&f, "[]");
	assert_int_equal(f.image->rows, 1);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),	       cmocka_unit_test(test_fill),
		cmocka_unit_test(test_thousand),       cmocka_unit_test(test_too_many_states),
		cmocka_unit_test(test_too_many_words), cmocka_unit_test(test_ports),
		cmocka_unit_test(test_cells),	       cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_nobody),	       cmocka_unit_test(test_ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
