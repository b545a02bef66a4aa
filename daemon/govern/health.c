// SPDX-License-Identifier: Apache-2.0
/* health.c - see health.h: /healthz, /readyz, /v1/status */
#include "health.h"

#include <string.h>

#include "api/route.h"
#include "api/view.h"
#include "approval/hold_table.h"
#include "audit/gap_table.h"
#include "audit/intake.h"
#include "audit/trail.h"
#include "freeze/freeze.h"
#include "metric/metric.h"
#include "notice/notice.h"
#include "probe.h"
#include "quarantine/quarantine.h"
#include "registry/registry.h"

#define CANARY_AGE_MS 5000

bool health_canary(struct governor *g, int64_t max_age_ms)
{
	static const struct wire_empty nothing;
	struct wire_reply answer = { 0 };
	int64_t now = clock_utc_ms();
	int r;

	if (g->canary_ms && now - g->canary_ms >= 0 && now - g->canary_ms < max_age_ms && !link_is_closed(g->link))
		return g->canary_ok;
	r = link_call(g->link, WIRE_CANARY, &nothing, -1, &answer);
	if (r == 0)
		r = answer.error;
	g->canary_ok = r == 0;
	g->canary_error = r;
	g->canary_ms = now;
	metric_on_canary(g, g->canary_ok);
	if (r < 0)
		snprintf(g->canary_problem, sizeof(g->canary_problem), "%s",
			 r == -EIO ? "an operation that must be refused was not refused" : strerror(-r));
	return g->canary_ok;
}

int health_status(struct governor *g)
{
	int r = link_status(g->link, &g->status);

	if (r == 0)
		g->status_ms = clock_utc_ms();
	return r;
}

static unsigned int get_healthz(struct request *q)
{
	return reply(q, 200, json_pack("{s:s}", "status", "up"));
}

static unsigned int get_readyz(struct request *q)
{
	const char *code, *problem = probe_problem(probe_run(governor_of(q), CANARY_AGE_MS), &code);

	if (!problem)
		return reply(q, 200, json_pack("{s:s}", "status", "ready"));
	return refuse(q, 503, code, "see cvfctl doctor and the journals of cvfd and cvfd-govern",
		      "not ready: %s", problem);
}

static json_t *view_modes(struct governor *g)
{
	static const char *const words[] = { "enforce", "observe", "learn" };
	const struct model *m = registry_model(g->registry);
	json_t *to = json_object();

	for (size_t w = 0; w < ARRAY_SIZE(words); w++) {
		json_int_t n = 0;

		for (size_t i = 0; i < model_count(m, DECL_AGENT); i++) {
			const char *mode = json_string_value(json_object_get(model_at(m, DECL_AGENT, i), "mode"));

			n += mode && strcmp(mode, words[w]) == 0;
		}
		view_set(to, words[w], json_integer(n));
	}
	return to;
}

static void view_trail(struct governor *g, json_t *to)
{
	uint64_t recorded = intake_recorded(g->intake), lost = 0;
	uint64_t next;
	int64_t pending = 0;

	if (gap_table_missing(g->store, &lost) < 0 || hold_table_pending(g->store, g->boot, &pending, &next) < 0)
		pending = 0; /* store_problem says why */
	view_set(to, "holds_pending", json_integer(pending));
	view_set(to, "events_recorded", json_integer((json_int_t)recorded));
	view_set(to, "events_lost", json_integer((json_int_t)lost));
	view_set(to, "audit_completeness", recorded + lost ? json_real(100.0 * (double)recorded / (double)(recorded + lost)) : json_null());
	view_set(to, "records_unseen", json_integer((json_int_t)intake_unseen(g->intake, &g->status)));
	view_set(to, "trail_problem", view_text(trail_problem(g->trail)));
	view_set(to, "records_bad", json_integer((json_int_t)g->records_bad));
	view_set(to, "store_problem", *g->store_problem ? view_text(g->store_problem) : view_text(store_problem(g->store)));
}

/* Being among the LSMs is not being called: then cvfd takes the other flavour, and somebody should know. */
static const char *flavour_problem(const struct wire_status *s)
{
	own_file FILE *f = s->flavour_lsm ? NULL : fopen("/sys/kernel/security/lsm", "re");
	char line[512] = "", *save = NULL;

	if (!f || !fgets(line, sizeof(line), f))
		return NULL;
	for (char *name = strtok_r(line, ",\n", &save); name; name = strtok_r(NULL, ",\n", &save))
		if (strcmp(name, "bpf") == 0)
			return "bpf is among the security modules, and the programs are attached as fmod_ret: cvfd was told so, or those of flavour lsm did "
			       "not refuse here";
	return NULL;
}

