// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_policy_scenario.c - any text as cases of cvf.test/v1: each passes or fails with a message
 */
#include <assert.h>

#include "policy/policy.h"
#include "policy/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model *m = model_new();
	struct scenario_count count = { 0 };
	struct diags d = { 0 };
	int r;

	assert(m);
	r = size > 4096 ? -ENOMEM : scenario_run(m, (const char *)data, size, "fuzz", 1790000000, &d, &count, NULL);
	assert(r == 0 || r == -ENOMEM || d.errors);
	assert(r != 0 || !count.failed);
	for (size_t i = 0; i < d.n; i++)
		assert(d.v[i].message);
	diags_done(&d);
	model_free(m);
	return 0;
}
