//! From a request's bytes to an operation and back: the address, the caller, the limits, what is seen and allowed.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, Response, header};
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::GitHub;
use super::accounts::Kind;
use super::call::{Call, Who};
use super::conditional;
use super::jwt;
use super::rate::Standing;
use super::reply::{Answer, Content, DOCS, Reply, not_found, not_modelled, refuse};
use super::routes::{self, Caller, Route};
use super::tokens::Grant;
use super::world::World;

/// The largest body that is read.
const MOST_BYTES: usize = 64 << 20;

/// The versions of the API that there are.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// Answers one request.
pub(super) async fn serve(github: Arc<GitHub>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let host = head.headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("localhost").to_owned();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else {
        return Reply::empty(413).render("");
    };
    let now = github.now();
    let (response, outbox) = {
        let mut world = github.world();
        let visit =
            Visit::new(&mut world, &host, head.method, head.uri.path(), head.uri.query(), head.headers, body, now);
        let response = visit.answer(&mut world);
        (response, std::mem::take(&mut world.outbox))
    };
    super::hooks::post(&github, outbox);
    response
}

/// A request on its way.
struct Visit {
    call: Call,
    /// The path below the API's root, with numbers in place of names turned into these; none outside the API.
    segments: Option<Vec<String>>,
    /// Whom the limits count for.
    caller: String,
    standing: Option<Standing>,
    docs: &'static str,
}

