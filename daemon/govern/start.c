// SPDX-License-Identifier: Apache-2.0
/* start.c - see start.h */
#include "start.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>

#include "agent/boot_table.h"
#include "agent/session_table.h"
#include "approval/approval.h"
#include "audit/intake.h"
#include "audit/retention.h"
#include "audit/secrets.h"
#include "audit/trail.h"
#include "backup/backup.h"
#include "backup/restore.h"
#include "core/log.h"
#include "counter/counter.h"
#include "freeze/freeze.h"
#include "health.h"
#include "json/memory.h"
#include "loop.h"
#include "metric/metric.h"
#include "metric/rollup_table.h"
#include "quarantine/quarantine.h"
#include "registry/numbers_table.h"
#include "registry/registry.h"
#include "sandbox.h"
#include "serve.h"
#include "trail/trail_table.h"

#define LINK_WAIT_MS 10000
/* The id of this host to others: of the machine's own, which stays here, nobody can tell from it. */
#define APPLICATION SD_ID128_MAKE(4b, 1e, 8a, 60, 95, 2d, 4c, 3f, a7, 18, 5e, d3, 70, c2, 9b, 46)

static int become_user(struct governor *g)
{
	int r = sandbox_become_user(&g->places);

	if (r == -ENOENT)
		log_error("there is no user " GOVERN_USER "; make it with: useradd --system --no-create-home --shell /usr/sbin/nologin " GOVERN_USER);
	else if (r < 0)
		log_error("cannot become the user " GOVERN_USER ": %s", strerror(-r));
	return r;
}

/* Held for life: the descriptor is left open on purpose. */
static int lock_state(struct governor *g)
{
	own_free char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/govern.lock", g->places.state) < 0)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		log_error("cannot open %s: %s; the directory must belong to the user " GOVERN_USER, path, strerror(errno));
		return -errno;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		log_error("another cvfd-govern uses %s; stop it (systemctl stop cvfd-govern), or give --state another directory",
			  g->places.state);
		return -errno;
	}
	return 0;
}

/* A mistake in the settings stops nothing: it is shown by status until it is put right. */
static int load_settings(struct governor *g)
{
	struct diags d = { 0 };

	if (settings_load(g->places.config, &g->settings, &d) < 0) {
		const struct diag *first = d.n ? &d.v[0] : NULL;

		if (asprintf(&g->settings_problem, "%s:%u:%u: %s", g->places.config, first ? first->line : 0,
			     first ? first->column : 0, first ? first->message : "unreadable") < 0)
			g->settings_problem = NULL;
		log_error("%s; going on with the default settings: nobody but root and the cvf groups has a role, R3 cannot be approved",
			  g->settings_problem ? g->settings_problem : g->places.config);
	}
	diags_done(&d);
	auth_init(&g->auth, TAKE(g->settings.principals), g->settings.principals_count);
	g->settings.principals_count = 0;
	return 0;
}

static int open_database(struct governor *g, const char *path)
{
	struct store_options o = { .path = path, .migrations = store_migrations, .migrations_count = store_migrations_count,
				   .max_bytes = g->settings.store_max_bytes };

	return store_open(&o, &g->store);
}

/* A damaged store is kept for whoever can read it; the new one begins with the gap that this is. */
static int replace_database(struct governor *g, const char *path)
{
	own_free char *aside = NULL;
	int r = store_set_aside(path, &aside);

	if (r < 0) {
		log_error("the store %s is damaged and cannot be moved aside: %s", path, strerror(-r));
		return r;
	}
	log_error("the store was damaged: it is kept as %s, and a new one begins; what was pending is asked for again", aside);
	return open_database(g, path);
}

static int open_store(struct governor *g)
{
	own_free char *path = NULL;
	int r;

	if (asprintf(&path, "%s/cvf.db", g->places.state) < 0)
		return -ENOMEM;
	backup_clean(g);
	r = open_database(g, path);
	if (r == -EUCLEAN) /* a read that failed once can look like it: now all of it is read */
		r = open_database(g, path);
	if (r == -EUCLEAN)
		r = replace_database(g, path);
	if (r == -EPERM)
		log_error("the store %s is another user's, or others may write to it: it must be of the user " GOVERN_USER ", mode 0600", path);
	else if (r == -EPROTO)
		log_error("the store %s was written by a newer version: install that one", path);
	else if (r < 0)
		log_error("cannot open the store %s: %s; check the directory's owner and the space on its disk", path, strerror(-r));
	return r;
}

/* What leaves the store says which host it is of; there may be no id (a container) or no name. */
static int mark_host(struct governor *g)
{
	char id_text[SD_ID128_STRING_MAX], name[MARK_SIZE] = "";
	sd_id128_t id;
	int r = 0;

	if (sd_id128_get_machine_app_specific(APPLICATION, &id) >= 0)
		r = mark_table_put(g->store, MARK_HOST_ID, sd_id128_to_string(id, id_text));
	if (r == 0 && gethostname(name, sizeof(name) - 1) == 0 && *name)
		r = mark_table_put(g->store, MARK_HOST_NAME, name);
	return r;
}

