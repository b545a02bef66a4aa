/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h - messages between cvfd (enforcer) and cvfd-govern (governor)
 *
 * A SOCK_SEQPACKET unix socket, one peer at a time, created by cvfd at CVF_LINK_PATH (owner cvf, mode 0600); the peer must be
 * the user cvf or root by SO_PEERCRED. One message per packet: struct wire_head, the fixed part of its kind (wire.def), the
 * tail. Every request but HOLDS, COUNTS, STATUS and ACK is answered by exactly one REPLY carrying its id; replies come in order.
 *
 * After HELLO the governor must send HOLDS to learn which operations wait (each a HOLD, then HOLDS_END): holds outlive both
 * processes. RECORDS are not removed from the rings before the governor acknowledged them (ACK): a governor that dies
 * between a batch and its ACK gets the batch again, so records are delivered at least once; (cpu, ring, seq) tells doubles.
 */
#ifndef CVF_WIRE_H
#define CVF_WIRE_H

#include <linux/types.h>

#include "abi.h"

#define CVF_LINK_PATH "/run/cvf/link.sock"

enum wire_type {
	WIRE_NONE = 0,
#define MSG(number, suffix, name, type, tail) WIRE_##suffix = number,
#include "wire.def"
#undef MSG
};

#define WIRE_SIZE_MAX 61440	/* bytes of a packet, head included */

struct wire_head {
	__u32 size;	/* of the packet, head included */
	__u16 type;	/* enum wire_type */
	__u16 reserved;
	__u32 id;	/* of a request, repeated in its reply; 0 in what cvfd sends unasked */
	__u32 reserved2;
};
CVF_SIZE(struct wire_head, 16);

struct wire_empty {
	__u64 reserved;
};

/* First message, once. cvfd answers REPLY; another ABI: -EPROTO and the connection is closed. */
struct wire_hello {
	__u32 abi;
	__u32 reserved;
};

/* REPLY.value: generation now active. -EINVAL image refused (value: enum image_fault), -ESTALE generation not newer. */
struct wire_image {
	__u64 generation;
	__u32 size;
	__u32 reserved;
};

/* Label every thread of a process, as the root of a new session. REPLY.value: session number. -ESRCH gone, -EEXIST labelled already. */
struct wire_enrol_pid {
	__u32 pid;
	__u32 agent;
	__u64 start_ns;	/* 0: any; else must match to within a clock tick (10 ms) */
};

/* Enrol a cgroup and its descendants: tasks in it now and later. REPLY.value: tasks labelled now. */
struct wire_cgroup {
	__u64 cgroup;	/* cgroup id: inode number of its directory */
	__u32 agent;
	__u32 reserved;
};

/*
 * Decide a hold. The governor has made the decision durable before it sends this. REPLY.value: 1 when the task was resumed
 * here, 0 when it was gone. -ENOENT no such question, -ESTALE the digest waits under another hold number.
 */
struct wire_answer {
	__u64 digest;
	__u64 hold_no;
	__u32 answer;	/* CVF_VERDICT_ALLOW or CVF_VERDICT_DENY */
	__u32 reason;	/* APPROVED, DENIED, TIMEOUT, GRANTED, POLICY_ALLOW, POLICY_DENY ... */
};

struct wire_grant {
	__u64 digest;		/* grant_session or grant_agent of a record */
	__u64 expires_ns;	/* CLOCK_BOOTTIME, 0: never */
	__u32 uses;		/* CVF_USES_UNLIMITED or a count */
	__u32 reserved;
};

/* Is this process (or its exact thread) labelled? REPLY.value: agent number, 0 none; value2: session. */
struct wire_label {
	__u32 pid;
	__u32 reserved;
};

/*
 * Freezes an agent, or lets it go on: from the reply on none of its processes comes to user mode again until it is thawed. Again
 * for what is so already: done again. REPLY.value: processes that were told.
 */
enum wire_freeze_how { WIRE_THAW = 0, WIRE_FREEZE_STAY = 1, WIRE_FREEZE_KILL = 2 };
struct wire_freeze {
	__u32 agent;
	__u32 how;	/* enum wire_freeze_how; KILL: frozen, and what runs of it is killed */
};

/*
 * How far a ring of a CPU has been numbered. REPLY.value: numbers given out; value2: of them lost, read before, so never more
 * than belong to value. -ENOENT: no such ring.
 */
struct wire_sequence {
	__u32 cpu;
	__u32 ring;
};

/* Everything up to and including this batch is durable. */
struct wire_ack {
	__u64 batch;
};

/* CANARY's reply: error 0 when an operation that must be refused was refused just now, -EIO when it was not. */
struct wire_reply {
	__s32 error;	/* 0 or negative errno */
	__u32 detail;
	__u64 value;
	__u64 value2;
};

struct wire_records {
	__u64 batch;	/* from 1 per connection */
	__u32 count;
	__u32 bytes;	/* of the tail */
};

struct wire_status {
	__u64 generation;
	__u32 flavour_lsm;
	__u32 holds;		/* waiting */
	__u32 tasks;		/* labelled */
	__u32 cpus;
	__u64 seq[2];		/* [ring]: records numbered by the kernel, all CPUs */
	__u64 lost[2];		/* [ring]: of them, ring full */
	__u64 label_failed;
	__u64 reasks;
	__u64 holds_refused;
	__u64 cache_miss;
	__u64 recursion_misses;	/* of our programs, from the kernel: a hook that was skipped */
	__u64 hooks;		/* programs attached */
	__u64 hooks_missing;	/* optional ones that this kernel lacks */
	__u64 started_ns;	/* CLOCK_BOOTTIME: when the programs were attached */
	char kernel[64];	/* uname -r, NUL padded */
};
CVF_SIZE(struct wire_status, 184);

/* Counters of the cells of one slot, in chunks; the last chunk has more == 0. */
struct wire_counts {
	__u64 generation;
	__u32 count;
	__u32 more;
};

struct wire_count {
	__u32 cell;
	__u32 agent;		/* 0: whoever has the cell's row; else this one, whose row others have, too */
	__u64 value;
};

#endif
