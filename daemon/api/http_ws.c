// SPDX-License-Identifier: Apache-2.0
/*
 * http_ws.c - see http_internal.h: a stream of events over a WebSocket
 *
 * The stream is the one that Server-Sent Events have: each event of it becomes a message, each sign of life a ping. It is
 * pulled from only when everything was sent, so a slow reader falls behind by itself.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "http_internal.h"
#include "ws.h"

#define PULL_BYTES 16384
#define PENDING_MAX (4u << 20)	/* one event */
#define CLOSE_NORMAL 1000
#define CLOSE_PROTOCOL 1002
#define CLOSE_UNSUPPORTED 1003

struct bytes {
	char *p;
	size_t n;
};

struct ws {
	struct ws *next;
	struct http *http;
	struct stream *stream;
	struct MHD_UpgradeResponseHandle *handle;
	sd_event_source *io;
	int fd;
	struct ws_reader reader;
	struct bytes pulled;	/* events not whole yet */
	struct bytes out;	/* frames to be sent */
	size_t sent;
	bool is_closing;
};

static bool append(struct bytes *b, const void *p, size_t n)
{
	char *grown = b->n + n > PENDING_MAX ? NULL : realloc(b->p, b->n + n + 1);

	if (!grown)
		return false;
	memcpy(grown + b->n, p, n);
	b->p = grown;
	b->n += n;
	b->p[b->n] = 0;
	return true;
}

static bool add_frame(struct ws *w, enum ws_op op, const void *payload, size_t size)
{
	unsigned char head[WS_HEAD_MAX];

	return append(&w->out, head, ws_head(op, size, head)) && append(&w->out, payload, size);
}

static void add_close(struct ws *w, unsigned int code)
{
	const unsigned char payload[2] = { (unsigned char)(code >> 8), (unsigned char)code };

	if (!w->is_closing && !add_frame(w, WS_CLOSE, payload, sizeof(payload)))
		w->out.n = w->sent = 0;
	w->is_closing = true;
}

static void ws_drop(struct ws *w)
{
	for (struct ws **at = &w->http->sockets; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			break;
		}
	sd_event_source_disable_unref(w->io);
	w->stream->free(w->stream);
	MHD_upgrade_action(w->handle, MHD_UPGRADE_ACTION_CLOSE);
	free(w->pulled.p);
	free(w->out.p);
	free(w);
}

/* "id: ...\nevent: ...\ndata: {...}" or ": alive" */
static bool add_event(struct ws *w, const char *text, size_t n)
{
	const char *data = memmem(text, n, "data: ", 6);

	if (*text == ':')
		return add_frame(w, WS_PING, "", 0);
	if (!data)
		return true;
	data += 6;
	return add_frame(w, WS_TEXT, data, (size_t)(text + n - data));
}

/* Whole events become frames; what is left waits for the rest. False: memory, or an event without an end. */
static bool convert(struct ws *w)
{
	char *from = w->pulled.p, *end;

	while ((end = strstr(from, "\n\n"))) {
		if (!add_event(w, from, (size_t)(end - from)))
			return false;
		from = end + 2;
	}
	w->pulled.n -= (size_t)(from - w->pulled.p);
	memmove(w->pulled.p, from, w->pulled.n + 1);
	return true;
}

/* 1: there is something to send; 0: nothing now. */
static int refill(struct ws *w)
{
	char room[PULL_BYTES];
	ssize_t n;

	w->out.n = w->sent = 0;
	while (!w->out.n && !w->is_closing) {
		n = w->stream->pull(w->stream, room, sizeof(room));
		if (n == 0)
			return 0;
		if (n < 0 || !append(&w->pulled, room, (size_t)n) || !convert(w))
			add_close(w, CLOSE_NORMAL);
	}
	return w->out.n > 0;
}

