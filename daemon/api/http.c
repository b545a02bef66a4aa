// SPDX-License-Identifier: Apache-2.0
/*
 * http.c - libmicrohttpd without its own threads or listening sockets, run by the loop through its epoll descriptor
 *
 * Bounds: connections in all and per user (root excepted), bytes of a request, seconds without progress. A peer that floods
 * fills only its own share.
 */
#include "http.h"

#include <stdarg.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "http_internal.h"
#include "listen.h"

#define CONNECTIONS_MAX 512
#define CONNECTIONS_OF_OTHERS 448	/* the rest is root's */
#define CONNECTIONS_PER_USER 64		/* on each socket: an agent that floods its own takes nothing from its user on the other */
#define IDLE_S 30
#define REQUEST_US 60000000		/* from the last answer until the next request is there, byte by byte or not */
#define ANSWER_US 120000000		/* until it has been read */
#define SWEEP_US 1000000
#define TIMER_ACCURACY_US 1000		/* by default a quarter of a second, which whoever waits for an answer would wait, too */
#define MEMORY_PER_CONNECTION (32u * 1024)
#define DISCARD_MAX (8u * HTTP_BODY_MAX)

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

void http_run(struct http *h)
{
	MHD_run(h->mhd);
	rearm(h);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *ctx)
{
	(void)source, (void)usec;
	http_run(ctx);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	(void)source, (void)fd, (void)events;
	http_run(ctx);
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
	http_ws_wake(h);
	if (woke)
		http_run(h);
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

static bool has_room(const struct http *h, const struct peer *p, int on)
{
	size_t n = 0;

	if (p->uid == 0)
		return h->conns_count < CONNECTIONS_MAX;
	for (const struct conn *c = h->conns; c; c = c->next)
		n += c->peer.uid == p->uid && c->socket == on && strcmp(c->peer.address, p->address) == 0;
	return h->conns_count < CONNECTIONS_OF_OTHERS && n < CONNECTIONS_PER_USER;
}

/* Whoever is turned away at the door is told why; nobody waits for it to listen. */
static void turn_away(struct http *h, int fd)
{
	static const char body[] = "{\"type\":\"urn:cvf:problem:connections\",\"title\":\"connections\",\"status\":503,\"detail\":\"too many connections\","
		"\"error\":{\"code\":\"connections\",\"message\":\"too many connections\",\"hint\":\"close some of yours, or ask again in a moment\"}}";
	char text[512];
	int n = snprintf(text, sizeof(text), "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
			 "Connection: close\r\nContent-Length: %zu\r\n\r\n%s", sizeof(body) - 1, body);

	h->counts.connections_refused++;
	if (send(fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* then it is not told */
}

uint64_t http_now_us(const struct http *h)
{
	uint64_t now;

	sd_event_now(h->options.event, CLOCK_MONOTONIC, &now);
	return now;
}

/* The library only asks whether something moved: a byte now and then would hold a connection for ever. */
static int on_sweep(sd_event_source *source, uint64_t usec, void *ctx)
{
	struct http *h = ctx;
	uint64_t request_us = h->options.request_s ? (uint64_t)h->options.request_s * 1000000 : REQUEST_US;

	for (struct conn *c = h->conns; c; c = c->next) {
		if (!c->since || usec < c->since + (c->is_answering ? ANSWER_US : request_us)) /* usec may lie before since */
			continue;
		c->since = 0;
		h->counts.timed_out++;
		shutdown(c->fd, SHUT_RDWR);
	}
	sd_event_source_set_time(source, usec + SWEEP_US);
	return 0;
}

struct http_counts http_counts(const struct http *h)
{
	struct http_counts counts = h->counts;

	counts.open = h->conns_count;
	return counts;
}

static void welcome(struct http_listener *l, int take_fd)
{
	own_fd int fd = take_fd;
	struct http *h = l->http;
	struct sockaddr address = { .sa_family = AF_UNIX };
	struct conn *c;

	c = calloc(1, sizeof(*c));
	if (!c)
		return;
	if (peer_init(&c->peer, fd) < 0 || !has_room(h, &c->peer, l->number)) {
		turn_away(h, fd);
		peer_done(&c->peer);
		free(c);
		return;
	}
	c->http = h;
	c->fd = fd;
	c->socket = l->number;
	c->since = http_now_us(h);
	h->counts.connections++;
	c->next = h->conns;
	h->conns = c;
	h->conns_count++;
	if (MHD_add_connection(h->mhd, TAKE_FD(fd), &address, sizeof(address)) != MHD_YES)
		conn_drop(h, c);
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
	struct http_listener *l = ctx;
	int peer_fd;

	(void)source, (void)events;
	for (int i = 0; i < 16; i++) {
		peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (peer_fd < 0)
			break;
		welcome(l, peer_fd);
	}
	http_run(l->http);
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

/* Its own name for the request, where it has one that is harmless in a log and in a header. */
static void set_id(struct request *q)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	const char *given = request_header(q, "X-Request-Id");
	uint64_t number = 0;

	if (given && *given && strlen(given) < sizeof(q->id) && !given[strspn(given, plain)]) {
		strcpy(q->id, given);
		return;
	}
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uintptr_t)q;
	snprintf(q->id, sizeof(q->id), "%016llx", (unsigned long long)number);
}

/* A body a little too long is read and thrown away, so that the peer gets to read why; one that is far too long is not. */
static enum MHD_Result begin(struct http *h, struct conn *c, struct MHD_Connection *connection, void **exchange_ctx)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return MHD_NO;
	h->counts.requests++;
	x->request = (struct request){ .app = h->options.app, .peer = &c->peer, .socket = c->socket, .transport = connection };
	set_id(&x->request);
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
			       : http_send(c, connection, *exchange_ctx, serve(h, *exchange_ctx, url, method, SIZE_MAX));
	if (*size)
		return collect(x, data, size);
	return http_send(c, connection, x, serve(h, x, url, method, x->seen > HTTP_BODY_MAX ? SIZE_MAX : x->size));
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **exchange_ctx,
			 enum MHD_RequestTerminationCode code)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct conn *c = info ? info->socket_context : NULL;
	struct exchange *x = *exchange_ctx;

	(void)code;
	if (c) {
		c->since = http_now_us(ctx);
		c->is_answering = false;
	}
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

void request_add_header(struct request *q, const char *name, const char *value)
{
	if (q->headers_count == HEADERS_MAX)
		return;
	q->headers[q->headers_count].name = name;
	snprintf(q->headers[q->headers_count++].value, sizeof(q->headers[0].value), "%s", value);
}

/*
 * What is no HTTP, or has a head larger than its room, the library refuses by itself, in its own words, and closes the connection.
 * All that is to be had of it is the line for its log.
 */
static void on_log(void *ctx, const char *format, va_list args)
{
	static const char refusal[] = "Error processing request (HTTP response code is %u";
	struct http *h = ctx;

	(void)args;
	if (strncmp(format, refusal, sizeof(refusal) - 1) == 0)
		h->counts.malformed++;
}

static int start_library(struct http *h)
{
	const union MHD_DaemonInfo *info;
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)h->options.certificate },
					{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)h->options.key }, { MHD_OPTION_END, 0, NULL } };
	unsigned int flags = MHD_USE_NO_LISTEN_SOCKET | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE | MHD_USE_ERROR_LOG | (h->options.certificate ? MHD_USE_TLS : 0);
	int r;

	if (!h->options.certificate)
		tls[0].option = MHD_OPTION_END;
	h->mhd = MHD_start_daemon(flags, 0, NULL, NULL, on_request,
				  h, MHD_OPTION_EXTERNAL_LOGGER, on_log, h, MHD_OPTION_NOTIFY_COMPLETED, on_completed, h, MHD_OPTION_NOTIFY_CONNECTION,
				  on_connection, h, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,
				  MHD_OPTION_STRICT_FOR_CLIENT, 1,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
				  MHD_OPTION_ARRAY, tls, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION, MHD_OPTION_END);
	if (!h->mhd)
		return -ENOMEM;
	info = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -ENOTSUP;
	r = sd_event_add_io(h->options.event, &h->io, info->epoll_fd, EPOLLIN, on_io, h);
	if (r >= 0)
		r = sd_event_add_time(h->options.event, &h->timer, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_US, on_timer, h);
	if (r >= 0)
		r = sd_event_source_set_enabled(h->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(h->options.event, &h->sweep, CLOCK_MONOTONIC, http_now_us(h) + SWEEP_US, 0, on_sweep, h);
	if (r >= 0)
		r = sd_event_source_set_enabled(h->sweep, SD_EVENT_ON);
	return r < 0 ? r : 0;
}

static int listen_at(const struct http_socket *s)
{
	return s->path ? listen_unix(s->path, s->mode) : listen_tcp(s->address, s->address_size);
}

static int listen_all(struct http *h)
{
	int r = 0;

	h->listeners = calloc(h->options.sockets_count, sizeof(*h->listeners));
	if (!h->listeners)
		return -ENOMEM;
	for (size_t i = 0; i < h->options.sockets_count; i++)
		h->listeners[i] = (struct http_listener){ .http = h, .number = h->options.sockets[i].number, .fd = -1 };
	for (size_t i = 0; i < h->options.sockets_count && r >= 0; i++) {
		struct http_listener *l = &h->listeners[i];

		l->fd = r = listen_at(&h->options.sockets[i]);
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
	http_ws_close(h);
	for (struct conn *c = h->conns; c; c = c->next)
		if (c->suspended)
			MHD_resume_connection(c->suspended);
	sd_event_source_disable_unref(h->io);
	sd_event_source_disable_unref(h->timer);
	sd_event_source_disable_unref(h->sweep);
	if (h->mhd)
		MHD_stop_daemon(h->mhd);
	while (h->conns)
		conn_drop(h, h->conns);
	free(h);
}
