/* SPDX-License-Identifier: Apache-2.0 */
/* 0010_alerts.sql - maintenance windows, and what was noticed. */
SQL(
/* Times that objectives leave out. They begin when they were declared or later. */
CREATE TABLE maintenance (
	id TEXT PRIMARY KEY,
	from_ms INTEGER NOT NULL,
	to_ms INTEGER NOT NULL,
	note TEXT NOT NULL,
	made_ms INTEGER NOT NULL,
	made_by TEXT NOT NULL
) STRICT;
CREATE INDEX maintenance_to ON maintenance (to_ms);

/* ended_ms null: it still holds. */
CREATE TABLE alerts (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	subject TEXT NOT NULL,
	severity TEXT NOT NULL,
	reason TEXT NOT NULL,
	opened_ms INTEGER NOT NULL,
	seen_ms INTEGER NOT NULL,
	ended_ms INTEGER,
	acked_ms INTEGER,
	acked_by TEXT,
	note TEXT
) STRICT;
CREATE UNIQUE INDEX alerts_open ON alerts (kind, subject) WHERE ended_ms IS NULL;
)
