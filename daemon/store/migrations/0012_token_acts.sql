/* SPDX-License-Identifier: Apache-2.0 */
/* 0012_token_acts.sql - tokens that are made and revoked are acts of the trail. */
SQL(
CREATE TRIGGER act_token AFTER INSERT ON tokens BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3, v4, v5, v6) VALUES ('token', 'token name roles routes by expires_ms',
		NEW.id, NEW.name, NEW.roles, NEW.routes, NEW.made_by, NEW.expires_ms);
END;
CREATE TRIGGER act_token_revoked AFTER UPDATE OF revoked_ms ON tokens
WHEN NEW.revoked_ms IS NOT NULL AND OLD.revoked_ms IS NULL BEGIN
	INSERT INTO outbox (kind, names, v1, v2, v3) VALUES ('token-revoked', 'token name by', NEW.id, NEW.name, NEW.revoked_by);
END;
)
