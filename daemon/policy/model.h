/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - declarations as C, private to the policy library
 *
 * Everything a declaration points to lives in the pool or the JSON of the text it came from, and with the model.
 */
#ifndef CVF_POLICY_MODEL_H
#define CVF_POLICY_MODEL_H

#include "json/fields.h"
#include "policy/policy.h"

#define OP_BIT(op) (1ull << (op))
#define OPS_ALL	   ((1ull << CVF_OP_MAX) - 2)
#define TIME_NEVER INT64_MAX

enum op_type { TYPE_NONE, TYPE_READ, TYPE_WRITE, TYPE_DELETE, TYPE_EXECUTE, TYPE_NETWORK, TYPE_MAX };

struct cidr {
	uint8_t bits; /* of 128; IPv4 as mapped IPv6 */
	uint8_t address[16];
};

struct cidrs {
	struct cidr *v;
	size_t n;
};

struct port_range {
	uint16_t first, last;
};

struct ports {
	struct port_range *v;
	size_t n; /* 0: any */
};

/* Minutes of a week day; days is a bit mask, Monday first. Ends at `to`, which may be on the next day (above 1440). */
struct window {
	uint8_t days;
	uint16_t from, to;
};

struct windows {
	struct window *v;
	size_t n;
};

/* One element of match.exec, .file, .unix, .net or .sys. */
struct matcher {
	uint64_t ops;
	enum cvf_domain domain;
	struct texts paths;   /* FILE, EXEC: any of them */
	struct texts argv;    /* EXEC; v NULL: whatever the arguments */
	struct texts except;  /* FILE, EXEC: paths; NET: see except_net */
	struct cidrs address; /* NET; n 0: any */
	struct cidrs except_net;
	struct ports ports;
	uint8_t protocols; /* 1 << enum cvf_proto */
	uint32_t literal;  /* how narrow it is: bytes that are no wildcards, or bits of a prefix */
	const char *group; /* "exec", "file", ...: the list of "match" that it is in, */
	uint32_t index;	   /* and its place there */
};

struct matchers {
	struct matcher *v;
	size_t n;
};

/*
 * PROPOSED is known and judged by nobody. ACTIVE and DEPRECATED are in force alike. RETIRED still covers what it
 * covered, and refuses it: what a capability guarded must not fall to a wider one with a lower risk because it went.
 */
enum state { STATE_PROPOSED, STATE_ACTIVE, STATE_DEPRECATED, STATE_RETIRED };

struct capability {
	const char *id, *name, *description;
	enum state state;
	enum op_type type;
	enum cvf_risk risk;
	bool risk_given;
	bool requires_approval;
	bool reversible;
	bool compensated; /* as declared */
	const char *strategy, *compensation_id;
	long long timeout_s;
	long long questions_per_hour; /* of one agent; 0: as cvfd.json says */
	struct matchers match;
};

struct scope {
	struct texts paths;
	struct cidrs net;
};

enum tri { TRI_ANY, TRI_NO, TRI_YES };

/* More often than that within the window; window_s 0: however often. */
struct rate {
	long long more_than, within_s;
};

struct rule {
	const char *id;
	struct texts agent, owner, profile, capability, path, argv; /* n 0: any */
	uint8_t risks;				       /* 1 << enum cvf_risk; 0: any */
	uint8_t types;				       /* 1 << enum op_type; 0: any */
	uint64_t ops;				       /* OPS_ALL: any */
	struct cidrs address;
	struct windows windows;
	struct rate rate;
	long long session_age_s; /* 0: any; else older than that */
	bool first_use;		 /* only while the agent has never used the capability */
	long long timeout_s;	 /* of the question that it asks; 0: the capability's */
	struct texts approvers;	 /* of that question: users and "@group"s; n 0: any approver */
	long long quorum;	 /* people who must approve; 0: one */
	enum tri in_scope;
	enum rule_effect { EFFECT_NONE, EFFECT_ALLOW, EFFECT_DENY, EFFECT_APPROVE } effect;
	const char *reason;
	bool has_grant;
	int64_t grant_expires;
	const char *ticket;
};

struct rules {
	struct rule *v;
	size_t n;
};

struct agent {
	const char *id, *profile, *home, *owner;
	struct texts cgroup, exe;
	uint32_t *uids;
	size_t uids_count;
	struct texts grants;
	struct scope scope;
	int mode;
	long long pending_holds;
};

