// SPDX-License-Identifier: Apache-2.0
/*
 * image.c - the gate between the governor and the kernel: nothing in an image is believed before image_check() read it
 *
 * The image comes from an unprivileged process and may be hostile. After a successful check every state, class, set and
 * cell that the BPF programs or image_fill() can reach is inside its table, and no cell breaks what the risk levels
 * promise. Allocates nothing, logs nothing, has no state; linked into cvfd.
 */
#include "core/image.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SECTION_ALIGN 8u
#define CELL_FLAGS    (CVF_CELL_RECORD | CVF_CELL_ASK | CVF_CELL_NO_GRANT | CVF_CELL_OVER | CVF_CELL_KEEP)

/* Bytes of a record and most records of each section; what is exactly fixed is checked in check_counts(). */
static const struct {
	uint32_t bytes;
	uint32_t max;
} sections[CVF_SECTION_MAX] = {
	[CVF_SECTION_CLASS_OF] = {1, 256},
	[CVF_SECTION_PORT_CLASS] = {1, 65536},
	[CVF_SECTION_NET_SET] = {2, CVF_NET_SETS_MAX},
	[CVF_SECTION_PREFIX] = {sizeof(struct cvf_image_prefix), CVF_PREFIXES_MAX},
	[CVF_SECTION_ENROL_EXE] = {2, CVF_ENROL_MAX},
	[CVF_SECTION_ENROL_CGROUP] = {2, CVF_ENROL_MAX},
	[CVF_SECTION_ENROL_UID] = {sizeof(struct cvf_image_uid), CVF_AGENTS_MAX},
	[CVF_SECTION_AGENT] = {sizeof(struct cvf_image_agent), CVF_AGENTS_MAX - 1},
	[CVF_SECTION_CELL] = {sizeof(struct cvf_cell), CVF_CELLS_MAX},
	[CVF_SECTION_RATE] = {sizeof(struct cvf_rate), CVF_RATES_MAX},
	[CVF_SECTION_SET] = {sizeof(struct cvf_set), CVF_SETS_MAX},
	[CVF_SECTION_OWNER] = {sizeof(struct cvf_owner), CVF_OWNERS_MAX},
	[CVF_SECTION_SLATE] = {2, CVF_SLATES_MAX},
	[CVF_SECTION_INDEX] = {2, CVF_INDEX_MAX},
	[CVF_SECTION_DFA] = {4, CVF_DFA_WORDS},
};

static const uint8_t op_domain[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = CVF_DOMAIN_##domain,
#include "cvf/ops.def"
#undef OP
};

const void *image_section(const struct cvf_image *image, enum cvf_section section, size_t *ret_count)
{
	if (ret_count)
		*ret_count = image->section[section].count;
	return (const char *)image + image->section[section].offset;
}

uint32_t image_step(const struct cvf_image *image, uint32_t state, const char *bytes, size_t size)
{
	const uint8_t *class_of = image_section(image, CVF_SECTION_CLASS_OF, NULL);
	const uint32_t *dfa = image_section(image, CVF_SECTION_DFA, NULL);

	for (size_t i = 0; i < size; i++)
		state = cvf_dfa_next(dfa, image->short_from, state, class_of[(unsigned char)bytes[i]]);
	return state;
}

uint32_t image_set(const struct cvf_image *image, uint32_t state)
{
	return cvf_dfa_set(image_section(image, CVF_SECTION_DFA, NULL), image->short_from, image->stride, state);
}

uint16_t image_cell(const struct cvf_image *image, const struct cvf_agent *agent, unsigned int op, uint32_t set)
{
	const struct cvf_image_domain *d = &image->domain[op_domain[op]];
	const struct cvf_set *s = (const struct cvf_set *)image_section(image, CVF_SECTION_SET, NULL) + d->set_from + set;
	const struct cvf_owner *owner = (const struct cvf_owner *)image_section(image, CVF_SECTION_OWNER, NULL) + s->first;
	const uint16_t *slates = image_section(image, CVF_SECTION_SLATE, NULL);
	const uint16_t *index = image_section(image, CVF_SECTION_INDEX, NULL);
	uint16_t slate = slates[d->slate_from + (size_t)s->column * image->rows + agent->row];

	for (uint32_t i = 0; i < s->owners; i++)
		if (owner[i].own == agent->own)
			slate = owner[i].slate;
	return index[image->index_from[op] + slate];
}

