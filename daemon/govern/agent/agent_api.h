/* SPDX-License-Identifier: Apache-2.0 */
/* agent_api.h - sessions of agents; what an agent may ask about itself */
#ifndef CVF_AGENT_API_H
#define CVF_AGENT_API_H

struct routes;
extern const struct routes agent_routes;

#endif
