//! What probing finds: whether our application may do anything, and what of the set-up the platform relies on.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::api::wire::{Application, Keys, SignInExperience};
use super::kinds;
use super::reader::Parts;
use super::tokens::{GRANT, NO_SCOPE, SCOPE};
use crate::engine::model::{Address, Capabilities, Failure, FailureClass};
use crate::provider::contract::{Finding, Held, Probe, Right};

/// The algorithm that tokens are signed with.
pub const SIGNED_BY: &str = "tokens_signed_by";

/// The releases that Formulary was tried on, by their first two numbers.
const TRIED: &str = "1.42";

/// Looks at the installation.
///
/// # Errors
/// When it cannot be reached, or our credentials are refused.
pub async fn probe(parts: &Parts) -> Result<Probe, Failure> {
    let reads = &parts.reads;
    // The first call: it fails when the address or the credentials are wrong. That our application has no role is only a
    // missing right, and the only one that there is.
    let applications = match reads.applications().await {
        Ok(applications) => applications,
        Err(failure) if lacks_the_right(&failure) => {
            return Ok(Probe { rights: vec![right(Held::No)], ..Probe::default() });
        }
        Err(failure) => return Err(failure),
    };
    let (experience, keys, takes_anybody) =
        futures::join!(reads.sign_in_experience(), reads.keys(), reads.takes_anybody());
    let own = parts.connection.required("client_id").await?.expose_secret().to_owned();
    let called = parts.view.called(applications.values());
    let ours = called.iter().find(|it| it.thing.id == own);
    let instance = &parts.connection.instance;
    let mut capabilities = Capabilities {
        version: parts.options.version.clone(),
        facts: BTreeMap::new(),
        own_accounts: ours.map(|it| Address::new(instance, kinds::APPLICATION, &it.key)).into_iter().collect(),
    };
    let algorithm = keys.as_ref().ok().and_then(algorithm);
    if let Some(algorithm) = algorithm {
        capabilities.facts.insert(SIGNED_BY.to_owned(), algorithm.into());
    }
    let mut findings = vec![release(parts.options.version.as_deref(), experience.as_ref().ok(), applications.values())];
    findings.extend([experience.as_ref().err(), keys.as_ref().err()].into_iter().flatten().map(told));
    findings.extend(match takes_anybody {
        Ok(takes) => anybody(takes),
        Err(failure) => Some(told(&failure)),
    });
    findings.extend(experience.as_ref().ok().into_iter().flat_map(sign_in));
    findings.extend(algorithm.map(signed_by));
    if ours.is_none() {
        findings.push(Finding {
            ok: false,
            what: "our own application is not among the applications".to_owned(),
            help:
                "'credentials.client_id' names an application of another tenant, or it was deleted and its token still \
                   works"
                    .to_owned(),
        });
    }
    Ok(Probe { capabilities, rights: vec![right(Held::Yes)], findings })
}

/// Whether a failure says that our application has no role.
fn lacks_the_right(failure: &Failure) -> bool {
    failure.class == FailureClass::MissingRights
        && (failure.said == NO_SCOPE || failure.said.starts_with("auth.forbidden"))
}

fn right(held: Held) -> Right {
    Right {
        name: format!("{SCOPE} (Logto Management API)"),
        needed_for: "everything: Logto knows no smaller right, so that a reading half has it too".to_owned(),
        held,
        grant: GRANT.to_owned(),
    }
}

fn told(failure: &Failure) -> Finding {
    Finding { ok: false, what: failure.to_string(), help: failure.help.clone() }
}

