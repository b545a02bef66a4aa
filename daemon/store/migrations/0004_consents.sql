/* SPDX-License-Identifier: Apache-2.0 */
/* 0004_consents.sql - who has approved a hold that needs certain or several people: names, user ids, and what was asked of them. */
SQL(
CREATE TABLE consents (
	hold TEXT NOT NULL REFERENCES holds (id),
	uid INTEGER NOT NULL,
	name TEXT NOT NULL,
	note TEXT,
	at_ms INTEGER NOT NULL,
	people INTEGER NOT NULL,
	approvers TEXT NOT NULL,
	PRIMARY KEY (hold, uid)
) STRICT;
)
