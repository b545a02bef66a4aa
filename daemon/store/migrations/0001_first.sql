/* SPDX-License-Identifier: Apache-2.0 */
/* 0001_first.sql - the first schema. Numbers of operations, reasons and verdicts are those of include/cvf; times are UTC ms. */
SQL(
/* Boots of this host that left records; everything the kernel counts (pids, sequence numbers, sessions) is per boot. */
CREATE TABLE boots (
	no INTEGER PRIMARY KEY,
	boot_id TEXT NOT NULL UNIQUE,
	first_ms INTEGER NOT NULL
) STRICT;

/* Numbers of agents (0), capabilities (1) and rules (2): records carry them; never reused, never renamed. */
CREATE TABLE numbers (
	kind INTEGER NOT NULL,
	number INTEGER NOT NULL,
	name TEXT NOT NULL,
	PRIMARY KEY (kind, number),
	UNIQUE (kind, name)
) STRICT;

/* Normalised declarations of generations; equal ones are kept once. */
CREATE TABLE models (
	digest BLOB PRIMARY KEY,
	text TEXT NOT NULL
) STRICT;
CREATE TABLE generations (
	generation INTEGER PRIMARY KEY,
	boot INTEGER NOT NULL REFERENCES boots (no),
	made_ms INTEGER NOT NULL,
	model BLOB NOT NULL REFERENCES models (digest),
	cells BLOB NOT NULL,
	is_active INTEGER NOT NULL
) STRICT;

/* Declarations registered through the API; those of files are not here. */
CREATE TABLE declarations (
	kind INTEGER NOT NULL,
	id TEXT NOT NULL,
	source TEXT NOT NULL,
	text TEXT NOT NULL,
	made_ms INTEGER NOT NULL,
	made_by TEXT NOT NULL,
	PRIMARY KEY (kind, id)
) STRICT;
CREATE TABLE modes (
	agent TEXT PRIMARY KEY,
	mode TEXT NOT NULL
) STRICT;
CREATE TABLE cgroups (
	boot INTEGER NOT NULL REFERENCES boots (no),
	cgroup INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	path TEXT NOT NULL,
	PRIMARY KEY (boot, cgroup)
) STRICT;

CREATE TABLE sessions (
	id TEXT PRIMARY KEY,
	boot INTEGER NOT NULL REFERENCES boots (no),
	number INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	began_ms INTEGER NOT NULL,
	ended_ms INTEGER,
	UNIQUE (boot, number)
) STRICT;

/* Programs that governed tasks ran: exe, arguments and directory of every record with this exec_id. */
CREATE TABLE images (
	boot INTEGER NOT NULL REFERENCES boots (no),
	exec_id INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	session INTEGER NOT NULL,
	pid INTEGER NOT NULL,
	start_ns INTEGER NOT NULL,
	exe BLOB NOT NULL,
	args BLOB NOT NULL,
	cwd BLOB NOT NULL,
	flags INTEGER NOT NULL,
	began_ns INTEGER NOT NULL,
	began_ms INTEGER NOT NULL,
	ended_ns INTEGER,
	status INTEGER,
	PRIMARY KEY (boot, exec_id)
) STRICT;
CREATE INDEX images_running ON images (boot, pid, start_ns) WHERE ended_ns IS NULL;

/* One row per record of the kernel, as it came; the columns before `record` repeat what queries need. */
CREATE TABLE events (
	n INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	boot INTEGER NOT NULL REFERENCES boots (no),
	cpu INTEGER NOT NULL,
	ring INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	kind INTEGER NOT NULL,
	time_ms INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	op INTEGER NOT NULL,
	verdict INTEGER NOT NULL,
	capability INTEGER NOT NULL,
	hold_no INTEGER NOT NULL,
	record BLOB NOT NULL,
	hash BLOB NOT NULL,
	UNIQUE (boot, cpu, ring, seq)
) STRICT;
CREATE INDEX events_time ON events (time_ms);
CREATE INDEX events_agent ON events (agent, n);
CREATE INDEX events_refused ON events (verdict, n) WHERE verdict > 1;

/* Next number that is neither stored nor known to be missing, per ring of a CPU. */
CREATE TABLE rings (
	boot INTEGER NOT NULL REFERENCES boots (no),
	cpu INTEGER NOT NULL,
	ring INTEGER NOT NULL,
	next INTEGER NOT NULL,
	PRIMARY KEY (boot, cpu, ring)
) STRICT;
CREATE TABLE gaps (
	id TEXT PRIMARY KEY,
	boot INTEGER NOT NULL REFERENCES boots (no),
	cpu INTEGER NOT NULL,
	ring INTEGER NOT NULL,
	first INTEGER NOT NULL,
	last INTEGER NOT NULL,
	missing INTEGER NOT NULL,
	found_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX gaps_ring ON gaps (boot, cpu, ring, first);

CREATE TABLE cells (
	generation INTEGER NOT NULL,
	cell INTEGER NOT NULL,
	seen INTEGER NOT NULL,
	PRIMARY KEY (generation, cell)
) STRICT;
CREATE TABLE counters (
	agent INTEGER NOT NULL,
	capability INTEGER NOT NULL,
	op INTEGER NOT NULL,
	verdict INTEGER NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (agent, capability, op, verdict)
) STRICT;

/* Operations that waited. state: 0 pending, 1 approved, 2 denied, 3 expired, 4 abandoned. */
CREATE TABLE holds (
	id TEXT PRIMARY KEY,
	boot INTEGER NOT NULL REFERENCES boots (no),
	hold_no INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	session INTEGER NOT NULL,
	digest INTEGER NOT NULL,
	grant_session INTEGER NOT NULL,
	grant_agent INTEGER NOT NULL,
	question INTEGER NOT NULL,
	cell_flags INTEGER NOT NULL,
	record BLOB NOT NULL,
	state INTEGER NOT NULL,
	requested_ms INTEGER NOT NULL,
	expires_ns INTEGER NOT NULL,
	expires_ms INTEGER,
	answer INTEGER NOT NULL,
	reason INTEGER NOT NULL,
	is_answered INTEGER NOT NULL,
	decided_ms INTEGER,
	decided_by TEXT,
	note TEXT,
	scope TEXT,
	UNIQUE (boot, hold_no)
) STRICT;
CREATE INDEX holds_open ON holds (boot, state) WHERE state = 0;
CREATE INDEX holds_unanswered ON holds (boot) WHERE is_answered = 0;
CREATE INDEX holds_agent ON holds (agent, id);

/* What approvals left behind. state: 0 active, 1 revoked, 2 expired, 3 used up, 4 ended with its session or boot. */
CREATE TABLE grants (
	id TEXT PRIMARY KEY,
	boot INTEGER NOT NULL REFERENCES boots (no),
	scope TEXT NOT NULL,
	digest INTEGER NOT NULL,
	agent INTEGER NOT NULL,
	session INTEGER NOT NULL,
	capability INTEGER NOT NULL,
	hold TEXT NOT NULL REFERENCES holds (id),
	covers TEXT NOT NULL,
	state INTEGER NOT NULL,
	made_ms INTEGER NOT NULL,
	made_by TEXT NOT NULL,
	note TEXT,
	expires_ms INTEGER,
	expires_ns INTEGER NOT NULL,
	uses_left INTEGER,
	last_use_ms INTEGER,
	attached_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX grants_active ON grants (boot, digest) WHERE state = 0;
)
