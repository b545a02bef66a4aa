// SPDX-License-Identifier: Apache-2.0
/*
 * http.c - libmicrohttpd without its own threads or listening sockets, run by the loop through its epoll descriptor
 *
 * Bounds: connections in all and per user (root excepted), bytes of a request, seconds without progress. A peer that floods
 * fills only its own share.
 */
#include "http.h"

#include <microhttpd.h>
#include <string.h>

#include "listen.h"

#define CONNECTIONS_MAX 512
#define CONNECTIONS_PER_USER 64
#define IDLE_S 30
#define MEMORY_PER_CONNECTION (32u * 1024)
#define STREAM_BLOCK 16384
#define DISCARD_MAX (8u * HTTP_BODY_MAX)

struct conn {
	struct conn *next;
	struct http *http;
	int fd, socket;
	struct peer peer;
	struct MHD_Connection *suspended;
};

struct exchange {
	struct request request;
	char *body;
	size_t size, room, seen;
};

struct listener {
	struct http *http;
	int index, fd;
	sd_event_source *source;
};

struct http {
	struct http_options options;
	struct MHD_Daemon *mhd;
	struct conn *conns;
	size_t conns_count;
	struct listener *listeners;
	sd_event_source *io, *timer;
};

struct pump {
	struct stream *stream;
	struct conn *conn;
	struct MHD_Connection *connection;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *ctx);

/* The library says when it wants to run even though nothing arrives. */
static void rearm(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG ms;
	uint64_t now;

	if (MHD_get_timeout(h->mhd, &ms) != MHD_YES) {
		sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_now(h->options.event, CLOCK_MONOTONIC, &now);
	sd_event_source_set_time(h->timer, now + ms * 1000);
	sd_event_source_set_enabled(h->timer, SD_EVENT_ONESHOT);
}

static void run(struct http *h)
{
	MHD_run(h->mhd);
	rearm(h);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *ctx)
{
	(void)source, (void)usec;
	run(ctx);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	(void)source, (void)fd, (void)events;
	run(ctx);
	return 0;
}

void http_wake(struct http *h)
{
	bool woke = false;

	for (struct conn *c = h->conns; c; c = c->next) {
		if (!c->suspended)
			continue;
		MHD_resume_connection(c->suspended);
		c->suspended = NULL;
		woke = true;
	}
	if (woke)
		run(h);
}

static void conn_drop(struct http *h, struct conn *c)
{
	for (struct conn **at = &h->conns; *at; at = &(*at)->next) {
		if (*at != c)
			continue;
		*at = c->next;
		h->conns_count--;
		peer_done(&c->peer);
		free(c);
		return;
	}
}

static size_t conns_of(const struct http *h, uid_t uid)
{
	size_t n = 0;

	for (const struct conn *c = h->conns; c; c = c->next)
		n += c->peer.uid == uid;
	return n;
}

static void welcome(struct listener *l, int take_fd)
{
	own_fd int fd = take_fd;
	struct http *h = l->http;
	struct sockaddr address = { .sa_family = AF_UNIX };
	struct conn *c;

	if (h->conns_count >= CONNECTIONS_MAX)
		return;
	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	if (peer_init(&c->peer, fd) < 0 || (c->peer.uid && conns_of(h, c->peer.uid) >= CONNECTIONS_PER_USER)) {
		peer_done(&c->peer);
		free(c);
		return;
	}
	c->http = h;
	c->fd = fd;
	c->socket = l->index;
	c->next = h->conns;
	h->conns = c;
	h->conns_count++;
	if (MHD_add_connection(h->mhd, TAKE_FD(fd), &address, sizeof(address)) != MHD_YES)
		conn_drop(h, c);
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct listener *l = ctx;
	int peer_fd;

	(void)source, (void)events;
	for (int i = 0; i < 16; i++) {
		peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (peer_fd < 0)
			break;
		welcome(l, peer_fd);
	}
	run(l->http);
	return 0;
}

/* The library tells us which of our descriptors its connection object belongs to. */
static void on_connection(void *ctx, struct MHD_Connection *connection, void **socket_ctx,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *h = ctx;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*socket_ctx)
			conn_drop(h, *socket_ctx);
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	for (struct conn *c = h->conns; c && info; c = c->next)
		if (c->fd == info->connect_fd)
			*socket_ctx = c;
}

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

static struct MHD_Response *json_response(json_t *reply)
{
	char *text = reply ? json_dumps(reply, JSON_COMPACT) : strdup("{}");
	struct MHD_Response *response;

	if (!text)
		return NULL;
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return NULL;
	}
	MHD_add_response_header(response, "Content-Type", "application/json");
	return response;
}

static enum MHD_Result finish(struct conn *c, struct MHD_Connection *connection, struct exchange *x, unsigned int status)
{
	struct MHD_Response *response;
	enum MHD_Result r;

