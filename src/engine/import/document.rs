//! An entity as YAML, with comments above that tell where it comes from and what is held back.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lifecycle: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<Profile<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) children: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) members: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) member_of: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

impl<'a> Profile<'a> {
    pub(super) fn of(display_name: Option<&'a str>, email: Option<&'a str>) -> Option<Self> {
        (display_name.is_some() || email.is_some()).then_some(Self { display_name, email })
    }
}

impl<'a> Document<'a> {
    /// `annotations` have their whole names.
    pub(super) fn new(
        kind: &'static str,
        name: &'a str,
        description: Option<&'a str>,
        annotations: BTreeMap<String, String>,
        spec: Spec<'a>,
    ) -> Self {
        Self { api_version: "backstage.io/v1alpha1", kind, metadata: Metadata { name, description, annotations }, spec }
    }

    /// The document below its comments.
    pub(super) fn text(&self, comments: &[String]) -> String {
        let mut text = String::new();
        for comment in comments {
            // What a service says stands in some of them: it stays on its line, and what cannot be seen is not written.
            let comment: String = comment.chars().map(|c| if is_plain(c) { c } else { '?' }).collect();
            // Writing to a text cannot fail.
            let _ = writeln!(text, "# {comment}");
        }
        // Plain texts and lists of them can always be written.
        text + &serde_yaml::to_string(self).unwrap_or_default()
    }
}

/// Whether a character can stand in a comment: it ends no line and turns no text around.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
