/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - cvfd.json: every setting is optional, every mistake has a line and a column */
#ifndef CVF_SETTINGS_H
#define CVF_SETTINGS_H

#include <stdint.h>

#include "api/auth.h"
#include "core/diag.h"
#include "govern/settings_api.h"
#include "trail/redact.h"
#include "objective/target.h"

/* Approving once is always possible. A pattern needs the right to session or agent, too. */
#define GRANT_SCOPE_SESSION 1u
#define GRANT_SCOPE_AGENT 2u
#define GRANT_SCOPE_PATTERN 4u

#define NOTICE_REQUESTED 1u
#define NOTICE_ESCALATED 2u
#define NOTICE_ENDED 4u
#define NOTICE_TERMINALS "terminals"	/* the target that is no webhook and no program */

/* What becomes of the agents when the canary was not refused. */
enum on_miss { ON_MISS_LOG, ON_MISS_FREEZE, ON_MISS_STOP };

struct settings {
	struct principal *principals;	/* malloc'ed */
	size_t principals_count;
	int64_t grant_default_s;	/* lifetime of a grant of scope agent when the approver names none */
	int64_t grant_max_s;		/* longest lifetime an approver may ask for */
	unsigned int grant_scopes;	/* GRANT_SCOPE_*: what an approver may leave behind */
	bool needs_second_factor;	/* for CRITICAL, of everybody; else of those who have one */
	unsigned int critical_people;	/* 2: a human operator and a compliance officer must approve what is CRITICAL */
	int64_t use_s;			/* an approval that did not reach the operation by then is void */
	struct escalation {
		int64_t after_s;
		char **approvers;	/* users, and groups after an '@' */
		size_t approvers_count;
	} *escalation;			/* malloc'ed; the soonest first */
	size_t escalation_count;
	struct notice_target {
		char *name;		/* "webhook:ID", "command:ID", "terminals" */
		unsigned int events;	/* NOTICE_* */
		char *answer_as;	/* the user whose answers links in it are; NULL: it has none */
	} *notify;			/* malloc'ed; cvfd-notify knows where they are */
	size_t notify_count;
	char *answer_url;		/* what links begin with, without a slash at the end; NULL: there are none */
	bool self_approval;		/* a user may approve what runs as that user */
	int64_t questions_per_hour;	/* of one agent for one capability that says nothing of its own; 0: any number */
	struct api_settings api;
	uint64_t store_max_bytes;	/* 0: as large as the disk */
	int64_t head_every_s, head_every_entries;	/* a head of the audit trail is signed after so long, or so many entries */
	int64_t audit_age_s;		/* entries of the trail that are older are pruned; 0: none */
	uint64_t audit_bytes;		/* the oldest are pruned when the database is larger; 0: never */
	struct redact_rules redact;	/* beside the built-in ones */
	int64_t quarantine_age_s;	/* what was kept longer ago is purged */
	uint64_t quarantine_bytes;	/* of everything kept: beyond, the oldest is purged */
	struct targets targets;		/* what is promised */
	int on_miss;			/* enum on_miss */
	uint64_t quarantine_copy_bytes;	/* larger files are kept only where they can be linked */
};

/* A missing file is a file without settings. -EINVAL with diagnoses; *ret_settings is then the default, without a right to lasting grants, and a missed canary freezes. */
int settings_load(const char *path, struct settings *ret_settings, struct diags *d) must_check;
void settings_done(struct settings *s);

#endif
