// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct client {
	CURL *curl;
	char *socket;
};

struct bytes {
	char *at;
	size_t n;
	bool too_long;
};

struct stream {
	CURL *curl;
	const struct stream_sink *to;
	struct bytes refusal;
	bool ended;	/* by the sink */
};

void reply_done(struct reply *r)
{
	json_decref(r->body);
	r->body = NULL;
}

const char *client_socket(const struct call *c)
{
	const char *from_environment = getenv("CVF_SOCKET");

	if (c->option[OPT_SOCKET])
		return c->option[OPT_SOCKET];
	return from_environment && *from_environment ? from_environment : CONTROL_SOCKET;
}

int client_new(const char *socket, struct client **ret)
{
	own(client) struct client *cl = calloc(1, sizeof(*cl));

	if (!cl)
		return -ENOMEM;
	cl->socket = strdup(socket);
	cl->curl = curl_easy_init();
	if (!cl->socket || !cl->curl)
		return -ENOMEM;
	*ret = TAKE(cl);
	return 0;
}

void client_free(struct client *cl)
{
	if (!cl)
		return;
	curl_easy_cleanup(cl->curl);
	free(cl->socket);
	free(cl);
}

bool client_is_absent(int r)
{
	return r == -ENOENT || r == -ECONNREFUSED || r == -ENOTSOCK || r == -ENOTDIR || r == -ENXIO;
}

/* The reason decides what a person is told to do. Where curl does not say, ask the kernel. */
static int connect_errno(CURL *curl, const char *path)
{
	long known = 0;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	own_fd int fd = -1;

	if (curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &known) == CURLE_OK && known > 0)
		return -(int)known;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return -ECONNREFUSED;
}

static int curl_errno(const struct client *cl, CURLcode code)
{
	switch (code) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_CONNECT:
		return connect_errno(cl->curl, cl->socket);
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EPROTO;
	}
}

static size_t on_body(char *data, size_t one, size_t size, void *ctx)
{
	struct bytes *b = ctx;
	char *grown;

	(void)one;
	if (b->n + size > REPLY_MAX) {
		b->too_long = true;
		return 0;
	}
	grown = realloc(b->at, b->n + size + 1);
	if (!grown)
		return 0;
	b->at = grown;
	memcpy(b->at + b->n, data, size);
	b->n += size;
	return size;
}

static size_t on_stream(char *data, size_t one, size_t size, void *ctx)
{
	struct stream *s = ctx;
	long status = 0;

	curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300)
		return on_body(data, one, size, &s->refusal);
	s->ended = !s->to->on_bytes(s->to->ctx, data, size);
	return s->ended ? 0 : size;
}

static void prepare(struct client *cl, const char *method, const char *url, long timeout_ms)
{
	curl_easy_reset(cl->curl);
	curl_easy_setopt(cl->curl, CURLOPT_UNIX_SOCKET_PATH, cl->socket);
	curl_easy_setopt(cl->curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(cl->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(cl->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(cl->curl, CURLOPT_URL, url);
	curl_easy_setopt(cl->curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(cl->curl, CURLOPT_TIMEOUT_MS, timeout_ms);
	curl_easy_setopt(cl->curl, CURLOPT_CUSTOMREQUEST, method);
}

static struct curl_slist *headers_make(bool has_body, const char *last_id)
{
	/* "Expect:" off: a round trip for nothing on a unix socket. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	own_free char *resume = NULL;

	if (has_body)
		list = curl_slist_append(list, "Content-Type: application/json");
	if (last_id && asprintf(&resume, "Last-Event-ID: %s", last_id) > 0)
		list = curl_slist_append(list, resume);
	return list;
}

static struct reply reply_of(const struct client *cl, const struct bytes *body)
{
	struct reply r = { .body = json_loadb(body->at ? body->at : "", body->n, JSON_ALLOW_NUL, NULL) };

	curl_easy_getinfo(cl->curl, CURLINFO_RESPONSE_CODE, &r.status);
	return r;
}

int client_request(struct client *cl, const struct request *rq, struct reply *ret)
{
	struct curl_slist *headers = headers_make(rq->body, NULL);
	own_free char *url = NULL;
	struct bytes body = { 0 };
	CURLcode code;
	int r;

	if (!rq->to->text || asprintf(&url, "http://localhost%s", rq->to->text) < 0)
		url = NULL;
	prepare(cl, rq->to->method, url, rq->timeout_ms ? rq->timeout_ms : 60000);
	curl_easy_setopt(cl->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(cl->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(cl->curl, CURLOPT_WRITEDATA, &body);
	if (rq->body) {
		curl_easy_setopt(cl->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)rq->body_size);
		curl_easy_setopt(cl->curl, CURLOPT_POSTFIELDS, rq->body);
	}
	code = url ? curl_easy_perform(cl->curl) : CURLE_OUT_OF_MEMORY;
	curl_slist_free_all(headers);
	r = body.too_long ? -EFBIG : curl_errno(cl, code);
	if (r == 0)
		*ret = reply_of(cl, &body);
	free(body.at);
	return r;
}

int client_stream(struct client *cl, const struct url *to, const char *last_id, const struct stream_sink *sink,
		  struct reply *ret)
{
	struct curl_slist *headers = headers_make(false, last_id);
	struct stream s = { .curl = cl->curl, .to = sink };
	own_free char *url = NULL;
	CURLcode code;
	int r;

	if (!to->text || asprintf(&url, "http://localhost%s", to->text) < 0)
		url = NULL;
	prepare(cl, to->method, url, 0);
	curl_easy_setopt(cl->curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(cl->curl, CURLOPT_WRITEFUNCTION, on_stream);
	curl_easy_setopt(cl->curl, CURLOPT_WRITEDATA, &s);
	code = url ? curl_easy_perform(cl->curl) : CURLE_OUT_OF_MEMORY;
	curl_slist_free_all(headers);
	/* A connection that breaks in the middle is how a stream ends when the daemon does. */
	if (s.ended || code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR)
		code = CURLE_OK;
	r = curl_errno(cl, code);
	if (r == 0)
		*ret = reply_of(cl, &s.refusal);
	free(s.refusal.at);
	return r;
}
