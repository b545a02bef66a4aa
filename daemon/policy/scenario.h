/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenario.h - cvf.test/v1: what operations must come to, judged without a daemon
 *
 * A file is one object or an array of them: "agent", "time" and "declarations" for all of its "cases"; a case is an
 * "operation" and what to "expect". A difference is an error at the expectation that does not hold.
 */
#ifndef CVF_POLICY_SCENARIO_H
#define CVF_POLICY_SCENARIO_H

#include "policy/policy.h"

struct scenario_count {
	size_t passed, failed;
};

/*
 * Runs every case of one text against the model plus the text's own declarations, which are loaded into the model as
 * candidates. results: NULL, or an array that gets {"name", "line", "agent", "operation", "passed", "got"} per case.
 * now: for cases without a time. 0, -EINVAL (the text is wrong, or a case failed: diagnoses say which), -ENOMEM.
 */
int scenario_run(struct model *m, const char *text, size_t size, const char *name, time_t now, struct diags *d,
		 struct scenario_count *ret_count, json_t *results) must_check;

#endif
