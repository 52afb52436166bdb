//! From the tree of the file to the config: every value is read as far as it can be, so that all problems are reported
//! at once. What the schema has found wrong already is passed over here without a second word.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::NaiveDate;
use serde_json::Value;
use url::Url;

use crate::engine::diag::{Diagnostic, codes};
use crate::engine::model::{Budget, Budgets, IgnoreRule, InstancePolicy, KindName, Mode};
use crate::engine::source::SpanTable;
use crate::runtime::sys::{SecretRef, SecretRefError};

use super::services::{Credentials, Limits, Service};
use super::settings::{
    Approvals, Config, Defaults, LISTEN, LedgerPlace, POLL, Plans, Repository, STATE_FOLDER, Schedule, SshFiles,
};
use super::structure::{escaped, name_of};
use super::times::{Cron, duration};

/// Reads the whole. Roles and protected things need more than their own text and are filled in by the checks.
pub(super) fn read(path: PathBuf, value: &Value, spans: SpanTable, problems: &mut Vec<Diagnostic>) -> Config {
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut reader = Reader { folder: &folder, spans: &spans, problems };
    let root = Node { value, pointer: String::new() };
    let services: BTreeMap<String, Service> =
        root.get("services").entries().map(|(name, node)| (name.to_owned(), reader.service(name, &node))).collect();
    let repository = root.get("repository").present().map(|it| reader.repository(&it));
    let ledger = reader.ledger(&root.get("ledger"));
    let defaults = reader.defaults(&root.get("defaults"), &services);
    let approvals = Approvals {
        expire: root.get("approvals").get("expire_hours").number().map_or(Approvals::default().expire, hours),
    };
    let plans = Plans { expire: root.get("plans").get("expire_hours").number().map_or(Plans::default().expire, hours) };
    let schedule = reader.schedule(&root.get("schedule"));
    let listen = reader.listen(&root.get("serve").get("listen"));
    Config {
        path,
        platform: root.get("platform").text().unwrap_or_default().to_owned(),
        repository,
        ledger,
        defaults,
        roles: BTreeMap::new(),
        services,
        protected: Vec::new(),
        approvals,
        schedule,
        listen,
        plans,
        warnings: Vec::new(),
        spans,
    }
}

