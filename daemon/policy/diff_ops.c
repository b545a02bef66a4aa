// SPDX-License-Identifier: Apache-2.0
/*
 * diff_ops.c - representative operations: one for each pattern, those that capabilities give as examples, common ones
 */
#include <arpa/inet.h>
#include <string.h>

#include "policy/diff_parts.h"
#include "policy/plan.h"
#include "policy/variables.h"

#define OPERATIONS_MAX 20000 /* of one agent; more declarations than that are judged in part */
#define ARGS_MAX       64

/* What everybody does sooner or later, and what nobody should. */
static const char *const common[] = {
	"read /etc/passwd",
	"read /etc/shadow",
	"write /etc/passwd",
	"create /etc/cron.d/x",
	"write /usr/bin/x",
	"delete /usr/bin/x",
	"delete /etc/hostname",
	"write /tmp/x",
	"delete /tmp/x",
	"read /home/x/.ssh/id_ed25519",
	"write /home/x/.ssh/authorized_keys",
	"write /home/x/.bashrc",
	"read /home/x/project/.env",
	"write /home/x/project/main.c",
	"delete /home/x/project/main.c",
	"delete /home/x",
	"rename /home/x/project/a /home/x/project/b",
	"exec /bin/sh -c x",
	"exec /usr/bin/python3 x.py",
	"exec /usr/bin/git status",
	"exec /usr/bin/git commit -m x",
	"exec /usr/bin/git push",
	"exec /usr/bin/git push --force",
	"exec /usr/bin/git reset --hard",
	"exec /usr/bin/rm -rf /",
	"exec /usr/bin/curl http://example.com/",
	"exec /usr/bin/sudo x",
	"exec /usr/bin/apt-get install x",
	"exec /usr/bin/pip install x",
	"exec /usr/bin/npm install x",
	"exec /usr/bin/docker run x",
	"exec /usr/bin/systemctl restart x",
	"unix-connect /run/docker.sock",
	"unix-connect /run/dbus/system_bus_socket",
	"connect 127.0.0.1:8080",
	"connect 10.0.0.1:22",
	"connect 169.254.169.254:80",
	"connect 93.184.215.14:443",
	"connect 8.8.8.8:53 udp",
	"connect [::1]:8080",
	"bind 0.0.0.0:8080",
};

void operations_free(struct operations *ops)
{
	if (!ops)
		return;
	json_decref(ops->known);
	pool_free(ops->pool);
	free(ops->v);
	free(ops);
}

/* ---- an example of a glob ---- */

/* The end of the alternatives that begin at text[0], '{'; the end of the first one goes to *ret_first. */
static const char *alternatives_end(const char *text, const char **ret_first)
{
	int depth = 0;

	*ret_first = NULL;
	for (; *text; text++) {
		if (*text == '\\' && text[1]) {
			text++;
			continue;
		}
		depth += *text == '{';
		depth -= *text == '}';
		if (!*ret_first && ((depth == 1 && *text == ',') || !depth))
			*ret_first = text;
		if (!depth)
			return text;
	}
	if (!*ret_first)
		*ret_first = text;
	return text;
}

/* The pattern with the first of each alternatives. */
static void put_first(FILE *out, const char *at, const char *end)
{
	while (at < end) {
		const char *first, *close;

		if (*at == '\\' && at + 1 < end) {
			fwrite(at, 1, 2, out);
			at += 2;
		} else if (*at == '{') {
			close = alternatives_end(at, &first);
			put_first(out, at + 1, first);
			at = *close ? close + 1 : close;
		} else {
			fputc(*at++, out);
		}
	}
}

static void put_plain(FILE *out, const char *at)
{
	while (*at) {
		if (*at == '*' || *at == '?') {
			at += strspn(at, "*") ? strspn(at, "*") : 1;
			fputc('x', out);
		} else if (*at == '[' && strchr(at, ']')) {
			fputc(at[1] == '!' ? 'x' : at[1], out);
			at = strchr(at, ']') + 1;
		} else {
			at += *at == '\\' && at[1];
			fputc(*at++, out);
		}
	}
}

char *glob_example(struct pool *pool, const char *glob)
{
	own_free char *first = NULL, *plain = NULL;
	size_t size;
	FILE *out = open_memstream(&first, &size);

	if (!out)
		return NULL;
	put_first(out, glob, glob + strlen(glob));
	if (fclose(out))
		return NULL;
	out = open_memstream(&plain, &size);
	if (!out)
		return NULL;
	put_plain(out, first);
	return fclose(out) ? NULL : pool_text(pool, plain);
}

/* ---- the list ---- */

