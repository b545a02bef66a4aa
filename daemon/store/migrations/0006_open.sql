/* SPDX-License-Identifier: Apache-2.0 */
/* 0006_open.sql - what is still open without reading what has ended, the events of one capability without reading the others. */
SQL(
CREATE INDEX sessions_open ON sessions (boot) WHERE ended_ms IS NULL;
CREATE INDEX grants_open ON grants (id) WHERE state = 0;
CREATE INDEX events_capability ON events (capability, n) WHERE capability > 0;
)
