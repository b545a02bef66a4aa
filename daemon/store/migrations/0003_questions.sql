/* SPDX-License-Identifier: Apache-2.0 */
/* 0003_questions.sql - grants with patterns, the skill of a session, and what counting questions needs. */
SQL(
/* A grant with a pattern has digest 0: the kernel does not know it. */
ALTER TABLE grants ADD COLUMN pattern TEXT;
ALTER TABLE grants ADD COLUMN op INTEGER NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN protocol INTEGER NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN is_over INTEGER NOT NULL DEFAULT 0;
ALTER TABLE holds ADD COLUMN capability INTEGER NOT NULL DEFAULT 0;
CREATE INDEX holds_requested ON holds (requested_ms);
CREATE INDEX holds_capability ON holds (agent, capability, requested_ms);
ALTER TABLE sessions ADD COLUMN skill TEXT;
)
