//! Every statement of the ledger, in the one dialect that SQLite and PostgreSQL share.
//!
//! What keeps it shared: parameters are `$n` and each is used in order of its number; sums are cast, because
//! PostgreSQL widens them; numbers come from the ledger's own sequence, not from either database's.

/// The migrations in order; the position (from 1) is the schema's version.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_ledger.sql")];

pub(super) const VERSION_TABLE: &str = "CREATE TABLE schema_version (version BIGINT NOT NULL)";
pub(super) const VERSION_BEGIN: &str = "INSERT INTO schema_version (version) VALUES (0)";
pub(super) const VERSION: &str = "SELECT version FROM schema_version";
pub(super) const VERSION_SET: &str = "UPDATE schema_version SET version = $1";

pub(super) const BEAR: &str =
    "INSERT INTO ledger (single, id, platform, hmac_key, born, sequence) VALUES (1, $1, $2, $3, $4, 0)";
pub(super) const IDENTITY: &str = "SELECT id, platform, hmac_key FROM ledger WHERE single = 1";
pub(super) const TAKE_NUMBERS: &str = "UPDATE ledger SET sequence = sequence + $1 WHERE single = 1 RETURNING sequence";

/// Locks the lease's row for the rest of the transaction, so that nobody can take over in the middle of a write.
pub(super) const CHECK_FENCE: &str = "UPDATE leases SET fence = fence WHERE name = $1 AND fence = $2";

pub(super) const OBJECTS: &str = "SELECT address, external_id, owner, file, last_applied, digests, outputs, origin, \
     state, since FROM objects ORDER BY address";
pub(super) const PUT_OBJECT: &str = "INSERT INTO objects (address, external_id, owner, file, last_applied, digests, \
     outputs, origin, state, since, updated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
     ON CONFLICT (address) DO UPDATE SET external_id = excluded.external_id, owner = excluded.owner, \
     file = excluded.file, last_applied = excluded.last_applied, digests = excluded.digests, \
     outputs = excluded.outputs, origin = excluded.origin, state = excluded.state, since = excluded.since, \
     updated = excluded.updated";
pub(super) const FORGET_OBJECT: &str = "DELETE FROM objects WHERE address = $1";

pub(super) const BEGIN_INTENT: &str = "INSERT INTO intents (id, run, step, address, verb, payload, approval, began) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
pub(super) const INTENT_HANDLE: &str = "UPDATE intents SET handle = $1 WHERE id = $2 AND ended IS NULL";
pub(super) const FINISH_INTENT: &str =
    "UPDATE intents SET ended = $1, result = $2, failure = $3 WHERE id = $4 AND ended IS NULL RETURNING step, approval";
pub(super) const OPEN_INTENTS: &str = "SELECT id, run, step, address, verb, payload, approval, handle, began \
     FROM intents WHERE ended IS NULL ORDER BY id";
pub(super) const HISTORY: &str = "SELECT run, verb, began, ended, result, failure FROM intents \
     WHERE address = $1 ORDER BY id DESC LIMIT $2";

/// A step's digest covers what was there before and after: the same one done again means that somebody undid it.
pub(super) const REPEATED: &str = "SELECT step, COUNT(*) FROM intents WHERE result = 'done' AND began >= $1 \
     GROUP BY step HAVING COUNT(*) > 1 ORDER BY step";

/// Whatever was made or proven not to be made later has a later entry of its own, or is recorded.
pub(super) const ATTEMPTED: &str = "SELECT DISTINCT address FROM intents WHERE verb = 'create' \
     AND (result = 'unclear' OR ended IS NULL) AND began >= $1 ORDER BY address";

pub(super) const CLAIM_ONCE: &str =
    "INSERT INTO run_once (key, intent, claimed) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING";
pub(super) const RELEASE_ONCE: &str = "DELETE FROM run_once WHERE intent = $1";
pub(super) const ONCE_KEYS: &str = "SELECT key FROM run_once ORDER BY key";

pub(super) const PUT_EVENT: &str = "INSERT INTO destructive_events (id, instance, class, address, number, at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
/// What was removed again because it came back counts once: a budget is about things, not about attempts.
pub(super) const EVENTS_SINCE: &str = "SELECT CAST(COALESCE(SUM(most), 0) AS BIGINT) FROM (\
     SELECT MAX(number) AS most FROM destructive_events WHERE instance = $1 AND class = $2 AND at >= $3 GROUP BY address\
     ) AS things";

pub(super) const ALLOTMENTS: &str = "SELECT pool, subject, number FROM allotments ORDER BY pool, subject";
pub(super) const RELEASE_NUMBER: &str = "DELETE FROM allotments WHERE pool = $1 AND number = $2";
pub(super) const KEEP_NUMBER: &str = "INSERT INTO allotments (pool, subject, number, at) VALUES ($1, $2, $3, $4)";

pub(super) const PUT_OBSERVATION: &str = "INSERT INTO observations (instance, kind, parent, at, complete, \
     completeness, objects) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (instance, kind, parent) \
     DO UPDATE SET at = excluded.at, complete = excluded.complete, completeness = excluded.completeness, \
     objects = excluded.objects";
pub(super) const OBSERVATIONS: &str =
    "SELECT instance, kind, parent, at, completeness, objects FROM observations ORDER BY instance, kind, parent";

pub(super) const PUT_CAPABILITIES: &str = "INSERT INTO capabilities (instance, at, found) VALUES ($1, $2, $3) \
     ON CONFLICT (instance) DO UPDATE SET at = excluded.at, found = excluded.found";
pub(super) const CAPABILITIES: &str = "SELECT instance, at, found FROM capabilities ORDER BY instance";

pub(super) const APPROVE: &str =
    "INSERT INTO approvals (id, digest, approved_by, reason, at, expires) VALUES ($1, $2, $3, $4, $5, $6)";
pub(super) const APPROVE_STEP: &str = "INSERT INTO approved_steps (approval, step) VALUES ($1, $2)";
pub(super) const APPROVALS: &str = "SELECT a.id, a.digest, a.approved_by, a.reason, a.at, a.expires, s.step, s.spent \
     FROM approvals a JOIN approved_steps s ON s.approval = a.id WHERE a.expires > $1 ORDER BY a.id, s.step";
pub(super) const SPEND: &str =
    "UPDATE approved_steps SET spent = $1, intent = $2 WHERE approval = $3 AND step = $4 AND spent IS NULL";

pub(super) const LEASE_ROW: &str =
    "INSERT INTO leases (name, holder, fence, until) VALUES ($1, '', 0, '') ON CONFLICT (name) DO NOTHING";
pub(super) const LEASE_LOCK: &str = "UPDATE leases SET fence = fence WHERE name = $1 RETURNING holder, fence, until";
pub(super) const LEASE_TAKE: &str =
    "UPDATE leases SET holder = $1, fence = fence + 1, until = $2 WHERE name = $3 RETURNING fence";
pub(super) const LEASE_RENEW: &str = "UPDATE leases SET until = $1 WHERE name = $2 AND fence = $3";
pub(super) const LEASE_RELEASE: &str = "UPDATE leases SET holder = '', until = '' WHERE name = $1 AND fence = $2";

pub(super) const BEGIN_RUN: &str = "INSERT INTO runs (id, began, revision, plan) VALUES ($1, $2, $3, $4)";
pub(super) const FINISH_RUN: &str = "UPDATE runs SET ended = $1, exit = $2, summary = $3 WHERE id = $4";
pub(super) const RUNS: &str =
    "SELECT id, began, ended, revision, plan, exit, summary FROM runs ORDER BY id DESC LIMIT $1";
