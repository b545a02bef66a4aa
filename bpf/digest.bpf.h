/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * digest.bpf.h - SipHash-2-4 with the boot's secret key
 *
 * An approval is bound to a digest. Keyed, because whoever could choose two operations with one digest could have the
 * second one approved by showing the first.
 */
#ifndef DIGEST_BPF_H
#define DIGEST_BPF_H

static __always_inline __u64 rotate(__u64 x, int n)
{
	return x << n | x >> (64 - n);
}

static __always_inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static __always_inline void sip_mix(struct sip *s, __u64 word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
	s->words++;
}

GLOBAL int sip_word(struct cvf_scratch *s, __u64 word)
{
	if (s)
		sip_mix(&s->sip, word);
	return 0;
}

static __always_inline void sip_start(struct cvf_scratch *scratch)
{
	__u64 k0 = cvf_control.key[0], k1 = cvf_control.key[1];
	struct sip *s = &scratch->sip;

	s->v0 = k0 ^ 0x736f6d6570736575ull;
	s->v1 = k1 ^ 0x646f72616e646f6dull;
	s->v2 = k0 ^ 0x6c7967656e657261ull;
	s->v3 = k1 ^ 0x7465646279746573ull;
	s->words = 0;
}

/* The digest of the words so far; more words may follow. Never 0, which means "no digest". */
GLOBAL __u64 sip_end(struct cvf_scratch *scratch)
{
	struct sip *s;
	__u64 r;

	if (!scratch)
		return 1;
	s = &scratch->sip;
	sip_mix(s, s->words << 59);
	s->v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s);
	r = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
	return r ?: 1;
}

#define SIP_PATH0 0
#define SIP_PATH1 1
#define SIP_ARGS 2

struct sip_run {
	struct cvf_scratch *scratch; /* the run itself is in it: a callback's stack counts */
};

#define SIP_STEP 4

/* Some words of a buffer; bytes past the end count as zero, the length is hashed after. */
static long sip_step(__u32 i, struct sip_run *run)
{
	__u32 left = run->scratch->sip.len - i * SIP_STEP * 8, off = run->scratch->sip.off + i * SIP_STEP * 8;
	struct sip sip = run->scratch->sip; /* in registers; eight frames of calls is all there is */
	__u64 word;

#pragma unroll
	for (int j = 0; j < SIP_STEP; j++, left -= 8, off += 8) {
		if (sip.which == SIP_ARGS)
			word = *(__u64 *)&run->scratch->args[off & (ARGS_ROOM - 1)];
		else
			word = *(__u64 *)&run->scratch->path[sip.which & 1][off & (PATH_ROOM - 1)];
		if (left < 8)
			word &= (1ull << (left * 8 & 63)) - 1;
		sip_mix(&sip, word);
		if (left <= 8)
			break;
	}
	run->scratch->sip = sip;
	return 0;
}

/* Hashes bytes of path 0, path 1 or the arguments, and their number. */
GLOBAL int sip_bytes(struct cvf_scratch *scratch, __u32 which, __u32 off, __u32 len)
{
	struct sip_run run = { .scratch = scratch };

	if (!scratch)
		return -1;
	scratch->sip.which = which;
	scratch->sip.off = off;
	scratch->sip.len = len;
	if (len)
		bpf_loop((len + SIP_STEP * 8 - 1) / (SIP_STEP * 8), sip_step, &run, 0);
	sip_word(scratch, len);
	return 0;
}

#endif
