// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_http.c - requests to every handler: method, path and query on the first line, the body after it
 *
 * The HTTP library is not under test: it hands us a method, a path, parameters and a body. It is replaced here, so that
 * parameters come from the input. The enforcer is not there, so nothing can be put in force. In the first line ~ stands for
 * the id of a hold and ^ for that of an event.
 */
#include <microhttpd.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "../support/governor.h"
#include "api/route.h"
#include "core/log.h"
#include "govern/audit/event_table.h"
#include "govern/audit/intake.h"
#include "govern/loop.h"
#include "govern/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* There are no headers. */
_MHD_EXTERN const char *MHD_lookup_connection_value(struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key)
{
	(void)connection, (void)kind, (void)key;
	return NULL;
}

/* "a=b&c=d", not decoded; cut up. */
static void set_query(struct request *q, char *text)
{
	char *part;

	while (text && (part = strsep(&text, "&")) && q->query_count < QUERY_MAX) {
		char *name = strsep(&part, "=");

		q->query[q->query_count++] = (struct parameter){ name, part ? part : "" };
	}
}

static unsigned int allow(struct request *q, const struct route *route)
{
	static struct caller caller = { .name = "fuzz", .roles = ROLE_ADMIN, .is_human = true };

	(void)route;
	q->caller = &caller;
	return 0;
}

static char hold_id[ULID_SIZE], event_id[ULID_SIZE];

static int keep_id(void *ctx, const struct event_row *row)
{
	(void)ctx;
	strcpy(event_id, row->id);
	return 1;
}

static void send_record(int peer, const struct cvf_record *r)
{
	struct {
		struct wire_head head;
		struct wire_records fixed;
		struct cvf_record record;
	} packet = { .head = { .type = WIRE_RECORDS }, .fixed = { 1, 1, r->size }, .record = *r };

	packet.head.size = (uint32_t)(sizeof(packet) - sizeof(packet.record) + r->size);
	if (send(peer, &packet, packet.head.size, 0) < 0)
		abort();
}

/* Some events and holds to be asked about. */
static struct governor *make(void)
{
	struct governor *g = governor_make(":memory:");
	struct event_filter all = { .kinds = ~0, .limit = 1 };
	struct event_scan scan;
	int peer;

	governor_link(g, &peer);
	for (uint32_t i = 1; i < 6; i++) {
		struct cvf_record r = record_hold(i, i % 3 + 1);

		send_record(peer, &r);
	}
	close(peer);
	while (link_fill(g->link) == 0)
		;
	if (loop_drain(g) == 0 || hold_table_id(g->store, g->boot, 1, hold_id) < 0 || !*hold_id ||
	    event_table_each(g->store, &all, keep_id, NULL, &scan) < 0 || !*event_id)
		abort();
	return g;
}

static char *put_ids(const char *line)
{
	char *out = malloc(strlen(line) * 26 + 1), *to = out;

	for (; *line; line++) {
		if (*line == '~' || *line == '^')
			to = stpcpy(to, *line == '~' ? hold_id : event_id);
		else
			*to++ = *line;
	}
	*to = 0;
	return out;
}

static void serve(struct governor *g, const char *template, const char *body, size_t body_size)
{
	char *owned = put_ids(template), *line = owned;
	struct routes tables[SERVE_TABLES];
	struct router router = { .tables = tables, .tables_count = SERVE_TABLES, .allow = allow };
	const struct peer peer = { .pid = 1, .pidfd = -1 };
	struct request q = { .app = g, .peer = &peer, .body = body, .body_size = body_size };
	char *text;

	serve_tables(tables);
	q.method = strsep(&line, " ");
	q.path = line ? strsep(&line, "?") : "/";
	set_query(&q, line);
	if (!route_serve(&router, &q))
		abort(); /* no status */
	if (q.reply) {
		text = json_dumps(q.reply, 0);
		if (!text)
			abort(); /* an answer that is no JSON */
		free(text);
	} else if (!q.stream) {
		abort(); /* no answer */
	}
	json_decref(q.reply);
	json_decref(q.object);
	if (q.stream) {
		char piece[512];

		(void)!q.stream->pull(q.stream, piece, sizeof(piece));
		q.stream->free(q.stream);
	}
	free(owned);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct governor *g;
	char *text = malloc(size + 2), *body;

	if (!g) {
		log_open("fuzz", -1);
		if (sodium_init() < 0)
			abort();
		g = make();
	}
	memcpy(text, data, size);
	text[size] = text[size + 1] = 0;
	body = memchr(text, '\n', size);
	if (body)
		*body++ = 0;
	else
		body = text + size;
	serve(g, text, body, (size_t)(text + size - body));
	free(text);
	return 0;
}
