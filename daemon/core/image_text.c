// SPDX-License-Identifier: Apache-2.0
/*
 * image_text.c - why an image is refused, in words
 */
#include "core/image.h"

const char *image_fault_text(unsigned int fault)
{
	static const char *const text[IMAGE_FAULT_MAX] = {
		[IMAGE_OK] = "the image is sound",
		[IMAGE_SHORT] = "the image is shorter than it says, or not aligned",
		[IMAGE_MAGIC] = "this is not a policy image",
		[IMAGE_ABI] = "the image was made for another version of the interface",
		[IMAGE_SECTION] = "a section is out of bounds, misaligned or of the wrong size",
		[IMAGE_LIMIT] = "the image is larger than the kernel tables",
		[IMAGE_CLASS] = "a byte, port or address class is out of range",
		[IMAGE_STATE] = "a state of the automaton leads out of its table, or to a set that does not exist",
		[IMAGE_INDEX] = "the index does not cover what the automaton and the agents can reach",
		[IMAGE_CELL] = "an outcome has an unknown word or breaks what its risk level promises",
		[IMAGE_RATE] = "a limit of how often is out of range or leads to an outcome of something else",
		[IMAGE_AGENT] = "an agent is out of range, unknown or there twice",
		[IMAGE_RESERVED] = "a reserved word is not zero",
	};

	return fault < IMAGE_FAULT_MAX && text[fault] ? text[fault] : "unknown fault";
}
