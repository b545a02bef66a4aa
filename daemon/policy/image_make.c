// SPDX-License-Identifier: Apache-2.0
/*
 * image_make.c - the compiler's tables as one block
 */
#include <string.h>

#include "policy/compile.h"

#define ALIGN 8u

struct draft {
	struct compiler *c;
	struct cvf_image head;
	struct cvf_set *sets;
	struct cvf_owner *owners;
	uint16_t *slates, *index;
	size_t sets_count, owners_count, slates_count, index_count;
	struct cvf_image_agent *agents;
	struct cvf_image_uid *uids;
	uint16_t *enrol[2]; /* by exe, by cgroup */
	size_t uids_count, enrol_count;
	struct {
		const void *data;
		size_t count, bytes;
	} section[CVF_SECTION_MAX];
};

/* One domain after the other: sets, their owners, columns. */
static void count_tables(struct draft *d)
{
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++) {
		const struct tables *k = &d->c->tables[domain];

		d->head.domain[domain] = (struct cvf_image_domain){
			.sets = (uint32_t)k->sets.n - 1,
			.set_from = (uint32_t)d->sets_count,
			.columns = (uint32_t)k->columns.n - 1,
			.slate_from = (uint32_t)d->slates_count,
			.slates = (uint32_t)k->slates.n - 1,
		};
		d->sets_count += k->sets.n - 1;
		d->slates_count += (k->columns.n - 1) * d->head.rows;
		d->owners_count += k->owners.start[k->owners.n];
	}
}

static void fill_domain(struct draft *d, int domain, size_t *owners)
{
	const struct cvf_image_domain *to = &d->head.domain[domain];
	const struct tables *k = &d->c->tables[domain];
	size_t first = *owners;

	for (size_t i = 0; i < (size_t)to->columns * d->head.rows; i++)
		d->slates[to->slate_from + i] = (uint16_t)k->columns.data[i];
	for (size_t i = 0; i < k->owners.start[k->owners.n]; i++, ++*owners)
		d->owners[*owners] = (struct cvf_owner){(uint16_t)k->owners.data[i], (uint16_t)(k->owners.data[i] >> 16)};
	for (uint32_t i = 0; i < to->sets; i++) {
		size_t n;
		const uint32_t *set = lists_get(&k->sets, i + 1, &n);

		lists_get(&k->owners, set[1], &n);
		d->sets[to->set_from + i] = (struct cvf_set){
			.column = (uint16_t)set[0],
			.owners = (uint16_t)n,
			.first = n ? (uint32_t)first + k->owners.start[set[1]] : 0,
		};
	}
}

static void fill_op(struct draft *d, unsigned int op, const struct tables *k, size_t position)
{
	uint16_t *words = d->index + d->head.index_from[op];

	for (uint32_t slate = 0; slate + 1 < k->slates.n; slate++) {
		size_t n;

		words[slate] = (uint16_t)lists_get(&k->slates, slate + 1, &n)[position];
	}
}

static int fill_index(struct draft *d)
{
	struct compiler *c = d->c;

	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		d->head.index_from[op] = (uint32_t)d->index_count;
		d->index_count += d->head.domain[op_domain((enum cvf_op)op)].slates;
	}
	if (d->index_count > CVF_INDEX_MAX)
		return too_big(c, "the index of outcomes", d->index_count, CVF_INDEX_MAX,
			       "use fewer different patterns, or give agents the same profile, capabilities and \"net\" "
			       "scope");
	d->index = calloc(d->index_count + 1, sizeof(*d->index));
	if (!d->index)
		return -ENOMEM;
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++)
		for (size_t i = 0; i < c->tables[domain].ops_count; i++)
			fill_op(d, c->tables[domain].ops[i], &c->tables[domain], i);
	return 0;
}

