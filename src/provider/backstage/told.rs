//! What the catalogue says of a file or an entity that it could not process, as one line that begins with the place.

use serde_json::Value as Json;

use super::place::Place;

/// Every error of an entity's last processing, in order, each once.
pub fn errors(place: &Place, entity: &Json) -> Vec<String> {
    let items = entity["status"]["items"].as_array().into_iter().flatten();
    let errors = items.filter(|it| it["level"] == "error").filter_map(|it| it["message"].as_str());
    let mut told: Vec<String> = errors.map(|message| line(place, message)).collect();
    told.sort();
    told.dedup();
    told
}

/// One message, short: with paths for addresses, the place in front, and the last cause alone.
pub fn line(place: &Place, message: &str) -> String {
    let text = place.shorten(message);
    if let Some((path, problem)) = text.split_once("YAML error at ").and_then(|(_, rest)| rest.split_once(", ")) {
        let problem = first_line(problem);
        let position = problem.rsplit_once(" at line ").and_then(|(what, position)| {
            let (line, column) = position.split_once(", column ")?;
            Some((what, line.parse::<u32>().ok()?, column.parse::<u32>().ok()?))
        });
        return match position {
            Some((what, line, column)) => format!("{path}:{line}:{column}: {}", unnamed(what)),
            None => format!("{path}: {}", unnamed(problem)),
        };
    }
    let cause = text.rsplit_once("; caused by ").map_or(text.as_str(), |(_, cause)| cause);
    let cause = cause.split_once(". To learn more about").map_or(cause, |(short, _)| short);
    unnamed(first_line(cause)).to_owned()
}

/// What a message says of a value in the entity: its JSON pointer.
pub fn pointer(told: &str) -> Option<&str> {
    let word = told.split_whitespace().next()?;
    word.starts_with('/').then_some(word)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim_end_matches([':', ' '])
}

/// A message without the name of the class of error in front.
fn unnamed(text: &str) -> &str {
    match text.split_once(": ") {
        Some((name, rest)) if name.ends_with("Error") && name.chars().all(char::is_alphanumeric) => unnamed(rest),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_a_place_and_a_reason() {
        let place = Place::new("https://gitea.example.test/platform/platform-formulas/src/branch/main").unwrap();
        let at = "https://gitea.example.test/platform/platform-formulas/src/branch/main/users/bob.yaml";
        for (message, told) in [
            (
                format!(
                    "Error: YAML error at url:{at}, YAMLParseError: Nested mappings are not allowed in compact mappings at \
                     line 1, column 7:\n\nkind: User\n      ^\n"
                ),
                "users/bob.yaml:1:7: Nested mappings are not allowed in compact mappings",
            ),
            (
                format!("NotFoundError: Unable to read url, no matching files found for {at}"),
                "Unable to read url, no matching files found for users/bob.yaml",
            ),
            (
                "InputError: Processor BuiltinKindsEntityProcessor threw an error while validating the entity \
                 user:default/bob; caused by TypeError: /spec/profile/email must NOT have fewer than 1 characters - limit: 1"
                    .to_owned(),
                "/spec/profile/email must NOT have fewer than 1 characters - limit: 1",
            ),
            (
                "Policy check failed for user:default/x; caused by Error: \"metadata.name\" is not valid. To learn more about \
                 catalog file format, visit: https://example.test"
                    .to_owned(),
                "\"metadata.name\" is not valid",
            ),
        ] {
            assert_eq!(line(&place, &message), told);
        }
        assert_eq!(pointer("/spec/profile/email must NOT"), Some("/spec/profile/email"));
        assert_eq!(pointer("Unable to read"), None);
    }
}
