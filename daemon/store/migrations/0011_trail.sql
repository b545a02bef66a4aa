/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 0011_trail.sql - acts beside events in one chain, its tree and signed heads; triggers put into the outbox what becomes an act
 *
 * Whatever changes a row that decides something leaves an act, whichever room changes it: the trigger cannot be forgotten.
 */
SQL(
ALTER TABLE events ADD COLUMN seal BLOB;

/* Positions n are shared with events: each is in one of the two tables. */
CREATE TABLE acts (
	n INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	boot INTEGER NOT NULL REFERENCES boots (no),
	time_ms INTEGER NOT NULL,
	kind TEXT NOT NULL,
	body TEXT NOT NULL,
	hash BLOB NOT NULL
) STRICT;
/* What is to become an act when the transaction that wrote it is committed: the names of its members, and their values. */
CREATE TABLE outbox (
	n INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	names TEXT NOT NULL,
	v1 ANY, v2 ANY, v3 ANY, v4 ANY, v5 ANY, v6 ANY, v7 ANY, v8 ANY, v9 ANY, v10 ANY, v11 ANY, v12 ANY, v13 ANY
) STRICT;

/* Complete subtrees of the tree over the hashes of the chain, from level 8 (256 entries) on. */
CREATE TABLE nodes (
	level INTEGER NOT NULL,
	i INTEGER NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY (level, i)
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
	public BLOB PRIMARY KEY,
	reason TEXT NOT NULL,
	made_ms INTEGER NOT NULL,
	made_by TEXT NOT NULL,
	before BLOB,
	signature BLOB NOT NULL
) STRICT;
CREATE TABLE heads (
	size INTEGER PRIMARY KEY,
	time_ms INTEGER NOT NULL,
	root BLOB NOT NULL,
	chain BLOB NOT NULL,
	key BLOB NOT NULL REFERENCES keys (public),
	signature BLOB NOT NULL
) STRICT;
/* Where what is stored begins: entries up to n were removed, hash is that of entry n. */
CREATE TABLE anchors (
	n INTEGER PRIMARY KEY,
	made_ms INTEGER NOT NULL,
	hash BLOB NOT NULL,
	acts INTEGER NOT NULL
) STRICT;
/* How many events of each ring were removed. */
CREATE TABLE pruned (
	boot INTEGER NOT NULL REFERENCES boots (no),
	cpu INTEGER NOT NULL,
	ring INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (boot, cpu, ring)
) STRICT;

/* Which holds no grant refers to. */
CREATE INDEX grants_hold ON grants (hold);

CREATE TRIGGER act_asked AFTER INSERT ON holds BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6) VALUES ('asked', 'hold hold_no agent capability session digest',
		NEW.id, NEW.hold_no, (SELECT name FROM numbers WHERE kind = 0 AND number = NEW.agent),
		(SELECT name FROM numbers WHERE kind = 1 AND number = NEW.capability), NEW.session,
		printf('%016x', NEW.digest));
END;
CREATE TRIGGER act_decided AFTER UPDATE OF state, answer, reason ON holds
WHEN NEW.state <> OLD.state OR NEW.answer <> OLD.answer OR NEW.reason <> OLD.reason BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13) VALUES ('decided', 'hold hold_no agent capability session digest state was answer reason by note scope',
		NEW.id, NEW.hold_no, (SELECT name FROM numbers WHERE kind = 0 AND number = NEW.agent),
		(SELECT name FROM numbers WHERE kind = 1 AND number = NEW.capability), NEW.session,
		printf('%016x', NEW.digest), NEW.state, OLD.state, NEW.answer, NEW.reason, NEW.decided_by,
		NEW.note, NEW.scope);
END;
CREATE TRIGGER act_consent AFTER INSERT ON consents BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6) VALUES ('consent', 'hold by uid note people digest',
		NEW.hold, NEW.name, NEW.uid, NEW.note, NEW.people,
		(SELECT printf('%016x', digest) FROM holds WHERE id = NEW.hold));
END;
CREATE TRIGGER act_grant AFTER INSERT ON grants BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13) VALUES ('grant', 'grant hold scope agent capability session digest covers pattern by note expires_ms uses',
		NEW.id, NEW.hold, NEW.scope, (SELECT name FROM numbers WHERE kind = 0 AND number = NEW.agent),
		(SELECT name FROM numbers WHERE kind = 1 AND number = NEW.capability), NEW.session,
		printf('%016x', NEW.digest), NEW.covers, NEW.pattern, NEW.made_by, NEW.note, NEW.expires_ms,
		NEW.uses_left);
END;
CREATE TRIGGER act_grant_ended AFTER UPDATE OF state ON grants WHEN NEW.state <> OLD.state BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4) VALUES ('grant-ended', 'grant hold digest state',
		NEW.id, NEW.hold, printf('%016x', NEW.digest), NEW.state);
END;
CREATE TRIGGER act_declared AFTER INSERT ON versions BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6, v7, v8) VALUES ('declared', 'kind id revision digest removed generation by note',
		NEW.kind, NEW.id, NEW.revision, NEW.digest, NEW.text IS NULL, NEW.generation, NEW.made_by,
		NEW.note);
END;
CREATE TRIGGER act_generation AFTER UPDATE OF is_active ON generations WHEN NEW.is_active = 1 AND OLD.is_active = 0 BEGIN
	INSERT INTO outbox (kind, names, v1, v2) VALUES ('generation', 'generation model',
		NEW.generation, NEW.model);
END;
CREATE TRIGGER act_gap AFTER INSERT ON gaps BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6) VALUES ('gap', 'gap boot cpu ring first last',
		NEW.id, NEW.boot, NEW.cpu, NEW.ring, NEW.first, NEW.last);
END;
CREATE TRIGGER act_kept AFTER UPDATE OF state ON kept WHEN NEW.state <> OLD.state BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5) VALUES ('kept', 'item hold_no agent state by',
		NEW.id, NEW.hold_no, (SELECT name FROM numbers WHERE kind = 0 AND number = NEW.agent),
		NEW.state, NEW.ended_by);
END;
CREATE TRIGGER act_key AFTER INSERT ON keys BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5) VALUES ('key', 'public reason by before signature',
		NEW.public, NEW.reason, NEW.made_by, NEW.before, NEW.signature);
END;
CREATE TRIGGER act_pruned AFTER INSERT ON anchors BEGIN
	INSERT INTO outbox (kind, names, v1, v2) VALUES ('pruned', 'through hash',
		NEW.n, NEW.hash);
END;
)
