//! Effective access for people: what an account has, who has a thing, and who gains or loses what.

use super::{Page, Tone};
use crate::engine::access::change::AccessChange;
use crate::engine::access::{Holding, Standing};
use crate::engine::model::Address;

/// What is to be known by whoever reads any of this.
pub const COUNTED: &str = "counted is what Formulary reads: memberships, what teams have a right on, workspaces. Rights that \
                           were given at a service by other ways (collaborators, roles) and what is public are not in it";

/// Accounts of which a change is shown before the rest is only counted.
const SHOWN: usize = 20;

/// What an account has.
pub fn account(page: &mut Page, account: &Address, standing: Standing, holdings: &[Holding]) {
    page.gap();
    let (tone, word) = match standing {
        Standing::On => (Tone::Good, "may sign in"),
        Standing::Off => (Tone::Bad, "switched off: what it is in gives nothing"),
        Standing::Absent => (Tone::Wait, "not there"),
    };
    page.pieces(0, &[(Tone::Strong, &account.to_string()), (tone, word)]);
    for holding in holdings {
        match of_itself(account, holding) {
            // That is what the heading says.
            Some(_) if holding.level.is_none() => {}
            Some(words) => page.line(2, Tone::Bad, &words),
            None => line(page, 2, Tone::Plain, "", holding),
        }
    }
}

/// Who has a thing: each account with how far and through what.
pub fn thing(page: &mut Page, thing: &Address, holders: &[(Address, Holding)]) {
    page.gap();
    let count = match holders {
        [] => "nobody".to_owned(),
        [_] => "1 account".to_owned(),
        many => format!("{} accounts", many.len()),
    };
    page.pieces(0, &[(Tone::Strong, &thing.to_string()), (Tone::Plain, &count)]);
    for (account, holding) in holders {
        let shown = Holding { on: account.clone(), ..holding.clone() };
        line(page, 2, Tone::Plain, "", &shown);
    }
}

/// Who gains or loses what.
pub fn changes(page: &mut Page, title: &str, changes: &[AccessChange]) {
    page.gap();
    if changes.is_empty() {
        page.pieces(0, &[(Tone::Strong, title), (Tone::Plain, "nobody gains or loses anything")]);
        return;
    }
    page.line(0, Tone::Strong, title);
    let shown = if page.look().verbose { changes.len() } else { SHOWN };
    for change in changes.iter().take(shown) {
        page.line(2, Tone::Strong, &change.account.to_string());
        let signed = change.gains.iter().map(|it| (Tone::Good, "+ ", it));
        let mut told: Vec<_> = signed.chain(change.loses.iter().map(|it| (Tone::Bad, "- ", it))).collect();
        // Whether it may sign in stands above what it has then.
        told.sort_by_key(|(_, _, holding)| holding.on != change.account);
        for (tone, sign, holding) in told {
            match of_itself(&change.account, holding) {
                Some(words) => page.line(4, tone, &format!("{sign}{words}")),
                None => line(page, 4, tone, sign, holding),
            }
        }
    }
    if changes.len() > shown {
        page.line(2, Tone::Faint, &format!("and {} more accounts (-v shows all)", changes.len() - shown));
    }
}

/// What an account has that is not something else, in words.
fn of_itself(account: &Address, holding: &Holding) -> Option<String> {
    let words = || match &holding.level {
        None => "may sign in".to_owned(),
        Some(level) => format!("{level} of the whole installation"),
    };
    (holding.on == *account).then(words)
}

/// `repository/acme/web  write  through team/acme/platform`.
fn line(page: &mut Page, indent: usize, tone: Tone, sign: &str, holding: &Holding) {
    let what = format!("{sign}{}", within(&holding.on));
    let level = holding.level.clone().unwrap_or_default();
    let way: Vec<String> = holding.through.iter().map(within).collect();
    let through = if way.is_empty() { String::new() } else { format!("through {}", way.join(", ")) };
    page.pieces(indent, &[(tone, &what), (Tone::Change, &level), (Tone::Faint, &through)]);
}

/// The name within its installation, which stands above.
fn within(address: &Address) -> String {
    format!("{}/{}", address.kind, address.key)
}
