/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 0013_people.sql - second factors of approvers, the duties of those who approve what is CRITICAL, approvals that broke the glass
 * and wait for somebody else's review, roles lent for a while; what is done with them becomes acts of the trail, never a secret
 */
SQL(
/*
 * uid: of the name when it was enrolled; another user of that name has no factor. last_step: of the last code that was used.
 * changed_by: the administrator who last lifted a lock or removes it.
 */
CREATE TABLE factors (
	name TEXT PRIMARY KEY,
	uid INTEGER NOT NULL,
	secret BLOB NOT NULL,
	made_ms INTEGER NOT NULL,
	made_by TEXT NOT NULL,
	last_step INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	failed_ms INTEGER NOT NULL DEFAULT 0,
	changed_by TEXT
) STRICT;
ALTER TABLE consents ADD COLUMN duties INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER act_factor AFTER INSERT ON factors BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3) VALUES ('factor', 'user uid by', NEW.name, NEW.uid, NEW.made_by);
END;
CREATE TRIGGER act_factor_used AFTER UPDATE OF last_step ON factors BEGIN
	INSERT INTO outbox (kind, names, v1, v2) VALUES ('factor-used', 'user step', NEW.name, NEW.last_step);
END;
CREATE TRIGGER act_factor_failed AFTER UPDATE OF failures ON factors WHEN NEW.failures > OLD.failures BEGIN
	INSERT INTO outbox (kind, names, v1, v2) VALUES ('factor-failed', 'user failures', NEW.name, NEW.failures);
END;
CREATE TRIGGER act_factor_unlocked AFTER UPDATE OF failures ON factors
WHEN NEW.failures < OLD.failures AND NEW.last_step = OLD.last_step BEGIN
	INSERT INTO outbox (kind, names, v1, v2) VALUES ('factor-unlocked', 'user by', NEW.name, NEW.changed_by);
END;
CREATE TRIGGER act_factor_removed AFTER DELETE ON factors BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3) VALUES ('factor-removed', 'user uid by', OLD.name, OLD.uid, OLD.changed_by);
END;
/* With the duties that were proved. */
DROP TRIGGER act_consent;
CREATE TRIGGER act_consent AFTER INSERT ON consents BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6, v7) VALUES ('consent', 'hold by uid note people digest duties',
		NEW.hold, NEW.name, NEW.uid, NEW.note, NEW.people,
		(SELECT printf('%016x', digest) FROM holds WHERE id = NEW.hold), NEW.duties);
END;
CREATE TABLE reviews (
	id TEXT PRIMARY KEY,
	hold TEXT NOT NULL,
	uid INTEGER NOT NULL,
	name TEXT NOT NULL,
	reason TEXT NOT NULL,
	opened_ms INTEGER NOT NULL,
	closed_ms INTEGER,
	closed_by TEXT,
	note TEXT
) STRICT;
CREATE INDEX reviews_open ON reviews (id) WHERE closed_ms IS NULL;
CREATE INDEX reviews_hold ON reviews (hold);
CREATE TABLE delegations (
	id TEXT PRIMARY KEY,
	from_uid INTEGER NOT NULL,
	from_name TEXT NOT NULL,
	to_uid INTEGER NOT NULL,
	to_name TEXT NOT NULL,
	made_ms INTEGER NOT NULL,
	until_ms INTEGER NOT NULL,
	ended_ms INTEGER,
	ended_by TEXT,
	note TEXT
) STRICT;
CREATE INDEX delegations_to ON delegations (to_uid) WHERE ended_ms IS NULL;
CREATE TRIGGER act_review AFTER INSERT ON reviews BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5) VALUES ('glass', 'review hold by uid reason',
		NEW.id, NEW.hold, NEW.name, NEW.uid, NEW.reason);
END;
CREATE TRIGGER act_reviewed AFTER UPDATE OF closed_ms ON reviews BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4) VALUES ('reviewed', 'review hold by note',
		NEW.id, NEW.hold, NEW.closed_by, NEW.note);
END;
CREATE TRIGGER act_lent AFTER INSERT ON delegations BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6, v7) VALUES ('lent', 'delegation by uid to to_uid until_ms note',
		NEW.id, NEW.from_name, NEW.from_uid, NEW.to_name, NEW.to_uid, NEW.until_ms, NEW.note);
END;
CREATE TRIGGER act_lent_ended AFTER UPDATE OF ended_ms ON delegations BEGIN
	INSERT INTO outbox (kind, names, v1, v2) VALUES ('lent-ended', 'delegation by', NEW.id, NEW.ended_by);
END;
)
