/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * abi.h - what the BPF programs and user space share: enumerations, map keys and values, ring records
 *
 * Compiles unchanged for BPF and for user space. Fixed-width types only; every struct's size is asserted, padding is
 * spelled out and is zero. Include <linux/types.h> (user space) or kernel.h (BPF) first for __u8..__u64.
 */
#ifndef CVF_ABI_H
#define CVF_ABI_H

#include "automaton.h"
#include "limits.h"

#define CVF_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)

enum cvf_op {
	CVF_OP_NONE = 0,
#define OP(number, suffix, name, domain, type) CVF_OP_##suffix = number,
#include "ops.def"
#undef OP
	CVF_OP_MAX = 36,
};

enum cvf_domain { CVF_DOMAIN_FILE, CVF_DOMAIN_EXEC, CVF_DOMAIN_NET, CVF_DOMAIN_SYS, CVF_DOMAIN_MAX };

enum cvf_reason {
	CVF_REASON_NONE = 0,
#define REASON(number, suffix, word, sentence) CVF_REASON_##suffix = number,
#include "reasons.def"
#undef REASON
	CVF_REASON_MAX = 41,
};

/* Folder of what was kept, at the root of a mount. No agent touches it; its length is known to bpf/question.bpf.h. */
#define CVF_QUARANTINE_DIR ".cvf-quarantine"

/* What a cell says, and what the kernel did (the verdict of a record). */
enum cvf_verdict { CVF_VERDICT_NONE = 0, CVF_VERDICT_ALLOW = 1, CVF_VERDICT_DENY = 2, CVF_VERDICT_HOLD = 3 };

enum cvf_risk { CVF_R0 = 0, CVF_R1 = 1, CVF_R2 = 2, CVF_R3 = 3 };

enum cvf_mode { CVF_MODE_ENFORCE = 0, CVF_MODE_OBSERVE = 1, CVF_MODE_LEARN = 2 };

enum cvf_proto { CVF_PROTO_TCP = 0, CVF_PROTO_UDP = 1, CVF_PROTO_MAX = 2 };

/* cell flags */
#define CVF_CELL_RECORD 0x01	/* an allow emits an event */
#define CVF_CELL_ASK 0x02	/* hold, and the governor may decide it alone (a condition for it), or must see who approves */
#define CVF_CELL_NO_GRANT 0x04	/* no grant may answer it: R3, conditions, named or several approvers */
#define CVF_CELL_OVER 0x08	/* in the place of another cell, because of a limit of how often */
#define CVF_CELL_KEEP 0x10	/* what a delete or a rename takes away is kept before it goes: an allow is a short hold */

/* One outcome: what (row, operation, set) comes to. Its index is also the index of its counters. */
struct cvf_cell {
	__u8 action;		/* enum cvf_verdict */
	__u8 risk;		/* enum cvf_risk */
	__u8 flags;		/* CVF_CELL_* */
	__u8 reason;		/* enum cvf_reason */
	__u16 row;		/* it belongs to */
	__u16 op;		/* enum cvf_op */
	__u32 capability;	/* number in the governor's store; 0: unregistered */
	__u32 rule;		/* number in the governor's store; 0: none */
	__u32 timeout_s;	/* of the hold */
	__u32 rate;		/* index in the slot's rates; 0: it may happen as often as it likes */
};
CVF_SIZE(struct cvf_cell, 24);

/* How often one session may do what comes to a cell before another cell takes its place. Number 0 is none. */
struct cvf_rate {
	__u32 rule;		/* whose counter; not 0 */
	__u32 limit;		/* so many within the window, and no more; CVF_RATE_AGE: the session is no older than the window */
	__u32 window_s;		/* 1 .. CVF_RATE_WINDOW_S; of an age 1 .. CVF_SESSION_AGE_S */
	__u16 over;		/* cell beyond it: of the same row and operation, more severe, without a rate */
	__u16 next;		/* another rate that counts too, smaller than the own number; 0: none */
};
CVF_SIZE(struct cvf_rate, 16);
#define CVF_RATE_AGE 0xffffffffu

