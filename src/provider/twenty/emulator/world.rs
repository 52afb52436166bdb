//! The state of the imitated workspace, all of it behind one lock.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::ids::Ids;
use super::keys::{self, Caller, Key, MEMBER, USER};
use super::model::Object;
use super::rate_limit::Bucket;
use super::refusal::Refusal;
use super::settings::Settings;
use super::standard;
use super::store::Stroke;
use super::values::written;
use super::writes;

/// A record in stored form: fields and columns by name.
pub(super) type Row = Map<String, Value>;

/// Everything the workspace knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) objects: Vec<Object>,
    /// By singular name, then by identifier.
    pub(super) rows: BTreeMap<String, IndexMap<String, Row>>,
    pub(super) keys: Vec<Key>,
    /// Whether every key counts as expired: a fault of the sandbox.
    pub(super) are_keys_lapsed: bool,
    pub(super) ids: Ids,
    bucket: Option<Bucket>,
    latest: i64,
}

impl World {
    /// A new workspace as `settings` describe it: one member, no records.
    pub(super) fn installed(now: DateTime<Utc>, settings: &Settings) -> Self {
        let mut ids = Ids::seeded(1);
        let moment = written(now);
        let objects = standard::objects(settings, &mut ids, &moment);
        let mut world = World {
            objects,
            rows: BTreeMap::new(),
            keys: keys::installed(now.timestamp()),
            are_keys_lapsed: false,
            ids,
            bucket: settings.calls_per_minute.map(|limit| Bucket::full(limit, now.timestamp_millis())),
            latest: 0,
        };
        world.add_member(&moment);
        world.add_people(&settings.people, now);
        world
    }

    fn add_people(&mut self, people: &[Value], now: DateTime<Utc>) {
        let Some(object) = self.object("person").cloned() else { return };
        let by = Stroke { caller: &Caller::Member, now: self.moment(now) };
        let changes: Result<_, _> = people.iter().map(|person| writes::check(self, &object, person, true)).collect();
        let made = changes.and_then(|changes| self.create(&object, changes, by));
        made.expect("the people of an installation are valid and differ");
    }

    fn add_member(&mut self, moment: &str) {
        let system = json!({ "source": "MANUAL", "workspaceMemberId": null, "name": "System", "context": null });
        let member = json!({
            "id": MEMBER, "createdAt": moment, "updatedAt": moment, "deletedAt": null, "position": 0,
            "createdBy": system, "updatedBy": system, "name": { "firstName": "", "lastName": "" }, "avatarUrl": "",
            "userEmail": "admin@acme.com", "userId": USER, "jobTitle": "", "colorScheme": "System", "locale": "en",
            "timeZone": "system",
        });
        if let Value::Object(row) = member {
            self.rows.entry("workspaceMember".to_owned()).or_default().insert(MEMBER.to_owned(), row);
        }
    }

    /// Somebody accepts an invitation: one more member.
    pub(super) fn join(&mut self, first: &str, last: &str, address: &str, now: DateTime<Utc>) {
        let (moment, id, user) = (written(now), self.ids.next(), self.ids.next());
        let Some(mut row) = self.row("workspaceMember", MEMBER).cloned() else { return };
        row.insert("id".to_owned(), id.clone().into());
        row.insert("name".to_owned(), json!({ "firstName": first, "lastName": last }));
        row.insert("userEmail".to_owned(), address.into());
        row.insert("userId".to_owned(), user.into());
        for time in ["createdAt", "updatedAt"] {
            row.insert(time.to_owned(), moment.clone().into());
        }
        self.rows.entry("workspaceMember".to_owned()).or_default().insert(id, row);
    }

    /// An administrator removes a member, who is gone for good.
    pub(super) fn leave(&mut self, address: &str) {
        if let Some(members) = self.rows.get_mut("workspaceMember") {
            members.retain(|_, row| row.get("userEmail").and_then(Value::as_str) != Some(address));
        }
    }

    /// The moment of a call. No two calls share one, so that what was later can be told by its time.
    pub(super) fn moment(&mut self, now: DateTime<Utc>) -> i64 {
        self.latest = now.timestamp_millis().max(self.latest + 1);
        self.latest
    }

    /// Takes what one operation of a key costs.
    pub(super) fn charge(&mut self, now: i64) -> Result<(), Refusal> {
        self.bucket.as_mut().map_or(Ok(()), |bucket| bucket.take(now))
    }

    /// An object by its singular name. The names of links are names of imitated objects.
    pub(super) fn object(&self, singular: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.singular == singular)
    }

    /// The records of an object, deleted ones too.
    pub(super) fn table(&self, singular: &str) -> impl Iterator<Item = &Row> {
        self.rows.get(singular).into_iter().flat_map(IndexMap::values)
    }

    /// A record, deleted or not.
    pub(super) fn row(&self, singular: &str, id: &str) -> Option<&Row> {
        self.rows.get(singular)?.get(id)
    }
}

/// Whether a record is soft-deleted.
pub(super) fn is_deleted(row: &Row) -> bool {
    row.get("deletedAt").is_some_and(|time| !time.is_null())
}
