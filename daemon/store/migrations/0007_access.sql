/* SPDX-License-Identifier: Apache-2.0 */
/* 0007_access.sql - tokens that open the API on TCP, and answers kept for requests that are sent again. */
SQL(
/* hash: of the secret, which nobody keeps. roles: bits; routes: a JSON array of globs. */
CREATE TABLE tokens (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	hash BLOB NOT NULL,
	roles INTEGER NOT NULL,
	routes TEXT NOT NULL,
	made_ms INTEGER NOT NULL,
	made_by TEXT NOT NULL,
	expires_ms INTEGER NOT NULL,
	last_use_ms INTEGER,
	revoked_ms INTEGER,
	revoked_by TEXT
) STRICT;
/* request: a hash of method, path, query and body. answer: NULL when it was too long to be kept. */
CREATE TABLE repeats (
	caller TEXT NOT NULL,
	key TEXT NOT NULL,
	request BLOB NOT NULL,
	status INTEGER NOT NULL,
	answer TEXT,
	made_ms INTEGER NOT NULL,
	PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeats_age ON repeats (made_ms);
)