static char *print(struct operations *ops, const struct query *q)
{
	own_free char *text = NULL;
	char address[INET6_ADDRSTRLEN] = "";
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool is_net = op_domain(q->op) == CVF_DOMAIN_NET;

	if (!out)
		return NULL;
	fputs(op_name(q->op), out);
	if (is_net) {
		inet_ntop(AF_INET6, q->address, address, sizeof(address));
		fprintf(out, strncmp(address, "::ffff:", 7) ? " [%s]:%u%s" : " %s:%u%s",
			strncmp(address, "::ffff:", 7) ? address : address + 7, q->port,
			q->protocol == CVF_PROTO_UDP ? " udp" : "");
	}
	if (q->object)
		fprintf(out, " %s", q->object);
	if (q->object2)
		fprintf(out, " %s", q->object2);
	for (size_t i = 0; i < q->args_count; i++)
		fprintf(out, " %s", *q->args[i] ? q->args[i] : "''");
	return fclose(out) ? NULL : pool_text(ops->pool, text);
}

static int add(struct operations *ops, const struct query *q)
{
	char *text = print(ops, q);

	if (!text)
		return -ENOMEM;
	if (ops->n >= OPERATIONS_MAX || json_object_get(ops->known, text))
		return 0;
	if (ops->n == ops->space) {
		size_t space = ops->space ? ops->space * 2 : 256;
		struct operation *v = reallocarray(ops->v, space, sizeof(*v));

		if (!v)
			return -ENOMEM;
		ops->v = v;
		ops->space = space;
	}
	ops->v[ops->n++] = (struct operation){text, *q};
	return json_object_set_new(ops->known, text, json_true());
}

static int add_text(struct operations *ops, const char *text)
{
	struct diags quiet = {0};
	struct query q;
	int r = query_parse_text(ops->pool, text, &q, &quiet);

	diags_done(&quiet);
	return r == -ENOMEM ? r : r == 0 ? add(ops, &q) : 0;
}

/* The operation on an example of the glob; what is no path of any file is left out. */
static int add_path(struct operations *ops, enum cvf_op op, const char *glob, const struct texts *argv)
{
	char *path = glob_example(ops->pool, glob);
	struct query q = {.op = op};
	const char **args;

	q.object = !path || path[0] == '/' ? path : pool_printf(ops->pool, "/%s", path);
	if (!q.object)
		return -ENOMEM;
	if (op == CVF_OP_RENAME || op == CVF_OP_LINK)
		q.object2 = pool_printf(ops->pool, "%s2", q.object);
	if (op == CVF_OP_EXEC && argv && argv->n && argv->n < ARGS_MAX) {
		args = pool_alloc(ops->pool, argv->n, sizeof(*args));
		for (size_t i = 0; args && i < argv->n; i++)
			args[i] = glob_example(ops->pool, argv->v[i]);
		q.args = args;
		q.args_count = args ? argv->n : 0;
	}
	return add(ops, &q);
}

static int add_ops(struct operations *ops, uint64_t which, const struct texts *globs, const struct texts *argv)
{
	int r = 0;

	for (size_t i = 0; i < globs->n; i++)
		for (unsigned int op = 1; r == 0 && op < CVF_OP_MAX; op++)
			if (which & OP_BIT(op))
				r = add_path(ops, (enum cvf_op)op, globs->v[i], argv);
	return r;
}

static int add_addresses(struct operations *ops, uint64_t which, const struct cidrs *addresses,
			 const struct ports *ports, uint8_t protocols)
{
	static const struct cidr any = {
		.address = {[10] = 0xff, [11] = 0xff, [12] = 93, [13] = 184, [14] = 215, [15] = 14}};
	uint16_t port = ports && ports->n ? ports->v[0].first : 443;
	int r = 0;

	for (size_t i = 0; i < (addresses->n ? addresses->n : 1); i++) {
		const struct cidr *c = addresses->n ? &addresses->v[i] : &any;
		struct query q = {.port = port,
				  .protocol = protocols & 1 << CVF_PROTO_TCP ? CVF_PROTO_TCP : CVF_PROTO_UDP};

		memcpy(q.address, c->address, sizeof(q.address));
		if (c->bits < 128)
			q.address[15] |= 1;
		for (unsigned int op = 1; r == 0 && op < CVF_OP_MAX; op++) {
			q.op = (enum cvf_op)op;
			if (which & OP_BIT(op) && op_domain(q.op) == CVF_DOMAIN_NET)
				r = add(ops, &q);
		}
	}
	return r;
}

/* ---- from declarations ---- */

