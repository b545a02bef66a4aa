// SPDX-License-Identifier: Apache-2.0
/* slices.c - see slices.h */
#include "slices.h"

#include <string.h>

#include "core/log.h"
#include "govern/serve.h"
#include "json/doc.h"
#include "json/memory.h"

#define SLICE_NS 20000000
#define PAUSE_US 5000

struct slices {
	struct stream stream;
	struct governor *g;
	struct job job;
	sd_event_source *pause;
	char *text; /* the answer; NULL: not there yet */
	size_t size, sent;
	bool is_short;	/* of memory, in some slice */
};

static bool is_busy;

static json_t *failure(int error)
{
	if (error == -ESTALE)
		return json_pack("{s:{s:s, s:s, s:s}}", "error", "code", "changed", "message",
				 "what is in force has changed meanwhile", "hint", "ask again");
	return json_pack("{s:{s:s, s:s, s:s}}", "error", "code", "failed", "message", strerror(-error), "hint",
			 "see the journal of cvfd-govern");
}

/* Works until the slice is over. 1: more to do. */
static int work(struct slices *s, json_t **ret_result)
{
	uint64_t end = clock_boot_ns() + SLICE_NS;
	unsigned long failures = memory_failures();
	int r;

	do
		r = s->job.step(s->g, s->job.work, ret_result);
	while (r > 0 && clock_boot_ns() < end);
	s->is_short |= memory_failures() != failures;
	return r >= 0 && s->is_short ? -ENOMEM : r;
}

static void finish(struct slices *s, int error, json_t *result)
{
	own_json json_t *document = error < 0 || !result ? failure(error < 0 ? error : -ENOMEM) : json_incref(result);

	if (error < 0 && error != -ESTALE)
		log_error("an answer could not be worked out: %s", strerror(-error));
	s->text = document ? json_dumps(document, JSON_COMPACT) : NULL;
	s->size = s->text ? strlen(s->text) : 0;
}

static int on_pause(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct governor *g = ctx;

	(void)source, (void)usec;
	serve_wake(g);
	return 0;
}

/* Everything else has its turn, then the stream is asked again. */
static int pause_a_moment(struct slices *s)
{
	uint64_t now;
	int r = sd_event_now(s->g->event, CLOCK_MONOTONIC, &now);

	sd_event_source_unref(s->pause);
	s->pause = NULL;
	return r < 0 ? r : sd_event_add_time(s->g->event, &s->pause, CLOCK_MONOTONIC, now + PAUSE_US, 1, on_pause, s->g);
}

static ssize_t pull(struct stream *stream, char *to, size_t room)
{
	struct slices *s = (struct slices *)stream;
	own_json json_t *result = NULL;
	size_t n;
	int r = s->text ? 0 : work(s, &result);

	if (r > 0)
		return pause_a_moment(s) < 0 ? -1 : 0;
	if (!s->text)
		finish(s, r, result);
	n = s->size - s->sent < room ? s->size - s->sent : room;
	if (!n)
		return -1;
	memcpy(to, s->text + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static void slices_free(struct stream *stream)
{
	struct slices *s = (struct slices *)stream;

	is_busy = false;
	sd_event_source_unref(s->pause);
	s->job.free(s->job.work);
	free(s->text);
	free(s);
}

unsigned int slices_start(struct request *q, const struct job *take)
{
	struct slices *s = is_busy ? NULL : calloc(1, sizeof(*s));

	if (!s) {
		take->free(take->work);
		return is_busy ? refuse(q, 503, "busy", "ask again in a moment", "another long question is being worked on")
			       : refuse(q, 500, "no-memory", NULL, "out of memory");
	}
	*s = (struct slices){.stream = {.pull = pull, .free = slices_free, .type = "application/json"}, .g = governor_of(q)};
	s->job = *take;
	is_busy = true;
	q->stream = &s->stream;
	return 200;
}
