// SPDX-License-Identifier: Apache-2.0
/*
 * compile_net.c - address classes, port classes, and what each pair of them comes to
 *
 * The class of an address is that of the longest prefix it is in; a prefix's class is the set of network patterns that
 * its addresses match whatever the port. Ports are split where any pattern's range begins or ends.
 */
#include <string.h>

#include "policy/compile.h"
#include "policy/parse.h"

struct classing {
	struct compiler *c;
	struct lists addresses, ports; /* lists of patterns, one per class; class = list - 1 */
	uint32_t *list;		       /* being gathered */
};

static int by_prefix(const void *a, const void *b)
{
	const struct cvf_image_prefix *x = a, *y = b;

	if (x->prefix.bits != y->prefix.bits)
		return x->prefix.bits < y->prefix.bits ? -1 : 1;
	return memcmp(x->prefix.address, y->prefix.address, sizeof(x->prefix.address));
}

static void add_prefixes(struct net_tables *t, const struct cidrs *cidrs)
{
	for (size_t i = 0; i < cidrs->n; i++) {
		struct cvf_image_prefix *p = &t->prefixes[t->prefixes_count++];

		*p = (struct cvf_image_prefix){.prefix.bits = cidrs->v[i].bits};
		memcpy(p->prefix.address, cidrs->v[i].address, sizeof(p->prefix.address));
	}
}

/* Every prefix that any pattern names, once; and that of all IPv4, which short IPv6 prefixes do not cover. */
static int collect_prefixes(struct compiler *c)
{
	static struct cidr four = {.bits = 96, .address = {[10] = 0xff, [11] = 0xff}};
	const struct cidrs all_four = {&four, 1};
	struct net_tables *t = &c->net;
	size_t n = 1, kept = 0;

	for (size_t i = 0; i < c->plan->net_count; i++)
		n += c->plan->net[i].address.n + c->plan->net[i].except.n;
	t->prefixes = calloc(n, sizeof(*t->prefixes));
	if (!t->prefixes)
		return -ENOMEM;
	add_prefixes(t, &all_four);
	for (size_t i = 0; i < c->plan->net_count; i++) {
		add_prefixes(t, &c->plan->net[i].address);
		add_prefixes(t, &c->plan->net[i].except);
	}
	qsort(t->prefixes, n, sizeof(*t->prefixes), by_prefix);
	for (size_t i = 0; i < n; i++)
		if (!i || by_prefix(&t->prefixes[i], &t->prefixes[kept - 1]))
			t->prefixes[kept++] = t->prefixes[i];
	t->prefixes_count = kept;
	if (kept > CVF_PREFIXES_MAX)
		return too_big(c, "the table of address prefixes", kept, CVF_PREFIXES_MAX, NULL);
	return 0;
}

/* Is the whole prefix in that of the pattern's? */
static bool inside(const struct cidr *outer, const struct cvf_prefix *inner)
{
	return outer->bits <= inner->bits && cidr_has(outer, inner->address);
}

static bool pattern_has(const struct net_pattern *p, const struct cvf_prefix *prefix)
{
	bool found = !p->address.n;

	for (size_t i = 0; prefix && !found && i < p->address.n; i++)
		found = inside(&p->address.v[i], prefix);
	for (size_t i = 0; prefix && found && i < p->except.n; i++)
		found = !inside(&p->except.v[i], prefix);
	return found;
}

/* Class of a prefix; NULL: of addresses that are in none. */
static int classify_prefix(struct classing *k, const struct cvf_prefix *prefix, uint32_t *ret_class)
{
	const struct plan *p = k->c->plan;
	size_t n = 0;
	uint32_t list;

	for (uint32_t i = 0; i < p->net_count; i++)
		if (pattern_has(&p->net[i], prefix))
			k->list[n++] = i;
	list = lists_intern(&k->addresses, k->list, n);
	*ret_class = list - 1;
	return list == UINT32_MAX ? -ENOMEM : 0;
}

static int classify_addresses(struct classing *k)
{
	struct net_tables *t = &k->c->net;
	uint32_t class;
	int r = classify_prefix(k, NULL, &class);

	for (size_t i = 0; r == 0 && i < t->prefixes_count; i++)
		r = classify_prefix(k, &t->prefixes[i].prefix, &t->prefixes[i].address_class);
	/*
	 * Class 0 is the kernel's word for "in no prefix", so a prefix may not carry it. One that matches what no
	 * prefix matches is kept, because it may lie inside another one, under the class past the last.
	 */
	t->address_classes = k->addresses.n - 1;
	for (size_t i = 0; r == 0 && i < t->prefixes_count; i++) {
		if (!t->prefixes[i].address_class) {
			t->prefixes[i].address_class = (uint32_t)k->addresses.n - 1;
			t->address_classes = k->addresses.n;
		}
	}
	return r;
}

