//! What is left when every declaration has found its object: ours but declared no more, and nobody's.
//!
//! What must not be removed is taken out of the question here, with its reason, before anything is planned.

use std::collections::{BTreeSet, HashMap};

use super::table::Table;
use super::{Absence, Change, ChangeSet, Compared, DiffInput, DriftClass, Shadow, Situation, Work};
use crate::engine::model::{
    Address, EntityRef, Extent, KindClass, KindSpec, Live, MembershipMode, MembershipSet, Mode, ObjectState, Owner,
    Recorded, Removal, Tells,
};

pub(super) fn compare(work: &mut Work<'_, '_>) {
    let (input, table) = (work.input, work.table);
    let sets = input.sets.iter().map(|set| (&set.edges, set)).collect();
    let mut changes = std::mem::take(&mut work.changes);
    let it = Rest { input, table, work, sets, files: files(input) };
    for recorded in &table.stale {
        it.push(
            &mut changes,
            recorded.address.clone(),
            DriftClass::Removed,
            "recorded under a former name",
            Situation::Release,
            None,
            Some(recorded),
        );
    }
    for row in table.rows.iter().filter(|row| row.desired.is_none()) {
        if input.mode_of(&row.address) == Mode::Ignore {
            continue;
        }
        match (row.recorded, row.live) {
            (Some(recorded), live) => it.ours(&mut changes, &row.address, recorded, live),
            (None, Some(live)) if !it.work.is_taken(&live.address) => it.nobodys(&mut changes, &row.address, live),
            (None, _) => {}
        }
    }
    work.changes = changes;
}

struct Rest<'w, 'r, 'a> {
    input: &'r DiffInput<'a>,
    table: &'r Table<'a>,
    work: &'w Work<'r, 'a>,
    /// The declared sets, by the address of their edges.
    sets: HashMap<&'a Address, &'a MembershipSet>,
    /// Files in which the ledger knows that something was declared.
    files: BTreeSet<&'a str>,
}

impl<'a> Rest<'_, '_, 'a> {
    /// An object in the ledger that no declaration wants.
    fn ours(
        &self,
        changes: &mut ChangeSet<'a>,
        address: &Address,
        recorded: &'a Recorded,
        under_the_name: Option<&'a Live>,
    ) {
        let Some(spec) = self.input.kinds.spec(address) else { return };
        let live = under_the_name.or_else(|| {
            let elsewhere = self.table.with_id(address, recorded.external_id.as_deref()?);
            elsewhere.filter(|it| !self.work.is_taken(&it.address))
        });
        let mut push = |class, why: &str, situation| {
            self.push(changes, address.clone(), class, why, situation, live, Some(recorded));
        };
        if let Some(why) = self.held(address, spec, recorded) {
            return push(DriftClass::Removed, &why, Situation::Held);
        }
        let Some(live) = live else {
            return match self.input.observed.absence(address, spec) {
                Absence::Proven => push(DriftClass::Removed, "declared no more, and gone already", Situation::Gone),
                Absence::Unproven(why) => {
                    push(DriftClass::Unknown, &format!("declared no more; {why}"), Situation::Report);
                }
            };
        };
        if spec.removal == Removal::Keep {
            return;
        }
        if self.input.is_untouchable(address) {
            return push(DriftClass::Removed, "declared no more, but the account is protected", Situation::Report);
        }
        if let Removal::Swept(how) | Removal::ByHand(how) = spec.removal {
            return push(DriftClass::Removed, &format!("declared no more: {how}"), Situation::Report);
        }
        if live.is_on(spec) == Some(false) {
            match recorded.state {
                ObjectState::Active => {
                    push(DriftClass::Removed, "declared no more, and switched off already", Situation::Undeclared);
                }
                ObjectState::Disabled(since)
                    if spec.after_retention && self.input.is_retention_over(address, since) =>
                {
                    let why = format!("declared no more, and off since {}: its retention is over", since.format("%F"));
                    match self.input.observed.absence(&live.address, spec) {
                        Absence::Proven => push(DriftClass::Removed, &why, Situation::Expired),
                        Absence::Unproven(unread) => {
                            push(DriftClass::Removed, &format!("{why}; but {unread}"), Situation::Report);
                        }
                    }
                }
                ObjectState::Disabled(_) | ObjectState::Retained(_) => {}
            }
            return;
        }
        let leaver = spec.class.is_of_person() && self.is_leaver(address);
        if leaver {
            // Blocking the account is the offboarding; what hangs on it stays, so that returning restores it.
            return;
        }
        if let Absence::Unproven(why) = self.input.observed.absence(&live.address, spec) {
            return push(DriftClass::Removed, &format!("declared no more; {why}"), Situation::Report);
        }
        match recorded.state {
            ObjectState::Disabled(_) => push(
                DriftClass::Drifted,
                "it was switched on again at the service, and nobody declares it",
                Situation::Undeclared,
            ),
            _ => push(DriftClass::Removed, "declared no more", Situation::Undeclared),
        }
    }

