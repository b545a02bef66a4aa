// SPDX-License-Identifier: Apache-2.0
/* http_send.c - see http_internal.h: answers as the HTTP library sends them */
#include <sodium.h>
#include <string.h>

#include "json/plain.h"
#include "http_internal.h"
#include "route.h"

#define STREAM_BLOCK 16384
#define TAG_BYTES 16

struct pump {
	struct stream *stream;
	struct conn *conn;
	struct MHD_Connection *connection;
};

static ssize_t on_pull(void *ctx, uint64_t position, char *to, size_t room)
{
	struct pump *p = ctx;
	ssize_t n = p->stream->pull(p->stream, to, room);

	(void)position;
	if (n < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		MHD_suspend_connection(p->connection);
		p->conn->suspended = p->connection;
	}
	return n;
}

static void pump_free(void *ctx)
{
	struct pump *p = ctx;

	p->stream->free(p->stream);
	free(p);
}

static struct MHD_Response *stream_response(struct conn *c, struct MHD_Connection *connection, struct stream *take)
{
	struct pump *p = calloc(1, sizeof(*p));
	struct MHD_Response *response;

	if (!p) {
		take->free(take);
		return NULL;
	}
	*p = (struct pump){ .stream = take, .conn = c, .connection = connection };
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, on_pull, p, pump_free);
	if (!response) {
		pump_free(p);
		return NULL;
	}
	MHD_add_response_header(response, "Content-Type", take->type ? take->type : "text/event-stream");
	return response;
}

/* A strong one: answers are written the same way each time. */
static void make_tag(const char *text, size_t size, char ret_tag[2 * TAG_BYTES + 3])
{
	unsigned char hash[TAG_BYTES];

	crypto_generichash(hash, sizeof(hash), (const unsigned char *)text, size, NULL, 0);
	*ret_tag = '"';
	sodium_bin2hex(ret_tag + 1, 2 * TAG_BYTES + 1, hash, sizeof(hash));
	strcpy(ret_tag + 1 + 2 * TAG_BYTES, "\"");
}

/* If-None-Match: "*", or a list of tags, each perhaps weak. */
static bool is_known(const struct request *q, const char *tag)
{
	const char *known = request_header(q, "If-None-Match");

	return known && (strcmp(known, "*") == 0 || strstr(known, tag));
}

static void add_tag(struct exchange *x, const char *text, size_t size, struct MHD_Response **response, unsigned int *status)
{
	char tag[2 * TAG_BYTES + 3];

	make_tag(text, size, tag);
	if (is_known(&x->request, tag)) {
		MHD_destroy_response(*response);
		*response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		*status = 304;
	}
	if (*response)
		MHD_add_response_header(*response, "ETag", tag);
}

/* For an answer that could not even be refused. */
static const char no_memory[] = "{\"type\":\"urn:cvf:problem:no-memory\",\"title\":\"no-memory\",\"status\":500,\"detail\":\"out of memory\","
				"\"error\":{\"code\":\"no-memory\",\"message\":\"out of memory\"}}";

/* What a GET answers can be asked for again by its tag; what was refused is a problem (RFC 9457). */
static struct MHD_Response *json_response(struct exchange *x, unsigned int *status)
{
	char *text = x->request.reply ? json_plain(x->request.reply, JSON_COMPACT) : strdup(no_memory);
	struct MHD_Response *response;
	size_t size;

	if (!text)
		return NULL;
	size = strlen(text);
	response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return NULL;
	}
	if (*status == 200 && request_only_asks(&x->request))
		add_tag(x, text, size, &response, status);
	if (response && *status != 304)
		MHD_add_response_header(response, "Content-Type", *status >= 400 ? "application/problem+json" : "application/json");
	return response;
}

static void add_headers(const struct request *q, struct MHD_Response *response)
{
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Request-Id", q->id);
	if (*q->allow)
		MHD_add_response_header(response, "Allow", q->allow);
	for (size_t i = 0; i < q->headers_count; i++)
		MHD_add_response_header(response, q->headers[i].name, q->headers[i].value);
}

static unsigned int refuse_handshake(struct exchange *x)
{
	struct request *q = &x->request;

	q->stream->free(TAKE(q->stream));
	return refuse(q, 426, "websocket", "Connection: Upgrade, Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key of 16 bytes",
		      "this is not the handshake of a WebSocket");
}

enum MHD_Result http_send(struct conn *c, struct MHD_Connection *connection, struct exchange *x, unsigned int status)
{
	struct MHD_Response *response;
	enum MHD_Result r;

	if (status == STATUS_NONE)
		return MHD_NO;
	c->is_answering = true;
	if (http_ws_is_asked(&x->request)) {
		c->since = 0;
		response = http_ws_response(c, &x->request, &status);
		if (!response && status == 426) {
			c->since = http_now_us(c->http);
			status = refuse_handshake(x);
			response = json_response(x, &status);
		}
	} else if (x->request.stream) {
		c->since = 0;
		response = stream_response(c, connection, TAKE(x->request.stream));
	} else {
		response = json_response(x, &status);
	}
	if (!response)
		return MHD_NO;
	add_headers(&x->request, response);
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}
