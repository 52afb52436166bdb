//! Teams, channels, and who is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Lowering, Most, Names, owner};
use crate::engine::diag::codes::{NAME_TAKEN, NOT_POSSIBLE_THERE, VALUE_REFUSED};
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::{Entity, Members, MembersMode, Organisation};
use crate::engine::model::{Desired, EntityRef, MembershipMode, MembershipSet};
use crate::provider::mattermost::{kinds, names};

/// A channel as a document asks for it.
struct Asked {
    name: String,
    private: Option<bool>,
}

/// A group that asks for channels.
struct Group<'a> {
    entity: &'a Entity,
    display_name: Option<&'a Spanned<String>>,
    members: &'a Members,
    people: &'a BTreeMap<EntityRef, Span>,
    /// The organisation whose team the channels lie in.
    organisation: &'a EntityRef,
    /// Whether it is the organisation itself.
    is_whole: bool,
}

impl Lowering<'_> {
    /// A team for each organisation, with everybody of it.
    pub(super) fn teams(&mut self) {
        let catalogue = self.input.catalogue;
        for (reference, organisation) in &catalogue.organisations {
            let entity = &organisation.entity;
            if !self.input.placed.organisations.contains(reference.name()) {
                continue;
            }
            let names = Names::of(entity);
            if let Err(why) = names::team(&names.now) {
                let span = entity.name.span.clone();
                self.refuse_name(entity, "team", &names.now, &why, &span);
                continue;
            }
            let desired = self.team(organisation, &names);
            self.out.desired.push(desired);
            let people = &organisation.members.people;
            let seated = self.seated(entity, &names, people);
            let mode = mode(&organisation.members, MembershipMode::Additive);
            self.edges(kinds::TEAM_MEMBER, kinds::TEAM, entity, &names, mode, people, &seated);
            self.teams.insert(reference.clone(), (names, seated));
        }
    }

    fn team(&mut self, organisation: &Organisation, names: &Names) -> Desired {
        let entity = &organisation.entity;
        let mut desired = self.desired(kinds::TEAM, names, entity).field("archived", false, None);
        let shown = organisation.display_name.as_ref().or(entity.title.as_ref());
        desired = self.text(desired, "display_name", shown, Most::Characters(names::DISPLAY_LENGTH));
        let about = entity.description.as_ref();
        desired = self.text(desired, "description", about, Most::Bytes(names::DESCRIPTION_BYTES));
        match (entity.option("mattermost-open"), self.options.open_teams) {
            (Some(said), _) => desired.field("open", said.value.trim() == "true", Some(Arc::new(said.span.clone()))),
            (None, Some(open)) => desired.field("open", open, None),
            (None, None) => desired,
        }
    }

    /// Those of some people who have an account there, and room in the team.
    fn seated(&mut self, entity: &Entity, team: &Names, people: &BTreeMap<EntityRef, Span>) -> BTreeSet<EntityRef> {
        let here: BTreeMap<String, EntityRef> =
            people.keys().filter_map(|person| Some((self.people.get(person)?.now.clone(), person.clone()))).collect();
        let known = |name: &str| here.get(name).and_then(|person| self.people.get(person)).map(Names::all);
        let wanted: Vec<(&str, Vec<&str>)> =
            here.keys().map(|name| (name.as_str(), known(name).unwrap_or_default())).collect();
        let over = self.limits.team(&team.all(), wanted);
        if let Some(over) = &over {
            let message = format!("the team '{}' takes {} accounts, and {} are in it", team.now, over.most, over.taken);
            let help = "raise TeamSettings.MaxUsersPerTeam at the server; bots and our own account count too";
            let problem = Diagnostic::error(NOT_POSSIBLE_THERE, message).at(entity.name.span.clone()).help(help);
            self.no_room(over, &here, problem);
        }
        let has_room = |name: &String| over.as_ref().is_none_or(|over| !over.names.contains(name));
        here.iter().filter(|(name, _)| has_room(name)).map(|(_, person)| person.clone()).collect()
    }

    /// The channels that organisations and teams ask for.
    pub(super) fn channels(&mut self) {
        let catalogue = self.input.catalogue;
        for (reference, organisation) in &catalogue.organisations {
            self.channels_of(&Group {
                entity: &organisation.entity,
                display_name: organisation.display_name.as_ref(),
                members: &organisation.members,
                people: &organisation.members.people,
                organisation: reference,
                is_whole: true,
            });
        }
        for (reference, team) in &catalogue.teams {
            if !self.input.placed.teams.contains(reference.name()) {
                continue;
            }
            self.channels_of(&Group {
                entity: &team.entity,
                display_name: team.display_name.as_ref(),
                members: &team.members,
                people: &team.members.people,
                organisation: &team.organisation,
                is_whole: false,
            });
        }
    }

    fn channels_of(&mut self, group: &Group<'_>) {
        let Some(asked) = group.entity.option("mattermost-channels") else { return };
        let Some((team, seated)) = self.teams.get(group.organisation).cloned() else { return };
        for channel in asked.value.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            match parsed(channel) {
                Ok(channel) => self.channel(group, &team, &seated, &channel, &asked.span),
                Err(why) => {
                    let message = format!("the channel '{channel}' cannot be read: {why}");
                    let help = "write names separated by commas, each with ':private' or ':public' if it matters";
                    let diagnostic = Diagnostic::error(VALUE_REFUSED, message).at(asked.span.clone()).help(help);
                    self.hold(group.entity, diagnostic);
                }
            }
        }
    }

    fn channel(&mut self, group: &Group<'_>, team: &Names, seated: &BTreeSet<EntityRef>, asked: &Asked, span: &Span) {
        let entity = group.entity;
        if let Err(why) = names::channel(&asked.name) {
            return self.refuse_name(entity, "channel", &asked.name, &why, span);
        }
        let names = team.join(&Names { now: asked.name.clone(), before: Vec::new() });
        if let Some(first) = self.channels.insert(names.now.clone(), span.clone()) {
            let diagnostic = Diagnostic::error(NAME_TAKEN, format!("there would be two channels '{}'", names.now))
                .at(span.clone())
                .related(first.clone(), "this one has the name first")
                .help("one group declares a channel; give one of the two another name");
            self.channels.insert(names.now, first);
            return self.hold(entity, diagnostic);
        }
        let private = asked.private.unwrap_or(self.options.private_channels);
        let said = Some(Arc::new(span.clone()));
        let mut desired = self
            .desired(kinds::CHANNEL, &names, entity)
            .needs(self.address(kinds::TEAM, &team.now))
            .field("archived", false, None)
            .field("private", private, said);
        if asked.name == entity.reference.name() {
            let shown = group.display_name.or(entity.title.as_ref());
            desired = self.text(desired, "display_name", shown, Most::Characters(names::DISPLAY_LENGTH));
        }
        let purpose = entity.option("mattermost-purpose");
        desired = self.text(desired, "purpose", purpose, Most::Characters(names::PURPOSE_LENGTH));
        let header = entity.option("mattermost-header");
        desired = self.text(desired, "header", header, Most::Characters(names::HEADER_LENGTH));
        self.out.desired.push(desired);
        // Into a public channel anybody of the team may walk, so what is there is not ours alone unless somebody says so.
        let default = if private && !group.is_whole { MembershipMode::Authoritative } else { MembershipMode::Additive };
        let mode = mode(group.members, default);
        self.edges(kinds::CHANNEL_MEMBER, kinds::CHANNEL, entity, &names, mode, group.people, seated);
    }

    /// The people of a team or of a channel. Nobody is in a channel who is not in its team.
    #[expect(clippy::too_many_arguments, reason = "one set of edges, written once")]
    fn edges(
        &mut self,
        kind: &str,
        container: &str,
        group: &Entity,
        names: &Names,
        mode: MembershipMode,
        people: &BTreeMap<EntityRef, Span>,
        seated: &BTreeSet<EntityRef>,
    ) {
        // Of somebody who is held back it is not known what they should be in: nobody is taken out of the set then.
        let is_open = people.keys().any(|person| self.out.held.contains(person));
        let mode = if is_open { MembershipMode::Additive } else { mode };
        for (person, span) in people.iter().filter(|(person, _)| seated.contains(*person)) {
            let user = self.people[person].clone();
            let edge = names.join(&user);
            let mut desired = Desired::new(self.address(kind, &edge.now), owner(group), Arc::new(span.clone()))
                .needs(self.address(container, &names.now))
                .needs(self.address(kinds::USER, &user.now));
            if let (kinds::CHANNEL_MEMBER, Some((team, _))) = (kind, names.now.split_once('/')) {
                desired = desired.needs(self.address(kinds::TEAM_MEMBER, &format!("{team}/{}", user.now)));
            }
            let person = &self.input.catalogue.people[person].entity;
            desired.extent = group.extent_in(self.input.instance).max(person.extent_in(self.input.instance));
            desired.previously = edge.before;
            self.out.desired.push(desired);
        }
        let edges = self.address(kind, &names.now);
        let origin = Arc::new(group.span.clone());
        self.out.sets.push(MembershipSet { edges, mode, owner: owner(group), origin });
    }
}

/// One word of the list: a name, and whether the channel is private.
fn parsed(text: &str) -> Result<Asked, &'static str> {
    let (name, private) = match text.split_once(':') {
        None => (text, None),
        Some((name, kind)) => match kind.trim() {
            "private" => (name, Some(true)),
            "public" => (name, Some(false)),
            _ => return Err("a channel is 'private' or 'public'"),
        },
    };
    Ok(Asked { name: name.trim().to_owned(), private })
}

fn mode(members: &Members, default: MembershipMode) -> MembershipMode {
    match members.mode.as_ref().map(|mode| mode.value) {
        Some(MembersMode::Authoritative) => MembershipMode::Authoritative,
        Some(MembersMode::Additive) => MembershipMode::Additive,
        None => default,
    }
}
