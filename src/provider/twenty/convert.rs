//! From what Twenty shows to live objects.
//!
//! A record has no name. One that carries our mark, or that of a lost ledger of ours, is called as the mark says; any other by what tells it from the rest:
//! a contact by its address, a company by its domain, an opportunity by its id. A field that our role may not read is not
//! in a record at all, and then it is not in the live object either.

use std::collections::{BTreeMap, BTreeSet};

use super::api::Sort;
use super::options::Options;
use super::wire::Row;
use super::{ids, kinds, names};
use crate::engine::model::{Address, Field, Fields, Instance, Live, Mark, SINCE, Value};
use crate::provider::days;

/// What a record is read with.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// The installation.
    pub instance: &'a Instance,
    /// Its options.
    pub options: &'a Options,
    /// Its address, without a slash at its end: what links begin with.
    pub base: &'a str,
    /// The platform, of which the ids that we choose are made.
    pub platform: &'a str,
    /// The ledger whose marks are ours.
    pub ledger: Option<&'a str>,
}

impl Shape<'_> {
    /// Live objects of a whole list, in order of address; each address once. Addresses that a contact took over from
    /// another one are there too, as what bars them.
    pub fn all<'r>(&self, sort: Sort, rows: impl IntoIterator<Item = &'r Row>) -> Vec<Live> {
        let mut rows: Vec<&Row> = rows.into_iter().collect();
        // Of two that are called the same, ours has the name, or else the one that is not in the bin; the other is
        // called by its id.
        rows.sort_by_cached_key(|row| {
            let (is_ours, key) = (self.our_key(row).is_some(), self.key(sort, row));
            (!is_ours, key.is_none(), row.is_deleted(), self.is_odd(sort, row), row.id().to_owned())
        });
        let mut named: BTreeMap<Address, Live> = BTreeMap::new();
        for row in &rows {
            let mut live = self.live(sort, row);
            if named.contains_key(&live.address) {
                live.address = self.address(sort, row.id());
            }
            named.insert(live.address.clone(), live);
        }
        if sort.kind == kinds::PERSON {
            for merged in self.merged(sort, &rows) {
                named.entry(merged.address.clone()).or_insert(merged);
            }
        }
        named.into_values().collect()
    }

    /// One record.
    pub fn live(&self, sort: Sort, row: &Row) -> Live {
        let fields = match sort.kind {
            kinds::COMPANY => self.company(row),
            kinds::PERSON => self.person(row),
            kinds::OPPORTUNITY => self.opportunity(row),
            _ => self.login(row),
        };
        let mut outputs = Fields::new();
        outputs.insert(Field::Borrowed(kinds::ID), row.id().into());
        if sort.kind != kinds::LOGIN {
            let link = format!("{}/object/{}/{}", self.base, sort.singular, row.id());
            outputs.insert(Field::Borrowed(kinds::URL), link.into());
        }
        let key = self.key(sort, row).map_or_else(|| natural_key(sort, row), str::to_owned);
        let mark = self.mark(row).map(|(ledger, _)| Mark { ledger: ledger.to_owned() });
        Live { address: self.address(sort, &key), external_id: Some(row.id().to_owned()), fields, outputs, mark }
    }

    fn address(&self, sort: Sort, key: &str) -> Address {
        Address::new(self.instance, sort.kind, key)
    }

    fn mark<'r>(&self, row: &'r Row) -> Option<(&'r str, &'r str)> {
        ids::read_mark(row.text(&self.options.key_field)?)
    }

    /// The key that our own mark tells. A mark of another ledger tells no name: it may stand for another platform.
    fn our_key<'r>(&self, row: &'r Row) -> Option<&'r str> {
        self.mark(row).filter(|(ledger, _)| Some(*ledger) == self.ledger).map(|(_, key)| key)
    }

    /// The key that a mark tells.
    fn key<'r>(&self, sort: Sort, row: &'r Row) -> Option<&'r str> {
        self.our_key(row).or_else(|| self.made_key(sort, row))
    }

    /// The key that another ledger's mark tells of a record with the id that this platform makes it with: the ledger was
    /// ours, and is lost. What it is known by otherwise may have changed since.
    fn made_key<'r>(&self, sort: Sort, row: &'r Row) -> Option<&'r str> {
        let (_, key) = self.mark(row)?;
        (ids::chosen(self.platform, self.instance, sort.kind, key) == row.id()).then_some(key)
    }

    /// Whether a company's link is another one than we would write.
    fn is_odd(&self, sort: Sort, row: &Row) -> bool {
        let link = row.part("domainName", "primaryLinkUrl").filter(|_| sort.kind == kinds::COMPANY);
        link.is_some_and(|link| names::links(&names::domain(link))[0] != link)
    }

    fn company(&self, row: &Row) -> Fields {
        let mut fields = present(row);
        add(&mut fields, row, "name", "name", |row| text(row.text("name")));
        add(&mut fields, row, "domain", "domainName", |row| {
            row.part("domainName", "primaryLinkUrl").map_or(Value::Null, |link| names::domain(link).into())
        });
        fields
    }

    fn person(&self, row: &Row) -> Fields {
        let mut fields = present(row);
        add(&mut fields, row, "email", "emails", |row| {
            row.part("emails", "primaryEmail").map_or(Value::Null, |it| it.to_lowercase().into())
        });
        add(&mut fields, row, "first_name", "name", |row| text(row.part("name", "firstName")));
        add(&mut fields, row, "last_name", "name", |row| text(row.part("name", "lastName")));
        add(&mut fields, row, "company", "companyId", |row| text(row.text("companyId")));
        fields
    }

    fn opportunity(&self, row: &Row) -> Fields {
        let mut fields = present(row);
        add(&mut fields, row, "name", "name", |row| text(row.text("name")));
        add(&mut fields, row, "company", "companyId", |row| text(row.text("companyId")));
        add(&mut fields, row, "contact", "pointOfContactId", |row| text(row.text("pointOfContactId")));
        add(&mut fields, row, "stage", "stage", |row| text(row.text("stage")));
        let url = self.options.workspace_url_field.as_str();
        add(&mut fields, row, "workspace_url", url, |row| text(row.part(url, "primaryLinkUrl")));
        if let (Some(stages), Some(stage)) = (&self.options.stages, row.text("stage")) {
            let is = match stage {
                _ if row.is_deleted() => "in the bin",
                stage if stage == stages.open || stage == stages.ended => "ours",
                _ => "taken over",
            };
            fields.insert(Field::Borrowed("stage_is"), is.into());
            // What sales took over is not ours to end, nor what lies in the bin.
            let open = is == "ours" && stage == stages.open;
            fields.insert(Field::Borrowed("open"), Value::Bool(open));
        }
        fields
    }

    fn login(&self, row: &Row) -> Fields {
        let parts = [row.part("name", "firstName"), row.part("name", "lastName")];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let mut fields = Fields::new();
        fields.insert(Field::Borrowed("name"), text(Some(&name).filter(|it| !it.is_empty()).map(String::as_str)));
        add(&mut fields, row, SINCE.name, "createdAt", |row| row.text("createdAt").map_or(Value::Null, days::of_text));
        fields
    }

    /// Who merges two contacts destroys one of them: its address becomes another address of the one that stays (guide,
    /// appendix C). Making it again would succeed, and be wrong.
    fn merged(&self, sort: Sort, rows: &[&Row]) -> Vec<Live> {
        let firsts: BTreeSet<String> =
            rows.iter().filter_map(|row| row.part("emails", "primaryEmail")).map(str::to_lowercase).collect();
        let mut merged = Vec::new();
        for row in rows.iter().filter(|row| !row.is_deleted()) {
            for address in row.other_addresses().filter(|it| !firsts.contains(it)) {
                let first = row.part("emails", "primaryEmail").unwrap_or("a contact without an address");
                let why = format!(
                    "'{address}' was merged into the contact {first} (id {}): declare that address, or take the person out \
                     of it",
                    row.id()
                );
                let mut fields = Fields::new();
                fields.insert(Field::Borrowed("merged_into"), why.into());
                let address = self.address(sort, &address);
                merged.push(Live { address, external_id: None, fields, outputs: Fields::new(), mark: None });
            }
        }
        merged
    }
}

/// What tells a record from the rest when it carries no mark.
fn natural_key(sort: Sort, row: &Row) -> String {
    let own = match sort.kind {
        kinds::COMPANY => row.part("domainName", "primaryLinkUrl").map(names::domain),
        kinds::PERSON => row.part("emails", "primaryEmail").map(str::to_lowercase),
        kinds::LOGIN => row.text("userEmail").map(str::to_lowercase),
        _ => None,
    };
    own.filter(|key| !key.is_empty()).unwrap_or_else(|| row.id().to_owned())
}

fn present(row: &Row) -> Fields {
    let mut fields = Fields::new();
    add(&mut fields, row, "present", "deletedAt", |row| Value::Bool(!row.is_deleted()));
    fields
}

/// Adds a field if the record shows what it is read from.
fn add(fields: &mut Fields, row: &Row, field: &'static str, from: &str, value: impl Fn(&Row) -> Value) {
    if row.has(from) {
        fields.insert(Field::Borrowed(field), value(row));
    }
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}