/* Which boot this is, and the last id, so that new ones are greater. */
static int read_place(struct governor *g)
{
	char last[ULID_SIZE];
	uint8_t hash[CHAIN_BYTES];
	int64_t n;
	int r = clock_boot_id(g->boot_id);

	if (r == 0)
		r = boot_table_get(g->store, g->boot_id, clock_utc_ms(), &g->boot);
	if (r == 0)
		r = trail_table_last(g->store, &n, last, hash);
	if (r == 0)
		ulids_init(&g->ids, last);
	if (r == 0)
		r = store_begin(g->store, STORE_BATCH);
	if (r == 0)
		r = session_table_end_others(g->store, g->boot, clock_utc_ms());
	if (r == 0)
		r = mark_host(g);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0) {
		store_rollback(g->store);
		log_error("the store cannot be used: %s", store_problem(g->store) ? store_problem(g->store) : strerror(-r));
	}
	return r;
}

static int open_link(struct governor *g)
{
	int r = link_open(g->places.link, LINK_WAIT_MS, &g->link);

	if (r == -EPROTO)
		log_error("cvfd is of another version (ABI %d is wanted): restart it after the upgrade", CVF_ABI);
	else if (r < 0)
		log_error("cannot reach cvfd at %s: %s; start cvfd first", g->places.link, strerror(-r));
	else
		r = health_status(g);
	if (r < 0 && g->link)
		log_error("cvfd says nothing of itself: %s", strerror(-r));
	return r;
}

static int open_rooms(struct governor *g)
{
	int r = trail_open(g, &g->trail);

	if (r == 0)
		r = secrets_open(g, &g->secrets);
	if (r == 0)
		r = numbers_table_open(g->store, &g->numbers);
	if (r == 0)
		r = registry_open(g, &g->registry);
	if (r == 0)
		r = counter_open(g, &g->counter);
	if (r == 0)
		r = quarantine_open(g, &g->quarantine);
	if (r == 0)
		r = approvals_open(g, &g->approvals);
	if (r == 0)
		r = metric_open(g, &g->metrics);
	if (r == 0)
		r = intake_open(g, &g->intake);
	if (r < 0)
		log_error("cannot start: %s", strerror(-r));
	return r;
}

static int put_policy_in_force(struct governor *g)
{
	int r = freeze_start(g);

	if (r == 0)
		r = registry_start(g);
	if (r == 0 && registry_problem(g->registry))
		log_error("the declarations have mistakes, older ones are in force: %s", registry_problem(g->registry));
	if (r == 0)
		r = approval_start(g);
	if (r < 0)
		log_error("the policy could not be put in force: %s", strerror(-r));
	else
		log_info("generation %llu is in force", (unsigned long long)registry_generation(g->registry));
	return r;
}

/* Without it everything else goes on. */
static void open_tcp(struct governor *g)
{
	int r = serve_open_tcp(g);

	if (r < 0)
		log_error("the API cannot be reached at %s: %s", g->settings.api.listen, strerror(-r));
	else if (g->http_tcp)
		log_notice("the API listens on %s, %s", g->settings.api.listen, g->settings.api.certificate ? "with TLS" : "on this host only");
}

static int open_api(struct governor *g)
{
	int r = serve_open(g);

	if (r == -EADDRINUSE)
		log_error("another process listens on %s/cvfd.sock: stop it", g->places.run);
	else if (r < 0)
		log_error("cannot open the sockets in %s: %s; the directory must belong to the user " GOVERN_USER, g->places.run, strerror(-r));
	if (r == 0)
		open_tcp(g);
	return r;
}

static int open_loop(struct governor *g)
{
	int r = sd_event_new(&g->event);

	if (r >= 0)
		r = loop_open(g);
	return r < 0 ? r : retention_open(g);
}

static int enter_sandbox(struct governor *g)
{
	int r = sandbox_enter();

	(void)g;
	if (r < 0)
		log_error("cannot give up privileges: %s", strerror(-r));
	return r;
}

static int look_first(struct governor *g)
{
	if (!health_canary(g, 0))
		log_error("NOT ENFORCING: the canary says: %s; see the journal of cvfd", g->canary_problem);
	return 0;
}

int start_alone(struct governor *g)
{
	int r = become_user(g);

	return r < 0 ? r : lock_state(g);
}

int start_all(struct governor *g)
{
	static int (*const steps[])(struct governor *g) = {
		become_user, lock_state, load_settings, open_store, read_place, open_link, open_rooms, restore_finish, put_policy_in_force, open_loop, open_api,
		enter_sandbox, look_first, loop_drain,
	};
	int r = 0;

	memory_watch();
	clock_open();
	g->started_ms = clock_boot_ms();
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(steps); i++)
		r = steps[i](g);
	if (r < 0)
		log_error("not started: %s", strerror(-r));
	return r;
}

void stop_all(struct governor *g)
{
	if (g->intake && g->link && !link_is_closed(g->link) && intake_flush(g) < 0)
		log_warning("some records could not be stored: the enforcer sends them again");
	http_free(g->http_tcp);
	if (g->trail && trail_sign(g->trail) < 0)
		log_warning("the end of the audit trail is not signed: the next start does it");
	retention_close();
	http_free(g->http);
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
	auth_done(&g->auth);
	settings_done(&g->settings);
	free(g->settings_problem);
	sd_event_unref(g->event);
}
