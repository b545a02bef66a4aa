// SPDX-License-Identifier: Apache-2.0
/*
 * test_image.c - what cvfd accepts as a policy: each refusal beside the image that differs in one word and is sound
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/image.h"

/*
 * A small image, whole: paths that begin with 'a' are set 1, programs that begin with 'a' are set 1, 10.0.0.0/8 is
 * class 1. Three agents, of whom two share a row. Everything lies where struct small says, so that a test can name the word it spoils.
 */
#define STRIDE	    4u /* classes: other, 'a', NUL */
#define FILE_ROWS   3u /* dead, start, matched */
#define EXEC_ROWS   2u /* start, matched */
#define FILE_SHORT  2u
#define EXEC_SHORT  1u
#define FULL_WORDS  ((FILE_ROWS + EXEC_ROWS) * STRIDE)
#define DFA_WORDS   (FULL_WORDS + (FILE_SHORT + EXEC_SHORT) * CVF_SHORT_WORDS)
#define ROWS	    3u
#define SETS	    2u
#define SLATES	    3u /* the one that refuses, and one for each row */
#define INDEX_WORDS (35u * SLATES)
#define SLATE_WORDS ((3u * 2u + 1u) * ROWS)
#define ALL_SETS    (3u * SETS + 1u)
#define CELLS	    (1u + (ROWS - 1) * 35u + 1u) /* the last one is beyond a limit of how often */
#define LIMITED	    5u

struct small {
	struct cvf_image head;
	uint8_t class_of[256];
	uint8_t port_class[65536];
	uint16_t net_set[2 * 2 * CVF_PROTO_MAX];
	_Alignas(8) struct cvf_image_prefix prefix[2];
	_Alignas(8) uint16_t enrol_exe[SETS];
	_Alignas(8) uint16_t enrol_cgroup[SETS];
	_Alignas(8) struct cvf_image_uid uid[2];
	_Alignas(8) struct cvf_image_agent agent[3];
	_Alignas(8) struct cvf_cell cell[CELLS];
	_Alignas(8) struct cvf_rate rate[3];
	_Alignas(8) struct cvf_set set[ALL_SETS];
	_Alignas(8) struct cvf_owner owner[2];
	_Alignas(8) uint16_t slate[(SLATE_WORDS + 3) / 4 * 4];
	_Alignas(8) uint16_t index[(INDEX_WORDS + 3) / 4 * 4];
	_Alignas(8) uint32_t dfa[DFA_WORDS];
};

static const uint8_t op_domain[CVF_OP_MAX] = {
#define OP(number, suffix, name, domain, type) [number] = CVF_DOMAIN_##domain,
#include "cvf/ops.def"
#undef OP
};

static void place(struct small *s, enum cvf_section section, size_t offset, size_t count)
{
	s->head.section[section] = (struct cvf_image_section){(uint32_t)offset, (uint32_t)count};
}

static void place_all(struct small *s)
{
	place(s, CVF_SECTION_CLASS_OF, offsetof(struct small, class_of), 256);
	place(s, CVF_SECTION_PORT_CLASS, offsetof(struct small, port_class), 65536);
	place(s, CVF_SECTION_NET_SET, offsetof(struct small, net_set), 8);
	place(s, CVF_SECTION_PREFIX, offsetof(struct small, prefix), 2);
	place(s, CVF_SECTION_ENROL_EXE, offsetof(struct small, enrol_exe), SETS);
	place(s, CVF_SECTION_ENROL_CGROUP, offsetof(struct small, enrol_cgroup), SETS);
	place(s, CVF_SECTION_ENROL_UID, offsetof(struct small, uid), 2);
	place(s, CVF_SECTION_AGENT, offsetof(struct small, agent), 3);
	place(s, CVF_SECTION_CELL, offsetof(struct small, cell), CELLS);
	place(s, CVF_SECTION_RATE, offsetof(struct small, rate), 3);
	place(s, CVF_SECTION_SET, offsetof(struct small, set), ALL_SETS);
	place(s, CVF_SECTION_OWNER, offsetof(struct small, owner), 2);
	place(s, CVF_SECTION_SLATE, offsetof(struct small, slate), SLATE_WORDS);
	place(s, CVF_SECTION_INDEX, offsetof(struct small, index), INDEX_WORDS);
	place(s, CVF_SECTION_DFA, offsetof(struct small, dfa), DFA_WORDS);
}

