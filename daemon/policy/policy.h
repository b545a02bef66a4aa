/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - declarations in, verdicts out: a pure library, no I/O but reading files it is told to read, no clock, no
 * logging
 *
 * text --model_load--> model --model_check--> (diagnoses) --policy_compile--> image for the kernel
 *                        \--policy_eval--> what an operation would get and why
 *
 * policy_compile() fills every cell of the image by calling policy_eval()'s own decision function, so what `explain`
 * says and what the kernel does cannot differ.
 */
#ifndef CVF_POLICY_H
#define CVF_POLICY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "../core/diag.h"
#include "cvf/image.h"

struct model; /* every declaration in force; opaque */
struct pool;

enum decl_kind { DECL_CAPABILITY, DECL_AGENT, DECL_POLICY, DECL_PROFILE, DECL_KIND_MAX };

struct model *model_new(void);
void model_free(struct model *m);
OWN_DEFINE(model);

/*
 * Adds the declarations (an object or an array of objects) of one text. name: file name for diagnoses. allowed: bit
 * mask 1 << enum decl_kind. Nothing is added if d gains an error. builtin: shipped with the product (shown, not
 * removable). A declaration that is not builtin takes the place of a builtin one with the same id. 0, -EINVAL
 * (diagnoses say why), -ENOMEM.
 */
int model_load_text(struct model *m, const char *text, size_t size, const char *name, unsigned int allowed,
		    bool builtin, struct diags *d) must_check;
/*
 * The same for a text that is only tried: its declarations take the place of those of the host with the same id, without
 * a word, and model_lint() looks at them.
 */
int model_load_candidate(struct model *m, const char *text, size_t size, const char *name, unsigned int allowed,
			 struct diags *d) must_check;
/* The same for a file, and for every *.json of a directory in name order; a missing directory is empty. */
int model_load_file(struct model *m, const char *path, unsigned int allowed, bool builtin, struct diags *d) must_check;
int model_load_dir(struct model *m, const char *path, unsigned int allowed, bool builtin, struct diags *d) must_check;
/*
 * What only the whole can show: unknown profile, compensating capability, grants that match nothing, duplicate ids. 0
 * or -EINVAL.
 */
int model_check(const struct model *m, struct diags *d) must_check;
/*
 * What is not wrong and most likely not meant, in the declarations of model_load_candidate(). Each finding has a word
 * (struct diag): shadowed, unreachable, conflicting, too-wide, falls-to-default, expired; and unregistered, which is an
 * error: a rule that names what nobody registered denies. now: for standing grants. 0, -EINVAL, -ENOMEM.
 */
int model_lint(const struct model *m, time_t now, struct diags *d) must_check;
/*
 * Users and "@group"s that rules of these declarations name as approvers, and the host does not have: a warning
 * "no-such-approver" each. is_known asks the host.
 */
void model_lint_approvers(const struct model *m, bool (*is_known)(const char *name), struct diags *d);

/* Declarations in order of id. The JSON is borrowed and normalised: every default spelled out, "builtin", "source". */
size_t model_count(const struct model *m, enum decl_kind kind);
const json_t *model_at(const struct model *m, enum decl_kind kind, size_t i);
const json_t *model_find(const struct model *m, enum decl_kind kind, const char *id);

/*
 * Declarations by pattern, to be completed and loaded: read is LOW; write is MEDIUM, or HIGH if it cannot be reversed,
 * which then needs a compensating capability (-EINVAL); delete is HIGH, irreversible and compensated, by quarantine if
 * nothing is named; running a program and talking to the network are HIGH.
 */
struct capability_text {
	const char *id, *name, *description; /* name, description: NULL: none */
};
int capability_create_read(const struct capability_text *text, json_t **ret_decl) must_check;
int capability_create_write(const struct capability_text *text, bool reversible, const char *compensation_id,
			    json_t **ret_decl) must_check;
int capability_create_delete(const struct capability_text *text, const char *compensation_id,
			     json_t **ret_decl) must_check;
int capability_create_exec(const struct capability_text *text, const char *compensation_id, json_t **ret_decl) must_check;
int capability_create_net(const struct capability_text *text, const char *compensation_id, json_t **ret_decl) must_check;

/*
 * Numbers of capabilities, rules ("policy-id/rule-id") and agents, which outlive generations: records carry them. get
 * returns the number of a name, making one if needed (from 1; agents below CVF_AGENTS_MAX), or 0 when it cannot.
 */
enum number_kind { NUMBER_AGENT, NUMBER_CAPABILITY, NUMBER_RULE };
struct numbers {
	uint32_t (*get)(void *ctx, enum number_kind kind, const char *name);
	void *ctx;
};

