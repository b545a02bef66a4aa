/* SPDX-License-Identifier: Apache-2.0 */
/* 0015_frozen.sql - agents that were frozen, and whether they are; freezing and thawing are acts of the trail */
SQL(
CREATE TABLE frozen (
	agent INTEGER PRIMARY KEY,
	how INTEGER NOT NULL,
	since_ms INTEGER NOT NULL,
	frozen_by TEXT NOT NULL,
	note TEXT,
	thawed_ms INTEGER,
	thawed_by TEXT,
	thaw_note TEXT
) STRICT;

CREATE TRIGGER act_frozen AFTER INSERT ON frozen WHEN NEW.thawed_ms IS NULL BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4) VALUES ('frozen', 'agent how by note',
		(SELECT name FROM numbers WHERE kind = 0 AND number = NEW.agent), NEW.how, NEW.frozen_by, NEW.note);
END;
CREATE TRIGGER act_frozen_again AFTER UPDATE ON frozen
WHEN NEW.thawed_ms IS NULL AND (OLD.thawed_ms IS NOT NULL OR NEW.how <> OLD.how) BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4) VALUES ('frozen', 'agent how by note',
		(SELECT name FROM numbers WHERE kind = 0 AND number = NEW.agent), NEW.how, NEW.frozen_by, NEW.note);
END;
CREATE TRIGGER act_thawed AFTER UPDATE OF thawed_ms ON frozen WHEN NEW.thawed_ms IS NOT NULL AND OLD.thawed_ms IS NULL BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3) VALUES ('thawed', 'agent by note',
		(SELECT name FROM numbers WHERE kind = 0 AND number = NEW.agent), NEW.thawed_by, NEW.thaw_note);
END;
)
