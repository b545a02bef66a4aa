// SPDX-License-Identifier: Apache-2.0
/* cgroup.c - see cgroup.h; the table `cgroups` */
#include "cgroup.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "core/image.h"
#include "image_send.h"
#include "store/stmt.h"

#define OPEN_MAX 16

struct tie {
	uint64_t cgroup;
	uint32_t agent;
	char *path;
};

struct ties {
	struct tie *v;
	size_t n;
};

static void ties_done(struct ties *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].path);
	free(t->v);
}

static int ties_add(struct ties *t, uint64_t cgroup, uint32_t agent, const char *path)
{
	struct tie *grown = reallocarray(t->v, t->n + 1, sizeof(*grown));
	char *copy = strdup(path);

	if (grown)
		t->v = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	t->v[t->n++] = (struct tie){ cgroup, agent, copy };
	return 0;
}

static bool ties_have(const struct ties *t, uint64_t cgroup, uint32_t agent)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].cgroup == cgroup && t->v[i].agent == agent)
			return true;
	return false;
}

/* nftw() has no context argument; there is one governor and one thread. */
static struct walk {
	const struct cvf_image *image;
	struct ties *found;
	size_t root;	/* length of the path that is not part of the name */
} walk;

/* The agent that names the cgroup or, failing that, the nearest one above it: what is below an enrolled cgroup is enrolled. */
static uint32_t agent_of(const char *name)
{
	char above[PATH_MAX];
	uint32_t agent = image_cgroup_agent(walk.image, name);
	char *slash;

	if (agent || strlen(name) >= sizeof(above))
		return agent;
	strcpy(above, name);
	while (!agent && (slash = strrchr(above, '/')) && slash != above) {
		*slash = 0;
		agent = image_cgroup_agent(walk.image, above);
	}
	return agent;
}

static int on_directory(const char *path, const struct stat *st, int type, struct FTW *info)
{
	const char *name = path + walk.root;
	uint32_t agent;

	(void)info;
	if (type != FTW_D && type != FTW_DNR)
		return 0;
	if (walk.found->n >= CVF_CGROUPS_MAX)
		return 1;
	agent = agent_of(*name ? name : "/");
	return agent && ties_add(walk.found, st->st_ino, agent, *name ? name : "/") < 0;
}

static void find(const char *root, const struct cvf_image *image, struct ties *found)
{
	size_t patterns;

	(void)image_section(image, CVF_SECTION_ENROL_CGROUP, &patterns);
	walk = (struct walk){ .image = image, .found = found, .root = strlen(root) };
	if (patterns)
		nftw(root, on_directory, OPEN_MAX, FTW_PHYS | FTW_MOUNT);
}

static int load(struct governor *g, struct ties *ret_old)
{
	struct stmt *q = stmt(g->store, "SELECT cgroup, agent, path FROM cgroups WHERE boot = ?");
	int r;

	stmt_int(q, g->boot);
	while ((r = stmt_row(q)) > 0) {
		uint64_t cgroup = (uint64_t)stmt_col_int(q);
		uint32_t agent = (uint32_t)stmt_col_int(q);

		r = ties_add(ret_old, cgroup, agent, stmt_col_text(q));
		if (r < 0) {
			stmt_end(q);
			return r;
		}
	}
	return r;
}

static int save_one(struct governor *g, const struct tie *t)
{
	struct stmt *q = stmt(g->store, "INSERT OR REPLACE INTO cgroups (boot, cgroup, agent, path) VALUES (?, ?, ?, ?)");

	stmt_int(q, g->boot);
	stmt_int(q, (int64_t)t->cgroup);
	stmt_int(q, t->agent);
	stmt_text(q, t->path);
	return stmt_run(q);
}

static int save(struct governor *g, const struct ties *now)
{
	struct stmt *q;
	int r = store_begin(g->store, STORE_BATCH);

	if (r == 0) {
		q = stmt(g->store, "DELETE FROM cgroups");
		r = stmt_run(q);
	}
	for (size_t i = 0; r == 0 && i < now->n; i++)
		r = save_one(g, &now->v[i]);
	if (r == 0)
		r = store_commit(g->store);
	if (r < 0)
		store_rollback(g->store);
	return r;
}

/* Only what is missing is sent; an error of cvfd about one cgroup (it vanished) is not ours. */
static int send_missing(struct governor *g, enum wire_type type, const struct ties *from, const struct ties *except)
{
	for (size_t i = 0; i < from->n; i++) {
		struct wire_cgroup message = { .cgroup = from->v[i].cgroup, .agent = from->v[i].agent };

		if (except && ties_have(except, message.cgroup, message.agent))
			continue;
		if (link_order(g->link, type, &message) < 0 && link_is_closed(g->link))
			return -ECONNRESET;
	}
	return 0;
}

int cgroup_bind_all(struct governor *g, const struct cvf_image *image)
{
	struct ties old = { 0 }, now = { 0 };
	int r = load(g, &old);

	if (r == 0) {
		find(g->places.cgroups, image, &now);
		r = send_missing(g, WIRE_CGROUP_UNBIND, &old, &now);
	}
	if (r == 0)
		r = send_missing(g, WIRE_CGROUP_BIND, &now, NULL);
	if (r == 0 && (old.n || now.n))
		r = save(g, &now);
	ties_done(&old);
	ties_done(&now);
	return r;
}