/*
 * The image of the whole model. now: standing grants that have expired by then count as none; hours of the week are
 * left to the governor (CVF_CELL_ASK). *ret_image is one malloc'ed block of *ret_size bytes. -EINVAL, -E2BIG (too large
 * for the tables: the diagnosis names table, need and limit), -ENOMEM.
 */
int policy_compile(const struct model *m, const struct numbers *numbers, uint64_t generation, time_t now,
		   struct cvf_image **ret_image, size_t *ret_size, struct diags *d) must_check;
/*
 * What an agent has done before is no first use any more. 1: that was not known, and the model has to be compiled again for
 * it; 0: it was; -ENOMEM. model_cares_for_uses(): some rule looks at it.
 */
int model_note_use(struct model *m, const char *agent, const char *capability) must_check;
bool model_cares_for_uses(const struct model *m);
bool model_knows_use(const struct model *m, const char *agent, const char *capability);

/* When the next standing grant expires after now, so that the model must be compiled again; 0: never. */
time_t policy_next_expiry(const struct model *m, time_t now);

/* A hypothetical or past operation. Strings are borrowed; bytes may be any but NUL. */
struct query {
	const char *agent; /* id */
	enum cvf_op op;
	const char *object;	 /* resolved path; "//anon/...", "//abstract/..." too */
	const char *object2;	 /* new name of rename and link; NULL: none */
	const char *const *args; /* exec: argv[1..] */
	size_t args_count;
	bool args_cut;	     /* more arguments than are judged */
	uint8_t address[16]; /* IPv6 or mapped IPv4 */
	uint16_t port;
	enum cvf_proto protocol;
	time_t now; /* for time conditions */
	uint64_t session_age_s;
	uint64_t recent; /* for conditions that count: how often within their window, this time included; 0: not often */
};

/* Who must approve a hold: so many people, of these users and "@group"s; none: of all who have the role approver. */
struct quorum {
	unsigned int people; /* 0: it is no hold */
	const char *const *approvers;
	size_t approvers_count;
	bool of_both_duties; /* set by the governor: a human operator and a compliance officer among them */
};
static inline bool quorum_is_plain(const struct quorum *q)
{
	return q->people <= 1 && !q->approvers_count;
}

/* The approvers as an array of strings; NULL: out of memory. */
json_t *quorum_approvers(const struct quorum *q);

enum policy_decision { AUTO_EXECUTE, SCOPE_GUARD, APPROVAL_REQUIRED, HUMAN_INTERVENTION };

/* Strings are borrowed from the model (until it is freed or another text is loaded into it) or static. */
struct answer {
	enum policy_decision decision;
	enum cvf_verdict verdict; /* of mode enforce */
	enum cvf_mode mode;	  /* of the agent */
	enum cvf_reason reason;
	enum cvf_risk risk;
	const char *capability; /* id, or "unregistered.<operation>" */
	const char *rule;	/* "policy-id/rule-id" or NULL */
	const char *text;	/* reason text of the rule, or NULL */
	uint32_t timeout_s;
	bool in_scope;
	uint8_t cell_flags; /* CVF_CELL_* */
	struct quorum quorum;
};

/*
 * -ENOENT: no such agent. trace: NULL, or an array that gets one object per thing tried: {"step", "id", "matched",
 * "why"}.
 */
int policy_eval(const struct model *m, const struct query *q, struct answer *ret_answer, json_t *trace) must_check;

/* What a rule ("policy-id/rule-id") asks for, or the strictest of all rules (NULL); any one approver when there is none. */
int policy_quorum(const struct model *m, const char *rule, struct quorum *ret_quorum) must_check;

/* Runs an operation through an image exactly as the kernel would: for tests. Returns the cell's index. */
uint16_t image_judge(const struct cvf_image *image, uint32_t agent_no, const struct query *q);

/*
 * "exec PATH ARG...", "read|write|create|delete|rename PATH", "connect HOST:PORT": words of a command line into a
 * query.
 */
int query_parse(char *const *words, size_t count, struct query *ret_query, struct diags *d) must_check;
/*
 * The same as one text: spaces separate the words, a backslash takes the next byte as it is. The query's strings are of
 * the pool. -EINVAL, -ENOMEM.
 */
int query_parse_text(struct pool *pool, const char *text, struct query *ret_query, struct diags *d) must_check;

const char *op_name(enum cvf_op op);	      /* NULL: unknown */
enum cvf_op op_find(const char *name);	      /* CVF_OP_NONE: unknown */
const char *reason_word(unsigned int reason); /* never NULL */
const char *reason_sentence(unsigned int reason);
const char *risk_name(enum cvf_risk risk);  /* "LOW" ... */
const char *risk_class(enum cvf_risk risk); /* "R0" ... */
const char *decision_name(enum policy_decision decision);

#endif
