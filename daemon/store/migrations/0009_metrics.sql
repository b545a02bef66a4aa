/* SPDX-License-Identifier: Apache-2.0 */
/* 0009_metrics.sql - what agents ran and how it ended; sums per minute, hour and day. */
SQL(
/* Processes of agents from their first exec to their exit. status: 0 running, 1 success, 2 failure, 3 refused, 4 killed, 5 unknown. */
CREATE TABLE executions (
	id TEXT PRIMARY KEY,
	boot INTEGER NOT NULL REFERENCES boots (no),
	pid INTEGER NOT NULL,
	start_ns INTEGER NOT NULL,
	exec_id INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	session INTEGER NOT NULL,
	capability INTEGER NOT NULL,
	skill TEXT,
	risk INTEGER NOT NULL,
	was_refused INTEGER NOT NULL,
	status INTEGER NOT NULL,
	began_ms INTEGER NOT NULL,
	began_ns INTEGER NOT NULL,
	ended_ms INTEGER,
	latency_us INTEGER
) STRICT;
CREATE INDEX executions_process ON executions (boot, pid, start_ns);
CREATE INDEX executions_image ON executions (boot, exec_id);
CREATE INDEX executions_running ON executions (boot, session) WHERE status = 0;
CREATE INDEX executions_agent ON executions (agent, id);

/* Sums over `span` seconds (60, 3600, 86400; 0: ever) from `at`, UTC seconds. metric: enum metric of govern/metric/rollup.h. */
CREATE TABLE rollups (
	metric INTEGER NOT NULL,
	subject INTEGER NOT NULL,
	span INTEGER NOT NULL,
	at INTEGER NOT NULL,
	key INTEGER NOT NULL,
	n INTEGER NOT NULL,
	sum INTEGER NOT NULL,
	PRIMARY KEY (metric, subject, span, at, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollups_age ON rollups (span, at);

/* Questions whose outcome is not counted yet, and up to which hold they were looked at. */
CREATE TABLE uncounted (
	hold TEXT PRIMARY KEY
) STRICT;
CREATE TABLE marks (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;
CREATE TABLE skill_numbers (
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;
)