impl Visit {
    #[expect(clippy::too_many_arguments, reason = "the parts of a request")]
    fn new(
        world: &mut World,
        host: &str,
        method: Method,
        path: &str,
        query: Option<&str>,
        headers: HeaderMap,
        body: Bytes,
        now: DateTime<Utc>,
    ) -> Self {
        let web = format!("http://{host}");
        let api_path = world.settings.api_path.clone();
        // GraphQL does not lie under the version of REST.
        let below = match path.strip_prefix("/api/graphql") {
            Some("") if !api_path.is_empty() => Some("/graphql"),
            _ => path.strip_prefix(api_path.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/')),
        };
        let path = below.map_or_else(String::new, |path| named(world, path));
        let decoded = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        let segments = below.map(|_| path.trim_start_matches('/').split('/').map(decoded).collect());
        let query = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        let is_2026 = headers.get("x-github-api-version").is_some_and(|version| version == VERSIONS[1]);
        let call = Call {
            method,
            path,
            query,
            params: Vec::new(),
            headers,
            body,
            base: format!("{web}{api_path}"),
            web,
            now,
            who: Who::Nobody,
            repo: 0,
            org: 0,
            is_2026,
        };
        Self { call, segments, caller: String::new(), standing: None, docs: "" }
    }

    fn answer(mut self, world: &mut World) -> Response<Body> {
        let reply = self.reply(world).unwrap_or_else(|refusal| *refusal);
        if matches!(reply.content, Content::NotModelled) {
            return reply.render("");
        }
        let reply = conditional::applied(world, &self.call, reply, self.docs);
        if reply.status == 304
            && let Some(limits) = world.settings.limits.clone()
        {
            world.counters.give_back(&self.caller);
            self.standing = Some(world.counters.standing(&self.caller, &limits, self.call.now));
        }
        let is_head = self.call.method == Method::HEAD;
        let mut response = reply.render(self.docs);
        self.dress(world, &mut response);
        if is_head {
            *response.body_mut() = Body::empty();
        }
        response
    }

    fn reply(&mut self, world: &mut World) -> Answer {
        let Some(segments) = self.segments.take() else {
            return Ok(Reply::text(404, "text/html; charset=utf-8", "<html><body>Not Found</body></html>"));
        };
        if self.call.header("user-agent").is_empty() {
            let words =
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header";
            return Ok(Reply::text(403, "text/html; charset=utf-8", words));
        }
        let version = self.call.header("x-github-api-version");
        if !version.is_empty() && !VERSIONS.contains(&version) {
            return Err(refuse(400, format!("Unsupported API version: {version}")).page(DOCS));
        }
        let Some((route, params)) = routes::find(&self.call.method, &segments) else {
            let is_slashed = segments.len() > 1 && segments.last().is_some_and(String::is_empty);
            let shorter = &segments[..segments.len() - 1];
            let is_known = is_slashed && routes::find(&self.call.method, shorter).is_some();
            return Err(if is_known { not_found().page(DOCS) } else { not_modelled() });
        };
        (self.call.params, self.docs) = (params, route.docs);
        // A signature tells nothing to routes of people, and is a bad token there.
        self.call.who = match route.caller {
            Caller::App => Who::App(jwt::signer(world, &self.call.headers, self.call.now)?),
            _ => match world.identify(&self.call.headers, self.call.now) {
                Ok(who) => who,
                Err(refusal) => {
                    self.count(world)?;
                    return Err(refusal);
                }
            },
        };
        let is_free = self.call.path == "/rate_limit";
        if !is_free {
            self.count(world)?;
        }
        if self.call.who == Who::Nobody && world.settings.private_mode {
            return Err(refuse(401, "Must authenticate to access this API.").page(DOCS));
        }
        if route.caller == Caller::SignedIn && self.call.who == Who::Nobody {
            return Err(refuse(401, "Requires authentication"));
        }
        self.enter(world, &route)?;
        if route.makes
            && let Some(limits) = world.settings.limits.clone()
        {
            world.counters.make(&self.caller, &limits, self.call.now)?;
        }
        (route.operation)(world, &self.call)
    }

    /// Counts the call for whoever makes it.
    fn count(&mut self, world: &mut World) -> Result<(), Box<Reply>> {
        let Some(limits) = world.settings.limits.clone() else { return Ok(()) };
        self.caller = caller(world, self.call.who);
        match world.counters.count(&self.caller, &limits, self.call.now) {
            Ok(standing) => {
                self.standing = Some(standing);
                Ok(())
            }
            Err((standing, refusal)) => {
                self.standing = Some(standing);
                Err(refusal)
            }
        }
    }

    /// Resolves what the path names, and asks whether the caller may use it so.
    fn enter(&mut self, world: &World, route: &Route) -> Result<(), Box<Reply>> {
        let call = &mut self.call;
        if !call.param("owner").is_empty() {
            let (owner, name) = (call.param("owner").to_owned(), call.param("repo").to_owned());
            match world.repo_named(&owner, &name) {
                Some(repo) => call.repo = repo.id,
                None => return Err(elsewhere(world, call, &owner, &name)),
            }
            world.may(call, route)?;
        }
        if !call.param("org").is_empty() {
            let org = world.account(call.param("org")).filter(|account| account.kind == Kind::Organization);
            call.org = org.ok_or_else(not_found)?.id;
        }
        Ok(())
    }

    /// The headers that every answer has.
    fn dress(&self, world: &World, response: &mut Response<Body>) {
        let now = self.call.now;
        let version = self.call.header("x-github-api-version");
        let mut headers: Vec<(&'static str, String)> = vec![
            ("date", now.format("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            ("server", "github.com".to_owned()),
            ("x-github-media-type", "github.v3; format=json".to_owned()),
            ("x-github-request-id", uuid::Uuid::new_v4().simple().to_string()),
            ("vary", "Accept, Authorization, Cookie, X-GitHub-OTP".to_owned()),
            ("x-github-api-version-selected", if version.is_empty() { VERSIONS[0] } else { version }.to_owned()),
        ];
        headers.extend(self.standing.into_iter().flat_map(Standing::headers));
        if let Some(version) = &world.settings.enterprise_version {
            headers.push(("x-github-enterprise-version", version.clone()));
        }
        if let Who::Token(at) = self.call.who {
            if let Grant::Classic { scopes, .. } = world.tokens.grant(at) {
                headers.push(("x-oauth-scopes", scopes.join(", ")));
                headers.push(("x-accepted-oauth-scopes", if self.call.repo == 0 { "" } else { "repo" }.to_owned()));
            }
            let token = world.tokens.get(at);
            if let Some(ends) = token.expires.filter(|_| token.grant.account().is_some()) {
                headers.push(("github-authentication-token-expiration", ends.format("%F %T UTC").to_string()));
            }
        }
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        let status = response.status();
        if status.is_success() && self.call.is_read() {
            let cache = HeaderValue::from_static("private, max-age=60, s-maxage=60");
            response.headers_mut().insert(header::CACHE_CONTROL, cache);
        }
    }
}

/// Whom the limits count for: people have one budget for all their tokens, Apps one an installation.
fn caller(world: &World, who: Who) -> String {
    match who {
        Who::Nobody => String::new(),
        Who::App(id) => format!("app ID {id}"),
        Who::Token(at) => match world.tokens.grant(at) {
            Grant::Installation { id, .. } => format!("installation ID {id}"),
            grant => format!("user ID {}", grant.account().unwrap_or_default()),
        },
    }
}

/// The path with names in place of numbers: `/repositories/1000` and the like.
fn named(world: &World, path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse::<i64>().ok());
    let rest =
        |from: usize| parts.get(from..).unwrap_or_default().iter().map(|part| format!("/{part}")).collect::<String>();
    let login = |id: i64| world.accounts.get(&id).map(|account| account.login.clone());
    let found = match parts.get(1).copied() {
        Some("repositories") => number(2).and_then(|id| {
            let repo = world.repos.get(&id)?;
            Some(format!("/repos/{}/{}{}", login(repo.owner)?, repo.name, rest(3)))
        }),
        Some("organizations") if parts.get(3) == Some(&"team") => number(4).and_then(|id| {
            let team = world.teams.get(&id).filter(|team| Some(team.org) == number(2))?;
            Some(format!("/orgs/{}/teams/{}{}", login(team.org)?, team.slug, rest(5)))
        }),
        Some("organizations") => number(2).and_then(|id| Some(format!("/orgs/{}{}", login(id)?, rest(3)))),
        _ => return path.to_owned(),
    };
    // What no number leads to is named so that nothing is found.
    found.unwrap_or_else(|| match parts.get(1).copied() {
        Some("repositories") => format!("/repos/-/-{}", rest(3)),
        _ => format!("/orgs/-{}", rest(3)),
    })
}

/// Where a repository's former name leads: to its number, and nowhere where it may not be seen.
fn elsewhere(world: &World, call: &Call, owner: &str, name: &str) -> Box<Reply> {
    let former = format!("{owner}/{name}").to_lowercase();
    let repo = world.renamed.get(&former).and_then(|id| world.repos.get(id));
    let Some(repo) = repo.filter(|repo| world.sees(call.who, repo)) else {
        return not_found();
    };
    let rest: String = call.path.split('/').skip(4).map(|part| format!("/{part}")).collect();
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.query).finish();
    let query = if query.is_empty() { query } else { format!("?{query}") };
    let location = format!("{}/repositories/{}{rest}{query}", call.base, repo.id);
    let (status, words) = if call.is_read() { (301, "Moved Permanently") } else { (307, "Temporary Redirect") };
    let docs = "https://docs.github.com/v3/#http-redirects";
    let body = json!({ "message": words, "url": location, "documentation_url": docs });
    Box::new(Reply::json(status, body).header("location", location))
}