/* Set 0 is column 0, where nothing is allowed; set 1, and the only one of SYS, the column with each row's own slate. */
static void fill_domain(struct small *s, enum cvf_domain domain, uint32_t *set, uint32_t *slate)
{
	uint32_t sets = domain == CVF_DOMAIN_SYS ? 1 : SETS;

	s->head.domain[domain] = (struct cvf_image_domain){sets, *set, sets, *slate, SLATES};
	for (uint32_t i = 0; i < sets; i++)
		s->set[(*set)++].column = (uint16_t)i;
	for (uint32_t column = 0; column < sets; column++)
		for (uint32_t row = 0; row < ROWS; row++)
			s->slate[(*slate)++] = column + 1 == sets ? (uint16_t)row : 0;
}

static void fill_index(struct small *s)
{
	uint32_t at = 0, cell = 1, set = 0, slate = 0;

	for (int domain = 0; domain < CVF_DOMAIN_MAX; domain++)
		fill_domain(s, (enum cvf_domain)domain, &set, &slate);
	assert_int_equal(set, ALL_SETS);
	assert_int_equal(slate, SLATE_WORDS);
	/* One of those who share a row sees another slate in set 0. */
	s->set[0] = (struct cvf_set){0, 2, 0};
	s->owner[0] = (struct cvf_owner){1, 2};
	s->owner[1] = (struct cvf_owner){2, 2};
	s->cell[0] = (struct cvf_cell){.action = CVF_VERDICT_DENY, .reason = CVF_REASON_INTERNAL};
	for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
		s->head.index_from[op] = at++;
		for (uint32_t row = 1; row < ROWS; row++) {
			s->index[at++] = (uint16_t)cell;
			s->cell[cell++] = (struct cvf_cell){.action = CVF_VERDICT_ALLOW,
							    .reason = CVF_REASON_LOW_RISK,
							    .row = (uint16_t)row,
							    .op = (uint16_t)op};
		}
	}
	assert_int_equal(at, INDEX_WORDS);
	assert_int_equal(cell, CELLS - 1);
	s->cell[cell] = s->cell[LIMITED];
	s->cell[cell].action = CVF_VERDICT_DENY;
	s->cell[cell].reason = CVF_REASON_RATE;
	s->cell[LIMITED].rate = 2;
	s->rate[1] = (struct cvf_rate){.rule = 8, .limit = 9, .window_s = CVF_RATE_WINDOW_S, .over = (uint16_t)cell};
	s->rate[2] = (struct cvf_rate){.rule = 7, .limit = 2, .window_s = 60, .over = (uint16_t)cell, .next = 1};
}

static void fill_rest(struct small *s)
{
	static const uint32_t dfa[] = {
		0, 0, 0, 0, /* dead */
		20, 8, 0, 0, /* file: start */
		8, 8, 0, 1, /* file: matched */
		0,
		16,
		0,
		0, /* exec: start */
		16,
		16,
		16,
		1, /* exec: matched */
		8,
		1,
		1 << 24 | 24,
		1 << 24 | 24, /* file: like matched, but by 'a' */
		CVF_SHORT_STATE | 24,
		1,
		1 << 24 | 20,
		2 << 24 | 4, /* file: itself, but by 'a' and NUL */
		16,
		1,
		2 << 24 | 28,
		0, /* exec: like matched, but by NUL and others */
	};
	static const uint8_t ten[16] = {[10] = 0xff, [11] = 0xff, [12] = 10}, four[16] = {[10] = 0xff, [11] = 0xff};

	memcpy(s->dfa, dfa, sizeof(dfa));
	s->class_of['a'] = 1;
	s->class_of[0] = 2;
	s->port_class[22] = 1;
	s->net_set[7] = 1;
	s->prefix[0] = (struct cvf_image_prefix){.prefix.bits = 96, .address_class = 1};
	memcpy(s->prefix[0].prefix.address, four, 16);
	s->prefix[1] = (struct cvf_image_prefix){.prefix.bits = 104, .address_class = 1};
	memcpy(s->prefix[1].prefix.address, ten, 16);
	s->enrol_exe[1] = 5;
	s->uid[0] = (struct cvf_image_uid){1000, 5};
	s->uid[1] = (struct cvf_image_uid){1001, 9};
	s->agent[0] = (struct cvf_image_agent){5, {.row = 1, .max_holds = 64}};
	s->agent[1] = (struct cvf_image_agent){9, {.row = 2, .own = 1, .shared = 1, .mode = CVF_MODE_OBSERVE}};
	s->agent[2] = (struct cvf_image_agent){12, {.row = 2, .own = 2, .shared = 1}};
}