/* False: it is over, and w is gone. */
static bool pump(struct ws *w)
{
	ssize_t n = 1;

	while (n > 0) {
		if (w->sent == w->out.n && (w->is_closing || !refill(w)))
			break;
		n = send(w->fd, w->out.p + w->sent, w->out.n - w->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0)
			w->sent += (size_t)n;
	}
	if ((n < 0 && errno != EAGAIN) || (w->is_closing && w->sent == w->out.n)) {
		ws_drop(w);
		return false;
	}
	sd_event_source_set_io_events(w->io, w->sent < w->out.n ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return true;
}

static void take_frame(struct ws *w, enum ws_op op, size_t size)
{
	if (op == WS_CLOSE)
		add_close(w, CLOSE_NORMAL);
	else if (op == WS_PING && w->out.n - w->sent < PULL_BYTES && !add_frame(w, WS_PONG, w->reader.payload, size))
		add_close(w, CLOSE_NORMAL);
}

static void take(struct ws *w, const unsigned char *p, size_t n)
{
	while (n && !w->is_closing) {
		enum ws_op op = WS_PONG;
		size_t used = 0, size = 0;
		int r = ws_read(&w->reader, p, n, &used, &op, &size);

		if (r < 0)
			add_close(w, r == -EMSGSIZE ? CLOSE_UNSUPPORTED : CLOSE_PROTOCOL);
		else if (r > 0)
			take_frame(w, op, size);
		p += used;
		n -= used;
	}
}

static int on_ws(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct ws *w = ctx;
	struct http *h = w->http;
	unsigned char room[1024];
	ssize_t n = 0;

	(void)source;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		n = recv(fd, room, sizeof(room), MSG_DONTWAIT);
	if ((n == 0 && (events & (EPOLLIN | EPOLLHUP))) || (n < 0 && errno != EAGAIN)) {
		ws_drop(w);
	} else {
		if (n > 0)
			take(w, room, (size_t)n);
		(void)pump(w);
	}
	http_run(h);
	return 0;
}

/* Called by the library when its answer was sent; what the client sent too early is here already. */
static void on_upgrade(void *ctx, struct MHD_Connection *connection, void *request_ctx, const char *extra, size_t extra_size, MHD_socket fd,
		       struct MHD_UpgradeResponseHandle *handle)
{
	struct ws *w = ctx;

	(void)connection, (void)request_ctx;
	w->fd = fd;
	w->handle = handle;
	w->next = w->http->sockets;
	w->http->sockets = w;
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0 || sd_event_add_io(w->http->options.event, &w->io, fd, EPOLLIN, on_ws, w) < 0) {
		ws_drop(w);
		return;
	}
	take(w, (const unsigned char *)extra, extra_size);
	(void)pump(w);
}

bool http_ws_is_asked(const struct request *q)
{
	const char *upgrade = request_header(q, "Upgrade");

	return upgrade && strcasecmp(upgrade, "websocket") == 0 && q->stream && !q->stream->type;
}

struct MHD_Response *http_ws_response(struct conn *c, struct request *q, unsigned int *status)
{
	const char *key = request_header(q, "Sec-WebSocket-Key"), *version = request_header(q, "Sec-WebSocket-Version");
	const char *connection = request_header(q, "Connection");
	char accept[WS_ACCEPT_SIZE];
	struct MHD_Response *response;
	struct ws *w;

	if (!key || !version || strcmp(version, "13") != 0 || !connection || !strcasestr(connection, "upgrade") || !ws_accept(key, accept)) {
		request_add_header(q, "Sec-WebSocket-Version", "13");
		*status = 426;
		return NULL;
	}
	w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	*w = (struct ws){ .http = c->http, .stream = q->stream, .fd = -1 };
	response = MHD_create_response_for_upgrade(on_upgrade, w);
	if (!response) {
		free(w);
		return NULL;
	}
	q->stream = NULL;
	MHD_add_response_header(response, "Upgrade", "websocket");
	MHD_add_response_header(response, "Sec-WebSocket-Accept", accept);
	*status = 101;
	return response;
}

void http_ws_wake(struct http *h)
{
	struct ws *next;

	for (struct ws *w = h->sockets; w; w = next) {
		next = w->next;
		(void)pump(w);
	}
}

void http_ws_close(struct http *h)
{
	while (h->sockets)
		ws_drop(h->sockets);
}
