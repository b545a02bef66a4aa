/* SPDX-License-Identifier: Apache-2.0 */
/* 0006_open.sql - what is still open is found without reading what has ended. */
SQL(
CREATE INDEX sessions_open ON sessions (boot) WHERE ended_ms IS NULL;
CREATE INDEX grants_open ON grants (id) WHERE state = 0;
)
