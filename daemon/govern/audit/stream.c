// SPDX-License-Identifier: Apache-2.0
/*
 * stream.c - see stream.h
 *
 * A reader holds a position in the store and nothing else: a slow one falls behind by itself and pushes nobody back.
 */
#include "stream.h"

#include <string.h>

#include "event_view.h"
#include "govern/approval/hold_view.h"
#include "govern/serve.h"
#include "intake.h"
#include "json/plain.h"

#define PAGE 100
#define BEAT_S 15
#define BEAT_TEXT ": alive\n\n"

struct reader {
	struct stream stream;
	struct governor *g;
	struct event_query query;
	bool is_of_holds;	/* the hold of each event instead of the event */
	char *text;		/* formatted, not sent yet */
	size_t size, sent;
	int64_t beat_ms;
};

static bool append(struct reader *r, const char *text, size_t n)
{
	char *grown = realloc(r->text, r->size + n);

	if (!grown)
		return false;
	r->text = grown;
	memcpy(r->text + r->size, text, n);
	r->size += n;
	return true;
}

static json_t *view_hold(struct governor *g, const struct event_row *row)
{
	char id[ULID_SIZE] = "";

	if (!row->record->hold_no || hold_table_id(g->store, row->boot, row->record->hold_no, id) < 0 || !*id)
		return NULL;
	return hold_view_id(g, id);
}

static int format(void *ctx, const struct event_row *row)
{
	struct reader *r = ctx;
	json_t *view = r->is_of_holds ? view_hold(r->g, row) : event_view(r->g, row);
	own_free char *json = view ? json_plain(view, JSON_COMPACT) : NULL, *text = NULL;
	int n;

	json_decref(view);
	if (!view && r->is_of_holds) {
		r->query.filter.after_n = row->n;
		return 0; /* it is kept no longer */
	}
	n = json ? asprintf(&text, "id: %s\nevent: %s\ndata: %s\n\n", row->id, r->is_of_holds ? "hold" : "event", json) : -1;
	if (n < 0 || !append(r, text, (size_t)n))
		return 1;
	r->query.filter.after_n = row->n;
	return 0;
}

/* The next page. Positions that the filter leaves out are passed for good when a page is not full. */
static int refill(struct reader *r)
{
	int64_t head = intake_head(r->g->intake), before = r->query.filter.after_n;
	struct event_scan scan = { 0 };
	int result;

	r->size = 0;
	r->sent = 0;
	if (before >= head)
		return 0;
	if (!r->query.is_empty) {
		result = event_query_each(r->g, &r->query, format, r, &scan);
		if (result < 0)
			return result;
	}
	if (scan.is_cut) {
		r->query.filter.after_n = scan.last_n;
		return r->size || append(r, BEAT_TEXT, strlen(BEAT_TEXT)) ? 0 : -ENOMEM; /* so that it is asked for the rest at once */
	}
	if (!r->size)
		r->query.filter.after_n = head;
	return 0;
}

static ssize_t pull(struct stream *s, char *to, size_t room)
{
	struct reader *r = (struct reader *)s;
	size_t n;

	if (r->sent == r->size && refill(r) < 0)
		return -1;
	if (r->sent == r->size) {
		if (clock_boot_ms() - r->beat_ms < BEAT_S * 1000)
			return 0;
		if (!append(r, BEAT_TEXT, strlen(BEAT_TEXT)))
			return -1;
	}
	r->beat_ms = clock_boot_ms();
	n = r->size - r->sent < room ? r->size - r->sent : room;
	memcpy(to, r->text + r->sent, n);
	r->sent += n;
	return (ssize_t)n;
}

static void reader_free(struct stream *s)
{
	struct reader *r = (struct reader *)s;

	event_query_done(&r->query);
	free(r->text);
	free(r);
}

/* Where to begin: after the event that the reader had last, else after the newest. 0, or the status of the refusal. */
static unsigned int set_start(struct request *q, struct event_filter *f)
{
	struct governor *g = governor_of(q);
	const char *last = request_header(q, "Last-Event-ID");
	char id[ULID_SIZE];
	int64_t time_ms;

	f->order = EVENT_ASC;
	f->limit = PAGE;
	if (f->before_n) { /* after=ID without order=asc */
		f->after_n = f->before_n;
		f->before_n = 0;
	}
	if (last && *last && (!ulid_normalise(last, id) || event_table_position(g->store, id, &f->after_n, &time_ms) < 0 || !f->after_n))
		return refuse(q, 400, "bad-parameter", "leave it out to start with what happens next",
			      "Last-Event-ID is not the id of an event");
	if (!f->after_n && !f->since_ms)
		f->after_n = intake_head(g->intake);
	if (event_skip_before(g, f) < 0)
		return refuse(q, 503, "store", "see the journal of cvfd-govern", "the store cannot be read");
	return 0;
}

unsigned int streams_start(struct request *q, struct event_query *take, bool is_of_holds)
{
	unsigned int status = set_start(q, &take->filter);
	struct reader *r = status ? NULL : calloc(1, sizeof(*r));

	if (!r) {
		event_query_done(take);
		return status ? status : refuse(q, 500, "no-memory", NULL, "out of memory");
	}
	r->stream = (struct stream){ .pull = pull, .free = reader_free };
	r->g = governor_of(q);
	r->is_of_holds = is_of_holds;
	r->query = *take;
	if (append(r, BEAT_TEXT, strlen(BEAT_TEXT))) /* the reader's library returns from its connect */
		r->beat_ms = clock_boot_ms();
	q->stream = &r->stream;
	return 200;
}

void streams_wake(struct governor *g)
{
	serve_wake(g);
}
