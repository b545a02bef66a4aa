/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_fixture.h - a model from a text, its image, and both asked at once; include after cmocka.h
 */
#ifndef POLICY_FIXTURE_H
#define POLICY_FIXTURE_H

#include <stdlib.h>

#include "core/image.h"
#include "policy/policy.h"

#define FIXTURE_NOW   1790000000 /* 2026-09-21T14:13:20Z, a Monday */
#define FIXTURE_NAMES 2048

/* Numbers in order of asking, per kind. */
struct fixture_names {
	char *v[3][FIXTURE_NAMES];
	uint32_t n[3];
	bool only_count; /* each is asked for once, and nobody asks for its name */
};

struct fixture {
	struct model *m;
	struct cvf_image *image;
	size_t size;
	struct diags d;
	struct fixture_names names;
};

static inline uint32_t fixture_number(void *ctx, enum number_kind kind, const char *name)
{
	struct fixture_names *names = ctx;

	if (names->only_count)
		return ++names->n[kind];
	for (uint32_t i = 0; i < names->n[kind]; i++)
		if (strcmp(names->v[kind][i], name) == 0)
			return i + 1;
	if (names->n[kind] == FIXTURE_NAMES)
		return 0;
	names->v[kind][names->n[kind]] = strdup(name);
	return ++names->n[kind];
}

static inline void fixture_begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->m = model_new();
	assert_non_null(f->m);
}

static inline int fixture_add(struct fixture *f, const char *text)
{
	return model_load_text(f->m, text, strlen(text), "test.json", 0xf, false, &f->d);
}

static inline int fixture_compile(struct fixture *f)
{
	const struct numbers numbers = {fixture_number, &f->names};

	return policy_compile(f->m, &numbers, 1, FIXTURE_NOW, &f->image, &f->size, &f->d);
}

static inline void fixture_build(struct fixture *f)
{
	int r = model_check(f->m, &f->d);

	if (r == 0)
		r = fixture_compile(f);
	if (r < 0)
		diags_print(&f->d, stderr);
	assert_int_equal(r, 0);
	assert_string_equal(image_fault_text(image_check(f->image, f->size)), image_fault_text(IMAGE_OK));
}

static inline void fixture_load(struct fixture *f, const char *text)
{
	int r;

	fixture_begin(f);
	r = fixture_add(f, text);
	if (r < 0)
		diags_print(&f->d, stderr);
	assert_int_equal(r, 0);
	fixture_build(f);
}

static inline void fixture_done(struct fixture *f)
{
	for (int kind = 0; !f->names.only_count && kind < 3; kind++)
		for (uint32_t i = 0; i < f->names.n[kind]; i++)
			free(f->names.v[kind][i]);
	model_free(f->m);
	diags_done(&f->d);
	free(f->image);
}

/* explain's answer, after the image was seen to give the same. */
static inline struct answer fixture_ask(struct fixture *f, const struct query *q)
{
	const struct cvf_cell *cells = image_section(f->image, CVF_SECTION_CELL, NULL), *cell;
	json_t *trace = json_array();
	struct answer a, told;

	assert_int_equal(policy_eval(f->m, q, &a, NULL), 0);
	/* With a trace every rule is tried, without one only those that can match. */
	assert_int_equal(policy_eval(f->m, q, &told, trace), 0);
	json_decref(trace);
	assert_int_equal(told.verdict, a.verdict);
	assert_int_equal(told.reason, a.reason);
	assert_string_equal(told.capability, a.capability);
	assert_true(told.rule == a.rule);
	cell = &cells[image_judge(f->image, fixture_number(&f->names, NUMBER_AGENT, q->agent), q)];
	if (cell->reason == CVF_REASON_ASK_GOVERNOR || a.reason == CVF_REASON_ARGS_TOO_LONG)
		return a;
	if (cell->action != a.verdict || cell->reason != a.reason)
		fprintf(stderr, "%s %s: explain says %u %s (%s), the image %u %s\n", op_name(q->op),
			q->object ? q->object : "", a.verdict, reason_word(a.reason), a.capability, cell->action,
			reason_word(cell->reason));
	assert_int_equal(cell->action, a.verdict);
	assert_int_equal(cell->reason, a.reason);
	assert_int_equal(cell->risk, a.risk);
	assert_int_equal(cell->flags, a.cell_flags);
	assert_int_equal(cell->timeout_s, a.timeout_s);
	assert_int_equal(cell->op, q->op);
	if (a.rule)
		assert_string_equal(f->names.v[NUMBER_RULE][cell->rule - 1], a.rule);
	else
		assert_int_equal(cell->rule, 0);
	if (cell->capability)
		assert_string_equal(f->names.v[NUMBER_CAPABILITY][cell->capability - 1], a.capability);
	return a;
}

static inline void fixture_expect(struct fixture *f, const struct query *q, enum cvf_verdict verdict,
				  enum cvf_reason reason)
{
	struct answer a = fixture_ask(f, q);

	if (a.verdict != verdict || a.reason != reason)
		fprintf(stderr, "%s %s: %u %s by %s\n", op_name(q->op), q->object ? q->object : "", a.verdict,
			reason_word(a.reason), a.capability);
	assert_int_equal(a.verdict, verdict);
	assert_string_equal(reason_word(a.reason), reason_word(reason));
}

#endif