static bool pattern_has_port(const struct net_pattern *p, unsigned int port)
{
	for (size_t i = 0; i < p->ports.n; i++)
		if (port >= p->ports.v[i].first && port <= p->ports.v[i].last)
			return true;
	return !p->ports.n;
}

static int classify_port(struct classing *k, unsigned int port, uint32_t *ret_class)
{
	const struct plan *p = k->c->plan;
	size_t n = 0;
	uint32_t list;

	for (uint32_t i = 0; i < p->net_count; i++)
		if (pattern_has_port(&p->net[i], port))
			k->list[n++] = i;
	list = lists_intern(&k->ports, k->list, n);
	if (list == UINT32_MAX)
		return -ENOMEM;
	*ret_class = list - 1;
	if (*ret_class > 255)
		return too_big(k->c, "the table of port classes", 257, 256, "use fewer different port ranges");
	return 0;
}

/* A port's class can only change where a range begins, or after one ends. */
static int classify_ports(struct classing *k)
{
	struct net_tables *t = &k->c->net;
	own_free bool *edge = calloc(65537, sizeof(*edge));
	uint32_t class = 0;

	t->port_class = malloc(65536);
	if (!edge || !t->port_class)
		return -ENOMEM;
	edge[0] = true;
	for (size_t i = 0; i < k->c->plan->net_count; i++) {
		const struct ports *ports = &k->c->plan->net[i].ports;

		for (size_t r = 0; r < ports->n; r++)
			edge[ports->v[r].first] = edge[ports->v[r].last + 1] = true;
	}
	for (unsigned int port = 0; port < 65536; port++) {
		int r = edge[port] ? classify_port(k, port, &class) : 0;

		if (r < 0)
			return r;
		t->port_class[port] = (uint8_t) class;
	}
	t->port_classes = k->ports.n - 1;
	return 0;
}

/* The patterns that match, in k->list. */
static size_t matching(struct classing *k, uint32_t address, uint32_t port, unsigned int protocol)
{
	/* The class beyond the lists is that of no prefix once more: see classify_addresses(). */
	uint32_t address_list = address + 1 < k->addresses.n ? address + 1 : 1;
	size_t n, ports, at = 0, matched = 0;
	const uint32_t *a = lists_get(&k->addresses, address_list, &n), *p = lists_get(&k->ports, port + 1, &ports);

	for (size_t i = 0; i < n; i++) {
		while (at < ports && p[at] < a[i])
			at++;
		if (at < ports && p[at] == a[i] && k->c->plan->net[a[i]].protocols >> protocol & 1)
			k->list[matched++] = a[i];
	}
	return matched;
}

static int fill_sets(struct classing *k)
{
	struct net_tables *t = &k->c->net;
	size_t n = t->address_classes * t->port_classes * CVF_PROTO_MAX, at = 0;

	if (n > CVF_NET_SETS_MAX)
		return too_big(k->c, "the table of network sets", n, CVF_NET_SETS_MAX,
			       "use fewer different prefixes or port ranges");
	t->net_set = calloc(n, sizeof(*t->net_set));
	if (!t->net_set)
		return -ENOMEM;
	for (uint32_t address = 0; address < t->address_classes; address++) {
		for (uint32_t port = 0; port < t->port_classes; port++) {
			for (unsigned int protocol = 0; protocol < CVF_PROTO_MAX; protocol++) {
				uint32_t set;
				int r;

				r = set_fill(k->c, CVF_DOMAIN_NET, k->list, matching(k, address, port, protocol), NULL, &set);
				if (r < 0)
					return r;
				t->net_set[at++] = (uint16_t)set;
			}
		}
	}
	return 0;
}

/* Set 0 must be what nothing matched, as in every domain. */
static int fill_nothing(struct compiler *c)
{
	uint32_t set;

	return set_fill(c, CVF_DOMAIN_NET, NULL, 0, NULL, &set);
}

int compile_net(struct compiler *c)
{
	struct classing k = {.c = c, .list = calloc(c->plan->net_count + 1, sizeof(uint32_t))};
	int r = k.list ? lists_init(&k.addresses) : -ENOMEM;

	if (r == 0)
		r = lists_init(&k.ports);
	if (r == 0)
		r = tables_init(c, CVF_DOMAIN_NET);
	if (r == 0)
		r = fill_nothing(c);
	if (r == 0)
		r = collect_prefixes(c);
	if (r == 0)
		r = classify_addresses(&k);
	if (r == 0)
		r = classify_ports(&k);
	if (r == 0)
		r = fill_sets(&k);
	lists_done(&k.addresses);
	lists_done(&k.ports);
	free(k.list);
	return r;
}
