// SPDX-License-Identifier: Apache-2.0
/*
 * names.c - the words of ops.def, reasons.def and the risk scale, both ways
 */
#include <string.h>

#include "policy/policy.h"

static const char *const op_names[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = name,
#include "cvf/ops.def"
#undef OP
};

static const char *const reason_words[CVF_REASON_MAX] = {
#define REASON(number, suffix, word, sentence) [number] = word,
#include "cvf/reasons.def"
#undef REASON
};

static const char *const reason_sentences[CVF_REASON_MAX] = {
#define REASON(number, suffix, word, sentence) [number] = sentence,
#include "cvf/reasons.def"
#undef REASON
};

const char *op_name(enum cvf_op op)
{
	return op < CVF_OP_MAX ? op_names[op] : NULL;
}

enum cvf_op op_find(const char *name)
{
	for (unsigned int op = 1; op < CVF_OP_MAX; op++)
		if (strcmp(op_names[op], name) == 0)
			return op;
	return CVF_OP_NONE;
}

const char *reason_word(unsigned int reason)
{
	return reason < CVF_REASON_MAX && reason_words[reason] ? reason_words[reason] : "none";
}

const char *reason_sentence(unsigned int reason)
{
	return reason < CVF_REASON_MAX && reason_sentences[reason] ? reason_sentences[reason] : "no reason was given";
}

const char *risk_name(enum cvf_risk risk)
{
	static const char *const names[] = {"LOW", "MEDIUM", "HIGH", "CRITICAL"};

	return risk < ARRAY_SIZE(names) ? names[risk] : "HIGH";
}

const char *risk_class(enum cvf_risk risk)
{
	static const char *const names[] = {"R0", "R1", "R2", "R3"};

	return risk < ARRAY_SIZE(names) ? names[risk] : "R2";
}

const char *decision_name(enum policy_decision decision)
{
	static const char *const names[] = {
		[AUTO_EXECUTE] = "AUTO_EXECUTE",
		[SCOPE_GUARD] = "SCOPE_GUARD",
		[APPROVAL_REQUIRED] = "APPROVAL_REQUIRED",
		[HUMAN_INTERVENTION] = "HUMAN_INTERVENTION",
	};

	return decision < ARRAY_SIZE(names) ? names[decision] : "HUMAN_INTERVENTION";
}
