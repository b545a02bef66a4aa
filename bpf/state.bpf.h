/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.bpf.h - every map and global of the kernel side
 *
 * Written by: the hooks (labels, asks, holds, caches, counters, rings) and cvfd (slots, grants, answers, cgroups, gate,
 * enrolment). All are pinned by cvfd, so that they outlive it.
 */
#ifndef STATE_BPF_H
#define STATE_BPF_H

#define MAP(kind, name, key_type, value_type, entries, flags) \
	struct {                                              \
		__uint(type, BPF_MAP_TYPE_##kind);            \
		__uint(max_entries, entries);                 \
		__uint(map_flags, flags);                     \
		__type(key, key_type);                        \
		__type(value, value_type);                    \
	} name SEC(".maps")

/* Set before load. */
const volatile bool cvf_lsm;			/* flavour: BPF LSM, else fmod_ret */
const volatile __u32 cvf_scratch_slots = 4;	/* values of cvf_scratch: two per CPU */

/* One variable, so that its place in .bss is the map's start whoever compiled it. */
struct cvf_state cvf_state;
#define cvf_control cvf_state.control
#define cvf_slots cvf_state.slots
#define cvf_gate cvf_state.gate
#define cvf_frozen cvf_state.frozen

MAP(TASK_STORAGE, cvf_labels, int, struct cvf_label, 0, BPF_F_NO_PREALLOC);
/* Every labelled task by its address: tells "label unreadable" from "no label", and counts sessions. */
struct cvf_member {
	__u32 agent;
	__u32 session;
};
MAP(HASH, cvf_members, __u64, struct cvf_member, CVF_TASKS_MAX, 0);
MAP(HASH, cvf_sessions, __u32, struct cvf_session, CVF_SESSIONS_MAX, 0);
MAP(HASH, cvf_cgroups, __u64, __u32, CVF_CGROUPS_MAX, 0);	/* cgroup id -> agent number */
MAP(HASH, cvf_uids, __u64, __u32, 2 * CVF_AGENTS_MAX, 0);			/* slot << 32 | uid -> agent number */
#define CVF_IPC_MAX 131072	/* more than the kernel makes of all kinds in one namespace, as it comes */
#define CVF_OWNERS_REFUSED_MAX 4096
/* System V objects by address -> the session that made them; none: nobody's, or older than its label. */
MAP(HASH, cvf_ipc, __u64, __u32, CVF_IPC_MAX, BPF_F_NO_PREALLOC);
/* Files by address that were refused an owner -> the session of who named it. */
MAP(HASH, cvf_owners, __u64, __u32, CVF_OWNERS_REFUSED_MAX, BPF_F_NO_PREALLOC);
MAP(ARRAY, cvf_enrol, __u32, struct cvf_enrol, 1, 0);

MAP(HASH, cvf_asks, __u64, struct cvf_ask, CVF_HOLDS_MAX, 0);
MAP(HASH, cvf_holds, __u64, struct cvf_record, CVF_HOLDS_MAX, 0);
MAP(HASH, cvf_grants, __u64, struct cvf_grant, CVF_GRANTS_MAX, 0);
MAP(LRU_HASH, cvf_recent, __u64, struct cvf_recent, CVF_RECENT_MAX, 0);	/* session << 32 | rule */
MAP(ARRAY, cvf_pending, __u32, __u32, CVF_AGENTS_MAX, 0);	/* agent number -> holds waiting */

MAP(LPM_TRIE, cvf_prefix0, struct cvf_prefix, __u32, CVF_PREFIXES_MAX, BPF_F_NO_PREALLOC);
MAP(LPM_TRIE, cvf_prefix1, struct cvf_prefix, __u32, CVF_PREFIXES_MAX, BPF_F_NO_PREALLOC);

MAP(PERCPU_ARRAY, cvf_cpu, __u32, struct cvf_cpu, 1, 0);
MAP(PERCPU_ARRAY, cvf_counts, __u32, __u64, 2 * CVF_CELLS_MAX, 0);	/* slot * CVF_CELLS_MAX + cell */
MAP(PERCPU_HASH, cvf_agent_counts, struct cvf_count_key, __u64, CVF_AGENT_COUNTS_MAX, BPF_F_NO_PREALLOC);

/*
 * What is remembered is read and written by several CPUs at once: `version` is odd while an entry is written, and another one
 * after it. Who finds it odd, or changed meanwhile, has read nothing.
 */

#define CVF_DIR_WORDS 24
/* State of the automaton at a directory. Valid while generation, epoch, chain and dentry are as they were. */
struct cvf_dir {
	__u32 version;
	__u32 state;
	__u64 stamp;	/* of this state: no other one has or had it; 0: none */
	__u64 generation;
	__u64 epoch;
	__u64 dentry;
	__u64 chain;	/* of the mounts from the directory's to the root of its namespace */
	__u64 mnt;	/* a mount that led to that chain in a namespace whose mounts had come to `event`; 0: none */
	__u64 ns, event;
	__u64 inode;	/* whose it is, where it is not the inode that says so: with the device and the generation */
	__u32 dev;
	__u32 inode_generation;
	__u64 text_len;	/* of its path, the last slash included; 0: too long to be kept */
	__u64 text[CVF_DIR_WORDS];
};
MAP(INODE_STORAGE, cvf_dirs, int, struct cvf_dir, 0, BPF_F_NO_PREALLOC);
/* bpf_inode_storage_get is refused to fmod_ret programs (6.1, 6.12). */
#define CVF_DIRS_MAX 16384
MAP(ARRAY, cvf_dirs_table, __u32, struct cvf_dir, CVF_DIRS_MAX, 0);

/* What a short name comes to in the directory of a stamp. */
#define CVF_NAME_WORDS 4
struct cvf_name {
	__u32 version;
	__u32 len;
	__u64 stamp;
	__u64 word[CVF_NAME_WORDS];
	__u32 set;
	__u16 row;	/* for which reading it comes to a cell that only lets it through; 0: none that is known */
	__u16 cell;
};
#define CVF_NAMES_MAX 8192
MAP(ARRAY, cvf_names, __u32, struct cvf_name, CVF_NAMES_MAX, 0);

/*
 * Working memory of one hook run. Slots of an array taken with a compare-and-swap, not per-CPU memory: a program may be
 * preempted and another task may run the same hook on the same CPU.
 */
#define PATH_ROOM 4096
#define PATH_SIZE (PATH_ROOM + 264)
#define ARGS_ROOM (2 * CVF_ARGS_MAX)
struct sip {
	__u64 v0, v1, v2, v3;
	__u64 words;
	__u32 which, off, len;	/* of the buffer being hashed */
	__u32 reserved;
};

/* What a mount is a mount of, and where it is mounted. */
struct mount_link {
	__u64 parent, mountpoint, root, sb;
};

/* Ways of a path to the root (path.bpf.h) and of bytes through the automaton. */
struct walk {
	__u64 from_dentry, from_mnt, name;	/* what GLOBAL functions take: they accept no pointers into the kernel */
	__u64 dentry, root, mount;
	struct mount_link on;	/* of mount */
	__u64 chain;	/* of the object's mounts */
	__u64 ns, event;	/* the caller's namespace, if they lead to its root, and what its mounts were then; event 0: they do not */
	__u32 off, which, result;
	__u32 known;	/* 1 + row of known_places, 0 none */
	__u32 state, buffer, from, len, zero; /* the scan */
	__u32 folds_from, odd; /* the part of the path on a disk without case, and whether it has other names, too */
	__u32 set;	/* that the place comes to */
	__u32 store;	/* it is what was kept, or in there */
	__u32 whose;	/* enum whose: more than its name says about it */
	__u32 text_len;	/* of the directory's path, which is in the buffer; 0: it is not */
	struct cvf_dir dir;	/* that is to be remembered */
};

/* What a hook knows of the operation it must judge. */
struct facts {
	__u64 identity[2];	/* of the object: inode and device */
	__u64 inode;		/* of what goes */
	__u64 dentry, mnt;	/* of the object; 0: none */
	__u64 dentry2, mnt2;	/* of the new name */
	__u8 address[16];
	__u32 slot;		/* generation it is judged by: 0 or 1 */
	__u32 op;
	__u32 cell;		/* index; cell 0 refuses */
	__u32 other;		/* of two cells the less severe one: its limits count too; 0: none */
	__u32 row;
	__u32 mode;
	__u32 rate;		/* index of the limit that is exceeded; 0: none */
	__u32 fault;		/* enum cvf_reason that overrides the cell with a deny; 0: none */
	__u32 target_pid;
	__s32 detail;
	__u32 device;		/* of what goes */
	__u16 port;
	__u16 family;
	__u8 protocol;
	__u8 is_net;
	__u8 two_names;		/* the new name is in path[1] */
	__u8 exec_level;
	__u8 have_args;
	__u8 args_cut;		/* an allowed exec whose arguments were not all judged: held */
	__u8 cannot_hold;	/* the system call does not restart, or a spinlock is held */
	__u8 goes;		/* what the operation takes away: 1 the object, 2 what has the new name, 0 nothing */
	__u8 keep;		/* it is kept before it goes */
	__u8 shared;		/* the row is that of other agents too: counted for the agent */
	__u16 own;
	__u8 frozen;		/* the agent is */
	__u8 reserved[3];
};

struct cvf_scratch {
	__u32 taken;
	__u32 path_off[2];
	__u32 path_len[2];
	__u32 args_len;		/* argv[0..], NUL after each */
	__u32 args_first;	/* bytes of argv[0] and its NUL */
	__u32 args_count;	/* argv[1..] */
	__u32 args_cut;
	__u32 self;		/* its key */
	struct facts facts;
	struct sip sip;
	struct walk walk;
	char name[264];
	char path[2][PATH_SIZE];
	char args[ARGS_ROOM + 8];
	struct cvf_record record;
	char slack[CVF_TEXT_MAX];	/* the verifier bounds offset and length apart: their sum stays inside the value */
};
MAP(ARRAY, cvf_scratch, __u32, struct cvf_scratch, 4, 0);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CVF_VERDICT_RING);
} cvf_verdicts SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, CVF_EVENT_RING);
} cvf_events SEC(".maps");