static enum image_fault check_sections(const struct cvf_image *image, size_t size)
{
	for (int i = 0; i < CVF_SECTION_MAX; i++) {
		const struct cvf_image_section *s = &image->section[i];
		uint64_t end = (uint64_t)s->offset + (uint64_t)s->count * sections[i].bytes;

		if (s->offset < sizeof(*image) || s->offset % SECTION_ALIGN || end > size)
			return IMAGE_SECTION;
		if (s->count > sections[i].max)
			return IMAGE_LIMIT;
	}
	return IMAGE_OK;
}

/* Counts that follow from other counts; every product below is of bounded factors and fits 64 bits. */
static enum image_fault check_counts(const struct cvf_image *image)
{
	const struct cvf_image_section *s = image->section;

	if (s[CVF_SECTION_CLASS_OF].count != 256 || s[CVF_SECTION_PORT_CLASS].count != 65536)
		return IMAGE_SECTION;
	if (image->stride < 2 || image->stride > 257)
		return IMAGE_CLASS;
	if (image->address_classes < 1 || image->address_classes > CVF_NET_SETS_MAX || image->port_classes < 1 ||
	    image->port_classes > 256)
		return IMAGE_CLASS;
	if (s[CVF_SECTION_NET_SET].count != (uint64_t)image->address_classes * image->port_classes * CVF_PROTO_MAX)
		return IMAGE_SECTION;
	if (image->rows < 1 || image->rows > CVF_AGENTS_MAX)
		return IMAGE_LIMIT;
	if (image->domain[CVF_DOMAIN_SYS].sets != 1)
		return IMAGE_INDEX;
	if (s[CVF_SECTION_ENROL_EXE].count > image->domain[CVF_DOMAIN_FILE].sets ||
	    s[CVF_SECTION_ENROL_CGROUP].count > image->domain[CVF_DOMAIN_FILE].sets)
		return IMAGE_SECTION;
	if (image->reserved)
		return IMAGE_RESERVED;
	return IMAGE_OK;
}

static uint32_t domain_sets(const struct cvf_image *image, enum cvf_domain domain)
{
	return image->domain[domain].sets;
}

static enum image_fault check_classes(const struct cvf_image *image)
{
	const uint8_t *class_of = image_section(image, CVF_SECTION_CLASS_OF, NULL);
	const uint8_t *port_class = image_section(image, CVF_SECTION_PORT_CLASS, NULL);
	size_t n;
	const uint16_t *net_set = image_section(image, CVF_SECTION_NET_SET, &n);

	for (int i = 0; i < 256; i++)
		if (class_of[i] >= image->stride - 1)
			return IMAGE_CLASS;
	for (int i = 0; i < 65536; i++)
		if (port_class[i] >= image->port_classes)
			return IMAGE_CLASS;
	for (size_t i = 0; i < n; i++)
		if (net_set[i] >= domain_sets(image, CVF_DOMAIN_NET))
			return IMAGE_INDEX;
	return IMAGE_OK;
}

/* Bits past the prefix length are zero: one prefix has one spelling. */
static bool prefix_is_plain(const struct cvf_prefix *p)
{
	if (p->bits > 128)
		return false;
	for (unsigned int bit = p->bits; bit < 128; bit++)
		if (p->address[bit / 8] & (0x80 >> bit % 8))
			return false;
	return true;
}

/* Strictly ascending, so that none is there twice. */
static enum image_fault check_prefixes(const struct cvf_image *image)
{
	size_t n;
	const struct cvf_image_prefix *p = image_section(image, CVF_SECTION_PREFIX, &n);

	for (size_t i = 0; i < n; i++) {
		if (!prefix_is_plain(&p[i].prefix))
			return IMAGE_CLASS;
		if (p[i].address_class < 1 || p[i].address_class >= image->address_classes)
			return IMAGE_CLASS;
		if (!i || p[i - 1].prefix.bits < p[i].prefix.bits)
			continue;
		if (p[i - 1].prefix.bits > p[i].prefix.bits ||
		    memcmp(p[i - 1].prefix.address, p[i].prefix.address, sizeof(p[i].prefix.address)) >= 0)
			return IMAGE_CLASS;
	}
	return IMAGE_OK;
}

/* Where the states of one domain are: full rows, and short ones; `to` is past the last. */
struct states {
	uint32_t full, full_to, brief, brief_to;
	uint32_t sets;
};

