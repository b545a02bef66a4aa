// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_decl.c - any text as declarations: refused with a diagnosis, or loaded, compiled to a sound image and asked
 *
 * Compiling is for short texts only: a page of patterns may honestly take a second until it is refused as too large.
 */
#include <assert.h>
#include <string.h>

#include "core/image.h"
#include "policy/policy.h"

#define COMPILE_BYTES 700

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t number(void *ctx, enum number_kind kind, const char *name)
{
	uint32_t *next = ctx;

	(void)name;
	return ++next[kind];
}

/* With one agent of known name, so that there is always somebody to ask about. */
static void ask(const struct model *m, const struct cvf_image *image)
{
	static const char *const paths[] = {"/", "/a", "/home/x/work/.git/hooks/y", "//anon/x", "/etc/cvf/x"};
	struct query q = {.agent = "fuzz", .now = 1790000000};
	struct answer a;

	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		q.op = (enum cvf_op)op;
		q.object = paths[op % 5];
		assert(policy_eval(m, &q, &a, NULL) == 0);
		assert(a.verdict >= CVF_VERDICT_ALLOW && a.verdict <= CVF_VERDICT_HOLD && a.capability);
		assert(a.risk != CVF_R3 || a.verdict != CVF_VERDICT_ALLOW);
		(void)image_judge(image, 1, &q);
	}
}

static void compile(struct model *m, struct diags *d)
{
	static const char agent[] =
		"{\"schema\":\"cvf.agent/v1\",\"id\":\"fuzz\",\"scope\":{\"paths\":[\"/home/x/work/**\"]}}";
	uint32_t next[3] = {0};
	const struct numbers numbers = {number, next};
	own_free struct cvf_image *image = NULL;
	size_t size;

	if (model_find(m, DECL_AGENT, "fuzz") ||
	    model_load_text(m, agent, strlen(agent), "agent", 1 << DECL_AGENT, false, d) < 0)
		return;
	if (model_check(m, d) < 0 || policy_compile(m, &numbers, 1, 1790000000, &image, &size, d) < 0)
		return;
	assert(image_check(image, size) == IMAGE_OK);
	ask(m, image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model *m = model_new();
	struct diags d = {0};
	int r;

	assert(m);
	r = model_load_text(m, (const char *)data, size, "fuzz", 0xf, false, &d);
	assert(r == 0 || d.errors || r == -ENOMEM);
	for (size_t i = 0; i < d.n; i++)
		assert(d.v[i].message);
	if (r == 0 && size <= COMPILE_BYTES)
		compile(m, &d);
	diags_done(&d);
	model_free(m);
	return 0;
}
