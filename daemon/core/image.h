/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - checks a policy image and copies it into a slot; shared by cvfd, the compiler's tests and the fuzzer
 */
#ifndef CVF_CORE_IMAGE_H
#define CVF_CORE_IMAGE_H

#include <stdint.h>

#include "cvf/image.h"
#include "own.h"

/* Why an image is refused; 0 is "it is sound". */
enum image_fault {
	IMAGE_OK = 0,
	IMAGE_SHORT,		/* shorter than its header says, or than a header */
	IMAGE_MAGIC,
	IMAGE_ABI,
	IMAGE_SECTION,		/* a section overlaps the header, is out of bounds, misaligned or of the wrong size */
	IMAGE_LIMIT,		/* larger than the tables */
	IMAGE_CLASS,		/* a byte, port or address class out of range */
	IMAGE_STATE,		/* a state that is not the start of a row, or a set out of range */
	IMAGE_INDEX,		/* the index does not cover what the automaton and the rows can reach */
	IMAGE_CELL,		/* a cell with an unknown word, or cell 0 not refusing */
	IMAGE_RATE,		/* a limit of how often: out of range, endless, or leading to an outcome of something else */
	IMAGE_AGENT,		/* an agent number, row or mode out of range, or twice */
	IMAGE_RESERVED,		/* a reserved word that is not zero */
	IMAGE_FAULT_MAX,
};

/* Verifies an untrusted image of size bytes; reads nothing outside of it, has no side effect. */
enum image_fault image_check(const void *image, size_t size) must_check;
/* Words for a fault, never NULL. */
const char *image_fault_text(unsigned int fault);
/* A section of a checked image and its count. */
const void *image_section(const struct cvf_image *image, enum cvf_section section, size_t *ret_count);
/* Of a checked image: the state that bytes lead to from a state (start_file, start_exec), and the set of a state. */
uint32_t image_step(const struct cvf_image *image, uint32_t state, const char *bytes, size_t size);
uint32_t image_set(const struct cvf_image *image, uint32_t state);
/* Of a checked image: what an operation of an agent on an object of that set comes to. */
uint16_t image_cell(const struct cvf_image *image, const struct cvf_agent *agent, unsigned int op, uint32_t set);
/* Copies a checked image into a slot that nobody reads; everything but prefixes and uids, which live in maps of their own. */
void image_fill(const struct cvf_image *image, struct cvf_slot *slot);

#endif
