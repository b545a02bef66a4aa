// SPDX-License-Identifier: Apache-2.0
/*
 * match.c - a capability's "match": which operations on which objects it covers
 */
#include <string.h>

#include "policy/glob.h"
#include "policy/parse.h"

#define ALL_PROTOCOLS ((1u << CVF_PROTO_TCP) | (1u << CVF_PROTO_UDP))

static const struct word file_list[] = {
	{"read", CVF_OP_READ},	   {"write", CVF_OP_WRITE},	  {"create", CVF_OP_CREATE},
	{"delete", CVF_OP_DELETE}, {"rename", CVF_OP_RENAME},	  {"link", CVF_OP_LINK},
	{"attr", CVF_OP_ATTR},	   {"truncate", CVF_OP_TRUNCATE}, {"exec-map", CVF_OP_EXEC_MAP},
};
static const struct word unix_list[] = {
	{"connect", CVF_OP_UNIX_CONNECT},
	{"send", CVF_OP_UNIX_SEND},
	{"bind", CVF_OP_UNIX_BIND},
};
static const struct word net_list[] = {
	{"connect", CVF_OP_CONNECT},
	{"send", CVF_OP_SEND},
	{"bind", CVF_OP_BIND},
	{"listen", CVF_OP_LISTEN},
};
static const struct word sys_list[] = {
#define OP_FILE(number, name)
#define OP_EXEC(number, name)
#define OP_NET(number, name)
#define OP_SYS(number, name)		       {name, number},
#define OP(number, suffix, name, domain, type) OP_##domain(number, name)
#include "cvf/ops.def"
#undef OP
};
static const struct word protocol_list[] = {
	{"tcp", 1u << CVF_PROTO_TCP},
	{"udp", 1u << CVF_PROTO_UDP},
	{"any", ALL_PROTOCOLS},
};

static const struct words file_words = {"file operation", file_list, ARRAY_SIZE(file_list)};
static const struct words unix_words = {"unix socket operation", unix_list, ARRAY_SIZE(unix_list)};
static const struct words net_words = {"network operation", net_list, ARRAY_SIZE(net_list)};
static const struct words sys_words = {"system operation", sys_list, ARRAY_SIZE(sys_list)};
static const struct words protocol_words = {"protocol", protocol_list, ARRAY_SIZE(protocol_list)};

struct spec {
	struct matcher m;
	int protocols;
	struct jat path_at;
};

#define M(member) (offsetof(struct spec, m) + offsetof(struct matcher, member))

static const struct field file_fields[] = {
	{"path", read_path_globs, M(paths), true, NULL},
	{"ops", read_word_bits, M(ops), false, &file_words},
	{"except", read_path_globs, M(except), false, NULL},
};
static const struct field unix_fields[] = {
	{"path", read_path_globs, M(paths), true, NULL},
	{"ops", read_word_bits, M(ops), false, &unix_words},
	{"except", read_path_globs, M(except), false, NULL},
};
static const struct field net_fields[] = {
	{"ops", read_word_bits, M(ops), false, &net_words},
	{"protocol", read_word, offsetof(struct spec, protocols), false, &protocol_words},
	{"address", read_cidrs, M(address), false, NULL},
	{"ports", read_ports, M(ports), false, NULL},
	{"except", read_cidrs, M(except_net), false, NULL},
};
static const struct field sys_fields[] = {
	{"ops", read_word_bits, M(ops), true, &sys_words},
};

/* A program's path, or its bare name: that is its last component wherever it is. */
static void read_program(const struct jat *at, const struct field *f, void *out)
{
	struct texts *paths = out;

	read_texts(at, f, out);
	for (size_t i = 0; i < paths->n; i++) {
		const char *wrong, *text = paths->v[i];
		bool bare = !strchr(text, '/') && text[0] != '$';
		struct jat one = element_at(at, i);

		if (bare)
			paths->v[i] = pool_printf(at->doc->pool, "**/%s", text);
		if (!paths->v[i])
			jat_error(&one, NULL, "out of memory");
		else if (!glob_check(paths->v[i], GLOB_PATH, &wrong))
			jat_error(&one, NULL, "the pattern \"%.200s\" is wrong: %s", text, wrong);
	}
}

void read_argv(const struct jat *at, const struct field *f, void *out)
{
	struct texts *argv = out;
	size_t sequences = 1;

	(void)f;
	if (!json_is_array(at->value)) {
		jat_error(at, NULL, "must be an array of patterns, one per argument, not %s", json_kind(at->value));
		return;
	}
	for (size_t i = 0; i < json_array_size(at->value); i++) {
		struct jat one = jat_element(at, i);
		const char *wrong = "", *text = json_string_value(one.value);
		size_t n = !text ? 0 : glob_is_rest(text) ? 2 : glob_check(text, GLOB_NAME, &wrong);

		if (!n)
			jat_error(&one, NULL, "the pattern is wrong: %s", text ? wrong : "it is not a string");
		else if (sequences <= GLOB_SEQUENCES_MAX)
			sequences *= n;
	}
	if (sequences > GLOB_SEQUENCES_MAX)
		jat_error(at, "split it into several elements", "the patterns stand for more than 1024 alternatives");
	/* Unlike other lists, an empty one means something, and an argument may be empty. */
	argv->v = pool_alloc(at->doc->pool, json_array_size(at->value), sizeof(*argv->v));
	for (size_t i = 0; argv->v && i < json_array_size(at->value); i++) {
		argv->v[i] = json_string_value(json_array_get(at->value, i));
		argv->n += argv->v[i] != NULL;
	}
}

