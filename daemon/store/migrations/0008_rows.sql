/* SPDX-License-Identifier: Apache-2.0 */
/* 0008_rows.sql - agents that are bound alike share a row, and each is counted by itself. */
SQL(
/* Those that share one: struct row_agent[]. */
ALTER TABLE generations ADD COLUMN agents BLOB;

/* agent 0: whoever has the cell's row. */
CREATE TABLE cells_of_agents (
	generation INTEGER NOT NULL,
	agent INTEGER NOT NULL DEFAULT 0,
	cell INTEGER NOT NULL,
	seen INTEGER NOT NULL,
	PRIMARY KEY (generation, agent, cell)
) STRICT;
INSERT INTO cells_of_agents (generation, agent, cell, seen) SELECT generation, 0, cell, seen FROM cells;
DROP TABLE cells;
ALTER TABLE cells_of_agents RENAME TO cells;
)
