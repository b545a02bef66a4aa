// SPDX-License-Identifier: Apache-2.0
/*
 * parse_net.c - addresses and ports: IPv4 is kept as mapped IPv6, as the kernel side judges it
 */
#include <arpa/inet.h>
#include <string.h>

#include "policy/parse.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

/* Clears the bits past the prefix; true: some were set. */
static bool mask(struct cidr *c)
{
	bool changed = false;

	for (unsigned int bit = c->bits; bit < 128; bit++) {
		changed |= c->address[bit / 8] & (0x80 >> bit % 8);
		c->address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	}
	return changed;
}

static bool bits_parse(const char *text, unsigned int max, unsigned int *ret_bits)
{
	size_t digits = strspn(text, "0123456789");

	if (!digits || digits > 3 || text[digits])
		return false;
	*ret_bits = (unsigned int)atoi(text);
	return *ret_bits <= max;
}

bool cidr_parse(const char *text, struct cidr *ret_cidr, bool *ret_masked)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchrnul(text, '/');
	struct cidr c = {0};
	unsigned int bits;
	bool four;

	if ((size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	four = inet_pton(AF_INET, address, c.address + 12) == 1;
	if (four)
		memcpy(c.address, mapped, sizeof(mapped));
	else if (inet_pton(AF_INET6, address, c.address) != 1)
		return false;
	bits = four ? 32 : 128;
	if (*slash && !bits_parse(slash + 1, bits, &bits))
		return false;
	c.bits = (uint8_t)(bits + (four ? 96 : 0));
	*ret_masked = mask(&c);
	*ret_cidr = c;
	return true;
}

/* A prefix of IPv6 does not cover mapped IPv4, however short it is: "::/0" is every IPv6 address and no other. */
bool cidr_has(const struct cidr *c, const uint8_t address[16])
{
	if (c->bits < 96 && memcmp(address, mapped, sizeof(mapped)) == 0)
		return false;
	if (memcmp(c->address, address, c->bits / 8))
		return false;
	return c->bits % 8 == 0 || !((c->address[c->bits / 8] ^ address[c->bits / 8]) >> (8 - c->bits % 8));
}

static void read_cidr(const struct jat *at, struct cidrs *cidrs)
{
	const char *text = json_string_value(at->value);
	bool masked;

	if (!text) {
		jat_error(at, NULL, "must be a string, not %s", json_kind(at->value));
	} else if (!cidr_parse(text, &cidrs->v[cidrs->n], &masked)) {
		jat_error(at,
			  "write addresses or prefixes, for example \"140.82.112.0/20\": the kernel sees no host names",
			  "\"%.80s\" is not an address or prefix", text);
	} else {
		if (masked)
			jat_warn(at, NULL, "\"%.80s\" has bits past its prefix length: they do not count", text);
		cidrs->n++;
	}
}

void read_cidrs(const struct jat *at, const struct field *f, void *out)
{
	struct cidrs *cidrs = out;
	const char *text = json_string_value(at->value);

	(void)f;
	if (text && strcmp(text, "any") == 0)
		return;
	cidrs->v = pool_alloc(at->doc->pool, elements_count(at), sizeof(*cidrs->v));
	if (!cidrs->v) {
		jat_error(at, NULL, "out of memory");
		return;
	}
	for (size_t i = 0; i < elements_count(at); i++) {
		struct jat one = element_at(at, i);

		read_cidr(&one, cidrs);
	}
}

/* A number at *s, which moves past it. */
static bool port_parse(const char **s, uint16_t *ret_port)
{
	size_t digits = strspn(*s, "0123456789");
	unsigned long port;

	if (!digits || digits > 5)
		return false;
	port = strtoul(*s, NULL, 10);
	*s += digits;
	*ret_port = (uint16_t)port;
	return port <= 65535;
}

static bool range_parse(const char **s, struct port_range *r)
{
	if (!port_parse(s, &r->first))
		return false;
	r->last = r->first;
	if (**s == '-') {
		(*s)++;
		if (!port_parse(s, &r->last))
			return false;
	}
	return r->first <= r->last && (!**s || **s == ',');
}

static bool ports_parse(struct pool *pool, const char *s, struct ports *ports)
{
	size_t commas = 0;

	for (const char *c = s; *c; c++)
		commas += *c == ',';
	ports->v = pool_alloc(pool, commas + 1, sizeof(*ports->v));
	if (!ports->v)
		return false;
	while (range_parse(&s, &ports->v[ports->n])) {
		ports->n++;
		if (!*s)
			return true;
		s++;
	}
	return false;
}

void read_ports(const struct jat *at, const struct field *f, void *out)
{
	const char *text = json_string_value(at->value);
	char number[32];

	(void)f;
	if (json_is_integer(at->value)) {
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(at->value));
		text = number;
	}
	if (!text || !ports_parse(at->doc->pool, text, out))
		jat_error(at, "write ports and ranges, for example \"22,8000-8100\"", "these are not ports");
}