static bool is_full(const struct states *k, uint32_t stride, uint32_t state)
{
	return state >= k->full && state < k->full_to && (state - k->full) % stride == 0;
}

/* The dead state belongs to both domains. */
static bool is_state(const struct states *k, uint32_t stride, uint32_t state)
{
	return !state || is_full(k, stride, state) ||
	       (state >= k->brief && state < k->brief_to && (state - k->brief) % CVF_SHORT_WORDS == 0);
}

/* Rows that only lead into their own domain or to the dead state, with sets below its bound. */
static bool check_full(const uint32_t *dfa, uint32_t stride, const struct states *k)
{
	for (uint32_t row = k->full; row < k->full_to; row += stride) {
		for (uint32_t c = 0; c < stride - 1; c++)
			if (!is_state(k, stride, dfa[row + c]))
				return false;
		if (dfa[row + stride - 1] >= k->sets)
			return false;
	}
	return true;
}

static bool check_short(const uint32_t *dfa, uint32_t stride, const struct states *k)
{
	for (uint32_t row = k->brief; row < k->brief_to; row += CVF_SHORT_WORDS) {
		uint32_t other = dfa[row + CVF_SHORT_OTHER];

		if (other & CVF_SHORT_STATE ? !is_state(k, stride, other & ~CVF_SHORT_STATE)
					    : other && !is_full(k, stride, other))
			return false;
		for (int i = CVF_SHORT_FIRST; i <= CVF_SHORT_SECOND; i++)
			if (dfa[row + i] >> 24 >= stride - 1 || !is_state(k, stride, dfa[row + i] & CVF_SHORT_NEXT))
				return false;
		if (dfa[row + CVF_SHORT_SET] >= k->sets)
			return false;
	}
	return true;
}

/*
 * The file domain's full rows come first, the dead state among them, then from exec_states_from on those of the exec
 * domain; the short rows behind them in the same order. Neither domain leads into the other. That is what bounds each
 * domain's sets without walking the graph.
 */
static enum image_fault check_states(const struct cvf_image *image)
{
	size_t words;
	const uint32_t *dfa = image_section(image, CVF_SECTION_DFA, &words);
	uint32_t stride = image->stride, split = image->exec_states_from;
	uint32_t brief = image->short_from, brief_split = image->exec_short_from;
	const struct states file = {0, split, brief, brief_split, domain_sets(image, CVF_DOMAIN_FILE)};
	const struct states exec = {split, brief, brief_split, (uint32_t)words, domain_sets(image, CVF_DOMAIN_EXEC)};

	if (split < stride || split > brief || brief > brief_split || brief_split > words)
		return IMAGE_STATE;
	if (split % stride || brief % stride || (brief_split - brief) % CVF_SHORT_WORDS ||
	    (words - brief_split) % CVF_SHORT_WORDS)
		return IMAGE_STATE;
	if (!is_state(&file, stride, image->start_file) || !is_state(&exec, stride, image->start_exec))
		return IMAGE_STATE;
	for (uint32_t i = 0; i < stride; i++)
		if (dfa[i])
			return IMAGE_STATE;
	if (!check_full(dfa, stride, &file) || !check_full(dfa, stride, &exec) || !check_short(dfa, stride, &file) ||
	    !check_short(dfa, stride, &exec))
		return IMAGE_STATE;
	return IMAGE_OK;
}

static bool cell_is_sound(const struct cvf_cell *c, uint32_t rows)
{
	if (c->action < CVF_VERDICT_ALLOW || c->action > CVF_VERDICT_HOLD || c->risk > CVF_R3)
		return false;
	if (c->flags & ~CELL_FLAGS || c->reason == CVF_REASON_NONE || c->reason >= CVF_REASON_MAX)
		return false;
	if (c->row >= rows || c->op == CVF_OP_NONE || c->op >= CVF_OP_MAX)
		return false;
	/* What no policy can lower: CRITICAL is never allowed and never granted, HIGH only by a standing grant. */
	if (c->risk == CVF_R3 &&
	    (c->action == CVF_VERDICT_ALLOW || (c->action == CVF_VERDICT_HOLD && !(c->flags & CVF_CELL_NO_GRANT))))
		return false;
	return c->risk != CVF_R2 || c->action != CVF_VERDICT_ALLOW || c->reason == CVF_REASON_STANDING_GRANT;
}

static enum image_fault check_cells(const struct cvf_image *image)
{
	size_t n;
	const struct cvf_cell *c = image_section(image, CVF_SECTION_CELL, &n);

