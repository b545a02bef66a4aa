// SPDX-License-Identifier: Apache-2.0
/* door.c - see door.h */
#include "door.h"

#include <string.h>

#include "govern/govern.h"
#include "govern/notice/answer_link.h"
#include "govern/serve.h"
#include "rate.h"

static bool is_named(const struct names *names, const char *text)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->v[i], "*") == 0 || strcasecmp(names->v[i], text) == 0)
			return true;
	return false;
}

/* The name without its port. */
static void host_of(const char *host, char *room, size_t size)
{
	const char *end = *host == '[' ? strchr(host, ']') : strchr(host, ':');

	snprintf(room, size, "%.*s", end ? (int)(end - host + (*host == '[')) : (int)strlen(host), host);
}

/* On a unix socket nobody looks a name up; a name with a dot got there through a forwarder, so it is not ours. */
static bool is_ours(const struct request *q, const struct api_settings *s, const char *host)
{
	static const char *const ours[] = { "localhost", "127.0.0.1", "[::1]" };
	char name[256];

	host_of(host, name, sizeof(name));
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	if (q->socket != SERVE_TCP)
		return !strchr(name, '.') || is_named(&s->hosts, name);
	return (s->listen && (strcmp(host, s->listen) == 0 || (strncmp(s->listen, name, strlen(name)) == 0 && s->listen[strlen(name)] == ':'))) ||
	       is_named(&s->hosts, host) || is_named(&s->hosts, name);
}

static unsigned int answer_preflight(struct request *q)
{
	request_add_header(q, "Access-Control-Allow-Methods", "GET, POST, DELETE");
	request_add_header(q, "Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key");
	return 204;
}

static unsigned int check_origin(struct request *q, const struct api_settings *s, const char *origin)
{
	if (!is_named(&s->origins, origin) || strlen(origin) >= sizeof(q->headers[0].value))
		return refuse(q, 403, "origin", "pages that may ask are named in api.origins of cvfd.json(5)", "this page may not ask");
	request_add_header(q, "Access-Control-Allow-Origin", origin);
	request_add_header(q, "Vary", "Origin");
	return strcmp(q->method, "OPTIONS") == 0 ? answer_preflight(q) : 0;
}

/* A form of another page can send other types without asking first. */
static unsigned int check_type(struct request *q)
{
	const char *type = request_header(q, "Content-Type");

	if (q->socket != SERVE_TCP || !q->body_size || q->body_size == SIZE_MAX || (type && strncasecmp(type, "application/json", 16) == 0))
		return 0;
	return refuse(q, 415, "media-type", "Content-Type: application/json", "the body is not sent as JSON");
}

/* The host and port that links begin with. */
static bool is_of_links(const struct request *q, const char *host)
{
	const char *url = governor_of(q)->settings.answer_url, *begin = url ? strstr(url, "://") + 3 : NULL;
	size_t n = begin ? strcspn(begin, "/") : 0;

	return begin && strlen(host) == n && strncasecmp(begin, host, n) == 0;
}

unsigned int door_check(struct request *q)
{
	/* The form behind a link. Its credential is in the link, not in what a browser adds: another page cannot make use of it. */
	bool is_answer = strncmp(q->path, ANSWER_PATH, strlen(ANSWER_PATH)) == 0;
	const struct api_settings *s = &governor_of(q)->settings.api;
	const char *host = request_header(q, "Host"), *origin = request_header(q, "Origin");
	unsigned int status;

	if (host && *host && !is_ours(q, s, host) && !(is_answer && is_of_links(q, host)))
		return refuse(q, 403, "host", "names that this host has are listed in api.hosts of cvfd.json(5)", "the request is for another host");
	if (q->socket == SERVE_TCP && (!host || !*host))
		return refuse(q, 400, "host", "send the header Host", "the request does not say for which host it is");
	if (is_answer)
		return 0;
	status = origin ? check_origin(q, s, origin) : 0;
	return status ? status : check_type(q);
}

static unsigned int count(struct request *q, const char *who, int64_t per_minute, const char *setting)
{
	unsigned int wait = rate_take(who, per_minute, clock_boot_ns());
	char text[16];

	if (!wait)
		return 0;
	snprintf(text, sizeof(text), "%u", wait);
	request_add_header(q, "Retry-After", text);
	return refuse(q, 429, "too-many-requests", setting, "more than %lld requests a minute: wait %u s", (long long)per_minute, wait);
}

unsigned int door_count(struct request *q, const char *who)
{
	return count(q, who, governor_of(q)->settings.api.per_minute, "see api.requests_per_minute in cvfd.json(5)");
}

unsigned int door_count_local(struct request *q)
{
	bool is_agent = q->socket == SERVE_AGENT;
	char who[32];

	if (!is_agent && q->peer->uid == 0)
		return 0;
	snprintf(who, sizeof(who), "%s:%u", is_agent ? "agents" : "uid", q->peer->uid);
	return count(q, who, governor_of(q)->settings.api.local_per_minute, "see api.local_requests_per_minute in cvfd.json(5)");
}
