// SPDX-License-Identifier: Apache-2.0
/* test_govern_cgroup.c - cgroups that exist are tied to the agents that name them, and let go when nobody does */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <sodium.h>

#include "../support/governor.h"
#include "../support/temp.h"
#include "govern/registry/cgroup.h"

static const char grouped[] =
	"{\"schema\":\"cvf.agent/v1\",\"id\":\"grouped\",\"name\":\"n\",\"owner\":\"o\",\"capabilities\":[\"*\"],"
	"\"match\":{\"cgroup\":[\"/system.slice/coder-*.service\"]}}";

struct asked {
	uint16_t type;
	uint64_t cgroup;
	uint32_t agent;
};

static char *dir;
static struct governor *g;
static int peer;
static pthread_t thread;
static struct asked asked[32];
static size_t asked_count;

static void *answer_requests(void *ctx)
{
	char buffer[4096] __attribute__((aligned(8)));
	const struct wire_head *head = (const void *)buffer;
	const struct wire_cgroup *c = (const void *)(head + 1);

	(void)ctx;
	while (recv(peer, buffer, sizeof(buffer), 0) > 0) {
		struct {
			struct wire_head head;
			struct wire_reply reply;
		} out = { .head = { sizeof(out), WIRE_REPLY, 0, head->id, 0 } };

		asked[asked_count++ % 32] = (struct asked){ head->type, c->cgroup, c->agent };
		if (send(peer, &out, sizeof(out), MSG_NOSIGNAL) < 0)
			break;
	}
	return NULL;
}

static uint64_t make(const char *name)
{
	char *path = temp_path(dir, name);
	struct stat st;

	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(stat(path, &st), 0);
	free(path);
	return st.st_ino;
}

static int setup(void **state)
{
	(void)state;
	dir = temp_make();
	g = governor_make(":memory:");
	g->places.cgroups = dir;
	governor_link(g, &peer);
	asked_count = 0;
	return pthread_create(&thread, NULL, answer_requests, NULL);
}

static int teardown(void **state)
{
	(void)state;
	shutdown(peer, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(peer);
	governor_free(g);
	temp_remove(dir);
	return 0;
}

static struct cvf_image *compile(bool with_agent)
{
	struct model *m = model_new();
	struct numbers numbers = numbers_table_numbers(g->numbers);
	struct cvf_image *image = NULL;
	struct diags d = { 0 };
	size_t size;

	assert_int_equal(model_load_text(m, governor_capability, strlen(governor_capability), "t", 1u << DECL_CAPABILITY, false, &d), 0);
	if (with_agent)
		assert_int_equal(model_load_text(m, grouped, strlen(grouped), "t", 1u << DECL_AGENT, false, &d), 0);
	assert_int_equal(model_check(m, &d), 0);
	assert_int_equal(policy_compile(m, &numbers, 6, 1, &image, &size, &d), 0);
	diags_done(&d);
	model_free(m);
	return image;
}

static void test_what_matches_is_bound_and_nothing_else(void **state)
{
	struct cvf_image *image = compile(true);
	uint64_t wanted;

	(void)state;
	make("system.slice");
	make("other.slice");
	make("other.slice/coder-1.service");
	make("system.slice/sshd.service");
	wanted = make("system.slice/coder-1.service");
	assert_int_equal(cgroup_bind_all(g, image), 0);
	assert_int_equal(asked_count, 1);
	assert_int_equal(asked[0].type, WIRE_CGROUP_BIND);
	assert_int_equal(asked[0].cgroup, wanted);
	assert_int_equal(asked[0].agent, numbers_table_find(g->numbers, NUMBER_AGENT, "grouped"));
	free(image);
}

static void test_what_matches_no_longer_is_let_go(void **state)
{
	struct cvf_image *with = compile(true), *without = compile(false);
	uint64_t wanted;

	(void)state;
	make("system.slice");
	wanted = make("system.slice/coder-1.service");
	assert_int_equal(cgroup_bind_all(g, with), 0);
	assert_int_equal(cgroup_bind_all(g, without), 0);
	assert_int_equal(asked_count, 2);
	assert_int_equal(asked[1].type, WIRE_CGROUP_UNBIND);
	assert_int_equal(asked[1].cgroup, wanted);
	assert_int_equal(cgroup_bind_all(g, without), 0);
	assert_int_equal(asked_count, 2);
	free(with);
	free(without);
}

static void test_no_cgroups_are_no_error(void **state)
{
	struct cvf_image *image = compile(true);

	(void)state;
	g->places.cgroups = "/nonexistent";
	assert_int_equal(cgroup_bind_all(g, image), 0);
	assert_int_equal(asked_count, 0);
	free(image);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_what_matches_is_bound_and_nothing_else),
		T(test_what_matches_no_longer_is_let_go),
		T(test_no_cgroups_are_no_error),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