	if (!n || c[0].action != CVF_VERDICT_DENY || c[0].reason != CVF_REASON_INTERNAL || c[0].row || c[0].op ||
	    c[0].risk > CVF_R3 || c[0].flags & ~CELL_FLAGS)
		return IMAGE_CELL;
	if (c[0].rate)
		return IMAGE_CELL;
	for (size_t i = 1; i < n; i++)
		if (!cell_is_sound(&c[i], image->rows))
			return IMAGE_CELL;
	return IMAGE_OK;
}

/* A chain descends, so it ends; what it leads to is an outcome of the same row and operation that counts nothing itself. */
static bool chain_is_sound(const struct cvf_image *image, const struct cvf_cell *from)
{
	size_t cells_count, rates_count;
	const struct cvf_cell *cells = image_section(image, CVF_SECTION_CELL, &cells_count);
	const struct cvf_rate *rates = image_section(image, CVF_SECTION_RATE, &rates_count);
	uint32_t at = from->rate, length = 0;

	while (at) {
		const struct cvf_rate *r = &rates[at];

		if (++length > CVF_RATES_CHAIN || at >= rates_count)
			return false;
		if (!r->rule || !r->window_s || r->next >= at)
			return false;
		if (r->window_s > (r->limit == CVF_RATE_AGE ? CVF_SESSION_AGE_S : CVF_RATE_WINDOW_S))
			return false;
		if (!r->over || r->over >= cells_count)
			return false;
		if (cells[r->over].row != from->row || cells[r->over].op != from->op || cells[r->over].rate)
			return false;
		at = r->next;
	}
	return true;
}

static enum image_fault check_rates(const struct cvf_image *image)
{
	static const struct cvf_rate none;
	size_t cells_count, rates_count;
	const struct cvf_cell *cells = image_section(image, CVF_SECTION_CELL, &cells_count);
	const struct cvf_rate *rates = image_section(image, CVF_SECTION_RATE, &rates_count);

	if (!rates_count || memcmp(&rates[0], &none, sizeof(none)) != 0)
		return IMAGE_RATE;
	for (size_t i = 0; i < cells_count; i++)
		if (!chain_is_sound(image, &cells[i]))
			return IMAGE_RATE;
	return IMAGE_OK;
}

/* The row that each number of own patterns belongs to; 0: nobody's. */
struct own_rows {
	uint16_t of[CVF_AGENTS_MAX];
};

/* Agents ascend, those of one number of own patterns have one row, and a row that several have is marked as such. */
static enum image_fault check_agents(const struct cvf_image *image, struct own_rows *ret_rows)
{
	uint8_t users[CVF_AGENTS_MAX] = {0};
	size_t n;
	const struct cvf_image_agent *a = image_section(image, CVF_SECTION_AGENT, &n);

	for (size_t i = 0; i < n; i++) {
		const struct cvf_agent *v = &a[i].value;

		if (a[i].agent < 1 || a[i].agent >= CVF_AGENT_CANARY || (i && a[i].agent <= a[i - 1].agent))
			return IMAGE_AGENT;
		if (v->row < 1 || v->row >= image->rows || v->mode > CVF_MODE_LEARN || v->own >= CVF_AGENTS_MAX)
			return IMAGE_AGENT;
		if (v->own && ret_rows->of[v->own] && ret_rows->of[v->own] != v->row)
			return IMAGE_AGENT;
		ret_rows->of[v->own] = v->own ? v->row : 0;
		users[v->row] += users[v->row] < 2;
	}
	for (size_t i = 0; i < n; i++)
		if (a[i].value.shared != (users[a[i].value.row] > 1))
			return IMAGE_AGENT;
	return IMAGE_OK;
}

/* What every operation of the domain makes of a slate is a cell of that row and operation, or the fail-closed cell 0. */
static bool slate_is_of(const struct cvf_image *image, enum cvf_domain domain, uint32_t slate, uint32_t row)
{
	const struct cvf_cell *cells = image_section(image, CVF_SECTION_CELL, NULL);
	const uint16_t *index = image_section(image, CVF_SECTION_INDEX, NULL);

	if (slate >= image->domain[domain].slates)
		return false;
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		uint16_t cell = op_domain[op] == domain ? index[image->index_from[op] + slate] : 0;

		if (cell && (cells[cell].row != row || cells[cell].op != op))
			return false;
	}
	return true;
}