static struct small *small_new(void)
{
	struct small *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->head = (struct cvf_image){
		.magic = CVF_IMAGE_MAGIC,
		.abi = CVF_ABI,
		.size = sizeof(*s),
		.generation = 7,
		.stride = STRIDE,
		.start_file = STRIDE,
		.start_exec = FILE_ROWS * STRIDE,
		.exec_states_from = FILE_ROWS * STRIDE,
		.short_from = FULL_WORDS,
		.exec_short_from = FULL_WORDS + FILE_SHORT * CVF_SHORT_WORDS,
		.address_classes = 2,
		.port_classes = 2,
		.rows = ROWS,
	};
	place_all(s);
	fill_index(s);
	fill_rest(s);
	return s;
}

#define WORD(member, bad, fault)                                                                                       \
	{                                                                                                              \
#member, offsetof(struct small, member), sizeof(((struct small *)0)->member), bad, fault               \
	}

/* Each row spoils one word of a sound image. */
static const struct {
	const char *name;
	size_t offset, bytes;
	uint64_t value;
	enum image_fault fault;
} spoilt[] = {
	WORD(head.magic, 0, IMAGE_MAGIC),
	WORD(head.abi, CVF_ABI + 1, IMAGE_ABI),
	WORD(head.size, sizeof(struct small) - 8, IMAGE_SHORT),
	WORD(head.size, sizeof(struct small) + 8, IMAGE_SHORT),
	WORD(head.generation, 0, IMAGE_LIMIT),
	WORD(head.stride, 1, IMAGE_CLASS),
	WORD(head.stride, 3, IMAGE_CLASS),
	WORD(head.stride, 5, IMAGE_STATE),
	WORD(head.stride, 258, IMAGE_CLASS),
	WORD(head.start_file, FILE_ROWS *STRIDE, IMAGE_STATE),
	WORD(head.start_file, STRIDE + 1, IMAGE_STATE),
	WORD(head.start_exec, STRIDE, IMAGE_STATE),
	WORD(head.start_exec, (FILE_ROWS + EXEC_ROWS) * STRIDE, IMAGE_STATE),
	WORD(head.exec_states_from, 0, IMAGE_STATE),
	WORD(head.exec_states_from, FILE_ROWS *STRIDE - 1, IMAGE_STATE),
	WORD(head.exec_states_from, 0xfffffffc, IMAGE_STATE),
	WORD(head.reserved, 1, IMAGE_RESERVED),
	WORD(head.domain[CVF_DOMAIN_FILE].sets, 1, IMAGE_SECTION),
	WORD(head.domain[CVF_DOMAIN_FILE].sets, ALL_SETS + 1, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_EXEC].sets, 1, IMAGE_STATE),
	WORD(head.domain[CVF_DOMAIN_EXEC].sets, 0xffffffff, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_NET].sets, 1, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_SYS].sets, 0, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_SYS].sets, 2, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_SYS].set_from, ALL_SETS, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_SYS].set_from, 0xffffffff, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_SYS].set_from, 1, IMAGE_INDEX),  /* its column is not there */
	WORD(head.domain[CVF_DOMAIN_FILE].columns, 0, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_FILE].columns, 1, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_FILE].columns, 0xffffffff, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_SYS].slate_from, SLATE_WORDS - 2, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_SYS].slate_from, 0xffffffff, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_FILE].slates, 0, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_FILE].slates, 2, IMAGE_INDEX),
	WORD(head.domain[CVF_DOMAIN_FILE].slates, 0xffffffff, IMAGE_INDEX),
	WORD(head.address_classes, 0, IMAGE_CLASS),
	WORD(head.address_classes, 3, IMAGE_SECTION),
	WORD(head.port_classes, 257, IMAGE_CLASS),
	WORD(head.port_classes, 1, IMAGE_SECTION),
	WORD(head.rows, 0, IMAGE_LIMIT),
	WORD(head.rows, 2, IMAGE_CELL),
	WORD(head.rows, CVF_AGENTS_MAX + 1, IMAGE_LIMIT),
	WORD(head.index_from[0], 1, IMAGE_INDEX),
	WORD(head.index_from[CVF_OP_READ], 0xfffffff0, IMAGE_INDEX),
	WORD(head.index_from[CVF_OP_READ], 0, IMAGE_INDEX),
	WORD(head.index_from[CVF_OP_READ], INDEX_WORDS - 2, IMAGE_INDEX),
	WORD(set[0].column, 2, IMAGE_INDEX),
	WORD(set[6].column, 1, IMAGE_INDEX),
	WORD(set[0].owners, 3, IMAGE_INDEX),
	WORD(set[0].first, 1, IMAGE_INDEX),
	WORD(set[0].first, 0xffffffff, IMAGE_INDEX),
	WORD(owner[0].own, 0, IMAGE_INDEX),
	WORD(owner[0].own, 2, IMAGE_INDEX), /* there twice */
	WORD(owner[0].own, 3, IMAGE_INDEX), /* nobody's */
	WORD(owner[1].own, CVF_AGENTS_MAX, IMAGE_INDEX),
	WORD(owner[0].slate, 0, IMAGE_INDEX),
	WORD(owner[0].slate, 1, IMAGE_INDEX), /* of another row */
	WORD(owner[0].slate, SLATES, IMAGE_INDEX),
	WORD(slate[0], 1, IMAGE_INDEX), /* nobody sees a row's */
	WORD(slate[4], 2, IMAGE_INDEX),
	WORD(slate[4], SLATES, IMAGE_INDEX),
	WORD(head.section[CVF_SECTION_SET].count, ALL_SETS - 1, IMAGE_INDEX),
	WORD(head.section[CVF_SECTION_OWNER].count, 1, IMAGE_INDEX),
	WORD(head.section[CVF_SECTION_SLATE].count, SLATE_WORDS - 1, IMAGE_INDEX),
	WORD(head.section[CVF_SECTION_CELL].offset, 8, IMAGE_SECTION),
	WORD(head.section[CVF_SECTION_CELL].offset, offsetof(struct small, cell) + 4, IMAGE_SECTION),
	WORD(head.section[CVF_SECTION_CELL].offset, 0xfffffff8, IMAGE_SECTION),
	WORD(head.section[CVF_SECTION_CELL].count, 0xffffffff, IMAGE_SECTION),
	WORD(head.section[CVF_SECTION_CELL].count, 0, IMAGE_CELL),
	WORD(head.section[CVF_SECTION_CELL].count, CELLS - 1, IMAGE_RATE),
	WORD(head.section[CVF_SECTION_CLASS_OF].count, 255, IMAGE_SECTION),
	WORD(head.section[CVF_SECTION_PORT_CLASS].count, 65535, IMAGE_SECTION),
	WORD(head.section[CVF_SECTION_NET_SET].count, 7, IMAGE_SECTION),
	WORD(head.section[CVF_SECTION_INDEX].count, INDEX_WORDS - 1, IMAGE_INDEX),
	WORD(head.section[CVF_SECTION_DFA].count, FILE_ROWS *STRIDE - 1, IMAGE_STATE),
	WORD(head.section[CVF_SECTION_DFA].count, 0, IMAGE_STATE),
	WORD(head.section[CVF_SECTION_ENROL_EXE].count, SETS + 1, IMAGE_SECTION),
	WORD(class_of[200], STRIDE - 1, IMAGE_CLASS),
	WORD(port_class[65535], 2, IMAGE_CLASS),
	WORD(net_set[3], SETS, IMAGE_INDEX),
	WORD(prefix[0].prefix.bits, 129, IMAGE_CLASS),
	WORD(prefix[0].prefix.bits, 105, IMAGE_CLASS),	    /* not in order */
	WORD(prefix[1].prefix.address[15], 1, IMAGE_CLASS), /* past the prefix */
	WORD(prefix[1].prefix.bits, 96, IMAGE_CLASS),
	WORD(prefix[1].address_class, 2, IMAGE_CLASS),
	WORD(prefix[1].address_class, 0, IMAGE_CLASS),
	WORD(enrol_exe[1], 6, IMAGE_AGENT),
	WORD(enrol_cgroup[0], CVF_AGENTS_MAX, IMAGE_AGENT),
	WORD(uid[1].uid, 1000, IMAGE_AGENT),
	WORD(uid[0].agent, 6, IMAGE_AGENT),
	WORD(agent[0].agent, 0, IMAGE_AGENT),
	WORD(agent[1].agent, 5, IMAGE_AGENT),
	WORD(agent[1].agent, CVF_AGENTS_MAX, IMAGE_AGENT),
	WORD(agent[1].agent, CVF_AGENT_CANARY, IMAGE_AGENT),
	WORD(agent[1].value.row, 1, IMAGE_AGENT), /* shared, and not said to be */
	WORD(agent[0].value.shared, 1, IMAGE_AGENT),
	WORD(agent[1].value.shared, 0, IMAGE_AGENT),
	WORD(agent[1].value.shared, 2, IMAGE_AGENT),
	WORD(agent[0].value.own, 1, IMAGE_AGENT), /* own patterns of another row */
	WORD(agent[1].value.own, CVF_AGENTS_MAX, IMAGE_AGENT),
	WORD(agent[1].value.own, 2, IMAGE_INDEX), /* an owner who is nobody */
	WORD(agent[1].value.row, 0, IMAGE_AGENT),
	WORD(agent[1].value.row, ROWS, IMAGE_AGENT),
	WORD(agent[1].value.mode, 3, IMAGE_AGENT),
	WORD(cell[0].action, CVF_VERDICT_ALLOW, IMAGE_CELL),
	WORD(cell[0].reason, CVF_REASON_LOW_RISK, IMAGE_CELL),
	WORD(cell[0].row, 1, IMAGE_CELL),
	WORD(cell[0].rate, 1, IMAGE_CELL),
	WORD(cell[3].action, 0, IMAGE_CELL),
	WORD(cell[3].action, 4, IMAGE_CELL),
	WORD(cell[3].risk, 4, IMAGE_CELL),
	WORD(cell[3].risk, CVF_R3, IMAGE_CELL), /* CRITICAL and allowed */
	WORD(cell[3].risk, CVF_R2, IMAGE_CELL), /* HIGH and allowed without a standing grant */
	WORD(cell[3].flags, 32, IMAGE_CELL),
	WORD(cell[3].reason, CVF_REASON_MAX, IMAGE_CELL),
	WORD(cell[3].reason, 0, IMAGE_CELL),
	WORD(cell[3].row, ROWS, IMAGE_CELL),
	WORD(cell[3].op, CVF_OP_MAX, IMAGE_CELL),
	WORD(cell[3].op, 0, IMAGE_CELL),
	WORD(cell[3].op, CVF_OP_BPF, IMAGE_INDEX), /* a cell of another operation */
	WORD(cell[3].row, 2, IMAGE_INDEX),	   /* a cell of another agent */
	WORD(cell[3].rate, 1, IMAGE_RATE), /* what follows is another operation's */
	WORD(cell[LIMITED].rate, 3, IMAGE_RATE),
	WORD(cell[CELLS - 1].rate, 1, IMAGE_RATE), /* beyond a limit is another limit */
	WORD(rate[0].limit, 1, IMAGE_RATE),
	WORD(rate[2].rule, 0, IMAGE_RATE),
	WORD(rate[2].window_s, 0, IMAGE_RATE),
	WORD(rate[2].window_s, CVF_RATE_WINDOW_S + 1, IMAGE_RATE),
	WORD(rate[1].window_s, CVF_RATE_WINDOW_S + 1, IMAGE_RATE),
	WORD(rate[2].over, 0, IMAGE_RATE),
	WORD(rate[2].over, CELLS, IMAGE_RATE),
	WORD(rate[2].over, LIMITED + 1, IMAGE_RATE),
	WORD(rate[2].next, 2, IMAGE_RATE), /* endless */
	WORD(head.section[CVF_SECTION_RATE].count, 0, IMAGE_RATE),
	WORD(head.section[CVF_SECTION_RATE].count, 2, IMAGE_RATE),
	WORD(index[1], CELLS, IMAGE_INDEX),
	WORD(index[0], 1, IMAGE_INDEX), /* slate 0 refuses */
	WORD(index[1], 2, IMAGE_INDEX),
	WORD(dfa[1], 4, IMAGE_STATE), /* the dead state is dead */
	WORD(dfa[3], 1, IMAGE_STATE),
	WORD(dfa[STRIDE + 1], STRIDE + 1, IMAGE_STATE),	       /* not the beginning of a row */
	WORD(dfa[STRIDE + 1], FILE_ROWS *STRIDE, IMAGE_STATE), /* into the other domain */
	WORD(dfa[STRIDE + 1], 0xfffffffc, IMAGE_STATE),
	WORD(dfa[STRIDE + 3], SETS, IMAGE_STATE),
	WORD(dfa[4 * STRIDE + 1], STRIDE, IMAGE_STATE),
	WORD(dfa[4 * STRIDE + 3], SETS, IMAGE_STATE),
	WORD(head.short_from, FULL_WORDS - STRIDE, IMAGE_STATE),
	WORD(head.short_from, FULL_WORDS + 1, IMAGE_STATE),
	WORD(head.exec_short_from, FULL_WORDS - 1, IMAGE_STATE),
	WORD(head.exec_short_from, FULL_WORDS + 1, IMAGE_STATE),
	WORD(head.exec_short_from, DFA_WORDS + 4, IMAGE_STATE),
	WORD(dfa[FULL_WORDS], 12, IMAGE_STATE), /* leans on a row of the other domain */
	WORD(dfa[FULL_WORDS], 24, IMAGE_STATE), /* on a short row */
	WORD(dfa[FULL_WORDS], 9, IMAGE_STATE),	/* on no row */
	WORD(dfa[FULL_WORDS + 1], SETS, IMAGE_STATE),
	WORD(dfa[FULL_WORDS + 2], 3 << 24 | 8, IMAGE_STATE),  /* no such class */
	WORD(dfa[FULL_WORDS + 2], 1 << 24 | 12, IMAGE_STATE), /* into the other domain */
	WORD(dfa[FULL_WORDS + 3], 1 << 24 | 21, IMAGE_STATE),
	WORD(dfa[FULL_WORDS + 4], CVF_SHORT_STATE | 28, IMAGE_STATE),
	WORD(dfa[FULL_WORDS + 4], CVF_SHORT_STATE | 0x1000018, IMAGE_STATE),
	WORD(dfa[FULL_WORDS + 8], 4, IMAGE_STATE),
};