struct Reader<'a> {
    folder: &'a Path,
    spans: &'a SpanTable,
    problems: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn service(&mut self, name: &str, node: &Node<'_>) -> Service {
        let placeholder = || Url::parse("https://unknown.invalid").expect("it is a URL");
        let limits = node.get("limits");
        let standard = Limits::default();
        Service {
            name: name.to_owned(),
            service_type: node.get("type").text().unwrap_or(name).to_owned(),
            url: self.service_url(&node.get("url")).unwrap_or_else(placeholder),
            credentials: self.credentials(&node.get("credentials")),
            rules: InstancePolicy {
                mode: mode(&node.get("mode")).unwrap_or_default(),
                kinds: node
                    .get("kinds")
                    .entries()
                    .filter_map(|(kind, node)| Some((KindName::new(kind), mode(&node.get("mode"))?)))
                    .collect(),
                budgets: budgets(&node.get("budgets")),
                retention_days: node.get("retention_days").small().unwrap_or(InstancePolicy::default().retention_days),
                ignore: node.get("ignore").items().filter_map(|it| self.ignore_rule(name, &it)).collect(),
                protected: Vec::new(),
            },
            limits: Limits {
                concurrency: limits.get("concurrency").small().unwrap_or(standard.concurrency),
                requests_per_second: limits.get("requests_per_second").small(),
                requests_per_minute: limits.get("requests_per_minute").small(),
                timeout: limits.get("timeout_seconds").number().map_or(standard.timeout, Duration::from_secs),
                patience: limits.get("patience_minutes").number().map_or(standard.patience, minutes),
            },
            options: node.get("options").value.clone(),
        }
        .with_options_object()
    }

    fn credentials(&mut self, node: &Node<'_>) -> Credentials {
        let name = |key| node.get(key).text().map(str::to_owned);
        Credentials {
            app_id: name("app_id"),
            private_key: self.secret(&node.get("private_key")),
            installation_id: name("installation_id"),
            client_id: name("client_id"),
            client_secret: self.secret(&node.get("client_secret")),
            username: name("username"),
            password: self.secret(&node.get("password")),
            token: self.secret(&node.get("token")),
        }
    }

    fn secret(&mut self, node: &Node<'_>) -> Option<SecretRef> {
        match SecretRef::parse(node.text()?) {
            Ok(reference) => Some(reference.relative_to(self.folder)),
            // The schema has seen that already.
            Err(SecretRefError::Literal) => None,
            Err(error) => {
                self.wrong(
                    node,
                    Diagnostic::error(
                        codes::BAD_SECRET_REFERENCE,
                        format!("{} is a reference that cannot be read", node.name()),
                    )
                    .help(error.to_string()),
                );
                None
            }
        }
    }

    fn service_url(&mut self, node: &Node<'_>) -> Option<Url> {
        let text = node.text()?;
        let name = node.name();
        let bad = |why: String| Diagnostic::error(codes::CONFIG_BAD_URL, format!("{name} {why}"));
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(error) => {
                let help = format!("write it as a browser shows it, such as 'https://git.acme.example' ({error})");
                self.wrong(node, bad("is no address".into()).help(help));
                return None;
            }
        };
        if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none_or(str::is_empty) {
            self.wrong(
                node,
                bad("is no http or https address".into())
                    .help("write it as a browser shows it, such as 'https://git.acme.example'"),
            );
            return None;
        }
        if !self.without_credentials(node, &url) {
            return None;
        }
        if url.query().is_some() || url.fragment().is_some() {
            self.wrong(node, bad("holds a query or a fragment".into()).help("end it before '?' or '#'"));
            return None;
        }
        Some(url)
    }

    fn without_credentials(&mut self, node: &Node<'_>, url: &Url) -> bool {
        // With ssh the user is part of the address and no secret.
        let without = (url.username().is_empty() || url.scheme() == "ssh") && url.password().is_none();
        if !without {
            let message = format!("{} holds credentials", node.name());
            self.wrong(
                node,
                Diagnostic::error(codes::CREDENTIALS_IN_URL, message)
                    .help("take them out, and name them by reference under 'credentials'"),
            );
        }
        without
    }

    fn repository(&mut self, node: &Node<'_>) -> Repository {
        let place = node.get("url");
        let mut url = place.text().unwrap_or_default().to_owned();
        match Url::parse(&url) {
            Ok(parsed) if url.contains("://") => {
                self.without_credentials(&place, &parsed);
            }
            _ if url.contains("://") => {
                self.wrong(&place, Diagnostic::error(codes::CONFIG_BAD_URL, format!("{} is no address", place.name())));
            }
            // `user@host:path`; as with Git, a path with a colon in its first part begins with `./`.
            _ if url.split('/').next().is_some_and(|first| first.contains(':')) => {}
            _ => url = self.folder.join(&url).display().to_string(),
        }
        let ssh = node.get("ssh");
        let file = |key: &str| ssh.get(key).text().map(|path| self.folder.join(path));
        let ssh = SshFiles { key: file("key"), known_hosts: file("known_hosts") };
        Repository {
            url,
            branch: node.get("branch").text().map(str::to_owned),
            ssh,
            credentials: self.credentials(&node.get("credentials")),
            api: self.service_url(&node.get("api")),
            poll: time(&node.get("poll")).unwrap_or(POLL),
        }
    }

    fn schedule(&mut self, node: &Node<'_>) -> Schedule {
        let drift = node.get("drift");
        let cron = drift.text().map(str::parse::<Cron>);
        if let Some(Err(why)) = &cron {
            self.wrong(
                &drift,
                Diagnostic::error(codes::CONFIG_BAD_VALUE, format!("{} is no schedule", drift.name()))
                    .help(why.to_string()),
            );
        }
        Schedule {
            every: time(&node.get("every")).unwrap_or(Schedule::default().every),
            drift: cron.and_then(Result::ok),
        }
    }

    fn listen(&mut self, node: &Node<'_>) -> Option<SocketAddr> {
        match node.text().map(listen) {
            None => Some(LISTEN),
            Some(Ok(address)) => address,
            Some(Err(why)) => {
                let message = format!("{} is no address to listen on", node.name());
                self.wrong(node, Diagnostic::error(codes::CONFIG_BAD_VALUE, message).help(why));
                None
            }
        }
    }

    fn ledger(&mut self, node: &Node<'_>) -> LedgerPlace {
        let (path, url) = (node.get("path"), node.get("url"));
        let standard = || LedgerPlace::Path(self.folder.join(STATE_FOLDER).join("ledger.db"));
        match (path.text(), url.text()) {
            (Some(_), Some(_)) => {
                let message = "'ledger' has both 'path' and 'url'";
                let place = LedgerPlace::Path(PathBuf::new());
                self.wrong(&url, Diagnostic::error(codes::CONFIG_BAD_VALUE, message).help("keep one of them"));
                place
            }
            (Some(path), None) => LedgerPlace::Path(self.folder.join(path)),
            (None, Some(text)) => match Url::parse(text) {
                Ok(parsed) if self.without_credentials(&url, &parsed) => {
                    LedgerPlace::Url { url: parsed, credentials: Box::new(self.credentials(&node.get("credentials"))) }
                }
                Ok(_) => standard(),
                Err(_) => {
                    self.wrong(&url, Diagnostic::error(codes::CONFIG_BAD_URL, format!("{} is no address", url.name())));
                    LedgerPlace::Path(PathBuf::new())
                }
            },
            (None, None) => standard(),
        }
    }

    fn defaults(&mut self, node: &Node<'_>, services: &BTreeMap<String, Service>) -> Defaults {
        let listed = node.get("services");
        Defaults {
            services: match listed.value {
                Value::Array(_) => listed.items().filter_map(|it| it.text().map(str::to_owned)).collect(),
                _ => services.keys().cloned().collect(),
            },
        }
    }

    /// One rule, with the instance put before its address.
    fn ignore_rule(&mut self, instance: &str, node: &Node<'_>) -> Option<IgnoreRule> {
        let until = node.get("until");
        let date = until.text().map(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d"));
        if let Some(Err(_)) = date {
            // A text of another form was found by the schema; what is left are days that no month has.
            if until.text().is_some_and(|it| it.len() == 10) {
                self.wrong(
                    &until,
                    Diagnostic::error(codes::CONFIG_BAD_VALUE, format!("{} is no day of the calendar", until.name())),
                );
            }
        }
        let address = node.get("address");
        let text = address.text()?;
        let text = text.strip_prefix(&format!("{instance}:")).unwrap_or(text);
        if text.contains(':') {
            self.wrong(
                &address,
                Diagnostic::error(codes::CONFIG_BAD_VALUE, format!("{} leads to another instance", address.name()))
                    .help(format!("a rule under '{instance}' is for objects of '{instance}': write kind and key, such as 'user/alice'")),
            );
        }
        Some(IgnoreRule {
            address: format!("{instance}:{text}"),
            field: node.get("field").text().map(str::to_owned),
            reason: node.get("reason").text().unwrap_or_default().to_owned(),
            // The rule holds through its last day.
            until: Some(date?.ok()?.succ_opt()?.and_time(chrono::NaiveTime::MIN).and_utc()),
        })
    }

    fn wrong(&mut self, node: &Node<'_>, problem: Diagnostic) {
        self.problems.push(problem.at(self.spans.nearest(&node.pointer)));
    }
}

