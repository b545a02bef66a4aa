/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * limits.h - every bound of the product, with what happens when it is reached
 *
 * Shared by the BPF programs and user space; plain numbers only.
 */
#ifndef CVF_LIMITS_H
#define CVF_LIMITS_H

/* Version of everything in abi.h, image.h and wire.h taken together. Pins of another version are not adopted. */
#define CVF_ABI 4

/* Longest path that is judged, NUL excluded; longer: deny, path-too-long. The kernel's own PATH_MAX is 4096. */
#define CVF_PATH_MAX 4095
/* Argument bytes (argv[1..], NUL after each) that are judged; longer: the operation counts as HIGH at least. */
#define CVF_ARGS_MAX 32768
/* Arguments counted; more: as above. */
#define CVF_ARGC_MAX 2048
/* Bytes of text in one record (object, object2, args, exe, cwd); what does not fit is cut and flagged. */
#define CVF_TEXT_MAX 8192
/* Directory levels between an object and the root of its mount namespace; deeper: deny, path-too-long. */
#define CVF_DEPTH_MAX 2048

/* Agents, and rows of verdicts: one for all agents that are bound alike. Row 0 is nobody. A power of two. */
#define CVF_AGENTS_MAX 8192
/* Words of the path/argument automaton in one generation (8 MiB). */
#define CVF_DFA_WORDS (1u << 21)
/* Sets of patterns that objects match, of all domains together (1 MiB). */
#define CVF_SETS_MAX (1u << 17)
/* Words of (column, row) -> slate (2 MiB as u16), and those of them who own a set and see another slate (1 MiB). */
#define CVF_SLATES_MAX (1u << 20)
#define CVF_OWNERS_MAX (1u << 18)
/* Words of (operation, slate) -> cell in one generation (1 MiB as u16). */
#define CVF_INDEX_MAX (1u << 19)
/* Distinct cells, i.e. distinct outcomes (with their counters), in one generation. */
#define CVF_CELLS_MAX 65536u
/* Limits of how often (struct cvf_rate) in one generation, and of them for one operation. */
#define CVF_RATES_MAX 4096u
#define CVF_RATES_CHAIN 4
/* Longest window of such a limit. */
#define CVF_RATE_WINDOW_S 86400
/* Oldest session that a rule may speak of. */
#define CVF_SESSION_AGE_S 2592000
/* Counters of them: (session, rule); the one unused for longest makes room. */
#define CVF_RECENT_MAX 16384
/* (address class, port class, protocol) -> set. */
#define CVF_NET_SETS_MAX 65536u
/* Address prefixes in one generation. */
#define CVF_PREFIXES_MAX 8192u
/* Sets that the enrolment table can name. */
#define CVF_ENROL_MAX 16384u

/* Holds waiting on one host; beyond: deny, hold-limit. */
#define CVF_HOLDS_MAX 1024
/* Holds waiting per agent unless its declaration says otherwise. */
#define CVF_HOLDS_AGENT 64
/* Grants (answers that outlive their question). */
#define CVF_GRANTS_MAX 8192
/* Counters of agents that share a row: (agent, cell); beyond: counted for the row, as nobody's. */
#define CVF_AGENT_COUNTS_MAX (1u << 18)
/* How often one operation may ask again before it is refused (a tracer that swallows the stop would spin). */
#define CVF_REASKS_MAX 1024
/* Seconds until a hold expires unless its capability says otherwise. */
#define CVF_HOLD_TIMEOUT_S 300
/* cgroups enrolled by identity (descendants included). */
#define CVF_CGROUPS_MAX 8192
/* Governed tasks (threads); beyond: their fork fails with EAGAIN. */
#define CVF_TASKS_MAX 131072
/* Sessions alive at once. */
#define CVF_SESSIONS_MAX 16384

/* Bytes of the verdict ring (holds, denies, answers) and of the event ring (allowed operations, exec, exit). */
#define CVF_VERDICT_RING (4u << 20)
#define CVF_EVENT_RING (4u << 20)

#endif