	response = x->request.stream ? stream_response(c, connection, TAKE(x->request.stream)) : json_response(x->request.reply);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (*x->request.allow)
		MHD_add_response_header(response, "Allow", x->request.allow);
	r = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result collect(struct exchange *x, const char *data, size_t *size)
{
	x->seen += *size;
	if (x->seen > DISCARD_MAX)
		return MHD_NO;
	if (x->seen <= HTTP_BODY_MAX) {
		if (x->size + *size > x->room) {
			size_t room = 2 * (x->size + *size);
			char *grown = realloc(x->body, room + 1);

			if (!grown)
				return MHD_NO;
			x->body = grown;
			x->room = room;
		}
		memcpy(x->body + x->size, data, *size);
		x->size += *size;
		x->body[x->size] = 0;
	}
	*size = 0;
	return MHD_YES;
}

static bool is_hopeless(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

	return length && strtoull(length, NULL, 10) > DISCARD_MAX;
}

static enum MHD_Result add_parameter(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value,
				     size_t value_size)
{
	struct request *q = ctx;

	(void)kind;
	if (q->query_count == QUERY_MAX || strlen(name) != name_size || (value && strlen(value) != value_size)) {
		q->query_count = SIZE_MAX;
		return MHD_NO;
	}
	q->query[q->query_count++] = (struct parameter){ name, value ? value : "" };
	return MHD_YES;
}

static unsigned int serve(struct http *h, struct exchange *x, const char *url, const char *method, size_t body_size)
{
	MHD_get_connection_values_n(x->request.transport, MHD_GET_ARGUMENT_KIND, add_parameter, &x->request);
	x->request.method = method;
	x->request.path = url;
	x->request.body = x->body ? x->body : "";
	x->request.body_size = body_size;
	return h->options.serve(&x->request);
}

/* A body a little too long is read and thrown away, so that the peer gets to read why; one that is far too long is not. */
static enum MHD_Result begin(struct http *h, struct conn *c, struct MHD_Connection *connection, void **exchange_ctx)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return MHD_NO;
	x->request = (struct request){ .app = h->options.app, .peer = &c->peer, .socket = c->socket, .transport = connection };
	*exchange_ctx = x;
	return MHD_YES;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **exchange_ctx)
{
	struct http *h = ctx;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct conn *c = info ? info->socket_context : NULL;
	struct exchange *x = *exchange_ctx;

	(void)version;
	if (!c)
		return MHD_NO;
	if (!x && begin(h, c, connection, exchange_ctx) != MHD_YES)
		return MHD_NO;
	if (!x)
		return !is_hopeless(connection)
			       ? MHD_YES
			       : finish(c, connection, *exchange_ctx, serve(h, *exchange_ctx, url, method, SIZE_MAX));
	if (*size)
		return collect(x, data, size);
	return finish(c, connection, x, serve(h, x, url, method, x->seen > HTTP_BODY_MAX ? SIZE_MAX : x->size));
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **exchange_ctx,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *x = *exchange_ctx;

	(void)ctx, (void)connection, (void)code;
	if (!x)
		return;
	json_decref(x->request.reply);
	json_decref(x->request.object);
	if (x->request.stream)
		x->request.stream->free(x->request.stream);
	free(x->body);
	free(x);
	*exchange_ctx = NULL;
}

const char *request_header(const struct request *q, const char *name)
{
	return MHD_lookup_connection_value(q->transport, MHD_HEADER_KIND, name);
}

static int start_library(struct http *h)
{
	const union MHD_DaemonInfo *info;
	int r;

	h->mhd = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
				  h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION,
				  on_connection, h, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_END);
	if (!h->mhd)
		return -ENOMEM;
	info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -ENOTSUP;
	r = sd_event_add_io(h->options.event, &h->io, info->epoll_fd, EPOLLIN, on_io, h);
	if (r >= 0)
		r = sd_event_add_time(h->options.event, &h->timer, CLOCK_MONOTONIC, 0, 0, on_timer, h);
	if (r >= 0)
		r = sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
	return r < 0 ? r : 0;
}

static int listen_all(struct http *h)
{
	int r = 0;

	h->listeners = calloc(h->options.sockets_count, sizeof(*h->listeners));
	if (!h->listeners)
		return -ENOMEM;
	for (size_t i = 0; i < h->options.sockets_count; i++)
		h->listeners[i] = (struct listener){ .http = h, .index = (int)i, .fd = -1 };
	for (size_t i = 0; i < h->options.sockets_count && r >= 0; i++) {
		struct listener *l = &h->listeners[i];

		l->fd = r = listen_unix(h->options.sockets[i].path, h->options.sockets[i].mode);
		if (r >= 0)
			r = sd_event_add_io(h->options.event, &l->source, l->fd, EPOLLIN, on_connect, l);
	}
	return r < 0 ? r : 0;
}

int http_open(const struct http_options *options, struct http **ret_http)
{
	own(http) struct http *h = calloc(1, sizeof(*h));
	int r;

	if (!h)
		return -ENOMEM;
	h->options = *options;
	r = start_library(h);
	if (r == 0)
		r = listen_all(h);
	if (r < 0)
		return r;
	*ret_http = TAKE(h);
	return 0;
}

static void close_listeners(struct http *h)
{
	for (size_t i = 0; h->listeners && i < h->options.sockets_count; i++) {
		sd_event_source_disable_unref(h->listeners[i].source);
		if (h->listeners[i].fd >= 0)
			close(h->listeners[i].fd);
	}
	free(h->listeners);
}

void http_free(struct http *h)
{
	if (!h)
		return;
	close_listeners(h);
	for (struct conn *c = h->conns; c; c = c->next)
		if (c->suspended)
			MHD_resume_connection(c->suspended);
	sd_event_source_disable_unref(h->io);
	sd_event_source_disable_unref(h->timer);
	if (h->mhd)
		MHD_stop_daemon(h->mhd);
	while (h->conns)
		conn_drop(h, h->conns);
	free(h);
}
