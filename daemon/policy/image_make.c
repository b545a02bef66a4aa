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
	uint16_t *index;
	size_t index_count;
	struct cvf_image_agent *agents;
	struct cvf_image_uid *uids;
	uint16_t *enrol[2]; /* by exe, by cgroup */
	size_t uids_count, enrol_count;
	struct {
		const void *data;
		size_t count, bytes;
	} section[CVF_SECTION_MAX];
};

static size_t domain_sets(const struct compiler *c, enum cvf_domain domain)
{
	return c->columns[domain].n;
}

/* Row 0 is nobody's: no policy, for every operation. */
static int nobody_cell(struct compiler *c, unsigned int op, uint16_t *ret_cell)
{
	struct cvf_cell *cell = &c->cells.v[c->cells.n];

	if (c->cells.n == CVF_CELLS_MAX)
		return too_big(c, "the table of outcomes", c->cells.n + 1, CVF_CELLS_MAX, NULL);
	*cell = (struct cvf_cell){
		.action = CVF_VERDICT_DENY,
		.reason = CVF_REASON_NO_POLICY,
		.risk = CVF_R2,
		.op = (uint16_t)op,
	};
	*ret_cell = (uint16_t)c->cells.n++;
	return 0;
}

static int fill_op(struct draft *d, unsigned int op, size_t position)
{
	const struct columns *k = &d->c->columns[op_domain((enum cvf_op)op)];
	uint16_t *words = d->index + d->head.op_base[op], nobody = 0;
	int r = nobody_cell(d->c, op, &nobody);

	if (r < 0)
		return r;
	for (size_t set = 0; set < k->n; set++) {
		size_t width;
		const uint32_t *column = lists_get(&k->lists, (uint32_t)set + 1, &width);

		words[set] = nobody;
		for (size_t agent = 0; agent < d->c->plan->agents_count; agent++)
			words[(agent + 1) * k->n + set] = (uint16_t)column[agent * k->ops_count + position];
	}
	return 0;
}

static int fill_index(struct draft *d)
{
	struct compiler *c = d->c;

	d->head.rows = (uint32_t)c->plan->agents_count + 1;
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		size_t sets = domain_sets(c, op_domain((enum cvf_op)op));

		d->head.op_base[op] = (uint32_t)d->index_count;
		d->head.op_sets[op] = (uint32_t)sets;
		d->index_count += sets * d->head.rows;
	}
	if (d->index_count > CVF_INDEX_MAX)
		return too_big(c, "the index of outcomes", d->index_count, CVF_INDEX_MAX,
			       "register fewer agents on this host, or use fewer different patterns");
	d->index = calloc(d->index_count + 1, sizeof(*d->index));
	if (!d->index)
		return -ENOMEM;
	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++) {
		for (size_t i = 0; i < c->columns[domain].ops_count; i++) {
			int r = fill_op(d, c->columns[domain].ops[i], i);

			if (r < 0)
				return r;
		}
	}
	return 0;
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
	size_t uids = 0;

	for (size_t i = 0; i < p->agents_count; i++)
		uids += p->agents[i].agent->uids_count;
	if (uids > CVF_AGENTS_MAX)
		return too_big(d->c, "the table of users", uids, CVF_AGENTS_MAX, NULL);
	d->agents = calloc(p->agents_count + 1, sizeof(*d->agents));
	d->uids = calloc(uids + 1, sizeof(*d->uids));
	if (!d->agents || !d->uids)
		return -ENOMEM;
	for (size_t i = 0; i < p->agents_count; i++) {
		const struct agent *a = p->agents[i].agent;

		d->agents[i].agent = d->c->agent_numbers[i];
		d->agents[i].value = (struct cvf_agent){
			.row = (uint16_t)(i + 1),
			.mode = (uint8_t)a->mode,
			.max_holds = (uint32_t)a->pending_holds,
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
	const struct columns *k = &d->c->columns[CVF_DOMAIN_FILE];
	size_t sets = k->n < CVF_ENROL_MAX ? k->n : CVF_ENROL_MAX;

	for (int by = 0; by < 2; by++) {
		d->enrol[by] = calloc(sets + 1, sizeof(uint16_t));
		if (!d->enrol[by])
			return -ENOMEM;
	}
	for (size_t set = 0; set < sets; set++) {
		size_t width;
		const uint32_t *column = lists_get(&k->lists, (uint32_t)set + 1, &width);

		for (int by = 0; by < 2; by++)
			d->enrol[by][set] = (uint16_t)column[k->ops_count * d->c->plan->agents_count + (size_t)by];
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
	h->file_sets = (uint32_t)domain_sets(c, CVF_DOMAIN_FILE);
	h->exec_sets = (uint32_t)domain_sets(c, CVF_DOMAIN_EXEC);
	h->net_sets = (uint32_t)domain_sets(c, CVF_DOMAIN_NET);
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
	int r = fill_index(&d);

	if (r == 0)
		r = fill_agents(&d);
	if (r == 0)
		r = fill_enrolment(&d);
	if (r == 0) {
		fill_head(&d, generation);
		list_sections(&d);
		r = assemble(&d, ret_image, ret_size);
	}
	free(d.index);
	free(d.agents);
	free(d.uids);
	free(d.enrol[0]);
	free(d.enrol[1]);
	return r;
}
