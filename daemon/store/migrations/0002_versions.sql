/* SPDX-License-Identifier: Apache-2.0 */
/* 0002_versions.sql - what was declared when and by whom; states of capabilities set through the API. */
SQL(
/* Every declaration that was ever in force, in normal form; text is null where it went. Revisions count from 1 per declaration. */
CREATE TABLE versions (
	kind INTEGER NOT NULL,
	id TEXT NOT NULL,
	revision INTEGER NOT NULL,
	digest BLOB NOT NULL,
	text TEXT,
	generation INTEGER NOT NULL,
	made_ms INTEGER NOT NULL,
	made_by TEXT NOT NULL,
	note TEXT,
	PRIMARY KEY (kind, id, revision)
) STRICT;
CREATE TABLE states (
	capability TEXT PRIMARY KEY,
	state TEXT NOT NULL
) STRICT;
)