    /// Why an object of ours must stand although no declaration wants it.
    fn held(&self, address: &Address, spec: &KindSpec, recorded: &Recorded) -> Option<String> {
        let quarantine = self.input.quarantine;
        if quarantine.is_empty() {
            return None;
        }
        let mut ends = vec![(recorded.owner.clone(), Some(recorded.file.as_str()))];
        if spec.class == KindClass::Membership {
            ends.extend(self.ends(address).map(|end| (end.owner.clone(), Some(end.file.as_str()))));
        }
        for (owner, file) in ends {
            let Ok(entity) = owner.0.parse::<EntityRef>() else { continue };
            if quarantine.holds(&entity, file) {
                return Some(format!("it stands, because the declaration of '{entity}' cannot be read"));
            }
            if quarantine.holds_removal(&entity, file, |file| self.files.contains(file)) {
                return Some(format!("it stands, because a file beside that of '{entity}' cannot be read"));
            }
            if spec.class == KindClass::Membership && quarantine.memberships.contains(&entity) {
                return Some(format!("it stands, because the list of members of '{entity}' cannot be read whole"));
            }
            if spec.class == KindClass::Person && quarantine.placement_open && self.is_declared_elsewhere(&owner) {
                return Some("it stands, because a group that may place it here cannot be read".to_owned());
            }
        }
        None
    }

