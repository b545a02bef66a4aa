/* SPDX-License-Identifier: Apache-2.0 */
/* 0014_notices.sql - what people are to be told about holds, until cvfd-notify has told them or gave up. */
SQL(
/* Holds that people were told of, and not yet that they ended; level: of the escalation that was told. */
CREATE TABLE noticed (
	hold TEXT PRIMARY KEY,
	level INTEGER NOT NULL
) STRICT;
/* state: 0 due, 1 sent, 2 given up. */
CREATE TABLE notices (
	id TEXT PRIMARY KEY,
	type TEXT NOT NULL,
	hold TEXT NOT NULL,
	target TEXT NOT NULL,
	data TEXT NOT NULL,
	made_ms INTEGER NOT NULL,
	due_ms INTEGER NOT NULL,
	attempts INTEGER NOT NULL DEFAULT 0,
	state INTEGER NOT NULL DEFAULT 0,
	ended_ms INTEGER,
	error TEXT
) STRICT;
CREATE INDEX notices_due ON notices (due_ms) WHERE state = 0;
CREATE INDEX notices_ended ON notices (ended_ms) WHERE state <> 0;
)