/// The release, as far as it can be told: Logto tells none, but some things came with one.
fn release<'a>(
    said: Option<&str>,
    experience: Option<&SignInExperience>,
    mut applications: impl Iterator<Item = &'a Application>,
) -> Finding {
    let shows_secrets = applications.any(|it| it.shows_secret);
    let seen = match experience {
        Some(it) if it.username_policy.is_none() => Some("before 1.41, by what it shows"),
        Some(_) if shows_secrets => Some("before 1.42, by what it shows"),
        _ => None,
    };
    match (said, seen) {
        (Some(version), None) if version.starts_with(TRIED) => {
            Finding { ok: true, what: format!("release {version}"), help: String::new() }
        }
        (Some(version), Some(seen)) if version.starts_with(TRIED) => Finding {
            ok: false,
            what: format!("the option 'version' says {version}, and Logto is from {seen}"),
            help: "correct the option, or upgrade".to_owned(),
        },
        (Some(version), _) => Finding {
            ok: true,
            what: format!("release {version}; Formulary was tried on {TRIED}"),
            help: "try it on a tenant of its own first".to_owned(),
        },
        (None, Some(seen)) => Finding {
            ok: true,
            what: format!("a release from {seen}; Formulary was tried on {TRIED}"),
            help: "upgrade, or try it on a tenant of its own first".to_owned(),
        },
        (None, None) => Finding {
            ok: true,
            what: format!("Logto does not tell its release; what it shows is that of {TRIED} or later"),
            help: "say it in the option 'version'".to_owned(),
        },
    }
}

fn anybody(takes: bool) -> Option<Finding> {
    takes.then(|| Finding {
        ok: false,
        what: "this Logto lets anybody do everything: it takes the header 'development-user-id' for a token".to_owned(),
        help: "run it with NODE_ENV=production and without INTEGRATION_TEST".to_owned(),
    })
}

fn sign_in(experience: &SignInExperience) -> Vec<Finding> {
    let sign_up = &experience.sign_up;
    let second = |it: &serde_json::Value| it.get("identifier").and_then(|it| it.as_str()) == Some("email");
    let asks = sign_up.identifiers.iter().any(|it| it == "email") || sign_up.secondary_identifiers.iter().any(second);
    let open = experience.sign_in_mode != "SignIn";
    let by_address = experience.sign_in.methods.iter().any(|it| it.identifier == "email");
    let mut findings = Vec::new();
    if open && !asks {
        findings.push(Finding {
            ok: false,
            what: "whoever signs up is not asked for an address, so that nobody can tell who they are".to_owned(),
            help: "set up a mail connector, then ask for an e-mail address in the sign-up experience; or let nobody sign up \
                   ('signInMode': 'SignIn')"
                .to_owned(),
        });
    }
    if !by_address {
        findings.push(Finding {
            ok: true,
            what: "nobody signs in by an address: people whom Formulary makes have a username and no password yet".to_owned(),
            help: "let people sign in by a code sent to their address (a mail connector is needed), or by another identity \
                   provider"
                .to_owned(),
        });
    }
    findings
}

fn algorithm(keys: &Keys) -> Option<&str> {
    keys.keys.first()?.alg.as_deref()
}

/// What clients of the platform need to know of the signatures.
fn signed_by(algorithm: &str) -> Finding {
    if algorithm == "RS256" {
        return Finding {
            ok: true,
            what: "tokens are signed by RS256, which every client reads".to_owned(),
            help: String::new(),
        };
    }
    Finding {
        ok: true,
        what: format!("tokens are signed by {algorithm}, which not every client reads"),
        help: format!(
            "Backstage needs 'tokenSignedResponseAlg: {algorithm}', Twenty a release of 2026; or change to RSA once, before \
             anybody signed in: POST /api/configs/oidc/private-keys/rotate with 'signingKeyAlgorithm': 'RSA'"
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::provider::recorded::exchanges;

    #[test]
    fn a_new_server_is_read_from_its_recordings() {
        for exchange in exchanges("logto", "settings") {
            if exchange.path != "/api/sign-in-exp" || exchange.status != 200 {
                continue;
            }
            let experience = SignInExperience::deserialize(&exchange.answer).unwrap();
            let told: Vec<bool> = sign_in(&experience).iter().map(|finding| finding.ok).collect();
            let open = experience.sign_in_mode != "SignIn";
            assert_eq!(told.first(), Some(&!open), "{}", exchange.label);
            assert!(release(None, Some(&experience), [].into_iter()).what.contains("1.42 or later"));
            return;
        }
    }

    #[test]
    fn a_server_that_takes_anybody_is_not_well() {
        assert!(!anybody(true).unwrap().ok);
        assert_eq!(anybody(false), None);
        assert!(signed_by("ES384").help.contains("tokenSignedResponseAlg: ES384"));
    }
}
