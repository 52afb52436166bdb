//! What probing finds: the realm, our rights one by one, and what of its set-up we rely on.

use std::collections::{BTreeMap, BTreeSet};

use super::api::wire::{Profile, Realm};
use super::kinds;
use super::reader::Parts;
use crate::engine::model::{Address, Capabilities, Failure, FailureClass, Value};
use crate::provider::contract::{Finding, Held, Probe, Right};

/// Whether the realm has organisations switched on.
pub const ORGANIZATIONS: &str = "organizations";
/// Whether the user profile declares the attribute of our mark.
pub const MARK_DECLARED: &str = "mark_declared";
/// Attributes that the user profile declares beyond the four that every one has.
pub const PROFILE_ATTRIBUTES: &str = "profile_attributes";
/// Whether the realm makes the address the username.
pub const EMAIL_AS_USERNAME: &str = "email_as_username";
/// Whether the realm can send mail.
pub const MAIL: &str = "mail";

/// The releases that Formulary was tried on, by their first two numbers.
const TRIED: [&str; 2] = ["26.3", "26.7"];

/// Looks at the installation.
///
/// # Errors
/// When it cannot be reached, or our credentials are refused.
pub async fn probe(parts: &Parts) -> Result<Probe, Failure> {
    let reads = &parts.reads;
    let client_id = parts.client_id().await?;
    // The first call: it fails when the address, the realm or the credentials are wrong. A refusal of the settings
    // themselves is only a missing right.
    let realm = match reads.realm_settings().await {
        Ok(realm) => realm,
        Err(failure) if failure.class == FailureClass::MissingRights && failure.said.contains("403") => {
            Realm::default()
        }
        Err(failure) => return Err(failure),
    };
    let told = reads.version().await.unwrap_or_default();
    let people = parts.sees_people().await;
    let own_client = parts.own_client().await;
    let organizations = reads.organizations_count().await;
    let roles = parts.roles().await;
    let profile = parts.profile().await;
    let held = parts.tokens.kept().await.flatten();

    let mut capabilities = Capabilities {
        version: told.or_else(|| parts.options.version.clone()),
        facts: facts(parts, &realm, profile.as_ref().ok(), organizations.as_ref().ok().copied().flatten().is_some()),
        own_accounts: vec![Address::new(&parts.connection.instance, kinds::CLIENT, &client_id)],
    };
    if let Err(failure) = &organizations
        && failure.class == FailureClass::MissingRights
    {
        capabilities.facts.remove(ORGANIZATIONS);
    }
    let seen = Seen {
        people: people.is_ok(),
        clients: own_client.is_ok(),
        organizations: organizations.is_ok(),
        realm: roles.is_ok(),
    };
    let rights =
        NEEDED.iter().map(|needed| needed.right(&parts.options.realm, &client_id, held.as_ref(), seen)).collect();
    let mut findings = vec![version_finding(capabilities.version.as_deref())];
    findings.extend([people.err(), own_client.err(), roles.err()].into_iter().flatten().map(|failure| Finding {
        ok: false,
        what: failure.to_string(),
        help: failure.help,
    }));
    findings.extend(set_up(parts, &realm, profile, &capabilities));
    Ok(Probe { capabilities, rights, findings })
}

fn facts(parts: &Parts, realm: &Realm, profile: Option<&Profile>, organizations: bool) -> BTreeMap<String, Value> {
    let mut facts = BTreeMap::from([(ORGANIZATIONS.to_owned(), organizations.into())]);
    if let Some(profile) = profile {
        let declared: BTreeSet<&str> = profile.attributes.iter().map(|it| it.name.as_str()).collect();
        facts.insert(MARK_DECLARED.to_owned(), declared.contains(parts.options.mark_attribute.as_str()).into());
        let ours = declared.into_iter().filter(|name| !super::names::is_built_in_attribute(name));
        facts.insert(PROFILE_ATTRIBUTES.to_owned(), Value::set(ours));
    }
    if let Some(email_as_username) = realm.registration_email_as_username {
        facts.insert(EMAIL_AS_USERNAME.to_owned(), email_as_username.into());
    }
    if let Some(mail) = &realm.smtp_server {
        facts.insert(MAIL.to_owned(), mail.contains_key("host").into());
    }
    facts
}

/// What reading showed us, where the token does not tell our roles.
#[derive(Clone, Copy)]
struct Seen {
    people: bool,
    clients: bool,
    organizations: bool,
    realm: bool,
}

/// A role of `realm-management` that we need.
struct Needed {
    role: &'static str,
    needed_for: &'static str,
    /// A role that does as well.
    or: Option<&'static str>,
    /// What reading says when the token says nothing.
    shown: fn(Seen) -> Held,
}