    /// The person and the container of an edge, as far as the ledger knows them.
    fn ends(&self, address: &Address) -> impl Iterator<Item = &'a Recorded> {
        let containers = [KindClass::Organisation, KindClass::Team, KindClass::Channel]
            .into_iter()
            .flat_map(|class| self.input.kinds.of_class(&address.instance, class))
            .filter_map(|kind| Some(Address::new(&address.instance, kind.name, address.parent_key()?)));
        let ends: Vec<Address> = self.person_of(address).into_iter().chain(containers).collect();
        ends.into_iter().filter_map(|end| self.table.row(&end)?.recorded)
    }

    /// The account of an edge's person in the same installation.
    fn person_of(&self, edge: &Address) -> Option<Address> {
        let kind = self.input.kinds.of_class(&edge.instance, KindClass::Person).next()?;
        Some(Address::new(&edge.instance, kind.name, edge.leaf()))
    }

    /// Whether the edge's person is ours and wanted here no more.
    fn is_leaver(&self, edge: &Address) -> bool {
        let person = self.person_of(edge).and_then(|person| self.table.row(&person));
        person.is_some_and(|person| person.recorded.is_some() && person.desired.is_none())
    }

    /// Whether a live account was found to be that of a declaration with another name, and keeps the name it has.
    fn has_another_name(&self, person: &Address) -> bool {
        self.work.is_taken(person) && !self.table.is_declared(person)
    }

    fn is_declared_elsewhere(&self, owner: &Owner) -> bool {
        self.input.desired.iter().any(|desired| desired.owner == *owner)
    }

    /// A live object that nobody declared and that was never ours.
    fn nobodys(&self, changes: &mut ChangeSet<'a>, address: &Address, live: &'a Live) {
        let Some(spec) = self.input.kinds.spec(address) else { return };
        if self.input.own_accounts.contains(address) {
            return;
        }
        if spec.class != KindClass::Membership {
            let stray = spec.that_tell(Tells::Stray).find_map(|field| live.text(field.name));
            if let Some(why) = stray {
                let why = format!("nobody declared it, and {why}");
                return self.push(
                    changes,
                    address.clone(),
                    DriftClass::Unowned,
                    &why,
                    Situation::Report,
                    Some(live),
                    None,
                );
            }
            let worth_a_word = spec.class == KindClass::Person || spec.class.is_group();
            // What is switched off opens nothing to anybody.
            if worth_a_word && live.is_on(spec) != Some(false) {
                let why = "it exists, and nobody declared it";
                self.push(changes, address.clone(), DriftClass::Unowned, why, Situation::Report, Some(live), None);
            }
            return;
        }
        // A leaver's edges stay; under a parent that was renamed meanwhile they are not known by their new names.
        if self.person_of(address).is_some_and(|person| self.input.is_untouchable(&person)) || self.is_leaver(address) {
            return;
        }
        if self.person_of(address).is_some_and(|person| self.has_another_name(&person)) {
            let why = "their account has another name than its declaration, so whether they belong here is open";
            self.push(changes, address.clone(), DriftClass::Unowned, why, Situation::Report, Some(live), None);
            return;
        }
        let parent = address.parent_key().map(|parent| Address { key: parent.into(), ..address.clone() });
        let set = parent.and_then(|parent| self.sets.get(&parent).copied());
        let mut push = |class, why: &str, situation| {
            self.push(changes, address.clone(), class, why, situation, Some(live), None);
        };
        match set {
            None => {}
            Some(set) if self.is_open(set) => push(
                DriftClass::Unowned,
                "nobody declared it, but the list of members cannot be read whole",
                Situation::Report,
            ),
            Some(set) if set.mode == MembershipMode::Authoritative && self.input.recorded.is_some() => {
                match self.input.observed.absence(&live.address, spec) {
                    Absence::Proven => push(
                        DriftClass::Drifted,
                        "somebody was added at the service whom nobody declared",
                        Situation::Foreign,
                    ),
                    // Nothing is taken away by a list that was not read whole, not even what is seen in it.
                    Absence::Unproven(why) => {
                        push(DriftClass::Unowned, &format!("nobody declared it, but {why}"), Situation::Report);
                    }
                }
            }
            Some(_) => push(DriftClass::Unowned, "it exists, and nobody declared it", Situation::Report),
        }
    }

    fn is_open(&self, set: &MembershipSet) -> bool {
        set.owner.0.parse::<EntityRef>().is_ok_and(|entity| {
            self.input.quarantine.entities.contains(&entity) || self.input.quarantine.memberships.contains(&entity)
        }) || !self.input.quarantine.paths.is_empty()
    }

    #[expect(clippy::too_many_arguments, reason = "one row of the result, written once")]
    fn push(
        &self,
        changes: &mut ChangeSet<'a>,
        address: Address,
        class: DriftClass,
        why: &str,
        situation: Situation,
        live: Option<&'a Live>,
        recorded: Option<&'a Recorded>,
    ) {
        let Some(spec) = self.input.kinds.spec(&address) else { return };
        changes.compared.push(Compared {
            change: Change {
                class,
                about: spec.class,
                owner: recorded.map(|recorded| recorded.owner.clone()),
                origin: None,
                external_id: live
                    .and_then(|live| live.external_id.clone())
                    .or_else(|| recorded.and_then(|recorded| recorded.external_id.clone())),
                fields: Vec::new(),
                mode: self.input.mode_of(&address),
                extent: Extent::Full,
                why: why.to_owned(),
                left: self.input.ignored(&address, None).map(|reason| format!("ignored: {reason}")),
                shadow: live.filter(|_| class == DriftClass::Unowned).and_then(|live| Shadow::of(spec, live)),
                cause: None,
                address,
            },
            spec,
            desired: None,
            live,
            recorded,
            situation,
        });
    }
}

fn files<'a>(input: &DiffInput<'a>) -> BTreeSet<&'a str> {
    // Asked for only where some file cannot be read.
    let recorded = input.recorded.filter(|_| !input.quarantine.is_empty());
    recorded.into_iter().flatten().map(|it| it.file.as_str()).collect()
}