static void view_kernel(struct governor *g, json_t *to)
{
	const struct wire_status *s = &g->status;

	view_set(to, "flavour", json_string(s->flavour_lsm ? "lsm" : "fmod_ret"));
	view_set(to, "flavour_problem", view_text(flavour_problem(s)));
	view_set(to, "kernel", view_bytes(s->kernel, strnlen(s->kernel, sizeof(s->kernel))));
	view_set(to, "tasks", json_integer(s->tasks));
	view_set(to, "hooks", json_integer((json_int_t)s->hooks));
	view_set(to, "hooks_missing", json_integer((json_int_t)s->hooks_missing));
	view_set(to, "recursion_misses", json_integer((json_int_t)s->recursion_misses));
	view_set(to, "label_failed", json_integer((json_int_t)s->label_failed));
	view_set(to, "reasks", json_integer((json_int_t)s->reasks));
	view_set(to, "holds_refused", json_integer((json_int_t)s->holds_refused));
	view_set(to, "cache_miss", json_integer((json_int_t)s->cache_miss));
	view_set(to, "kernel_lost", json_integer((json_int_t)(s->lost[0] + s->lost[1])));
}

static void add_counts(struct http_counts *to, const struct http_counts *c)
{
	to->open += c->open;
	to->connections += c->connections;
	to->connections_refused += c->connections_refused;
	to->timed_out += c->timed_out;
	to->malformed += c->malformed;
}

static bool has_any(const struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], "*") == 0)
			return true;
	return false;
}

static json_t *view_api(struct governor *g)
{
	const struct api_settings *s = &g->settings.api;
	json_t *to;
	struct http_counts sum = { 0 }, one;

	if (g->http) {
		one = http_counts(g->http);
		add_counts(&sum, &one);
	}
	if (g->http_tcp) {
		one = http_counts(g->http_tcp);
		add_counts(&sum, &one);
	}
	to = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "requests", (json_int_t)g->api_counts[0], "refused", (json_int_t)g->api_counts[1],
			 "failed", (json_int_t)g->api_counts[2], "open", (json_int_t)sum.open, "connections", (json_int_t)sum.connections,
			 "connections_refused", (json_int_t)sum.connections_refused, "timed_out", (json_int_t)sum.timed_out, "malformed",
			 (json_int_t)sum.malformed);
	view_set(to, "listen", view_text(g->http_tcp ? s->listen : NULL));
	view_set(to, "tls", json_boolean(g->http_tcp && s->certificate));
	view_set(to, "any_host", json_boolean(has_any(&s->hosts)));
	view_set(to, "any_origin", json_boolean(has_any(&s->origins)));
	return to;
}

static unsigned int get_status(struct request *q)
{
	struct governor *g = governor_of(q);
	bool is_enforcing = health_canary(g, CANARY_AGE_MS) && health_status(g) == 0;
	const char *problem = registry_problem(g->registry);
	json_t *to = json_object();

	view_set(to, "enforcing", json_boolean(is_enforcing));
	view_kernel(g, to);
	view_set(to, "generation", json_integer((json_int_t)registry_generation(g->registry)));
	view_set(to, "agents", json_integer((json_int_t)model_count(registry_model(g->registry), DECL_AGENT)));
	view_set(to, "agents_frozen", json_integer(freeze_count(g)));
	view_set(to, "modes", view_modes(g));
	view_trail(g, to);
	view_set(to, "version", json_string(CVF_VERSION));
	view_set(to, "quarantine_problem", view_text(quarantine_problem(g)));
	notice_view(g, to);
	view_set(to, "policy_problem", view_text(problem ? problem : g->settings_problem));
	view_set(to, "uptime_s", json_integer((json_int_t)((clock_boot_ms() - g->started_ms) / 1000)));
	view_set(to, "api", view_api(g));
	view_set(to, "canary", json_pack("{s:b, s:o, s:s?}", "ok", g->canary_ok, "at", view_time(g->canary_ms), "problem",
					 g->canary_ok ? NULL : g->canary_problem));
	return reply(q, 200, to);
}

