/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake.h - an enforcer without a kernel: speaks cvfd's side of wire.h, keeps what the kernel would keep, does as it is told
 *
 * It judges by the real compiled image (image_judge), so that what a test makes an agent do gets the verdict the kernel
 * would give.
 */
#ifndef CVF_TEST_FAKE_H
#define CVF_TEST_FAKE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "cvf/image.h"
#include "cvf/wire.h"

#define FAKE_CPUS 4
#define FAKE_HOLDS 2048
#define FAKE_BATCHES 16

struct fake_hold {
	bool is_used;
	struct cvf_record record;
};

struct fake_grant {
	uint64_t digest, expires_ns;
	uint32_t uses;
};

struct fake_batch {
	struct fake_batch *next;
	uint64_t number;	/* 0: not sent on this connection */
	uint32_t count, bytes;
	char *tail;
};

#define FAKE_COUNTS 4096

struct fake {
	int listen_fd, peer_fd;	/* -1: nobody */
	bool is_greeted, is_mute, swallows_answers;	/* mute: no request is answered */
	struct cvf_image *image;
	uint64_t generation, attached_ns, hold_no, exec_id, batches;
	uint32_t session, label_agent;	/* label_agent: what LABEL says of everybody; 0: none */
	int canary;		/* 0 or an error */
	uint64_t seq[FAKE_CPUS][2], lost[FAKE_CPUS][2];
	struct wire_count counts[FAKE_COUNTS];
	size_t counts_count;
	struct fake_hold holds[FAKE_HOLDS];
	struct fake_grant grants[256];
	struct fake_batch *first, **end;	/* until acknowledged */
	char pending[49152];	/* records not yet in a batch */
	uint32_t pending_count, pending_bytes;
	uint64_t pour;	/* records that are still to be made as the window has room */
};

/* fake_link.c */
int fake_listen(struct fake *f, const char *path);
void fake_on_connect(struct fake *f);
void fake_on_peer(struct fake *f);
void fake_disconnect(struct fake *f);
/* Hands pending records over as a batch. */
void fake_flush(struct fake *f);

/* fake_records.c */
struct fake_op {
	uint32_t agent, session, pid, cpu, ring, uid;
	enum cvf_op op;
	const char *object, *object2;
	char *const *args;
	size_t args_count;
	uint8_t risk, mode, cell_flags;
	uint32_t capability, rule, timeout_s;
	uint64_t exec_id;
	uint16_t flags, port;
	uint8_t address[16];
	uint8_t verdict, reason;
	int32_t result;
	uint64_t hold_no;
};
void fake_record(struct fake *f, const struct fake_op *op, enum cvf_kind kind);
/* Judged by the image: counted, recorded, perhaps held. Prints "verdict allow|deny|hold". */
void fake_do(struct fake *f, struct fake_op *op);
void fake_ask(struct fake *f, struct fake_op *op);
/* Ends a hold as the kernel would. */
void fake_resume(struct fake *f, struct fake_hold *h, enum cvf_verdict verdict, enum cvf_reason reason);
struct fake_hold *fake_find(struct fake *f, uint64_t hold_no);
/* A record that is filled and not yet numbered, and its number. */
void fake_fill(struct fake *f, struct cvf_record *r, const struct fake_op *op, enum cvf_kind kind);
void fake_emit(struct fake *f, struct cvf_record *r);

/* fake_pour.c: as many records of what is left to pour as fit into the batches that may be under way. */
void fake_pour(struct fake *f);

/* fake_script.c: one line of the script. false: quit. */
bool fake_line(struct fake *f, char *line);

/* What happened, one line each, for the test that drives it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
