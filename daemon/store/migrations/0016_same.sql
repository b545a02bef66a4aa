/* SPDX-License-Identifier: Apache-2.0 */
/* 0016_same.sql - what waits is found by what it asks: an answer reads those of its question, not all that wait; an index that nothing uses */
SQL(
DROP INDEX holds_open;
CREATE INDEX holds_open ON holds (boot, question) WHERE state = 0;
DROP INDEX holds_agent;
)
