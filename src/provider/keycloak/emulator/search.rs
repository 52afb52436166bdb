//! Finding people: the filters of the list and of the count.

use super::answer::Refusal;
use super::request::{Request, terms};
use super::wildcard::like;
use super::world::{Realm, User};

/// The users that a request asks for, in the order of lists.
///
/// With `search` the other filters do not count, but for `enabled`. Service accounts are left out of searches and of the
/// unfiltered list, and appear as soon as any other filter is used.
pub(super) fn users<'a>(realm: &'a Realm, request: &Request) -> Result<Vec<&'a User>, Refusal> {
    let enabled = request.filled("enabled").map(|_| request.flag("enabled") == Some(true));
    let is_enabled = |user: &User| enabled.is_none_or(|wanted| user.enabled == wanted);
    if let Some(search) = request.filled("search") {
        let search = search.trim();
        if search.starts_with("id:") {
            return Ok(by_ids(realm, search));
        }
        let words: Vec<Word> = search.split_whitespace().map(Word::new).collect();
        let found = realm
            .users_in_order()
            .filter(|user| user.service_account_of.is_none() && is_enabled(user))
            .filter(|user| words.iter().all(|word| word.matches(user)));
        return Ok(found.collect());
    }
    let filter = Filter::of(request)?;
    if filter.is_empty() && enabled.is_none() {
        return Ok(realm.users_in_order().filter(|user| user.service_account_of.is_none()).collect());
    }
    Ok(realm.users_in_order().filter(|user| is_enabled(user) && filter.matches(user)).collect())
}

fn by_ids<'a>(realm: &'a Realm, search: &str) -> Vec<&'a User> {
    search
        .split_whitespace()
        .map(|word| word.strip_prefix("id:").unwrap_or(word))
        .filter_map(|id| realm.users.get(id))
        .collect()
}

/// A word of `search`: a prefix unless it is quoted or brings its own asterisks.
enum Word {
    Exact(String),
    Pattern(String),
}

impl Word {
    fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        if text.len() >= 2 && text.starts_with('"') && text.ends_with('"') {
            return Self::Exact(text[1..text.len() - 1].to_owned());
        }
        let mut pattern = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_").replace('*', "%");
        if !pattern.ends_with('%') {
            pattern.push('%');
        }
        Self::Pattern(pattern)
    }

    fn matches(&self, user: &User) -> bool {
        let fields = [Some(&user.username), user.email.as_ref(), user.first_name.as_ref(), user.last_name.as_ref()];
        fields.into_iter().flatten().any(|field| {
            let field = field.to_lowercase();
            match self {
                Self::Exact(word) => field == *word,
                Self::Pattern(pattern) => like(&field, pattern),
            }
        })
    }
}

/// Everything but `search` and `enabled`.
struct Filter {
    exact: Option<bool>,
    /// Field or attribute, and the value wanted.
    fields: Vec<(String, String)>,
    attributes: Vec<(String, String)>,
    verified: Option<bool>,
    provider: Option<String>,
    provider_user: Option<String>,
    after: Option<i64>,
    before: Option<i64>,
}

impl Filter {
    fn of(request: &Request) -> Result<Self, Refusal> {
        const FIELDS: [&str; 4] = ["username", "email", "firstName", "lastName"];
        let text = |name: &str| request.filled(name).map(str::to_owned);
        let mut fields: Vec<(String, String)> =
            FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), text(name)?))).collect();
        let mut attributes = Vec::new();
        for (key, value) in terms(request.query("q").unwrap_or_default()) {
            if FIELDS.contains(&key.as_str()) {
                fields.push((key, value));
            } else {
                attributes.push((key, value));
            }
        }
        Ok(Self {
            exact: request.filled("exact").and_then(|_| request.flag("exact")),
            fields,
            attributes,
            verified: request.filled("emailVerified").and_then(|_| request.flag("emailVerified")),
            provider: text("idpAlias"),
            provider_user: text("idpUserId"),
            after: request.long("createdAfter")?,
            before: request.long("createdBefore")?,
        })
    }

    fn is_empty(&self) -> bool {
        self.exact.is_none()
            && self.fields.is_empty()
            && self.attributes.is_empty()
            && self.verified.is_none()
            && self.provider.is_none()
            && self.provider_user.is_none()
            && self.after.is_none()
            && self.before.is_none()
    }

    fn matches(&self, user: &User) -> bool {
        let link = |wanted: &Option<String>, of: fn(&super::world::Identity) -> &str| {
            wanted.as_ref().is_none_or(|wanted| user.identities.iter().any(|link| of(link) == wanted))
        };
        self.fields.iter().all(|(name, wanted)| self.field_matches(user, name, wanted))
            && self.attributes.iter().all(|(name, wanted)| self.attribute_matches(user, name, wanted))
            && self.verified.is_none_or(|wanted| user.email_verified == wanted)
            && link(&self.provider, |link| &link.provider)
            && link(&self.provider_user, |link| &link.user_id)
            && self.after.is_none_or(|after| user.created >= after)
            && self.before.is_none_or(|before| user.created <= before)
    }

    /// Contains, unless exactness is asked for; the wildcards of the database work.
    fn field_matches(&self, user: &User, name: &str, wanted: &str) -> bool {
        let field = match name {
            "username" => Some(&user.username),
            "email" => user.email.as_ref(),
            "firstName" => user.first_name.as_ref(),
            _ => user.last_name.as_ref(),
        };
        let Some(field) = field.map(|field| field.to_lowercase()) else {
            return false;
        };
        let wanted = wanted.to_lowercase();
        if self.exact == Some(true) { field == wanted } else { like(&field, &format!("%{wanted}%")) }
    }

    /// Equal, unless exactness is asked not to be.
    fn attribute_matches(&self, user: &User, name: &str, wanted: &str) -> bool {
        let Some(values) = user.attributes.get(name) else {
            return false;
        };
        let wanted = wanted.to_lowercase();
        values
            .iter()
            .map(|value| value.to_lowercase())
            .any(|value| if self.exact == Some(false) { like(&value, &format!("%{wanted}%")) } else { value == wanted })
    }
}