/* An agent in one generation. */
struct cvf_agent {
	__u16 row;		/* 0: the agent is not in this generation */
	__u16 own;		/* number of its own patterns among those of its row; 0: the row has no others */
	__u8 mode;		/* enum cvf_mode */
	__u8 shared;		/* 1: other agents have the same row, so each is counted by itself */
	__u16 max_holds;	/* 0: CVF_HOLDS_AGENT */
};
CVF_SIZE(struct cvf_agent, 8);

/*
 * What a set comes to: its column's slates, one for each row; but owners, whose own patterns are in it, see the slate that
 * stands with them. Owners ascend by `own`.
 */
struct cvf_set {
	__u16 column;
	__u16 owners;		/* how many */
	__u32 first;		/* of them in the slot's owners */
};
CVF_SIZE(struct cvf_set, 8);

struct cvf_owner {
	__u16 own;
	__u16 slate;		/* not 0 */
};
CVF_SIZE(struct cvf_owner, 4);

/* Where an operation's tables begin: those of its domain, and its own words of the index. */
struct cvf_op_tables {
	__u32 sets;		/* how many there are; 1: whatever the object (domain SYS) */
	__u32 set_from;
	__u32 slate_from;
	__u32 index_from;
};
CVF_SIZE(struct cvf_op_tables, 16);

/*
 * One generation of the compiled policy: one of the two slots of struct cvf_state. Written by cvfd into the idle slot,
 * read by every hook through cvf_control.active.
 *
 * The automaton: automaton.h says how its states are stored in dfa[]. State 0 is the dead state (its row leads to itself, set 0). Set 0 means "nothing matched" in every domain.
 *
 * A slate is a list of cells of one row, one for each operation of a domain; slate 0 refuses. Of an operation o and a set s:
 * slate = the owner's in sets[o.set_from + s], else slates[o.slate_from + column * rows + row]; the cell is
 * cells[index[o.index_from + slate]].
 */
struct cvf_slot {
	__u64 generation;	/* 0: empty slot */
	__u32 stride;		/* classes + 1 */
	__u32 start_file;
	__u32 start_exec;
	__u32 dfa_words;
	__u32 index_words;
	__u32 cells_count;
	__u32 address_classes;
	__u32 port_classes;
	__u32 enrol_by_exe;	/* 1: some agent is matched by executable */
	__u32 enrol_by_uid;	/* 1: some agent is matched by uid */
	__u32 enrol_by_cgroup;	/* 1: some agent is matched by cgroup path */
	__u32 short_from;	/* states from this word on are short rows */
	__u32 rows;
	__u32 reserved;
	struct cvf_op_tables ops[CVF_OP_MAX];
	__u8 class_of[256];
	__u8 port_class[65536];
	__u16 net_set[CVF_NET_SETS_MAX];	/* [(address class * port_classes + port class) * CVF_PROTO_MAX + proto] */
	__u16 enrol_exe[CVF_ENROL_MAX];		/* file set -> agent number, 0 none: executables */
	__u16 enrol_cgroup[CVF_ENROL_MAX];	/* file set of "//cgroup" + path -> agent number */
	struct cvf_agent agents[CVF_AGENTS_MAX];
	struct cvf_cell cells[CVF_CELLS_MAX];
	struct cvf_rate rates[CVF_RATES_MAX];
	struct cvf_set sets[CVF_SETS_MAX];
	struct cvf_owner owners[CVF_OWNERS_MAX];
	__u32 dfa[CVF_DFA_WORDS]; /* never last: a short row is read at fixed distances from a masked index */
	__u16 slates[CVF_SLATES_MAX];
	__u16 index[CVF_INDEX_MAX];
};