static const struct field exec_fields[] = {
	{"path", read_program, M(paths), true, NULL},
	{"argv", read_argv, M(argv), false, NULL},
	{"except", read_program, M(except), false, NULL},
};

/* Operations of a matcher that names none: what the capability's type asks for. */
static const uint64_t file_ops_of[TYPE_MAX] = {
	[TYPE_READ] = OP_BIT(CVF_OP_READ),
	[TYPE_WRITE] = OP_BIT(CVF_OP_WRITE) | OP_BIT(CVF_OP_CREATE) | OP_BIT(CVF_OP_RENAME) | OP_BIT(CVF_OP_LINK) |
		       OP_BIT(CVF_OP_ATTR) | OP_BIT(CVF_OP_TRUNCATE),
	[TYPE_DELETE] = OP_BIT(CVF_OP_DELETE),
	[TYPE_EXECUTE] = OP_BIT(CVF_OP_EXEC_MAP),
};
#define UNIX_OPS (OP_BIT(CVF_OP_UNIX_CONNECT) | OP_BIT(CVF_OP_UNIX_SEND))
#define NET_OPS	 (OP_BIT(CVF_OP_CONNECT) | OP_BIT(CVF_OP_SEND))

static const struct group {
	const char *name;
	enum cvf_domain domain;
	const struct field *fields;
	size_t n;
	uint64_t ops; /* when none are named; 0: by type */
} groups[] = {
	{"exec", CVF_DOMAIN_EXEC, exec_fields, ARRAY_SIZE(exec_fields), OP_BIT(CVF_OP_EXEC)},
	{"file", CVF_DOMAIN_FILE, file_fields, ARRAY_SIZE(file_fields), 0},
	{"net", CVF_DOMAIN_NET, net_fields, ARRAY_SIZE(net_fields), NET_OPS},
	{"unix", CVF_DOMAIN_FILE, unix_fields, ARRAY_SIZE(unix_fields), UNIX_OPS},
	{"sys", CVF_DOMAIN_SYS, sys_fields, ARRAY_SIZE(sys_fields), 0},
};

/*
 * Paths: the shortest of them and what the arguments add. Networks: the shortest prefix, and ports as much as they
 * narrow.
 */
static uint32_t literal_of(const struct matcher *m)
{
	uint32_t least = UINT32_MAX, more = m->ports.n ? 16 : 0;

	for (size_t i = 0; i < m->paths.n; i++)
		if (glob_literal(m->paths.v[i], GLOB_PATH) < least)
			least = glob_literal(m->paths.v[i], GLOB_PATH);
	for (size_t i = 0; i < m->address.n; i++)
		if (m->address.v[i].bits < least)
			least = m->address.v[i].bits;
	for (size_t i = 0; i < m->argv.n; i++)
		more += glob_is_rest(m->argv.v[i]) ? 0 : glob_literal(m->argv.v[i], GLOB_NAME);
	return (least == UINT32_MAX ? 0 : least) + more;
}

static void read_one(const struct jat *at, const struct group *g, struct capability *c)
{
	struct spec spec = {.protocols = ALL_PROTOCOLS};
	size_t errors = at->doc->d->errors;

	fields_read(at, g->fields, g->n, &spec);
	spec.m.domain = g->domain;
	spec.m.group = g->name;
	spec.m.index = (uint32_t)at->index;
	spec.m.protocols = (uint8_t)spec.protocols;
	if (!spec.m.ops)
		spec.m.ops = g->ops ? g->ops : file_ops_of[c->type];
	if (!spec.m.ops && at->doc->d->errors == errors)
		jat_error(at, "name them, for example \"ops\": [\"read\"]", "the field \"ops\" is missing");
	if (c->type != TYPE_DELETE && c->risk < CVF_R2 && spec.m.ops & OP_BIT(CVF_OP_DELETE))
		jat_warn(at, "declare deletions as a capability of their own, of type DELETE",
			 "deletes files, but its operation type is not DELETE and its level is only %s",
			 risk_name(c->risk));
	if (at->doc->d->errors == errors)
		spec.m.literal = literal_of(&spec.m);
	c->match.v[c->match.n++] = spec.m;
}

static void read_group(const struct jat *match, const struct group *g, struct capability *c)
{
	struct jat list = jat_member(match, g->name);

	if (list.value && !json_is_array(list.value)) {
		jat_error(&list, NULL, "must be an array of objects, not %s", json_kind(list.value));
		return;
	}
	for (size_t i = 0; i < json_array_size(list.value); i++) {
		struct jat one = jat_element(&list, i);

		read_one(&one, g, c);
	}
}

void matchers_read(const struct jat *at, struct capability *c)
{
	static const struct field fields[] = {
		{"exec", read_json, 0, false, NULL}, {"file", read_json, 0, false, NULL},
		{"net", read_json, 0, false, NULL},  {"unix", read_json, 0, false, NULL},
		{"sys", read_json, 0, false, NULL},
	};
	json_t *unused;
	size_t n = 0;

	fields_read(at, fields, ARRAY_SIZE(fields), &unused);
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		n += json_array_size(json_object_get(at->value, groups[i].name));
	c->match.v = pool_alloc(at->doc->pool, n, sizeof(*c->match.v));
	for (size_t i = 0; c->match.v && i < ARRAY_SIZE(groups); i++)
		read_group(at, &groups[i], c);
	if (!c->match.v)
		jat_error(at, NULL, "out of memory");
}