static const struct shape up_shape = SHAPE(NULL, M(WORD, "status", .words = "up"),);
static const struct shape ready_shape = SHAPE(NULL, M(WORD, "status", .words = "ready"),);
static const struct shape status_shape = SHAPE("status",
	M(YES_NO, "enforcing", .about = "the canary was refused within the last five seconds"),
	M(WORD, "flavour", .words = "lsm|fmod_ret"),
	M(TEXT, "flavour_problem", .flags = OR_NULL, .about = "the flavour is not the one that this kernel's list of security modules lets expect"),
	M(TEXT, "kernel"), M(NUMBER, "tasks"), M(NUMBER, "hooks"),
	M(NUMBER, "hooks_missing"), M(NUMBER, "recursion_misses"), M(NUMBER, "label_failed"), M(NUMBER, "reasks"),
	M(NUMBER, "holds_refused"), M(NUMBER, "cache_miss"), M(NUMBER, "kernel_lost"), M(NUMBER, "generation"),
	M(NUMBER, "agents"), M(NUMBER, "agents_frozen", .about = "-1 when the store cannot be read"),
	M(OBJECT, "modes", .about = "how many agents have each mode", .of = OF(M(NUMBER, "enforce"), M(NUMBER, "observe"), M(NUMBER, "learn"),)),
	M(NUMBER, "holds_pending"), M(NUMBER, "events_recorded"),
	M(NUMBER, "events_lost", .about = "records that the kernel numbered and that never arrived"),
	M(REAL, "audit_completeness", .flags = OR_NULL, .about = "100 * recorded / (recorded + lost); null before the first record"),
	M(NUMBER, "records_unseen", .about = "records that the kernel has numbered and that are on their way, or were lost with nothing after them"),
	M(NUMBER, "records_bad"),
	M(TEXT, "trail_problem", .flags = OR_NULL, .about = "why heads of the audit trail are not signed, or what is wrong with it"),
	M(TEXT, "store_problem", .flags = OR_NULL, .about = "why records cannot be stored; null: they can"),
	M(TEXT, "version"),
	M(TEXT, "quarantine_problem", .flags = OR_NULL, .about = "why what must be kept first cannot be; null: it can"),
	M(NUMBER, "notices_waiting", .about = "what people are to be told and were not yet"),
	M(TEXT, "notice_problem", .flags = OR_NULL, .about = "why they are not told: nothing takes the notices, or telling fails"),
	M(TEXT, "policy_problem", .flags = OR_NULL, .about = "what is wrong with the files on disk while older declarations are in force"),
	M(NUMBER, "uptime_s"),
	M(OBJECT, "api", .about = "since the start of cvfd-govern", .of = OF(M(NUMBER, "requests", .about = "done"),
		M(NUMBER, "refused", .about = "with 4xx"), M(NUMBER, "failed", .about = "with 5xx"), M(NUMBER, "open", .about = "connections now"),
		M(NUMBER, "connections"), M(NUMBER, "connections_refused"), M(NUMBER, "timed_out"),
		M(NUMBER, "malformed", .about = "what was no HTTP, or had too large a head"),
		M(TEXT, "listen", .flags = OR_NULL, .about = "the address on TCP; null: there is none"), M(YES_NO, "tls"),
		M(YES_NO, "any_host", .about = "`api.hosts` has `*`"), M(YES_NO, "any_origin", .about = "`api.origins` has `*`"),)),
	M(OBJECT, "canary", .of = OF(M(YES_NO, "ok"), M(TIME, "at", .flags = OR_NULL), M(TEXT, "problem", .flags = OR_NULL),)),);

static const struct route table[] = {
	{ "GET", "/healthz", ROLE_NONE, ON_CONTROL, get_healthz, "The process is up", .answer = &up_shape },
	{ "GET", "/health", ROLE_NONE, ON_CONTROL, get_healthz, "The same", .answer = &up_shape },
	{ "GET", "/readyz", ROLE_NONE, ON_CONTROL | ON_AGENT, get_readyz,
	  "Within the last five seconds an operation that must be refused was refused, an answer got as far as holds wait, a row was stored",
	  "Otherwise 503 with the reason.", .answer = &ready_shape },
	{ "GET", "/v1/status", ROLE_VIEWER, 0, get_status, "Is anything enforced, how, and how complete is the audit trail",
	  .answer = &status_shape },
	{ "GET", "/status", ROLE_VIEWER, 0, get_status, "The same", .answer = &status_shape },
};

const struct routes health_routes = { table, ARRAY_SIZE(table), "Health" };
