/* SPDX-License-Identifier: Apache-2.0 */
/*
 * govern.h - the governor's parts, as its rooms see them
 *
 * Made by daemon/cvfd_govern.c, in the order of the fields; there is one. Rooms call each other's headers and keep their own
 * state behind a pointer; what is here in the open is written by the room named beside it.
 */
#ifndef CVF_GOVERN_H
#define CVF_GOVERN_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "api/auth.h"
#include "api/http.h"
#include "cvf/wire.h"
#include "govern/clock.h"
#include "govern/link.h"
#include "govern/settings.h"
#include "policy/policy.h"
#include "store/store.h"
#include "store/ulid.h"

struct places {
	const char *link, *state, *run, *config, *etc, *share;
	const char *journal;	/* socket of journald */
	const char *cgroups;	/* where the cgroup2 tree is mounted */
};

struct numbers_table;
struct registry;
struct intake;
struct trail;
struct secrets;
struct counter;
struct approvals;
struct quarantine;
struct metrics;

struct governor {
	struct places places;
	struct settings settings;
	struct auth auth;
	sd_event *event;
	struct store *store;
	struct link *link;
	struct http *http, *http_tcp;	/* http_tcp: NULL unless cvfd.json asks for it */
	uint64_t api_counts[3];	/* serve: requests done, refused, failed */
	struct ulids ids;

	int64_t boot;			/* number of this boot in the store */
	char boot_id[BOOT_ID_SIZE];
	int64_t started_ms;		/* boot time */
	struct wire_status status;	/* health: cvfd's last answer */
	int64_t status_ms;
	bool canary_ok;			/* health */
	int canary_error;		/* -EIO: what must be refused was let through; others: it gave no answer */
	int64_t canary_ms;		/* 0: never tried */
	char canary_problem[128];
	char *settings_problem;		/* NULL: none */
	char store_problem[256];	/* loop: why records cannot be stored; empty: they can */

	struct numbers_table *numbers;
	struct registry *registry;
	struct counter *counter;
	struct approvals *approvals;
	struct quarantine *quarantine;
	struct trail *trail;
	struct secrets *secrets;
	struct metrics *metrics;
	struct intake *intake;
	uint64_t records_bad;		/* intake: malformed records refused since the start */
};

/* The governor of a request. */
static inline struct governor *governor_of(const struct request *q)
{
	return q->app;
}
/* Who asks; set before any handler runs. */
static inline const struct caller *caller_of(const struct request *q)
{
	return q->caller;
}

#endif
