// SPDX-License-Identifier: Apache-2.0
/*
 * migrations.c - embeds migrations/NNNN_name.sql: each file is one SQL( ... ), which becomes a string here
 *
 * Append only: a released file never changes. Inside, comments are C comments and there are no line breaks in literals.
 */
#include "store.h"

#define SQL(...) #__VA_ARGS__

const struct migration store_migrations[] = {
	{ "0001_first",
#include "migrations/0001_first.sql"
	},
	{ "0002_versions",
#include "migrations/0002_versions.sql"
	},
	{ "0003_questions",
#include "migrations/0003_questions.sql"
	},
	{ "0004_consents",
#include "migrations/0004_consents.sql"
	},
	{ "0005_kept",
#include "migrations/0005_kept.sql"
	},
	{ "0006_open",
#include "migrations/0006_open.sql"
	},
	{ "0007_access",
#include "migrations/0007_access.sql"
	},
	{ "0008_rows",
#include "migrations/0008_rows.sql"
	},
	{ "0009_metrics",
#include "migrations/0009_metrics.sql"
	},
	{ "0010_alerts",
#include "migrations/0010_alerts.sql"
	},
	{ "0011_trail",
#include "migrations/0011_trail.sql"
	},
	{ "0012_token_acts",
#include "migrations/0012_token_acts.sql"
	},
	{ "0013_people",
#include "migrations/0013_people.sql"
	},
	{ "0014_notices",
#include "migrations/0014_notices.sql"
	},
	{ "0015_frozen",
#include "migrations/0015_frozen.sql"
	},
	{ "0016_same",
#include "migrations/0016_same.sql"
	},
};
const size_t store_migrations_count = ARRAY_SIZE(store_migrations);