/* Synthetic paths judged by the same automaton: they start with two slashes, which no resolved path does. */
#define CVF_PATH_ANON "//anon/"		/* memfd, pipes and other files without a place in any namespace */
#define CVF_PATH_ABSTRACT "//abstract/"	/* abstract unix socket names */
#define CVF_PATH_CGROUP "//cgroup"	/* cgroup paths, for enrolment */

/* Plain words; each has one writer unless marked atomic. */
struct cvf_control {
	__u32 abi;		/* CVF_ABI of who loaded the programs */
	__u32 active;		/* slot in force: 0 or 1; written last by cvfd */
	__u64 epoch;		/* atomic: bumped when a directory is renamed or a mount appears */
	__u64 hold_no;		/* atomic: last hold number */
	__u64 exec_id;		/* atomic: last image number */
	__u32 session;		/* atomic: last session number */
	__u32 holds;		/* atomic: holds waiting */
	__u32 flavour_lsm;
	__u32 guard_tgid;	/* cvfd's process id in the host namespace; 0: none yet */
	__u32 governor_tgid;	/* the connected governor's; 0: none */
	__u32 moving;		/* atomic: directories being renamed right now: no cached state is used */
	__u64 attached_ns;	/* CLOCK_BOOTTIME: when the programs were attached */
	__u64 key[2];		/* secret of the digests, set once per boot */
	__u32 guard_uids[2];	/* users of the governor and of the notifier: whatever runs as them is guarded, too; 0: none */
};
CVF_SIZE(struct cvf_control, 88);

/* The globals of the programs: the only value of their .bss map, which cvfd maps. */
struct cvf_state {
	struct cvf_control control;
	/* By cgroup id mod 65536: 0 means that no cgroup with such an id is enrolled. One load tells that a task is nobody's. */
	__u8 gate[65536];
	/* By agent number: 1, its tasks do not run. Written by cvfd; of no generation, so that a reload keeps it. */
	__u8 frozen[CVF_AGENTS_MAX];
	struct cvf_slot slots[2];
};

/* Label of a governed task: value of cvf_labels (task storage). Written by the task itself, by its parent at fork and by cvfd at enrolment. */
#define CVF_LABEL_CANARY 0x1	/* everything is refused */
#define CVF_LABEL_PARKED 0x2	/* somebody had stopped it before its agent was frozen: thawing leaves it stopped */
#define CVF_AGENT_CANARY (CVF_AGENTS_MAX - 1)
struct cvf_label {
	__u32 agent;		/* agent number; 0: no label */
	__u32 session;
	__u64 exec_id;		/* image: names exe and argv of earlier exec records */
	__u32 flags;		/* CVF_LABEL_* */
	__u32 reasks;		/* of the question below */
	__u64 question;		/* digest of the question asked last; 0: none */
	__u64 bprm;		/* identity of the exec in progress */
	__u64 exec_digest;	/* of argv[1..] as judged */
	__u64 exec_answer[2];	/* answers to consume when the exec succeeds: of the file, of its interpreter */
	__u16 exec_level;	/* interpreter level of the exec in progress */
	__u16 exec_action;	/* most severe cell action met by it: enum cvf_verdict */
	__u32 exec_judged;	/* bytes of argv[1..] that were judged; 0xffffffff: all of them */
	__u64 denied;		/* digest of the question denied last */
	__u64 denied_ns;	/* when: CLOCK_BOOTTIME */
};
CVF_SIZE(struct cvf_label, 88);

/* A question and its answer: value of cvf_asks, key: digest. Written by the hook (pending) and by cvfd (the answer). */
struct cvf_ask {
	__u32 answer;		/* enum cvf_verdict: NONE pending, ALLOW, DENY */
	__u32 reason;		/* enum cvf_reason of the answer */
	__u64 hold_no;
	__u64 asked_ns;		/* CLOCK_BOOTTIME */
	__u64 expires_ns;	/* CLOCK_BOOTTIME */
};
CVF_SIZE(struct cvf_ask, 32);