struct profile {
	const char *id;
	struct texts extends; /* ids */
	struct texts grants;
	struct scope scope;
	struct rules rules;
};

/* A profile and those it extends, itself included, have at most that many: what they come to is decided by recursion. */
#define PROFILES_CHAIN 16

/* A profile and those it extends, in the order in which their rules are tried. */
struct profiles {
	const struct profile **v;
	size_t n;
};

struct policy {
	const char *id;
	long long priority;
	bool overlay; /* its rules only tighten */
	struct rules rules;
};

/* Everything that one text brought: freed with the model. The text stays, so that what is found later has a place. */
struct source {
	struct source *next;
	struct pool *pool;
	json_t *root;
	char *name, *text;
	size_t size;
};

struct decl {
	enum decl_kind kind;
	const char *id;
	bool builtin;
	int candidate; /* only tried: takes the place of the host's own, the latest text of all; 0: it is no candidate */
	const struct source *source;
	size_t index; /* in the text's array */
	unsigned int line, column;
	json_t *normal; /* owned */
	union {
		struct capability capability;
		struct agent agent;
		struct profile profile;
		struct policy policy;
	};
};

/* model_load_candidate() for what stands at a place of a text: an object or an array of them. */
int model_load_part(struct model *m, const struct jat *at, unsigned int allowed) must_check;

/* A place in a declaration's text, found when it is asked for. */
#define PLACE_DEPTH 8
struct place {
	struct jdoc doc;
	struct jat at[PLACE_DEPTH];
	size_t depth;
};
void place_begin(struct place *p, const struct decl *d);
/* One step down: a member, or element of an array (or the value itself if it is none). */
void place_key(struct place *p, const char *key);
void place_element(struct place *p, size_t i);
/* Adds a finding there. word: static. */
void place_tell(const struct place *p, struct diags *d, enum diag_level level, const char *word, const char *hint,
		const char *format, ...) printf_like(6, 7);

/* One approver, whoever it is, unless the rule (NULL: none) says more. Borrows its names. */
struct quorum rule_quorum(const struct rule *r);
bool quorum_is_stricter(const struct quorum *a, const struct quorum *b);

struct plan;

/* Declarations of one kind, by id, those of the host before shipped ones of the same id. */
struct decls {
	struct decl **v;
	size_t n;
};

struct model {
	struct source *sources;
	struct decls all[DECL_KIND_MAX];
	struct decls seen[DECL_KIND_MAX]; /* without those that others hide */
	int candidates;			  /* texts that are only tried */
	json_t *uses;			  /* agent -> capability -> true: what was done before; NULL: nothing */
	struct plan **plan;		  /* made when first asked for, thrown away when a declaration comes */
};

/* An id, no pattern, that a rule names and that neither is registered nor stands for what is not; NULL: none. */
const char *rule_unknown(const struct model *m, const struct rule *r, size_t *ret_index);

/* Visible declarations in order of id. */
const struct decl *model_decl(const struct model *m, enum decl_kind kind, const char *id);

/*
 * The profile of an id and what it extends; profiles_done() after success. -ENOENT, -ELOOP or -E2BIG: *ret_culprit (may be
 * NULL) is the id that nobody declared, that comes back to itself, or that is one too many. -ENOMEM.
 */
int profile_chain(const struct model *m, const char *id, struct profiles *ret_chain,
		  const char **ret_culprit) must_check;
void profiles_done(struct profiles *p);

/*
 * One per kind: reads the object into the declaration and makes its normalised JSON; mistakes go to the document's
 * diagnoses.
 */
void capability_read(const struct jat *at, struct decl *d);
void agent_read(const struct jat *at, struct decl *d);
void profile_read(const struct jat *at, struct decl *d);
void policy_read(const struct jat *at, struct decl *d);

/* The "match" of a capability whose type and risk are known. */
void matchers_read(const struct jat *at, struct capability *c);
bool capability_in_force(const struct capability *c);
/* What it takes away is kept in quarantine first. */
bool capability_keeps(const struct capability *c);
/* Its "examples": an error for each that its matchers, already read, do not bear out. */
void examples_check(const struct jat *at, const struct capability *c);
/*
 * Is an irreversible effect's compensation one that exists? Capabilities that are not in force count as none:
 * registered may be NULL (all are).
 */
bool capability_compensated(const struct capability *c, const struct model *registered);
/* Rules 24 to 26; NULL or the first that is broken, as a malloc'ed message. */
char *capability_inconsistent(const struct capability *c, bool compensated);

#endif