static __always_inline struct cvf_cpu *cpu_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cvf_cpu, &zero);
}

#define COUNT(field)                                                \
	do {                                                        \
		struct cvf_cpu *cpu_ = cpu_state();                 \
		if (cpu_)                                           \
			__sync_fetch_and_add(&cpu_->field, 1);      \
	} while (0)

static __always_inline struct cvf_slot *active_slot(void)
{
	return &cvf_slots[cvf_control.active & 1];
}

/* The generation that the question in this memory is judged by. */
static __always_inline struct cvf_slot *slot_of(const struct cvf_scratch *s)
{
	return &cvf_slots[s->facts.slot & 1];
}

/*
 * Functions with external linkage are verified once, on their own; static ones again at every call and in every state. So
 * whatever takes only scratch memory, a label and numbers is GLOBAL (the verifier hands such pointers over as maybe NULL).
 */
#define GLOBAL __attribute__((noinline))

static __noinline struct cvf_scratch *scratch_take(void)
{
	__u32 start = bpf_get_smp_processor_id() * 2;

	for (__u32 i = 0; i < 8; i++) {
		__u32 key = (start + i) % (cvf_scratch_slots ?: 1);
		struct cvf_scratch *s = bpf_map_lookup_elem(&cvf_scratch, &key);

		if (s && !__sync_val_compare_and_swap(&s->taken, 0, 1)) {
			s->self = key;
			return s;
		}
	}
	return NULL;
}

static __always_inline void scratch_give(struct cvf_scratch *s)
{
	/* An exchange orders what was written before it; clang 14 has no release store for BPF. */
	__sync_lock_test_and_set(&s->taken, 0);
}

#endif
