// SPDX-License-Identifier: Apache-2.0
/* quarantine_view.c - see quarantine_view.h */
#include "quarantine_view.h"

#include <string.h>
#include <sys/stat.h>

#include "govern/agent/session_table.h"
#include "govern/approval/hold_table.h"
#include "govern/audit/event_view.h"
#include "govern/registry/numbers_table.h"

static const char *const states[KEPT_STATE_MAX] = {
	[KEPT_BEGUN] = "begun", [KEPT_KEPT] = "kept", [KEPT_RESTORED] = "restored", [KEPT_PURGED] = "purged", [KEPT_LOST] = "lost",
};

const char *kept_state_word(enum kept_state state)
{
	return states[state < KEPT_STATE_MAX ? state : KEPT_BEGUN];
}

bool kept_state_find(const char *word, enum kept_state *ret_state)
{
	*ret_state = KEPT_ANY;
	if (strcmp(word, "all") == 0)
		return true;
	for (int i = KEPT_KEPT; i < KEPT_STATE_MAX; i++)
		if (strcmp(word, states[i]) == 0) {
			*ret_state = (enum kept_state)i;
			return true;
		}
	return false;
}

static const char *how_word(enum quarantine_how how)
{
	return how == QUARANTINE_LINKED ? "link" : how == QUARANTINE_COPIED ? "copy" : "directory";
}

static const char *type_word(uint32_t mode)
{
	return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "directory" : S_ISLNK(mode) ? "symlink" : "other";
}

static json_t *optional_text(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static void view_origin(struct governor *g, const struct kept *k, json_t *to)
{
	const struct cvf_record r = { .capability = k->capability, .op = (uint16_t)k->op };
	char room[64], session[ULID_SIZE] = "", hold[ULID_SIZE] = "";

	if (session_table_find(g->store, k->boot, k->session, session) < 0 ||
	    hold_table_id(g->store, k->boot, k->hold_no, hold) < 0)
		*session = *hold = 0;
	view_set(to, "agent", view_text(numbers_table_name(g->numbers, NUMBER_AGENT, k->agent)));
	view_set(to, "session", optional_text(session));
	view_set(to, "capability", view_text(record_capability(g, &r, room, sizeof(room))));
	view_set(to, "operation", view_text(op_name(k->op)));
	view_set(to, "object", view_bytes(k->object.p, k->object.n));
	view_set(to, "hold", optional_text(hold));
}

static void view_place(const struct kept *k, json_t *to)
{
	own_free char *place = NULL;

	if (asprintf(&place, "%s/%s/%s", strcmp(k->store, "/") == 0 ? "" : k->store, CVF_QUARANTINE_DIR, k->id) < 0)
		place = NULL;
	view_set(to, "device", json_sprintf("%u:%u", k->device >> 20, k->device & 0xfffff));
	view_set(to, "place", place ? view_bytes(place, strlen(place)) : NULL);
}

const struct shape kept_shape = SHAPE("kept",
	M(TEXT, "id"), M(WORD, "state", .words = "kept|restored|purged|lost"), M(TEXT, "agent", .flags = OR_NULL),
	M(TEXT, "session", .flags = OR_NULL), M(TEXT, "capability", .flags = OR_NULL), M(TEXT, "operation", .flags = OR_NULL),
	M(TEXT, "object", .about = "the path as the agent saw it"), M(TEXT, "hold", .flags = OR_NULL), M(TEXT, "how"),
	M(WORD, "type", .words = "file|directory|symlink|other"), M(NUMBER, "size"), M(TEXT, "mode"), M(NUMBER, "uid"), M(NUMBER, "gid"),
	M(NUMBER, "names", .about = "how many names it had when it was kept"), M(TIME, "modified_at", .flags = OR_NULL),
	M(TIME, "kept_at"), M(TIME, "expires_at", .flags = OR_NULL), M(TEXT, "device"),
	M(TEXT, "place", .flags = OR_NULL, .about = "the path of the kept object from the root of its file system"),
	M(TIME, "ended_at", .flags = OR_NULL), M(TEXT, "ended_by", .flags = OR_NULL),);

json_t *kept_view(struct governor *g, const struct kept *k)
{
	json_t *to = json_object();

	view_set(to, "id", json_string(k->id));
	view_set(to, "state", json_string(kept_state_word(k->state)));
	view_origin(g, k, to);
	view_set(to, "how", json_string(how_word(k->how)));
	view_set(to, "type", json_string(type_word(k->mode)));
	view_set(to, "size", json_integer((json_int_t)k->size));
	view_set(to, "mode", json_sprintf("%04o", k->mode & 07777));
	view_set(to, "uid", json_integer(k->uid));
	view_set(to, "gid", json_integer(k->gid));
	view_set(to, "names", json_integer(k->links));
	view_set(to, "modified_at", view_time(k->mtime_ns / 1000000));
	view_set(to, "kept_at", view_time(k->kept_ms));
	view_set(to, "expires_at",
		 k->state == KEPT_KEPT ? view_time(k->kept_ms + g->settings.quarantine_age_s * 1000) : json_null());
	view_place(k, to);
	view_set(to, "ended_at", view_time(k->ended_ms));
	view_set(to, "ended_by", optional_text(k->ended_by));
	return to;
}

struct look {
	struct governor *g;
	json_t *view;
};

static int view_one(void *ctx, const struct kept *k)
{
	struct look *l = ctx;

	l->view = kept_view(l->g, k);
	return 0;
}

json_t *kept_view_id(struct governor *g, const char *id)
{
	struct look l = { .g = g };

	return kept_table_find(g->store, id, view_one, &l) == 1 ? l.view : NULL;
}
