// SPDX-License-Identifier: Apache-2.0
/* settings_api.c - see settings_api.h */
#include "settings_api.h"

#include <arpa/inet.h>
#include <string.h>

#include "api/auth.h"

#define PORT_DEFAULT 8470
#define PER_MINUTE 100
#define LOCAL_PER_MINUTE 6000
#define REQUEST_S 60

struct api_fields {
	const char *listen, *certificate, *key;
	struct texts hosts, origins;
	struct jat roles;
	long long per_minute, local_per_minute, request_s;
};
static const struct limits rate = { 0, 1000000 };
static const struct limits patience = { 1, 3600 };
static const struct field table[] = {
	{ "listen", read_text, offsetof(struct api_fields, listen), false, NULL },
	{ "certificate", read_text, offsetof(struct api_fields, certificate), false, NULL },
	{ "key", read_text, offsetof(struct api_fields, key), false, NULL },
	{ "hosts", read_texts, offsetof(struct api_fields, hosts), false, NULL },
	{ "origins", read_texts, offsetof(struct api_fields, origins), false, NULL },
	{ "token_roles", read_at, offsetof(struct api_fields, roles), false, NULL },
	{ "requests_per_minute", read_number, offsetof(struct api_fields, per_minute), false, &rate },
	{ "local_requests_per_minute", read_number, offsetof(struct api_fields, local_per_minute), false, &rate },
	{ "request_timeout_s", read_number, offsetof(struct api_fields, request_s), false, &patience },
};

static const struct word role_list[] = {
	{ "viewer", ROLE_VIEWER }, { "operator", ROLE_OPERATOR }, { "approver", ROLE_APPROVER }, { "admin", ROLE_ADMIN },
};
static const struct words role_words = { "role", role_list, ARRAY_SIZE(role_list) };

void api_settings_default(struct api_settings *s)
{
	*s = (struct api_settings){ .token_roles = ROLE_VIEWER | ROLE_OPERATOR, .per_minute = PER_MINUTE, .local_per_minute = LOCAL_PER_MINUTE,
				    .request_s = REQUEST_S };
}

static void names_done(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->v[i]);
	free(n->v);
}

void api_settings_done(struct api_settings *s)
{
	free(s->listen);
	free(s->certificate);
	free(s->key);
	names_done(&s->hosts);
	names_done(&s->origins);
	*s = (struct api_settings){ 0 };
}

static void names_copy(const struct texts *from, struct names *to)
{
	to->v = calloc(from->n + 1, sizeof(*to->v));
	for (size_t i = 0; to->v && i < from->n; i++) {
		to->v[to->n] = strdup(from->v[i]);
		to->n += to->v[to->n] != NULL;
	}
}

/* "ADDRESS", "ADDRESS:PORT", "[ADDRESS]:PORT"; names are not looked up. */
static bool parse_address(const char *text, struct api_settings *s)
{
	struct sockaddr_in *four = (struct sockaddr_in *)&s->address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&s->address;
	bool is_six = *text == '[';
	const char *end = is_six ? strchr(text, ']') : strchrnul(text, ':');
	char address[INET6_ADDRSTRLEN];
	long port = PORT_DEFAULT;
	char *rest;

	if (!end || (size_t)(end - text - is_six) >= sizeof(address))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(end - text - is_six), text + is_six);
	end += is_six;
	if (*end) {
		port = *end == ':' && end[1] >= '0' && end[1] <= '9' ? strtol(end + 1, &rest, 10) : -1;
		if (port < 1 || port > 65535 || *rest)
			return false;
	}
	if (is_six) {
		*six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
		s->address_size = sizeof(*six);
		return inet_pton(AF_INET6, address, &six->sin6_addr) == 1;
	}
	*four = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	s->address_size = sizeof(*four);
	return inet_pton(AF_INET, address, &four->sin_addr) == 1;
}

static bool is_loopback(const struct api_settings *s)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)&s->address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&s->address;

	if (s->address.ss_family == AF_INET)
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* What leaves the host is encrypted, or does not leave. */
static void check_listen(const struct jat *at, const struct api_fields *f, struct api_settings *s)
{
	struct jat listen = jat_member(at, "listen");

	if (f->listen && !parse_address(f->listen, s))
		jat_error(&listen, "write for example \"127.0.0.1:8470\" or \"[::1]:8470\"", "is not an address with a port");
	else if (f->listen && !is_loopback(s) && !f->certificate)
		jat_error(&listen, "set \"certificate\" and \"key\" beside it, or listen on 127.0.0.1",
			  "off the host the API is spoken with TLS only");
	if (!f->certificate != !f->key)
		jat_error(at, NULL, "\"certificate\" and \"key\" belong together");
}

static void read_token_roles(const struct jat *at, struct api_settings *s)
{
	if (!json_is_array(at->value)) {
		jat_error(at, "write for example [\"viewer\"]", "must be an array of strings, not %s", json_kind(at->value));
		return;
	}
	s->token_roles = 0;
	for (size_t i = 0; i < json_array_size(at->value); i++) {
		struct jat one = jat_element(at, i);
		int bit;

		if (word_find(&one, &role_words, &bit))
			s->token_roles |= (unsigned int)bit;
	}
}

void api_settings_read(const struct jat *at, struct api_settings *s)
{
	struct api_fields f = { .per_minute = s->per_minute, .local_per_minute = s->local_per_minute, .request_s = s->request_s };

	fields_read(at, table, ARRAY_SIZE(table), &f);
	check_listen(at, &f, s);
	if (f.roles.value)
		read_token_roles(&f.roles, s);
	s->listen = f.listen ? strdup(f.listen) : NULL;
	s->certificate = f.certificate ? strdup(f.certificate) : NULL;
	s->key = f.key ? strdup(f.key) : NULL;
	names_copy(&f.hosts, &s->hosts);
	names_copy(&f.origins, &s->origins);
	s->per_minute = f.per_minute;
	s->local_per_minute = f.local_per_minute;
	s->request_s = f.request_s;
}
