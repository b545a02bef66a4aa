/* SPDX-License-Identifier: Apache-2.0 */
/*
 * governor.h - a governor without processes: a store in a temporary directory or in memory, declarations of a text, and a
 * link whose other end is the test's
 */
#ifndef CVF_TEST_GOVERNOR_H
#define CVF_TEST_GOVERNOR_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "govern/agent/boot_table.h"
#include "govern/approval/approval.h"
#include "govern/audit/intake.h"
#include "govern/audit/secrets.h"
#include "govern/audit/trail.h"
#include "govern/counter/counter.h"
#include "govern/govern.h"
#include "govern/metric/metric.h"
#include "govern/quarantine/quarantine.h"
#include "govern/registry/numbers_table.h"
#include "govern/registry/registry.h"

static const char governor_capability[] =
	"{\"schema\":\"cvf.capability/v1\",\"id\":\"t.push\",\"name\":\"n\",\"description\":\"d\",\"operation_type\":\"EXECUTE\","
	"\"risk\":{\"level\":\"HIGH\",\"justification\":\"j\"},\"side_effects\":{\"reversible\":true,\"scope\":\"external\",\"description\":\"d\"},"
	"\"match\":{\"exec\":[{\"path\":\"**/git\",\"argv\":[\"push\",\"**\"]}]}}";
static const char governor_agent[] =
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"coder-1\",\"name\":\"n\",\"owner\":\"o\",\"capabilities\":[\"*\"],"
	"\"scope\":{\"paths\":[\"/home/**\"]}}";

static inline void governor_declare(struct governor *g, enum decl_kind kind, const char *text, struct origin *o)
{
	struct diags d = { 0 };
	struct decl_text one = { .kind = kind, .size = strlen(text) };
	const char *name = "test";

	memcpy(&one.name, &name, sizeof(name));
	memcpy(&one.text, &text, sizeof(text));
	(void)g;
	if (texts_add(&o->texts, &one) < 0 || model_load_text(o->model, text, strlen(text), name, 1u << kind, false, &d) < 0) {
		diags_print(&d, stderr);
		abort();
	}
}

static inline void governor_number(struct governor *g, enum number_kind kind, const char *name)
{
	struct numbers numbers = numbers_table_numbers(g->numbers);

	if (!numbers.get(numbers.ctx, kind, name))
		abort();
}

/* A link over a socket pair; *ret_peer is the other end. */
static inline void governor_link(struct governor *g, int *ret_peer)
{
	int pair[2];

	link_free(g->link);
	g->link = NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || link_of_fd(pair[0], &g->link) < 0)
		abort();
	*ret_peer = pair[1];
}

/* database: a path, or ":memory:". Agent coder-1 is number 1, capability t.push number 1, rule p/r number 1. */
static inline struct governor *governor_make(const char *database)
{
	struct governor *g = calloc(1, sizeof(*g));
	struct store_options o = { .path = database, .migrations = store_migrations, .migrations_count = store_migrations_count };
	struct origin origin = { .model = model_new() };
	struct diags d = { 0 };

	if (!g || store_open(&o, &g->store) < 0)
		abort();
	strcpy(g->boot_id, "0123456789abcdef0123456789abcdef");
	g->settings.use_s = 300;
	g->settings.grant_default_s = 3600;
	g->settings.grant_max_s = 86400;
	g->places = (struct places){ .link = "/nonexistent", .state = "/nonexistent", .run = "/nonexistent", .config = "/nonexistent",
				     .etc = "/nonexistent", .share = "/nonexistent", .journal = "/nonexistent", .cgroups = "/nonexistent" };
	if (boot_table_get(g->store, g->boot_id, 1, &g->boot) < 0 || trail_open(g, &g->trail) < 0 || secrets_open(g, &g->secrets) < 0 ||
	    numbers_table_open(g->store, &g->numbers) < 0 ||
	    registry_open(g, &g->registry) < 0 || counter_open(g, &g->counter) < 0 ||
	    quarantine_open(g, &g->quarantine) < 0 || approvals_open(g, &g->approvals) < 0 ||
	    metric_open(g, &g->metrics) < 0 || intake_open(g, &g->intake) < 0)
		abort();
	governor_number(g, NUMBER_AGENT, "coder-1");
	governor_number(g, NUMBER_CAPABILITY, "t.push");
	governor_number(g, NUMBER_RULE, "p/r");
	governor_declare(g, DECL_CAPABILITY, governor_capability, &origin);
	governor_declare(g, DECL_AGENT, governor_agent, &origin);
	if (model_check(origin.model, &d) < 0)
		abort();
	diags_done(&d);
	registry_set(g->registry, &origin, 5);
	return g;
}

static inline void governor_free(struct governor *g)
{
	intake_free(g->intake);
	metric_free(g->metrics);
	approvals_free(g->approvals);
	quarantine_free(g->quarantine);
	counter_free(g->counter);
	registry_free(g->registry);
	numbers_table_free(g->numbers);
	trail_free(g->trail);
	secrets_free(g->secrets);
	link_free(g->link);
	store_close(g->store);
	free(g);
}

/* A record with texts; size is right. */
static inline void record_put(struct cvf_record *r, struct cvf_span *span, const char *p, size_t n)
{
	*span = (struct cvf_span){ (uint16_t)r->text_len, (uint16_t)n };
	memcpy(r->text + r->text_len, p, n);
	r->text_len += (uint32_t)n;
	r->size = CVF_RECORD_HEAD + r->text_len;
}

/* A hold of "git push origin" by coder-1. */
static inline struct cvf_record record_hold(uint64_t hold_no, uint32_t pid)
{
	struct cvf_record r = { .kind = CVF_KIND_HOLD, .seq = hold_no, .time_ns = clock_boot_ns(), .generation = 5, .agent = 1,
				.session = 1, .pid = pid, .tid = pid, .op = CVF_OP_EXEC, .verdict = CVF_VERDICT_HOLD,
				.reason = CVF_REASON_APPROVAL, .risk = CVF_R2, .capability = 1, .digest = 1000 + pid,
				.grant_session = 2000, .grant_agent = 3000, .hold_no = hold_no };

	record_put(&r, &r.object, "/usr/bin/git", 12);
	record_put(&r, &r.args, "git\0push\0origin", 16);
	r.expires_ns = r.time_ns + 60000000000ull;
	return r;
}

#endif
