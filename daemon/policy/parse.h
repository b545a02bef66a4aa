/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse.h - readers for the values that declarations share: ids, patterns, addresses, ports, hours, levels
 */
#ifndef CVF_POLICY_PARSE_H
#define CVF_POLICY_PARSE_H

#include "policy/model.h"

#define ID_MAX 128

extern const struct words risk_words; /* LOW .. CRITICAL and R0 .. R3 */
extern const struct words type_words;
extern const struct words mode_words;
extern const struct words op_words; /* every operation */

/* struct field.read: out as said there, or as here. */
void read_id(const struct jat *at, const struct field *f, void *out);	      /* const char ** */
void read_path_globs(const struct jat *at, const struct field *f, void *out); /* struct texts * */
void read_name_globs(const struct jat *at, const struct field *f, void *out); /* struct texts * */
void read_cidrs(const struct jat *at, const struct field *f, void *out);      /* struct cidrs *; "any": none */
void read_ports(const struct jat *at, const struct field *f, void *out);      /* struct ports * */
void read_argv(const struct jat *at, const struct field *f, void *out);	      /* struct texts * */
void read_windows(const struct jat *at, const struct field *f, void *out);    /* struct windows * */
void read_time(const struct jat *at, const struct field *f, void *out);	      /* int64_t *, seconds */
void read_approvers(const struct jat *at, const struct field *f, void *out);  /* struct texts *, users and @groups */
void read_scope(const struct jat *at, const struct field *f, void *out);      /* struct scope * */
void read_rules(const struct jat *at, const struct field *f, void *out);      /* struct rules * */
void read_word_bits(const struct jat *at, const struct field *f,
		    void *out); /* uint64_t *, 1 << value; arg: struct words */

/* Calls read for each element of an array, or for the value itself if it is none. */
size_t elements_count(const struct jat *at);
struct jat element_at(const struct jat *at, size_t i);

/* "Mon-Fri 09:00-18:00" and the like; false: not understood. *ret_n windows of the pool. */
bool windows_parse(struct pool *pool, const char *text, struct windows *w);
bool windows_hold(const struct windows *w, int64_t now);
bool time_parse(const char *text, int64_t *ret_time);
bool cidr_parse(const char *text, struct cidr *ret_cidr, bool *ret_masked);
bool cidr_has(const struct cidr *c, const uint8_t address[16]);

/* Can so many of them be found? Of a group nobody knows how many it has. */
/* Steps of who is asked when nobody answers: checked here, read from the document by the governor. */
void read_escalation(const struct jat *at, const struct field *f, void *out);
bool approvers_suffice(const struct texts *names, long long quorum);

/* json[key], made as given if missing; takes a reference to value. */
void set_default(json_t *object, const char *key, json_t *value);
/* "rules" of a policy or profile with every default spelled out. */
void normalise_rules(json_t *object, const struct rules *rules);

#endif