/* Every word that an operation can reach is there and names a cell that is there; slate 0 refuses. */
static enum image_fault check_index(const struct cvf_image *image)
{
	size_t words, cells = image->section[CVF_SECTION_CELL].count;
	const uint16_t *index = image_section(image, CVF_SECTION_INDEX, &words);

	if (image->index_from[CVF_OP_NONE])
		return IMAGE_INDEX;
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		uint64_t slates = image->domain[op_domain[op]].slates;

		if (!slates || image->index_from[op] + slates > words || index[image->index_from[op]])
			return IMAGE_INDEX;
	}
	for (size_t i = 0; i < words; i++)
		if (index[i] >= cells)
			return IMAGE_INDEX;
	return IMAGE_OK;
}

static bool columns_are_sound(const struct cvf_image *image, enum cvf_domain domain)
{
	const struct cvf_image_domain *d = &image->domain[domain];
	size_t words;
	const uint16_t *slate = image_section(image, CVF_SECTION_SLATE, &words);

	if (!d->columns || d->slate_from + (uint64_t)d->columns * image->rows > words)
		return false;
	slate += d->slate_from;
	for (uint32_t column = 0; column < d->columns; column++)
		for (uint32_t row = 0; row < image->rows; row++)
			if (!slate_is_of(image, domain, *slate++, row))
				return false;
	return true;
}

/* Owners ascend, so that each is found; they see slates of their own row. */
static bool owners_are_sound(const struct cvf_image *image, enum cvf_domain domain, const struct cvf_set *set,
			     const struct own_rows *rows)
{
	size_t n;
	const struct cvf_owner *o = image_section(image, CVF_SECTION_OWNER, &n);

	if (set->first + (uint64_t)set->owners > n)
		return false;
	o += set->first;
	for (uint32_t i = 0; i < set->owners; i++) {
		if (!o[i].own || o[i].own >= CVF_AGENTS_MAX || (i && o[i].own <= o[i - 1].own))
			return false;
		if (!rows->of[o[i].own] || !o[i].slate || !slate_is_of(image, domain, o[i].slate, rows->of[o[i].own]))
			return false;
	}
	return true;
}

/* The lists of owners may overlap; together they are no longer than the table, which bounds the work. */
static enum image_fault check_domain(const struct cvf_image *image, enum cvf_domain domain,
				     const struct own_rows *rows, uint64_t *owners)
{
	const struct cvf_image_domain *d = &image->domain[domain];
	size_t n;
	const struct cvf_set *sets = image_section(image, CVF_SECTION_SET, &n);

	if (!d->sets || d->set_from + (uint64_t)d->sets > n || !columns_are_sound(image, domain))
		return IMAGE_INDEX;
	sets += d->set_from;
	for (uint32_t i = 0; i < d->sets; i++) {
		*owners += sets[i].owners;
		if (*owners > CVF_OWNERS_MAX)
			return IMAGE_LIMIT;
		if (sets[i].column >= d->columns || !owners_are_sound(image, domain, &sets[i], rows))
			return IMAGE_INDEX;
	}
	return IMAGE_OK;
}

static enum image_fault check_rows(const struct cvf_image *image)
{
	struct own_rows rows = {0};
	uint64_t owners = 0;
	enum image_fault fault = check_agents(image, &rows);

	for (int domain = 0; !fault && domain < CVF_DOMAIN_MAX; domain++)
		fault = check_domain(image, (enum cvf_domain)domain, &rows, &owners);
	return fault;
}

static const struct cvf_agent *agent_find(const struct cvf_image *image, uint32_t agent)
{
	size_t low = 0, high;
	const struct cvf_image_agent *a = image_section(image, CVF_SECTION_AGENT, &high);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a[middle].agent == agent)
			return &a[middle].value;
		if (a[middle].agent < agent)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static enum image_fault check_enrolment(const struct cvf_image *image)
{
	static const enum cvf_section tables[] = {CVF_SECTION_ENROL_EXE, CVF_SECTION_ENROL_CGROUP};
	size_t n;
	const struct cvf_image_uid *uid;

	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		const uint16_t *agent = image_section(image, tables[t], &n);

		for (size_t i = 0; i < n; i++)
			if (agent[i] && !agent_find(image, agent[i]))
				return IMAGE_AGENT;
	}
	uid = image_section(image, CVF_SECTION_ENROL_UID, &n);
	for (size_t i = 0; i < n; i++)
		if (!agent_find(image, uid[i].agent) || (i && uid[i].uid <= uid[i - 1].uid))
			return IMAGE_AGENT;
	return IMAGE_OK;
}

