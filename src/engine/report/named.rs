//! Named texts, such as files: of each that differs what differs in it. JSON is compared value by value, so that one reads
//! which rule is new and not which line; any other text line by line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};

use super::{Page, Tone};
use crate::engine::model::Value;

/// A line of what differs in one text: its sign and what it says.
pub(super) type Line = (&'static str, String);

/// Whether values are texts of several lines, which no one line can show.
pub(super) fn are_texts(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> bool {
    let long = |it: &Value| it.as_text().is_some_and(|text| text.contains('\n'));
    before.values().chain(after.values()).any(long)
}

/// Each text that differs, by name, with what differs in it.
pub(super) fn differences(
    before: &BTreeMap<String, Value>,
    after: &BTreeMap<String, Value>,
) -> Vec<(String, Vec<Line>)> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let text = |map: &BTreeMap<String, Value>, name: &String| map.get(name).and_then(Value::as_text).map(str::to_owned);
    differing.map(|name| (name.clone(), within(text(before, name), text(after, name)))).collect()
}

/// The same on a page.
pub(super) fn show(page: &mut Page, indent: usize, before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) {
    for (name, lines) in differences(before, after) {
        page.line(indent, Tone::Plain, &format!("{name}:"));
        for (sign, text) in lines {
            let tone = match sign {
                "-" => Tone::Bad,
                "+" => Tone::Good,
                _ => Tone::Change,
            };
            page.raw(indent + 2, tone, &format!("{sign} {text}"));
        }
    }
}

fn within(before: Option<String>, after: Option<String>) -> Vec<Line> {
    let json = |text: &Option<String>| text.as_ref().and_then(|it| serde_json::from_str::<Json>(it).ok());
    match (&before, &after) {
        (None, Some(text)) => vec![("+", format!("{} lines", text.lines().count()))],
        (Some(text), None) => vec![("-", format!("{} lines", text.lines().count()))],
        _ => match (json(&before), json(&after)) {
            (Some(before), Some(after)) => {
                let mut lines = Vec::new();
                values(&before, &after, "", &mut lines);
                if lines.is_empty() {
                    lines.push(("~", "the same values, written otherwise".to_owned()));
                }
                lines
            }
            _ => by_line(&before.unwrap_or_default(), &after.unwrap_or_default()),
        },
    }
}

fn values(before: &Json, after: &Json, at: &str, lines: &mut Vec<Line>) {
    if before == after {
        return;
    }
    let label = |rest: String| if at.is_empty() { rest } else { format!("{at}: {rest}") };
    match (before, after) {
        (Json::Object(before), Json::Object(after)) => {
            let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            for name in names {
                let at = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                match (before.get(name), after.get(name)) {
                    (Some(before), Some(after)) => values(before, after, &at, lines),
                    (Some(before), None) => lines.push(("-", format!("{at}: {before}"))),
                    (None, Some(after)) => lines.push(("+", format!("{at}: {after}"))),
                    (None, None) => {}
                }
            }
        }
        (Json::Array(before), Json::Array(after)) => {
            let gone = before.iter().filter(|it| !after.contains(it)).map(|it| ("-", label(it.to_string())));
            let new = after.iter().filter(|it| !before.contains(it)).map(|it| ("+", label(it.to_string())));
            let found: Vec<Line> = gone.chain(new).collect();
            let same = found.is_empty();
            lines.extend(found);
            if same {
                lines.push(("~", label("in another order".to_owned())));
            }
        }
        _ => lines.push(("~", label(format!("{before} → {after}")))),
    }
}

fn by_line(before: &str, after: &str) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let changed = diff.iter_all_changes().filter(|it| it.tag() != ChangeTag::Equal);
    changed
        .map(|it| {
            let sign = if it.tag() == ChangeTag::Delete { "-" } else { "+" };
            (sign, it.value().trim_end_matches('\n').to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
        let map = |texts: &[(&str, &str)]| {
            texts.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect()
        };
        let lines = differences(&map(before), &map(after)).into_iter().map(|(name, lines)| {
            let lines: String = lines.iter().map(|(sign, text)| format!("\n  {sign} {text}")).collect();
            format!("{name}{lines}")
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn json_is_told_by_its_values_and_other_text_by_its_lines() {
        let before = [
            (
                "a.json",
                "{\"permissions\": {\"deny\": [\"Bash(dd *)\"], \"allow\": [\"x\", \"y\"]}, \"n\": 1, \"old\": true}\n",
            ),
            ("CLAUDE.md", "one\ntwo\n"),
            ("gone", "x\ny\n"),
            ("same.json", "{}\n"),
            ("spaced.json", "{ \"a\": 1 }\n"),
        ];
        let after = [
            (
                "a.json",
                "{\"permissions\": {\"deny\": [\"Bash(dd *)\", \"Read(//**/.env)\"], \"allow\": [\"y\", \"x\"]}, \"n\": 2}\n",
            ),
            ("CLAUDE.md", "one\nthree\n"),
            ("new", "x\n"),
            ("same.json", "{}\n"),
            ("spaced.json", "{\"a\":1}\n"),
        ];
        insta::assert_snapshot!(told(&before, &after), @r#"
        CLAUDE.md
          - two
          + three
        a.json
          ~ n: 1 → 2
          - old: true
          ~ permissions.allow: in another order
          + permissions.deny: "Read(//**/.env)"
        gone
          - 2 lines
        new
          + 1 lines
        spaced.json
          ~ the same values, written otherwise
        "#);
    }
}