static void test_sound(void **state)
{
	struct small *s = small_new();

	(void)state;
	assert_string_equal(image_fault_text(image_check(s, sizeof(*s))), image_fault_text(IMAGE_OK));
	free(s);
}

static void test_spoilt(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoilt); i++) {
		struct small *s = small_new();
		enum image_fault fault;

		memcpy((char *)s + spoilt[i].offset, &spoilt[i].value, spoilt[i].bytes);
		fault = image_check(s, sizeof(*s));
		if (fault != spoilt[i].fault)
			fail_msg("%s = %#llx: %s", spoilt[i].name, (unsigned long long)spoilt[i].value,
				 image_fault_text(fault));
		free(s);
	}
}

/* What the risk levels promise, with the permission beside each refusal. */
static void test_risk(void **state)
{
	static const struct {
		enum cvf_risk risk;
		enum cvf_verdict action;
		enum cvf_reason reason;
		uint8_t flags;
		enum image_fault fault;
	} rows[] = {
		{CVF_R1, CVF_VERDICT_ALLOW, CVF_REASON_IN_SCOPE, CVF_CELL_RECORD, IMAGE_OK},
		{CVF_R2, CVF_VERDICT_ALLOW, CVF_REASON_POLICY_ALLOW, CVF_CELL_RECORD, IMAGE_CELL},
		{CVF_R2, CVF_VERDICT_ALLOW, CVF_REASON_STANDING_GRANT, CVF_CELL_RECORD, IMAGE_OK},
		{CVF_R2, CVF_VERDICT_HOLD, CVF_REASON_APPROVAL, 0, IMAGE_OK},
		{CVF_R3, CVF_VERDICT_ALLOW, CVF_REASON_STANDING_GRANT, CVF_CELL_RECORD, IMAGE_CELL},
		{CVF_R3, CVF_VERDICT_HOLD, CVF_REASON_HUMAN, 0, IMAGE_CELL},
		{CVF_R3, CVF_VERDICT_HOLD, CVF_REASON_HUMAN, CVF_CELL_NO_GRANT, IMAGE_OK},
		{CVF_R3, CVF_VERDICT_DENY, CVF_REASON_POLICY_DENY, 0, IMAGE_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct small *s = small_new();

		s->cell[5].risk = (uint8_t)rows[i].risk;
		s->cell[5].action = (uint8_t)rows[i].action;
		s->cell[5].reason = (uint8_t)rows[i].reason;
		s->cell[5].flags = rows[i].flags;
		assert_string_equal(image_fault_text(image_check(s, sizeof(*s))), image_fault_text(rows[i].fault));
		free(s);
	}
}

/* Every length up to the whole: read within the bounds (the sanitizer sees), and refused. */
static void test_cut(void **state)
{
	struct small *whole = small_new();

	(void)state;
	for (size_t size = 0; size < sizeof(*whole); size += size < 1024 ? 1 : 997) {
		char *cut = aligned_alloc(8, (size + 15) / 8 * 8);

		assert_non_null(cut);
		memcpy(cut, whole, size);
		assert_int_not_equal(image_check(cut, size), IMAGE_OK);
		if (size >= sizeof(struct cvf_image)) {
			((struct cvf_image *)(void *)cut)->size = (uint32_t)size;
			assert_int_not_equal(image_check(cut, size), IMAGE_OK);
		}
		free(cut);
	}
	free(whole);
}

static unsigned int seed = 4711;

static unsigned int pick(unsigned int n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % n;
}

static void check_state(const struct cvf_slot *slot, uint32_t state)
{
	uint32_t other;

	if (state < slot->short_from) {
		assert_true(state + slot->stride <= slot->short_from);
		return;
	}
	assert_true(state + CVF_SHORT_WORDS <= slot->dfa_words);
	other = slot->dfa[state + CVF_SHORT_OTHER];
	assert_true(other & CVF_SHORT_STATE || other + slot->stride <= slot->short_from);
}

/* Walks a slot as the programs do; the assertions are the bounds that the programs rely on. */
static void walk(const struct cvf_slot *slot, enum cvf_domain domain, unsigned int op, unsigned int agent)
{
	uint32_t state = domain == CVF_DOMAIN_FILE ? slot->start_file : slot->start_exec, set = 0;
	const struct cvf_agent *a = &slot->agents[agent];
	const struct cvf_op_tables *t = &slot->ops[op];
	const struct cvf_set *place;
	uint32_t slate, cell;

	if (domain == CVF_DOMAIN_FILE || domain == CVF_DOMAIN_EXEC) {
		for (int i = 0; i < 12; i++) {
			check_state(slot, state);
			state = cvf_dfa_next(slot->dfa, slot->short_from, state, slot->class_of[pick(256)]);
		}
		check_state(slot, state);
		set = cvf_dfa_set(slot->dfa, slot->short_from, slot->stride, state);
	} else if (domain == CVF_DOMAIN_NET) {
		uint32_t at = (pick(slot->address_classes) * slot->port_classes + slot->port_class[pick(65536)]) *
			      CVF_PROTO_MAX;

		assert_true(at + 1 < CVF_NET_SETS_MAX);
		set = slot->net_set[at + pick(CVF_PROTO_MAX)];
	}
	assert_true(set < t->sets && (uint64_t)t->set_from + set < CVF_SETS_MAX);
	place = &slot->sets[t->set_from + set];
	assert_true((uint64_t)t->slate_from + place->column * (uint64_t)slot->rows + a->row < CVF_SLATES_MAX);
	slate = slot->slates[t->slate_from + place->column * slot->rows + a->row];
	assert_true((uint64_t)place->first + place->owners <= CVF_OWNERS_MAX);
	for (uint32_t i = 0; i < place->owners; i++)
		if (slot->owners[place->first + i].own == a->own)
			slate = slot->owners[place->first + i].slate;
	assert_true((uint64_t)t->index_from + slate < slot->index_words);
	cell = slot->index[t->index_from + slate];
	assert_true(cell < slot->cells_count);
	assert_true(!cell || slot->cells[cell].row == a->row);
	assert_in_range(slot->cells[cell].action, CVF_VERDICT_ALLOW, CVF_VERDICT_HOLD);
	assert_true(!cell || slot->cells[cell].op == op);
}

static void test_mutated(void **state)
{
	struct cvf_slot *slot = calloc(1, sizeof(*slot));
	struct small *s = small_new();
	/* Ports are most of the bytes and the least interesting. */
	const size_t from = offsetof(struct small, net_set), head = offsetof(struct small, port_class);
	unsigned int sound = 0;

	(void)state;
	assert_non_null(slot);
	for (int round = 0; round < 10000; round++) {
		struct small before;

		memcpy(&before, s, sizeof(before));
		for (unsigned int n = 1 + pick(3); n > 0; n--) {
			size_t at = pick(3) ? from + pick((unsigned int)(sizeof(*s) - from)) : pick((unsigned int)head);

			((unsigned char *)s)[at] = (unsigned char)(pick(2) ? pick(256) : pick(8) * 4);
		}
		if (image_check(s, sizeof(*s)) == IMAGE_OK) {
			sound++;
			image_fill(&s->head, slot);
			for (unsigned int op = 1; op < CVF_OP_MAX; op++)
				for (unsigned int agent = 0; agent < 13; agent++)
					walk(slot, (enum cvf_domain)op_domain[op], op, agent);
		}
		memcpy(s, &before, sizeof(before));
	}
	/* Otherwise the walk above has seen nothing. */
	assert_in_range(sound, 100, 9000);
	free(slot);
	free(s);
}

static void test_fill(void **state)
{
	struct cvf_slot *slot = malloc(sizeof(*slot));
	struct small *s = small_new();

	(void)state;
	assert_non_null(slot);
	/* What the previous generation left behind. */
	memset(slot, 0xff, sizeof(*slot));
	assert_int_equal(image_check(s, sizeof(*s)), IMAGE_OK);
	image_fill(&s->head, slot);
	assert_int_equal(slot->generation, 7);
	assert_int_equal(slot->agents[5].row, 1);
	assert_int_equal(slot->agents[9].mode, CVF_MODE_OBSERVE);
	assert_int_equal(slot->agents[6].row, 0);
	assert_int_equal(slot->enrol_exe[1], 5);
	assert_int_equal(slot->enrol_exe[SETS], 0);
	assert_int_equal(slot->enrol_cgroup[1], 0);
	assert_true(slot->enrol_by_exe);
	assert_false(slot->enrol_by_cgroup);
	assert_true(slot->enrol_by_uid);
	assert_int_equal(slot->dfa_words, sizeof(s->dfa) / 4);
	assert_int_equal(slot->short_from, FULL_WORDS);
	assert_memory_equal(slot->dfa, s->dfa, sizeof(s->dfa));
	free(slot);
	free(s);
}

static void test_texts(void **state)
{
	(void)state;
	for (unsigned int fault = 0; fault <= IMAGE_FAULT_MAX; fault++)
		assert_true(strlen(image_fault_text(fault)) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound), cmocka_unit_test(test_spoilt), cmocka_unit_test(test_risk),
		cmocka_unit_test(test_cut),   cmocka_unit_test(test_fill),   cmocka_unit_test(test_mutated),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
