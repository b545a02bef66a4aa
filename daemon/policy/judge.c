// SPDX-License-Identifier: Apache-2.0
/*
 * judge.c - an image read the way the kernel reads it: the reference for the BPF programs, and the tests' oracle
 */
#include <string.h>

#include "core/image.h"
#include "policy/decide.h"

static uint32_t exec_set(const struct cvf_image *image, const struct query *q, const char *path)
{
	uint32_t state = image_step(image, image->start_exec, path, strlen(path) + 1);

	for (size_t i = 0; i < q->args_count; i++)
		state = image_step(image, state, q->args[i], strlen(q->args[i]) + 1);
	return image_set(image, state);
}

static bool prefix_has(const struct cvf_prefix *p, const uint8_t address[16])
{
	for (unsigned int bit = 0; bit < p->bits; bit++)
		if ((p->address[bit / 8] ^ address[bit / 8]) & (0x80 >> bit % 8))
			return false;
	return true;
}

/* Longest prefix; they are in order of length. */
static uint32_t address_class(const struct cvf_image *image, const uint8_t address[16])
{
	size_t n;
	const struct cvf_image_prefix *p = image_section(image, CVF_SECTION_PREFIX, &n);

	while (n-- > 0)
		if (prefix_has(&p[n].prefix, address))
			return p[n].address_class;
	return 0;
}

static uint32_t net_set(const struct cvf_image *image, const struct query *q)
{
	const uint8_t *port_class = image_section(image, CVF_SECTION_PORT_CLASS, NULL);
	const uint16_t *sets = image_section(image, CVF_SECTION_NET_SET, NULL);
	uint32_t pair = address_class(image, q->address) * image->port_classes + port_class[q->port];

	return sets[pair * CVF_PROTO_MAX + q->protocol];
}

static uint32_t find_set(const struct cvf_image *image, const struct query *q, const char *path)
{
	switch (op_domain(q->op)) {
	case CVF_DOMAIN_FILE:
		return image_set(image, image_step(image, image->start_file, path, strlen(path)));
	case CVF_DOMAIN_EXEC:
		return exec_set(image, q, path);
	case CVF_DOMAIN_NET:
		return net_set(image, q);
	default:
		return 0;
	}
}

static const struct cvf_agent *agent_of(const struct cvf_image *image, uint32_t agent)
{
	static const struct cvf_agent nobody;
	size_t n;
	const struct cvf_image_agent *a = image_section(image, CVF_SECTION_AGENT, &n);

	for (size_t i = 0; i < n; i++)
		if (a[i].agent == agent)
			return &a[i].value;
	return &nobody;
}

static unsigned int cell_severity(const struct cvf_cell *c)
{
	return severity((enum cvf_verdict)c->action, (enum cvf_risk)c->risk, c->flags);
}

static uint16_t more_severe(const struct cvf_image *image, uint16_t second, uint16_t first)
{
	const struct cvf_cell *cells = image_section(image, CVF_SECTION_CELL, NULL);

	return cell_severity(&cells[second]) > cell_severity(&cells[first]) ? second : first;
}

/* The strictest of the cells beyond the limits that are exceeded, the first of equals; else the cell itself. */
static uint16_t judge_rates(const struct cvf_image *image, uint16_t cell, const struct query *q)
{
	const struct cvf_cell *cells = image_section(image, CVF_SECTION_CELL, NULL);
	const struct cvf_rate *rates = image_section(image, CVF_SECTION_RATE, NULL);
	uint16_t found = 0;

	for (uint32_t at = cells[cell].rate; at; at = rates[at].next)
		if (rates[at].limit == CVF_RATE_AGE ? q->session_age_s > rates[at].window_s : q->recent > rates[at].limit)
			found = found ? more_severe(image, rates[at].over, found) : rates[at].over;
	return found ? found : cell;
}

uint16_t image_judge(const struct cvf_image *image, uint32_t agent_no, const struct query *q)
{
	const struct cvf_agent *agent = agent_of(image, agent_no);
	const char *object = q->object ? q->object : "";
	uint16_t first, second;

	if (q->op <= CVF_OP_NONE || q->op >= CVF_OP_MAX)
		return 0;
	first = judge_rates(image, image_cell(image, agent, q->op, find_set(image, q, object)), q);
	if (!q->object2 || (q->op != CVF_OP_RENAME && q->op != CVF_OP_LINK))
		return first;
	second = judge_rates(image, image_cell(image, agent, q->op, find_set(image, q, q->object2)), q);
	return more_severe(image, second, first);
}
