// SPDX-License-Identifier: Apache-2.0
/* govern.c - see govern.h */
#include "govern.h"

#include <curl/curl.h>
#include <string.h>

#include "core/log.h"
#include "json/doc.h"

#define REPLY_MAX (4u << 20)
#define TIMEOUT_MS 10000L

struct govern {
	CURL *curl;
	bool was_absent;
};

struct bytes {
	char *p;
	size_t n;
};

int govern_open(const char *socket, struct govern **ret_govern)
{
	struct govern *g = calloc(1, sizeof(*g));

	if (g)
		g->curl = curl_easy_init();
	if (!g || !g->curl) {
		free(g);
		return -ENOMEM;
	}
	curl_easy_setopt(g->curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(g->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	curl_easy_setopt(g->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(g->curl, CURLOPT_PROXY, "");
	*ret_govern = g;
	return 0;
}

void govern_free(struct govern *g)
{
	if (g)
		curl_easy_cleanup(g->curl);
	free(g);
}

static size_t take(char *p, size_t size, size_t n, void *ctx)
{
	struct bytes *b = ctx;
	char *grown = b->n + size * n <= REPLY_MAX ? realloc(b->p, b->n + size * n + 1) : NULL;

	if (!grown)
		return 0;
	b->p = grown;
	memcpy(b->p + b->n, p, size * n);
	b->n += size * n;
	return size * n;
}

/* The reply of a success; NULL: there is none. */
static json_t *ask(struct govern *g, const char *path, const char *body)
{
	own_free char *url = NULL, *reply = NULL;
	struct bytes b = { 0 };
	long status = 0;
	CURLcode r;

	if (asprintf(&url, "http://cvf%s", path) < 0)
		return NULL;
	curl_easy_setopt(g->curl, CURLOPT_URL, url);
	curl_easy_setopt(g->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(g->curl, CURLOPT_WRITEDATA, &b);
	if (body)
		curl_easy_setopt(g->curl, CURLOPT_COPYPOSTFIELDS, body);
	else
		curl_easy_setopt(g->curl, CURLOPT_HTTPGET, 1L);
	r = curl_easy_perform(g->curl);
	reply = b.p;
	if (r == CURLE_OK)
		curl_easy_getinfo(g->curl, CURLINFO_RESPONSE_CODE, &status);
	if (r == CURLE_OK && status == 200) {
		g->was_absent = false;
		return json_loadb(reply ? reply : "", b.n, 0, NULL);
	}
	if (!g->was_absent)
		log_warning("the governor cannot be asked what is to be told: %s %ld; look at 'systemctl status cvfd-govern'; it is tried again",
			    r == CURLE_OK ? "HTTP status" : curl_easy_strerror(r), status);
	g->was_absent = true;
	return NULL;
}

json_t *govern_due(struct govern *g)
{
	own_json json_t *reply = ask(g, "/v1/notices", NULL);

	return json_incref(json_object_get(reply, "notices"));
}

bool govern_tell(struct govern *g, const char *id, const char *error)
{
	own_json json_t *body = error ? json_pack("{s:b, s:s}", "sent", 0, "error", error) : json_pack("{s:b}", "sent", 1), *reply = NULL;
	own_free char *text = json_dumps(body, JSON_COMPACT), *path = NULL;

	if (!text || asprintf(&path, "/v1/notices/%s/outcome", id) < 0)
		return false;
	reply = ask(g, path, text);
	return reply;
}
