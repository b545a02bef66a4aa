/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory.bpf.h - how what is remembered is written and read by several CPUs at once, and the names
 *
 * Short names that were judged are remembered by the stamp of their directory's state: what a name comes to in a state never
 * changes, and a state that no longer stands has a stamp that nobody asks for.
 */
#ifndef MEMORY_BPF_H
#define MEMORY_BPF_H

/* Begins to write an entry that had this version; false: another one does. */
static __always_inline bool write_begin(__u32 *at, __u32 version)
{
	return !(version & 1) && __sync_val_compare_and_swap(at, version, version + 1) == version;
}

static __always_inline void write_end(__u32 *at)
{
	__sync_fetch_and_add(at, 1);
}

static __always_inline __u32 read_begin(const __u32 *at)
{
	__u32 version = *(const volatile __u32 *)at;

	order_reads();
	return version;
}

static __always_inline bool read_end(const __u32 *at, __u32 version)
{
	order_reads();
	return !(version & 1) && *(const volatile __u32 *)at == version;
}

/* ---- names ---- */

/* A directory's state, of the generation in a slot. */
struct folder {
	__u64 stamp;
	__u32 state;
	__u32 slot;
};

#define NO_SET 0xffffffffu /* what no name comes to */

/* Two names of one length; what stands behind them does not count. */
static __always_inline bool name_same(const __u64 *a, const __u64 *b, __u32 len)
{
	__u64 difference = 0;

#pragma unroll
	for (int i = 0; i < CVF_NAME_WORDS; i++) {
		difference = a[i] ^ b[i];
		if (len <= 8)
			break;
		if (difference)
			return false;
		len -= 8;
	}
	return !(difference << (64 - 8 * len));
}

static __always_inline struct cvf_name *name_at(__u64 stamp, __u32 hash)
{
	__u32 key = (hash ^ (__u32)stamp * 0x9e3779b1) & (CVF_NAMES_MAX - 1);

	return bpf_map_lookup_elem(&cvf_names, &key);
}

static __always_inline bool name_is(const struct cvf_name *n, __u64 stamp, const __u64 *inside, __u32 len)
{
	return n->stamp == stamp && n->len == len && name_same(inside, n->word, len);
}

/* Who finds another one writing leaves it to them. */
static __always_inline void name_keep(struct cvf_name *n, __u64 stamp, const __u64 *word, __u32 len, __u32 set)
{
	if (!write_begin(&n->version, *(volatile __u32 *)&n->version))
		return;
	n->len = len;
	n->stamp = stamp;
	for (int i = 0; i < CVF_NAME_WORDS; i++)
		n->word[i] = word[i];
	n->set = set;
	n->row = 0;
	write_end(&n->version);
}

#endif
