/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image.h - a compiled policy on its way from the governor's compiler to cvfd
 *
 * One contiguous, sealed memory file: header, then sections in any order, each 8-byte aligned, none overlapping the
 * header. cvfd trusts nothing in it: image_check() (daemon/core/image.h) verifies every offset, count, state, set, cell and
 * class before a byte is copied into the idle struct cvf_slot. Little-endian, as the machine is.
 */
#ifndef CVF_IMAGE_H
#define CVF_IMAGE_H

#include <linux/types.h>

#include "abi.h"

#define CVF_IMAGE_MAGIC 0x31474d4946564300ull /* "\0CVFIMG1" read as a little-endian word */

enum cvf_section {
	CVF_SECTION_CLASS_OF,		/* u8[256] */
	CVF_SECTION_PORT_CLASS,		/* u8[65536] */
	CVF_SECTION_NET_SET,		/* u16[address_classes * port_classes * CVF_PROTO_MAX] */
	CVF_SECTION_PREFIX,		/* struct cvf_image_prefix[] */
	CVF_SECTION_ENROL_EXE,		/* u16[]: file set -> agent number */
	CVF_SECTION_ENROL_CGROUP,	/* u16[]: file set -> agent number */
	CVF_SECTION_ENROL_UID,		/* struct cvf_image_uid[] */
	CVF_SECTION_AGENT,		/* struct cvf_image_agent[] */
	CVF_SECTION_CELL,		/* struct cvf_cell[]; cell 0 is the fail-closed one: deny, internal */
	CVF_SECTION_RATE,		/* struct cvf_rate[]; rate 0 is all zero */
	CVF_SECTION_SET,		/* struct cvf_set[], domain by domain */
	CVF_SECTION_OWNER,		/* struct cvf_owner[] */
	CVF_SECTION_SLATE,		/* u16[]: (column, row) -> slate, domain by domain */
	CVF_SECTION_INDEX,		/* u16[]: (operation, slate) -> cell */
	CVF_SECTION_DFA,		/* u32[] */
	CVF_SECTION_MAX,
};

struct cvf_image_section {
	__u32 offset;	/* from the start of the image */
	__u32 count;	/* records */
};

/* The tables of one domain. */
struct cvf_image_domain {
	__u32 sets;		/* that its objects can come to: 0 .. sets - 1; SYS: 1 */
	__u32 set_from;
	__u32 columns;
	__u32 slate_from;	/* columns * rows words from there on */
	__u32 slates;		/* each with a word in the index of every operation of the domain */
};

struct cvf_image {
	__u64 magic;
	__u32 abi;		/* CVF_ABI */
	__u32 size;		/* bytes of the whole image */
	__u64 generation;	/* greater than the active one */
	__u32 stride;
	__u32 start_file;
	__u32 start_exec;
	__u32 address_classes;	/* class 0: no prefix matched */
	__u32 port_classes;
	__u32 rows;		/* row 0 (nobody) included */
	__u32 exec_states_from;	/* word of the DFA: below it are the dead and the file states, from it on the exec states */
	__u32 short_from;	/* word: the full rows end and the short rows of the file states begin */
	__u32 exec_short_from;	/* word: those of the exec states begin */
	__u32 reserved;
	struct cvf_image_domain domain[CVF_DOMAIN_MAX];
	__u32 index_from[CVF_OP_MAX];	/* first word of the operation in the index */
	struct cvf_image_section section[CVF_SECTION_MAX];
};
CVF_SIZE(struct cvf_image, 64 + 20 * CVF_DOMAIN_MAX + 4 * CVF_OP_MAX + 8 * CVF_SECTION_MAX);

struct cvf_image_prefix {
	struct cvf_prefix prefix;
	__u32 address_class;	/* 1 .. address_classes - 1 */
};
CVF_SIZE(struct cvf_image_prefix, 24);

struct cvf_image_uid {
	__u32 uid;
	__u32 agent;
};

struct cvf_image_agent {
	__u32 agent;		/* agent number, 1 .. CVF_AGENTS_MAX - 1 */
	struct cvf_agent value;
};

#endif
