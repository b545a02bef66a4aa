/* SPDX-License-Identifier: Apache-2.0 */
/* 0005_kept.sql - what was kept before a delete or a rename took it away. */
SQL(
/* state: 0 being kept, 1 kept, 2 restored, 3 purged, 4 lost. device, store and origin: as cvfd-quarantine said. */
CREATE TABLE kept (
	id TEXT PRIMARY KEY,
	boot INTEGER NOT NULL REFERENCES boots (no),
	hold_no INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	session INTEGER NOT NULL,
	capability INTEGER NOT NULL,
	op INTEGER NOT NULL,
	object BLOB NOT NULL,
	state INTEGER NOT NULL,
	kept_ms INTEGER NOT NULL,
	device INTEGER NOT NULL,
	how INTEGER NOT NULL DEFAULT 0,
	size INTEGER NOT NULL DEFAULT 0,
	mode INTEGER NOT NULL DEFAULT 0,
	uid INTEGER NOT NULL DEFAULT 0,
	gid INTEGER NOT NULL DEFAULT 0,
	links INTEGER NOT NULL DEFAULT 0,
	mtime_ns INTEGER NOT NULL DEFAULT 0,
	store BLOB,
	origin BLOB,
	ended_ms INTEGER,
	ended_by TEXT,
	UNIQUE (boot, hold_no)
) STRICT;
CREATE INDEX kept_now ON kept (state, kept_ms) WHERE state = 1;
CREATE INDEX kept_agent ON kept (agent, id);
)
