// SPDX-License-Identifier: Apache-2.0
/* loop.c - see loop.h */
#include "loop.h"

#include <signal.h>
#include <string.h>

#include "alert/alert.h"
#include "approval/approval.h"
#include "audit/intake.h"
#include "audit/stream.h"
#include "audit/trail.h"
#include "core/log.h"
#include "counter/counter.h"
#include "freeze/freeze.h"
#include "health.h"
#include "metric/metric.h"
#include "notice/notice.h"
#include "quarantine/quarantine.h"
#include "registry/registry.h"
#include "serve.h"

#define TICK_US 1000000
#define COUNTERS_TICKS 5
#define SILENT_LEAST 2 /* seconds in which the canary gave no answer at all */
#define HOLDS_TICKS 10

struct loop {
	sd_event_source *link, *post, *tick, *term, *interrupt;
	unsigned int ticks;
	bool was_canary_ok;
	unsigned int silent;	/* times that it gave no answer, one after the other */
};
static struct loop loop = { .was_canary_ok = true };

static void on_packet(struct governor *g, struct packet *take)
{
	switch (packet_head(take)->type) {
	case WIRE_RECORDS:
		intake_push(g->intake, take);
		return;
	case WIRE_HOLD:
		approval_on_listed(g, take);
		break;
	case WIRE_HOLDS_END:
		approval_on_listed_end(g);
		break;
	default:
		break; /* an answer that came too late */
	}
	free(take);
}

/* Said once when it begins and once when it ends. */
static void note_store(struct governor *g, int error)
{
	bool is_failing = error < 0 && !link_is_closed(g->link), was_failing = *g->store_problem;
	const char *problem = store_problem(g->store);

	if (is_failing)
		snprintf(g->store_problem, sizeof(g->store_problem), "%s", problem ? problem : strerror(-error));
	else
		*g->store_problem = 0;
	if (is_failing && !was_failing)
		log_error("the store cannot be written (%s): records wait in the kernel, nothing can be approved; tried again every second",
			  g->store_problem);
	if (!is_failing && was_failing)
		log_notice("the store can be written again");
	if (error == -EUCLEAN || error == -ESTALE) {
		log_error(error == -ESTALE ? "the file of the store is gone: ending, so that the next start opens what is there" :
					     "the store is damaged: ending, so that the next start checks it and sets it aside");
		sd_event_exit(g->event, 1);
	}
}

int loop_drain(struct governor *g)
{
	struct packet *p;

	while ((p = link_pop(g->link)))
		on_packet(g, p);
	if (!*g->store_problem) /* else once a second */
		note_store(g, intake_flush(g));
	if (intake_is_full(g->intake) < 0)
		return -ENOBUFS;
	return link_is_closed(g->link) ? -ECONNRESET : 0;
}

static int handle(struct governor *g)
{
	int r = loop_drain(g);

	if (r == 0)
		return 0;
	if (r == -ENOBUFS)
		log_error("too many records wait for the store: leaving them with the enforcer and starting anew");
	else
		log_notice("the enforcer closed the link: ending, so that the supervisor starts this process anew");
	return sd_event_exit(g->event, r == -ENOBUFS);
}

static int on_link(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct governor *g = ctx;

	(void)source, (void)fd, (void)events;
	if (link_fill(g->link) < 0 && !link_is_closed(g->link))
		return sd_event_exit(g->event, 1);
	return handle(g);
}

/* After any other source: a request that waited for cvfd may have queued packets. */
static int on_post(sd_event_source *source, void *ctx)
{
	(void)source;
	serve_wake_due(ctx);
	return handle(ctx);
}

static void note_canary(struct governor *g)
{
	bool ok = health_canary(g, 0);

	if (!ok && loop.was_canary_ok && !link_is_closed(g->link))
		log_error("NOT ENFORCING: the canary says: %s; see the journal of cvfd", g->canary_problem);
	if (ok && !loop.was_canary_ok)
		log_notice("enforcing again");
	loop.was_canary_ok = ok;
	loop.silent = !ok && g->canary_error != -EIO ? loop.silent + 1 : 0;
	if (!ok && !link_is_closed(g->link) && (!loop.silent || loop.silent >= SILENT_LEAST))
		freeze_on_miss(g);
}

static void on_second(struct governor *g)
{
	int r;

	loop.ticks++;
	r = intake_flush(g);
	if (r == 0)
		r = intake_tick(g);
	note_store(g, r);
	trail_tick(g->trail);
	approval_tick(g);
	notice_tick(g);
	quarantine_tick(g);
	metric_tick(g);
	alert_tick(g);
	registry_tick(g);
	streams_wake(g);
	if (loop.ticks % COUNTERS_TICKS == 0 && counter_collect(g) < 0)
		log_debug("counters: tried again in %d s", COUNTERS_TICKS);
	note_canary(g);
	/* A hold whose record found the ring full is on cvfd's list all the same. */
	if (loop.ticks % HOLDS_TICKS == 0 && link_ask_holds(g->link) < 0)
		log_debug("holds: asked for again in %d s", HOLDS_TICKS);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct governor *g = ctx;

	on_second(g);
	sd_event_source_set_time(source, usec + TICK_US);
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
	struct governor *g = ctx;

	(void)source;
	log_info("signal %u: ending", info->ssi_signo);
	return sd_event_exit(g->event, 0);
}

static int add_signal(struct governor *g, sd_event_source **ret_source, int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	return sd_event_add_signal(g->event, ret_source, signal, on_signal, g);
}

int loop_open(struct governor *g)
{
	uint64_t now;
	int r = sd_event_now(g->event, CLOCK_MONOTONIC, &now);

	if (r >= 0)
		r = add_signal(g, &loop.term, SIGTERM);
	if (r >= 0)
		r = add_signal(g, &loop.interrupt, SIGINT);
	if (r >= 0)
		r = sd_event_add_io(g->event, &loop.link, link_fd(g->link), EPOLLIN, on_link, g);
	if (r >= 0)
		r = sd_event_add_post(g->event, &loop.post, on_post, g);
	if (r >= 0)
		r = sd_event_add_time(g->event, &loop.tick, CLOCK_MONOTONIC, now + TICK_US, 0, on_tick, g);
	if (r >= 0)
		r = sd_event_source_set_enabled(loop.tick, SD_EVENT_ON);
	return r < 0 ? r : 0;
}