/*
 * What a session did of late under one rule: value of cvf_recent, key: session << 32 | rule. A slice is an eighth of the
 * window, in slice[number % 16] as number << 24 | count: one word, so that no lock is needed.
 */
#define CVF_RECENT_SLICES 16
struct cvf_recent {
	__u64 slice[CVF_RECENT_SLICES];
};
CVF_SIZE(struct cvf_recent, 128);

/* A grant: value of cvf_grants, key: grant digest (agent or session). */
struct cvf_grant {
	__u64 expires_ns;	/* CLOCK_BOOTTIME; 0: never */
	__u32 uses;		/* atomic: left; 0xffffffff: unlimited */
	__u32 reserved;
};
CVF_SIZE(struct cvf_grant, 16);
#define CVF_USES_UNLIMITED 0xffffffffu

/* Who is counted for what, where agents share a row: key of cvf_agent_counts. */
struct cvf_count_key {
	__u16 slot;
	__u16 agent;
	__u32 cell;
};
CVF_SIZE(struct cvf_count_key, 8);

/* Per-CPU sequence numbers and losses: value of cvf_cpu (per-CPU array of one). */
struct cvf_cpu {
	__u64 seq[2];		/* [ring]: numbers given out */
	__u64 lost[2];		/* [ring]: records that found the ring full */
	__u64 label_failed;	/* label unreadable: denied */
	__u64 reasks;
	__u64 holds_refused;	/* over a bound, or not stoppable */
	__u64 cache_miss;	/* directory states recomputed */
};
CVF_SIZE(struct cvf_cpu, 64);
enum cvf_ring { CVF_RING_VERDICT = 0, CVF_RING_EVENT = 1 };

/* ---- ring records ---- */

enum cvf_kind {
	CVF_KIND_NONE = 0,
	CVF_KIND_VERDICT = 1,	/* struct cvf_record: an operation was allowed, denied (or would have been) */
	CVF_KIND_HOLD = 2,	/* struct cvf_record: an operation waits; the same bytes are the value of cvf_holds */
	CVF_KIND_RESUME = 3,	/* struct cvf_record: a hold ended: approved, denied, timeout, abandoned */
	CVF_KIND_EXEC = 4,	/* struct cvf_record: a governed task runs a new image: exe, args, cwd */
	CVF_KIND_EXIT = 5,	/* struct cvf_record: a governed process that had executed something ended; status in result */
	CVF_KIND_SESSION = 6,	/* struct cvf_record: a session began (result 1) or ended (result 0) */
};

/* record flags */
#define CVF_REC_OBSERVED 0x01	/* mode observe or learn: what is written was not enforced, the operation ran */
#define CVF_REC_ARGS_CUT 0x02	/* args hold fewer bytes than args_total */
#define CVF_REC_TEXT_CUT 0x04	/* exe, cwd or object2 did not fit */
#define CVF_REC_COMPAT 0x08	/* 32-bit system call */
#define CVF_REC_REDACTED 0x10	/* the governor hid secrets in args before it stored them; the kernel never sets it */

/* A span of text[]; no NUL at the end. Bytes are the kernel's, any value but NUL (args: NUL after each). */
struct cvf_span {
	__u16 off;
	__u16 len;
};

