// SPDX-License-Identifier: Apache-2.0
/* image_send.c - see image_send.h */
#include "image_send.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "core/image.h"
#include "govern/counter/counter.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static int sealed_copy(const void *p, size_t size)
{
	own_fd int fd = memfd_create("cvf-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *at = p;

	if (fd < 0)
		return -errno;
	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int image_send(struct link *l, const struct cvf_image *image, size_t size, const char **ret_fault)
{
	struct wire_image message = { .generation = image->generation, .size = (uint32_t)size };
	struct wire_reply answer;
	own_fd int fd = sealed_copy(image, size);
	int r;

	if (fd < 0)
		return fd;
	r = link_call(l, WIRE_IMAGE, &message, fd, &answer);
	if (r < 0)
		return r;
	if (answer.error == 0 || answer.error == -ESTALE)
		return answer.error;
	*ret_fault = answer.error == -EINVAL ? image_fault_text((unsigned int)answer.value) : strerror(-answer.error);
	return -EBADE;
}

static uint8_t counted_as(uint8_t action, bool is_enforced)
{
	return is_enforced || action == CVF_VERDICT_ALLOW ? action : COUNTER_WOULD | action;
}

/* Who has a row alone; 0: nobody, or several. */
struct row_user {
	uint32_t agent;
	bool is_enforced;
};

static int find_users(const struct cvf_image *image, struct row_user *rows, struct cell_keys *keys)
{
	size_t n;
	const struct cvf_image_agent *agents = image_section(image, CVF_SECTION_AGENT, &n);

	keys->agents = calloc(n + 1, sizeof(*keys->agents));
	if (!keys->agents)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct cvf_agent *v = &agents[i].value;

		if (v->shared)
			keys->agents[keys->agents_count++] =
				(struct row_agent){ agents[i].agent, v->mode == CVF_MODE_ENFORCE };
		else if (v->row < image->rows)
			rows[v->row] = (struct row_user){ agents[i].agent, v->mode == CVF_MODE_ENFORCE };
	}
	return 0;
}

int image_cell_keys(const struct cvf_image *image, struct cell_keys *ret_keys)
{
	size_t n;
	const struct cvf_cell *cells = image_section(image, CVF_SECTION_CELL, &n);
	own_free struct row_user *rows = calloc(image->rows, sizeof(*rows));
	struct cell_keys keys = { .v = calloc(n + 1, sizeof(*keys.v)), .n = n };
	int r = rows && keys.v ? find_users(image, rows, &keys) : -ENOMEM;

	if (r < 0) {
		cell_keys_done(&keys);
		return r;
	}
	for (size_t i = 0; i < n; i++) {
		struct row_user user = cells[i].row < image->rows ? rows[cells[i].row] : (struct row_user){ 0 };

		keys.v[i] = (struct cell_key){ .agent = user.agent, .capability = cells[i].capability, .op = cells[i].op,
					       .verdict = user.agent ? counted_as(cells[i].action, user.is_enforced)
								     : cells[i].action };
	}
	*ret_keys = keys;
	return 0;
}

uint32_t image_cgroup_agent(const struct cvf_image *image, const char *path)
{
	size_t count;
	const uint16_t *enrol = image_section(image, CVF_SECTION_ENROL_CGROUP, &count);
	uint32_t state = image_step(image, image->start_file, CVF_PATH_CGROUP, strlen(CVF_PATH_CGROUP)), set;

	set = image_set(image, image_step(image, state, path, strlen(path)));
	return set < count ? enrol[set] : 0;
}
