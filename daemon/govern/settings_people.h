/* SPDX-License-Identifier: Apache-2.0 */
/* settings_people.h - of cvfd.json: who is asked next when nobody answers, and which targets are told */
#ifndef CVF_SETTINGS_PEOPLE_H
#define CVF_SETTINGS_PEOPLE_H

#include "settings.h"

struct jat;
void settings_read_escalation(const struct jat *at, struct settings *s);
void settings_read_notifications(const struct jat *at, struct settings *s);
void settings_people_done(struct settings *s);

#endif