/* Every record; only text_len bytes of text are sent. Times are CLOCK_BOOTTIME nanoseconds; ids are the host's. */
struct cvf_record {
	__u16 kind;		/* enum cvf_kind */
	__u16 flags;		/* CVF_REC_* */
	__u32 size;		/* of the record as sent: offsetof(text) + text_len */
	__u32 cpu;
	__u32 ring;		/* enum cvf_ring */
	__u64 seq;		/* per (cpu, ring), from 1 without gaps */
	__u64 time_ns;
	__u64 generation;
	__u32 agent;
	__u32 session;
	__u32 pid;		/* thread group id */
	__u32 tid;
	__u32 ppid;
	__u32 uid;		/* real uid */
	__u64 start_ns;		/* of the thread group leader, boot time: tells pids apart */
	__u64 exec_id;
	__u16 op;		/* enum cvf_op */
	__u8 verdict;		/* enum cvf_verdict */
	__u8 reason;		/* enum cvf_reason */
	__u8 risk;		/* enum cvf_risk */
	__u8 mode;		/* enum cvf_mode */
	__u8 protocol;		/* enum cvf_proto; domain NET */
	__u8 cell_flags;	/* CVF_CELL_* */
	__u32 capability;
	__u32 rule;
	__u64 digest;		/* of the question: agent, session, task, operation, object identity, arguments; 0: not held */
	__u64 grant_session;	/* digest a grant for this session would have */
	__u64 grant_agent;	/* digest a grant for this agent would have */
	__u64 hold_no;
	__u64 expires_ns;
	__u8 address[16];	/* IPv6 or mapped IPv4; domain NET */
	__u16 port;		/* host byte order */
	__u16 family;		/* socket family (sys operations too) */
	__s32 result;		/* EXIT: wait status; SIGNAL: signal; SESSION: 1 or 0; others: detail */
	__u32 target_pid;	/* ptrace, signal */
	__u32 args_count;	/* argv[1..] seen */
	__u32 args_total;	/* bytes of argv[1..] seen, NULs included */
	__u32 text_len;
	struct cvf_span object;
	struct cvf_span object2;	/* new name of rename and link */
	struct cvf_span args;		/* argv[0..] of exec, NUL after each */
	struct cvf_span exe;
	struct cvf_span cwd;
	char comm[16];
	__u32 device;			/* of the object that a delete or a rename takes away: s_dev, major << 20 | minor; else 0 */
	__u64 inode;			/* its number there */
	char text[CVF_TEXT_MAX];
};
#define CVF_RECORD_HEAD 224
_Static_assert(__builtin_offsetof(struct cvf_record, text) == CVF_RECORD_HEAD, "record head");
CVF_SIZE(struct cvf_record, CVF_RECORD_HEAD + CVF_TEXT_MAX);

/* Session: value of cvf_sessions, key: session number. */
struct cvf_session {
	__u32 agent;
	__u32 tasks;		/* atomic: alive */
	__u64 began_ns;		/* CLOCK_BOOTTIME */
};
CVF_SIZE(struct cvf_session, 16);

/*
 * What the iterator does. Those that list write the tgid of each task's process as a u32; a process with several threads comes
 * several times.
 */
enum cvf_visit {
	CVF_VISIT_ENROL = 0,
	CVF_VISIT_PARK = 1,	/* of an agent: marks what is stopped already */
	CVF_VISIT_RUNNING = 2,	/* lists what is not stopped; agent 0: of every agent that is frozen */
	CVF_VISIT_THAW = 3,	/* lists what is not marked, and takes the marks away */
	CVF_VISIT_ALL = 4,	/* lists all */
};

/* Enrolment by iterator: value of cvf_enrol (array of one), written by cvfd before it runs the iterator. */
struct cvf_enrol {
	__u32 tgid;		/* 0: by cgroup */
	__u32 agent;
	__u64 start_ns;		/* 0: any; of the thread group leader */
	__u64 cgroup;		/* cgroup id, descendants included; 0: by tgid */
	__u32 session;		/* out: session number given */
	__u32 count;		/* out: tasks labelled */
	__u32 failed;		/* out: tasks that could not be labelled */
	__u32 already;		/* out: tasks that had a label of another session */
	__u32 flags;		/* CVF_LABEL_* for the new labels */
	__u32 visit;		/* enum cvf_visit */
};
CVF_SIZE(struct cvf_enrol, 48);

/* Longest-prefix-match key; address as in cvf_record. The value is the address class (u32, from 1). */
struct cvf_prefix {
	__u32 bits;		/* 0..128 */
	__u8 address[16];
};
CVF_SIZE(struct cvf_prefix, 20);

#endif