enum image_fault image_check(const void *data, size_t size)
{
	static enum image_fault (*const checks[])(const struct cvf_image *) = {
		check_counts, check_classes, check_prefixes, check_states,
		check_cells,  check_rates,   check_index,    check_rows,   check_enrolment,
	};
	const struct cvf_image *image = data;
	enum image_fault fault;

	if (size < sizeof(*image) || (uintptr_t)data % SECTION_ALIGN)
		return IMAGE_SHORT;
	if (image->magic != CVF_IMAGE_MAGIC)
		return IMAGE_MAGIC;
	if (image->abi != CVF_ABI)
		return IMAGE_ABI;
	if (image->size != size)
		return IMAGE_SHORT;
	if (!image->generation)
		return IMAGE_LIMIT;
	fault = check_sections(image, size);
	for (size_t i = 0; !fault && i < ARRAY_SIZE(checks); i++)
		fault = checks[i](image);
	return fault;
}

static void copy_section(const struct cvf_image *image, enum cvf_section section, void *to)
{
	size_t n;
	const void *from = image_section(image, section, &n);

	memcpy(to, from, n * sections[section].bytes);
}

static bool any_agent(const struct cvf_image *image, enum cvf_section section)
{
	size_t n;
	const uint16_t *agent = image_section(image, section, &n);

	for (size_t i = 0; i < n; i++)
		if (agent[i])
			return true;
	return false;
}

static void fill_ops(const struct cvf_image *image, struct cvf_slot *slot)
{
	memset(slot->ops, 0, sizeof(slot->ops));
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		const struct cvf_image_domain *d = &image->domain[op_domain[op]];

		slot->ops[op] = (struct cvf_op_tables){d->sets, d->set_from, d->slate_from, image->index_from[op]};
	}
}

void image_fill(const struct cvf_image *image, struct cvf_slot *slot)
{
	size_t n;
	const struct cvf_image_agent *agents = image_section(image, CVF_SECTION_AGENT, &n);

	/* Tables that are looked up by an agent's number or by a set must not keep words of the previous generation. */
	memset(slot->enrol_exe, 0, sizeof(slot->enrol_exe));
	memset(slot->enrol_cgroup, 0, sizeof(slot->enrol_cgroup));
	memset(slot->agents, 0, sizeof(slot->agents));
	for (size_t i = 0; i < n; i++)
		slot->agents[agents[i].agent] = agents[i].value;
	copy_section(image, CVF_SECTION_CLASS_OF, slot->class_of);
	copy_section(image, CVF_SECTION_PORT_CLASS, slot->port_class);
	copy_section(image, CVF_SECTION_NET_SET, slot->net_set);
	copy_section(image, CVF_SECTION_ENROL_EXE, slot->enrol_exe);
	copy_section(image, CVF_SECTION_ENROL_CGROUP, slot->enrol_cgroup);
	copy_section(image, CVF_SECTION_CELL, slot->cells);
	copy_section(image, CVF_SECTION_RATE, slot->rates);
	copy_section(image, CVF_SECTION_SET, slot->sets);
	copy_section(image, CVF_SECTION_OWNER, slot->owners);
	copy_section(image, CVF_SECTION_SLATE, slot->slates);
	copy_section(image, CVF_SECTION_INDEX, slot->index);
	copy_section(image, CVF_SECTION_DFA, slot->dfa);
	fill_ops(image, slot);
	slot->rows = image->rows;
	slot->reserved = 0;
	slot->stride = image->stride;
	slot->start_file = image->start_file;
	slot->start_exec = image->start_exec;
	slot->short_from = image->short_from;
	slot->dfa_words = image->section[CVF_SECTION_DFA].count;
	slot->index_words = image->section[CVF_SECTION_INDEX].count;
	slot->cells_count = image->section[CVF_SECTION_CELL].count;
	slot->address_classes = image->address_classes;
	slot->port_classes = image->port_classes;
	slot->enrol_by_exe = any_agent(image, CVF_SECTION_ENROL_EXE);
	slot->enrol_by_cgroup = any_agent(image, CVF_SECTION_ENROL_CGROUP);
	slot->enrol_by_uid = image->section[CVF_SECTION_ENROL_UID].count > 0;
	slot->generation = image->generation;
}
