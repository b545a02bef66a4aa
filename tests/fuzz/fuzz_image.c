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
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"two\",\"mode\":\"observe\",\"match\":{\"cgroup\":[\"/two\"]}}]";

static uint32_t number(void *ctx, enum number_kind kind, const char *name)
{
	(void)ctx;
	return kind == NUMBER_AGENT ? name[0] == 'o' ? 1 : 2 : 7;
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
		       s->op_sets[i ? CVF_OP_EXEC : CVF_OP_READ]);
	}
	for (unsigned int agent = 0; agent < CVF_AGENTS_MAX; agent++) {
		for (unsigned int op = 1; op < CVF_OP_MAX; op++) {
			uint64_t last = s->op_base[op] + (s->agents[agent].row + 1ull) * s->op_sets[op] - 1;

			assert(last < s->index_words && s->index[last] < s->cells_count);
			assert(s->cells[s->index[last]].action >= CVF_VERDICT_ALLOW);
		}
	}
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