impl Service {
    /// Options that were left out are the empty mapping, so that a provider reads one form only.
    fn with_options_object(mut self) -> Self {
        if self.options.is_null() {
            self.options = Value::Object(serde_json::Map::new());
        }
        self
    }
}

/// A value and its place. What is not there is `null`, so that one can go on asking.
struct Node<'a> {
    value: &'a Value,
    pointer: String,
}

impl<'a> Node<'a> {
    fn get(&self, key: &str) -> Node<'a> {
        Node {
            value: self.value.get(key).unwrap_or(&Value::Null),
            pointer: format!("{}/{}", self.pointer, escaped(key)),
        }
    }

    fn present(self) -> Option<Self> {
        (!self.value.is_null()).then_some(self)
    }

    fn name(&self) -> String {
        name_of(&self.pointer)
    }

    fn text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    fn number(&self) -> Option<u64> {
        self.value.as_u64()
    }

    fn small(&self) -> Option<u32> {
        self.number().and_then(|it| u32::try_from(it).ok())
    }

    fn entries(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        let pointer = self.pointer.clone();
        self.value.as_object().into_iter().flatten().map(move |(key, value)| {
            let pointer = format!("{pointer}/{}", escaped(key));
            (key.as_str(), Node { value, pointer })
        })
    }

    fn items(&self) -> impl Iterator<Item = Node<'a>> {
        let pointer = self.pointer.clone();
        self.value
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(move |(index, value)| Node { value, pointer: format!("{pointer}/{index}") })
    }
}

fn mode(node: &Node<'_>) -> Option<Mode> {
    match node.text()? {
        "enforce" => Some(Mode::Enforce),
        "report" => Some(Mode::Report),
        "ignore" => Some(Mode::Ignore),
        _ => None,
    }
}

fn budgets(node: &Node<'_>) -> Budgets {
    let standard = Budgets::default();
    let budget = |key: &str, standard: Budget| {
        let node = node.get(key);
        Budget {
            at_least: node.get("at_least").small().unwrap_or(standard.at_least),
            percent: node.get("percent").small().unwrap_or(standard.percent),
        }
    };
    Budgets {
        people: budget("people", standard.people),
        other: budget("other", standard.other),
        window_hours: node.get("window_hours").small().unwrap_or(standard.window_hours),
    }
}

fn time(node: &Node<'_>) -> Option<Duration> {
    duration(node.text()?).ok()
}

/// An address with a port, or `none`.
///
/// # Errors
/// How to write it.
pub fn listen(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "write an address with a port, such as '127.0.0.1:9464', or 'none'".to_owned())
}

fn minutes(number: u64) -> Duration {
    Duration::from_secs(number.saturating_mul(60))
}

fn hours(number: u64) -> Duration {
    Duration::from_secs(number.saturating_mul(60 * 60))
}