static int fill_tables(struct draft *d)
{
	size_t owners = 0;

	d->head.rows = (uint32_t)d->c->plan->bounds_count + 1;
	count_tables(d);
	if (d->slates_count > CVF_SLATES_MAX)
		return too_big(d->c, "the table of slates", d->slates_count, CVF_SLATES_MAX,
			       "use fewer different patterns, or give agents the same profile, capabilities and \"net\" "
			       "scope");
	d->sets = calloc(d->sets_count + 1, sizeof(*d->sets));
	d->owners = calloc(d->owners_count + 1, sizeof(*d->owners));
	d->slates = calloc(d->slates_count + 1, sizeof(*d->slates));
	if (!d->sets || !d->owners || !d->slates)
		return -ENOMEM;
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++)
		fill_domain(d, domain, &owners);
	return fill_index(d);
}

static int by_agent(const void *a, const void *b)
{
	const struct cvf_image_agent *x = a, *y = b;

	return (x->agent > y->agent) - (x->agent < y->agent);
}

static int by_uid(const void *a, const void *b)
{
	const struct cvf_image_uid *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static int fill_agents(struct draft *d)
{
	const struct plan *p = d->c->plan;
	own_free uint32_t *users = calloc(p->bounds_count + 1, sizeof(*users));
	size_t uids = 0;

	for (size_t i = 0; users && i < p->agents_count; i++) {
		uids += p->agents[i].agent->uids_count;
		users[p->agents[i].bound->row - 1]++;
	}
	if (uids > CVF_AGENTS_MAX)
		return too_big(d->c, "the table of users", uids, CVF_AGENTS_MAX, NULL);
	d->agents = calloc(p->agents_count + 1, sizeof(*d->agents));
	d->uids = calloc(uids + 1, sizeof(*d->uids));
	if (!users || !d->agents || !d->uids)
		return -ENOMEM;
	for (size_t i = 0; i < p->agents_count; i++) {
		const struct agent *a = p->agents[i].agent;

		d->agents[i].agent = d->c->agent_numbers[i];
		d->agents[i].value = (struct cvf_agent){
			.row = (uint16_t)p->agents[i].bound->row,
			.own = (uint16_t)(p->agents[i].bound->owns > 1 ? p->agents[i].own + 1 : 0),
			.mode = (uint8_t)a->mode,
			.shared = users[p->agents[i].bound->row - 1] > 1,
			.max_holds = (uint16_t)a->pending_holds,
		};
		for (size_t k = 0; k < a->uids_count; k++)
			d->uids[d->uids_count++] = (struct cvf_image_uid){a->uids[k], d->c->agent_numbers[i]};
	}
	qsort(d->agents, p->agents_count, sizeof(*d->agents), by_agent);
	qsort(d->uids, d->uids_count, sizeof(*d->uids), by_uid);
	return 0;
}

/* As far as the last set that enrols somebody. */
static int fill_enrolment(struct draft *d)
{
	const struct tables *k = &d->c->tables[CVF_DOMAIN_FILE];
	size_t sets = k->sets.n - 1 < CVF_ENROL_MAX ? k->sets.n - 1 : CVF_ENROL_MAX;

	for (int by = 0; by < 2; by++) {
		d->enrol[by] = calloc(sets + 1, sizeof(uint16_t));
		if (!d->enrol[by])
			return -ENOMEM;
	}
	for (size_t set = 0; set < sets; set++) {
		size_t width;
		const uint32_t *one = lists_get(&k->sets, (uint32_t)set + 1, &width);

		for (int by = 0; by < 2; by++)
			d->enrol[by][set] = (uint16_t)one[2 + by];
	}
	d->enrol_count = sets;
	return 0;
}

static void section(struct draft *d, enum cvf_section s, const void *data, size_t count, size_t bytes)
{
	d->section[s].data = data;
	d->section[s].count = count;
	d->section[s].bytes = bytes;
}

static void list_sections(struct draft *d)
{
	struct compiler *c = d->c;
	struct net_tables *n = &c->net;

	section(d, CVF_SECTION_CLASS_OF, c->automaton.class_of, 256, 1);
	section(d, CVF_SECTION_PORT_CLASS, n->port_class, 65536, 1);
	section(d, CVF_SECTION_NET_SET, n->net_set, n->address_classes * n->port_classes * CVF_PROTO_MAX,
		sizeof(uint16_t));
	section(d, CVF_SECTION_PREFIX, n->prefixes, n->prefixes_count, sizeof(*n->prefixes));
	section(d, CVF_SECTION_ENROL_EXE, d->enrol[0], d->enrol_count, sizeof(uint16_t));
	section(d, CVF_SECTION_ENROL_CGROUP, d->enrol[1], d->enrol_count, sizeof(uint16_t));
	section(d, CVF_SECTION_ENROL_UID, d->uids, d->uids_count, sizeof(*d->uids));
	section(d, CVF_SECTION_AGENT, d->agents, c->plan->agents_count, sizeof(*d->agents));
	section(d, CVF_SECTION_CELL, c->cells.v, c->cells.n, sizeof(*c->cells.v));
	section(d, CVF_SECTION_RATE, c->rates.v, c->rates.n, sizeof(*c->rates.v));
	section(d, CVF_SECTION_SET, d->sets, d->sets_count, sizeof(*d->sets));
	section(d, CVF_SECTION_OWNER, d->owners, d->owners_count, sizeof(*d->owners));
	section(d, CVF_SECTION_SLATE, d->slates, d->slates_count, sizeof(*d->slates));
	section(d, CVF_SECTION_INDEX, d->index, d->index_count, sizeof(*d->index));
	section(d, CVF_SECTION_DFA, c->automaton.words, c->automaton.count, sizeof(uint32_t));
}

static void fill_head(struct draft *d, uint64_t generation)
{
	struct cvf_image *h = &d->head;
	struct compiler *c = d->c;

	h->magic = CVF_IMAGE_MAGIC;
	h->abi = CVF_ABI;
	h->generation = generation;
	h->stride = c->automaton.stride;
	h->start_file = c->automaton.start_file;
	h->start_exec = c->automaton.start_exec;
	h->exec_states_from = c->automaton.exec_from;
	h->short_from = c->automaton.short_from;
	h->exec_short_from = c->automaton.exec_short_from;
	h->address_classes = (uint32_t)c->net.address_classes;
	h->port_classes = (uint32_t)c->net.port_classes;
}

static int assemble(struct draft *d, struct cvf_image **ret_image, size_t *ret_size)
{
	size_t size = sizeof(d->head);
	char *block;

	for (int i = 0; i < CVF_SECTION_MAX; i++) {
		d->head.section[i] = (struct cvf_image_section){(uint32_t)size, (uint32_t)d->section[i].count};
		size += (d->section[i].count * d->section[i].bytes + ALIGN - 1) / ALIGN * ALIGN;
	}
	d->head.size = (uint32_t)size;
	block = calloc(1, size);
	if (!block)
		return -ENOMEM;
	memcpy(block, &d->head, sizeof(d->head));
	for (int i = 0; i < CVF_SECTION_MAX; i++)
		if (d->section[i].count)
			memcpy(block + d->head.section[i].offset, d->section[i].data,
			       d->section[i].count * d->section[i].bytes);
	*ret_image = (struct cvf_image *)(void *)block;
	*ret_size = size;
	return 0;
}

int image_make(struct compiler *c, uint64_t generation, struct cvf_image **ret_image, size_t *ret_size)
{
	struct draft d = {.c = c};
	int r = fill_tables(&d);

	if (r == 0)
		r = fill_agents(&d);
	if (r == 0)
		r = fill_enrolment(&d);
	if (r == 0) {
		fill_head(&d, generation);
		list_sections(&d);
		r = assemble(&d, ret_image, ret_size);
	}
	free(d.sets);
	free(d.owners);
	free(d.slates);
	free(d.index);
	free(d.agents);
	free(d.uids);
	free(d.enrol[0]);
	free(d.enrol[1]);
	return r;
}
