/* SPDX-License-Identifier: Apache-2.0 */
/* image_send.h - a compiled image on its way to cvfd, and what its cells stand for */
#ifndef CVF_IMAGE_SEND_H
#define CVF_IMAGE_SEND_H

#include "generation_table.h"
#include "govern/link.h"

struct cvf_image;

/* 0; -EBADE: refused (*ret_fault: words, static); -ESTALE; or the link's error. */
int image_send(struct link *l, const struct cvf_image *image, size_t size, const char **ret_fault) must_check;
int image_cell_keys(const struct cvf_image *image, struct cell_keys *ret_keys) must_check;
/* The agent whose cgroup patterns match the path ("/system.slice/x.service"), as the kernel would find it; 0: none. */
uint32_t image_cgroup_agent(const struct cvf_image *image, const char *path);

#endif