#define PATH_OPS                                                                                                       \
	(OP_BIT(CVF_OP_READ) | OP_BIT(CVF_OP_WRITE) | OP_BIT(CVF_OP_CREATE) | OP_BIT(CVF_OP_DELETE) |                  \
	 OP_BIT(CVF_OP_EXEC))
#define NET_OPS (OP_BIT(CVF_OP_CONNECT) | OP_BIT(CVF_OP_BIND))

struct collector {
	struct operations *ops;
	struct variable vars[VAR_MAX];
};

static int add_matcher(struct collector *k, const struct matcher *m)
{
	struct texts paths = {0};
	struct query sys = {0};
	int r = variables_fill(k->ops->pool, k->vars, &m->paths, &paths);

	if (r == 0 && (m->domain == CVF_DOMAIN_FILE || m->domain == CVF_DOMAIN_EXEC))
		return add_ops(k->ops, m->ops, &paths, &m->argv);
	if (r == 0 && m->domain == CVF_DOMAIN_NET)
		return add_addresses(k->ops, m->ops, &m->address, &m->ports, m->protocols);
	for (unsigned int op = 1; r == 0 && op < CVF_OP_MAX; op++) {
		sys.op = (enum cvf_op)op;
		if (m->ops & OP_BIT(op) && op_domain(sys.op) == CVF_DOMAIN_SYS)
			r = add(k->ops, &sys);
	}
	return r;
}

static int add_examples(struct collector *k, const json_t *decl)
{
	static const char *const lists[] = {"match", "no_match"};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const json_t *list = json_object_get(json_object_get(decl, "examples"), lists[i]), *one;
		size_t at;

		json_array_foreach (list, at, one)
			if (r == 0 && json_is_string(one))
				r = add_text(k->ops, json_string_value(one));
	}
	return r;
}

static int add_rules(struct collector *k, const struct rules *rules)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->n; i++) {
		const struct rule *rule = &rules->v[i];
		uint64_t ops = rule->ops == OPS_ALL ? PATH_OPS | NET_OPS : rule->ops;
		struct texts paths = {0};

		r = variables_fill(k->ops->pool, k->vars, &rule->path, &paths);
		if (r == 0)
			r = add_ops(k->ops, ops & ~NET_OPS, &paths, NULL);
		if (r == 0 && rule->address.n)
			r = add_addresses(k->ops, ops, &rule->address, NULL, 1 << CVF_PROTO_TCP);
	}
	return r;
}

static int add_agent(struct collector *k, const struct agent *agent)
{
	struct texts paths = {0};
	int r = variables_fill(k->ops->pool, k->vars, &agent->scope.paths, &paths);

	if (r == 0)
		r = add_ops(k->ops, PATH_OPS, &paths, NULL);
	return r < 0 || !agent->scope.net.n
		       ? r
		       : add_addresses(k->ops, NET_OPS, &agent->scope.net, NULL, 1 << CVF_PROTO_TCP);
}

static int add_decl(struct collector *k, const struct decl *d)
{
	int r = 0;

	if (d->kind == DECL_POLICY)
		return add_rules(k, &d->policy.rules);
	if (d->kind == DECL_PROFILE)
		return add_rules(k, &d->profile.rules);
	for (size_t i = 0; d->kind == DECL_CAPABILITY && r == 0 && i < d->capability.match.n; i++)
		r = add_matcher(k, &d->capability.match.v[i]);
	return r < 0 || d->kind != DECL_CAPABILITY ? r : add_examples(k, d->normal);
}

static int add_model(struct collector *k, const struct model *m, const char *agent)
{
	const struct decl *own = model_decl(m, DECL_AGENT, agent);
	int r = own ? variables_bind(k->ops->pool, &own->agent, k->vars) : 0;

	if (r == 0 && own)
		r = add_agent(k, &own->agent);
	for (int kind = 0; own && kind < DECL_KIND_MAX; kind++)
		for (size_t i = 0; r == 0 && i < m->seen[kind].n; i++)
			r = add_decl(k, m->seen[kind].v[i]);
	return r;
}

struct operations *operations_collect(const struct model *before, const struct model *after, const char *agent)
{
	struct collector k = {.ops = calloc(1, sizeof(*k.ops))};
	int r = -ENOMEM;

	if (!k.ops)
		return NULL;
	k.ops->pool = pool_new();
	k.ops->known = json_object();
	if (k.ops->pool && k.ops->known)
		r = 0;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(common); i++)
		r = add_text(k.ops, common[i]);
	if (r == 0)
		r = add_model(&k, after, agent);
	if (r == 0)
		r = add_model(&k, before, agent);
	if (r == 0)
		return k.ops;
	operations_free(k.ops);
	return NULL;
}
