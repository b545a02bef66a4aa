// SPDX-License-Identifier: Apache-2.0
/*
 * fuzz_image.c - hostile policy images: what image_check() lets through can be copied and walked within its tables
 *
 * Input: a first byte that is even, then a whole image; or odd, then patches of a sound image, each six bytes: an
 * offset (24 bits, modulo the size), a width (1, 2, 4) and a value (16 bits).
 */
#include <assert.h>
#include <string.h>

#include "core/image.h"
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char declarations[] =
	"[{\"schema\":\"cvf.capability/v1\",\"id\":\"a\",\"match\":{\"file\":[{\"path\":\"/a/"
	"**\",\"ops\":[\"read\",\"write\"]}],"
	"\"exec\":[{\"path\":\"/bin/"
	"*\",\"argv\":[\"x\",\"**\"]}],\"net\":[{\"ops\":[\"connect\"],\"address\":\"10.0.0.0/8\",\"ports\":"
	"\"1-80\"}]}},{\"schema\":\"cvf.agent/v1\",\"id\":\"one\",\"capabilities\":[\"*\"],\"match\":{\"exe\":[\"/bin/"
	"one\"],\"uid\":[5]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"two\",\"mode\":\"observe\",\"match\":{\"cgroup\":[\"/two\"]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"xthree\",\"scope\":{\"paths\":[\"/w/3/**\"]}},"
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"yfour\",\"scope\":{\"paths\":[\"/w/4/**\"]}}]";

static uint32_t number(void *ctx, enum number_kind kind, const char *name)
{
	(void)ctx;
	return kind == NUMBER_AGENT ? name[0] == 'o' ? 1 : name[0] == 't' ? 2 : name[0] == 'x' ? 3 : 4 : 7;
}

/* Made once; kept for the life of the process. */
static const struct cvf_image *sound_image(size_t *ret_size)
{
	static struct cvf_image *image;
	static size_t size;
	const struct numbers numbers = {number, NULL};
	struct diags d = {0};
	struct model *m;

	if (!image) {
		m = model_new();
		assert(m && model_load_text(m, declarations, sizeof(declarations) - 1, "x", 0xf, false, &d) == 0);
		assert(policy_compile(m, &numbers, 1, 1, &image, &size, &d) == 0);
		model_free(m);
	}
	*ret_size = size;
	return image;
}

static void patch(char *image, size_t size, const uint8_t *data, size_t n)
{
	for (; n >= 6; data += 6, n -= 6) {
		static const uint8_t widths[] = {1, 2, 4, 4};
		size_t at = (data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16) % size;
		uint32_t value = (uint32_t)data[4] | (uint32_t)data[5] << 8;
		size_t width = widths[data[3] & 3];

		/* Large values too, and values near the end of what fits. */
		if (data[3] & 4)
			value = ~value;
		if (at + width <= size)
			memcpy(image + at, &value, width);
	}
}

static void check_state(const struct cvf_slot *s, uint32_t state)
{
	if (state < s->short_from) {
		assert(state + s->stride <= s->dfa_words);
		return;
	}
	assert(state + CVF_SHORT_WORDS <= s->dfa_words);
	if (!(s->dfa[state + CVF_SHORT_OTHER] & CVF_SHORT_STATE))
		assert(s->dfa[state + CVF_SHORT_OTHER] + s->stride <= s->short_from);
}

static void walk_set(const struct cvf_slot *s, const struct cvf_agent *agent, unsigned int op, uint32_t set)
{
	const struct cvf_op_tables *t = &s->ops[op];
	const struct cvf_set *place = &s->sets[t->set_from + set];
	uint64_t slate = t->slate_from + place->column * (uint64_t)s->rows + agent->row;

	assert(t->set_from + (uint64_t)set < CVF_SETS_MAX && slate < CVF_SLATES_MAX);
	slate = s->slates[slate];
	assert(place->first + (uint64_t)place->owners <= CVF_OWNERS_MAX);
	for (uint32_t i = 0; i < place->owners; i++)
		if (s->owners[place->first + i].own == agent->own)
			slate = s->owners[place->first + i].slate;
	assert(t->index_from + slate < s->index_words && s->index[t->index_from + slate] < s->cells_count);
	assert(s->cells[s->index[t->index_from + slate]].action >= CVF_VERDICT_ALLOW);
}

/* The bounds that the programs in the kernel rely on. */
static void walk(const struct cvf_slot *s)
{
	static const char text[] = "/bin/one\0x\0/a/b";
	const uint32_t starts[] = {s->start_file, s->start_exec};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
		uint32_t state = starts[i];

		for (size_t k = 0; k < sizeof(text); k++) {
			check_state(s, state);
			state = cvf_dfa_next(s->dfa, s->short_from, state, s->class_of[(unsigned char)text[k]]);
		}
		check_state(s, state);
		assert(cvf_dfa_set(s->dfa, s->short_from, s->stride, state) <
		       s->ops[i ? CVF_OP_EXEC : CVF_OP_READ].sets);
	}
	for (unsigned int agent = 0; agent < CVF_AGENTS_MAX; agent++)
		for (unsigned int op = 1; op < CVF_OP_MAX && (s->agents[agent].row || !agent); op++)
			for (uint32_t set = 0; set < s->ops[op].sets; set++)
				walk_set(s, &s->agents[agent], op, set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cvf_slot slot;
	size_t image_size;
	const struct cvf_image *sound = sound_image(&image_size);
	own_free char *image = NULL;

	if (!size)
		return 0;
	if (!(data[0] & 1))
		image_size = size - 1;
	image = malloc(image_size ? image_size : 1);
	assert(image);
	memcpy(image, data[0] & 1 ? (const void *)sound : data + 1, image_size);
	if (data[0] & 1)
		patch(image, image_size, data + 1, size - 1);
	if (image_check(image, image_size) != IMAGE_OK)
		return 0;
	memset(&slot, 0xff, offsetof(struct cvf_slot, class_of));
	image_fill((const struct cvf_image *)(const void *)image, &slot);
	walk(&slot);
	return 0;
}