const NEEDED: [Needed; 5] = [
    Needed {
        role: "manage-users",
        needed_for: "people, groups and memberships",
        or: None,
        shown: |seen| if seen.people { Held::Unproven } else { Held::No },
    },
    Needed {
        role: "manage-clients",
        needed_for: "clients, client scopes and mappers",
        or: None,
        shown: |seen| if seen.clients { Held::Unproven } else { Held::No },
    },
    Needed {
        role: "view-realm",
        needed_for: "the realm's roles and settings",
        or: Some("manage-realm"),
        shown: |seen| if seen.realm { Held::Yes } else { Held::No },
    },
    Needed {
        role: "manage-organizations",
        needed_for: "organisations and their members; 'manage-realm' before 26.7; only if organisations are declared",
        or: Some("manage-realm"),
        shown: |seen| if seen.organizations { Held::Unproven } else { Held::No },
    },
    Needed {
        role: "manage-realm",
        needed_for: "declaring profile attributes and making roles; may be taken away again afterwards",
        or: None,
        shown: |_| Held::Unproven,
    },
];

impl Needed {
    fn right(&self, realm: &str, client: &str, held: Option<&BTreeSet<String>>, seen: Seen) -> Right {
        let has = |roles: &BTreeSet<String>| roles.contains(self.role) || self.or.is_some_and(|it| roles.contains(it));
        Right {
            name: self.role.to_owned(),
            needed_for: self.needed_for.to_owned(),
            held: match held {
                Some(roles) if has(roles) => Held::Yes,
                Some(_) => Held::No,
                None => (self.shown)(seen),
            },
            grant: format!(
                "kcadm.sh add-roles -r {realm} --uusername service-account-{client} --cclientid realm-management \
                 --rolename {} (or: Clients, '{client}', Service accounts roles, Assign role)",
                self.role
            ),
        }
    }
}

fn version_finding(version: Option<&str>) -> Finding {
    let tried = TRIED.join(" and ");
    match version {
        Some(version) if TRIED.iter().any(|it| version.starts_with(it)) => {
            Finding { ok: true, what: format!("release {version}"), help: String::new() }
        }
        Some(version) => Finding {
            ok: true,
            what: format!("release {version}; Formulary was tried on {tried}"),
            help: "try it on a realm of its own first".to_owned(),
        },
        None => Finding {
            ok: true,
            what: "Keycloak does not tell its release to a client of a realm".to_owned(),
            help: "say it in the option 'version'".to_owned(),
        },
    }
}

fn set_up(
    parts: &Parts,
    realm: &Realm,
    profile: Result<Profile, Failure>,
    capabilities: &Capabilities,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let fact = |name: &str| capabilities.facts.get(name).and_then(Value::as_bool);
    let mark = &parts.options.mark_attribute;
    match (profile, fact(MARK_DECLARED)) {
        (Err(failure), _) => {
            findings.push(Finding { ok: false, what: failure.to_string(), help: failure.help });
        }
        (_, Some(true)) => findings.push(Finding {
            ok: true,
            what: format!("the user profile declares '{mark}': people carry our mark"),
            help: String::new(),
        }),
        _ => findings.push(Finding {
            ok: true,
            what: format!("the user profile does not declare '{mark}': people carry no mark of ours"),
            help: format!(
                "optional: add '{{name: {mark}}}' to 'options.profile_attributes', or declare it in the realm's settings \
                 (visible to and editable by administrators only); without it a lost ledger means adopting by address"
            ),
        }),
    }
    let organizations = fact(ORGANIZATIONS);
    findings.push(Finding {
        ok: true,
        what: match organizations {
            Some(true) => "organisations are switched on".to_owned(),
            Some(false) => "organisations are switched off; groups are used".to_owned(),
            None => "organisations cannot be seen with our rights".to_owned(),
        },
        help: String::new(),
    });
    if realm.registration_email_as_username == Some(true) {
        findings.push(Finding {
            ok: false,
            what: "the realm makes the e-mail address the username, whatever is declared".to_owned(),
            help: "switch 'Email as username' off in the realm's login settings".to_owned(),
        });
    }
    if realm.duplicate_emails_allowed == Some(true) {
        findings.push(Finding {
            ok: false,
            what: "the realm lets two people have one address, so an address proves nobody's identity".to_owned(),
            help: "switch 'Duplicate emails' off in the realm's login settings".to_owned(),
        });
    }
    if parts.options.first_sign_in == super::options::FirstSignIn::Invitation && fact(MAIL) == Some(false) {
        findings.push(Finding {
            ok: true,
            what: "the realm has no mail server: invitations wait at the first sign-in instead".to_owned(),
            help: "set one up in the realm's e-mail settings, or choose another 'first_sign_in'".to_owned(),
        });
    }
    findings
}
