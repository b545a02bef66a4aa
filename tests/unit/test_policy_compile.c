// SPDX-License-Identifier: Apache-2.0
/*
 * test_policy_compile.c - declarations into an image: what comes out is sound, and decides as explain does
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/image.h"
#include "policy_fixture.h"

static const char declarations[] =
	"[{\"schema\":\"cvf.capability/v1\",\"id\":\"t.read\",\"operation_type\":\"READ\",\"risk\":{\"level\":\"LOW\"},"
	" \"match\":{\"file\":[{\"path\":\"/**\",\"ops\":[\"read\"]}]}},"
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"t.write\",\"operation_type\":\"WRITE\",\"risk\":{\"level\":\"MEDIUM\"},"
	" \"match\":{\"file\":[{\"path\":\"/**\",\"ops\":[\"write\",\"create\"],\"except\":[\"/dev/null\"]}]}},"
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"t.delete\",\"operation_type\":\"DELETE\",\"risk\":{\"level\":\"HIGH\"},"
	" \"match\":{\"file\":[{\"path\":\"/srv/**\",\"ops\":[\"delete\"]}]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"a\",\"capabilities\":[\"t.*\"],\"scope\":{\"paths\":[\"/work/**\"]}}]";

static void expect(struct fixture *f, enum cvf_op op, const char *path, enum cvf_verdict verdict, enum cvf_reason reason)
{
	struct query q = { .agent = "a", .op = op, .object = path, .now = FIXTURE_NOW };

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
