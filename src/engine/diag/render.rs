//! What a terminal, a machine, and a forge show of a list of problems.
//!
//! Messages may carry text out of untrusted files, so every renderer makes control characters visible, and the one
//! for forges leaves nobody mentioned and nothing formatted.

use std::fmt::Write;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::{Diagnostic, Severity, Span};

/// How a terminal view looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// ANSI colours, and line-drawing characters outside ASCII.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
}

/// Problems for a person at a terminal: each with the lines it is about. `source` gives the text of a file; where it
/// gives none, the place alone is shown. Ends with a line that counts.
pub fn text<'a>(diagnostics: &[Diagnostic], source: impl Fn(&str) -> Option<&'a str>, look: Look) -> String {
    let renderer = if look.colour { Renderer::styled() } else { Renderer::plain() };
    let decor = if look.colour { DecorStyle::Unicode } else { DecorStyle::Ascii };
    let renderer = renderer.term_width(look.width.max(40)).decor_style(decor);
    let mut out = String::new();
    for diagnostic in diagnostics {
        out += &one(diagnostic, &source, &renderer);
        out += "\n\n";
    }
    out += &summary(diagnostics);
    out.push('\n');
    out
}

/// One line each: `file:line:column: severity[CODE]: message`.
pub fn lines(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out += &visible(&diagnostic.to_string());
        if let Some(help) = &diagnostic.help {
            out += &format!(" ({})", visible(help));
        }
        out.push('\n');
    }
    out
}

/// `{"diagnostics": [{"code", "severity", "file", "line", "column", "message", "help", …}]}`; what is not known is
/// `null`. Beside them `related`: other places that matter, each with its own message.
pub fn json(diagnostics: &[Diagnostic]) -> Value {
    let related = |(span, why): &(Span, String)| json!({"file": &*span.file, "line": span.line, "column": span.column, "message": why});
    let one = |it: &Diagnostic| {
        let span = it.span.as_ref();
        json!({
            "code": it.code,
            "severity": it.severity,
            "file": span.map(|span| &*span.file),
            "line": span.map(|span| span.line),
            "column": span.map(|span| span.column),
            "message": it.message,
            "help": it.help,
            "related": it.related.iter().map(related).collect::<Vec<_>>(),
        })
    };
    json!({"diagnostics": diagnostics.iter().map(one).collect::<Vec<_>>()})
}

/// A list for the comment of a pull request.
pub fn markdown(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for it in diagnostics {
        let _ = write!(out, "- **{}** `{}`", it.severity, it.code);
        if let Some(span) = &it.span {
            let _ = write!(out, " {}", code(&span.to_string()));
        }
        let _ = write!(out, ": {}", inert(&it.message));
        if let Some(help) = &it.help {
            let _ = write!(out, "<br>{}", inert(help));
        }
        for (span, why) in &it.related {
            let _ = write!(out, "<br>{}: {}", code(&span.to_string()), inert(why));
        }
        out.push('\n');
    }
    out
}

/// `2 errors, 1 warning`, or `no problems`.
pub fn summary(diagnostics: &[Diagnostic]) -> String {
    let kinds = [Severity::Error, Severity::Warning, Severity::Note];
    let counts: Vec<String> = kinds
        .into_iter()
        .map(|kind| (diagnostics.iter().filter(|it| it.severity == kind).count(), kind))
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{count} {kind}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if counts.is_empty() { "no problems".to_owned() } else { counts.join(", ") }
}

/// Text in which control characters and marks that turn the reading direction are written out, so that a terminal
/// shows them instead of obeying them.
pub fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(hidden) {
        return text.to_owned();
    }
    text.chars().map(|c| if hidden(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// A stretch of a file: some whole lines, the number of the first, and a range in it.
struct Window<'a> {
    text: &'a str,
    first_line: usize,
    range: std::ops::Range<usize>,
}

fn one<'a>(it: &Diagnostic, source: &impl Fn(&str) -> Option<&'a str>, renderer: &Renderer) -> String {
    let level = match it.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = Group::with_title(level.primary_title(visible(&it.message)).id(it.code.0));
    let labels = it.related.iter().map(|(span, why)| (span, Some(why)));
    for (span, why) in it.span.iter().map(|span| (span, None)).chain(labels) {
        let Some(window) = source(&span.file).and_then(|text| window(text, span)) else {
            group = group.element(origin(span));
            if let Some(why) = why {
                group = group.element(Level::NOTE.message(visible(why)));
            }
            continue;
        };
        let kind = if why.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
        let snippet = Snippet::source(window.text).path(&*span.file).line_start(window.first_line);
        let label = why.map(|why| visible(why));
        group = group.element(snippet.annotation(kind.span(window.range).label(label)));
    }
    if let Some(help) = &it.help {
        // A help may be an example of several lines; it is our own text.
        let help: Vec<String> = help.trim_end().lines().map(visible).collect();
        group = group.element(Level::HELP.message(help.join("\n")));
    }
    renderer.render(&[group])
}

fn origin(span: &Span) -> Origin<'_> {
    Origin::path(&*span.file).line(span.line as usize).char_column(span.column as usize)
}

/// The lines of a span with one more on each side; `None` where they are too long to show, or the span does not fit
/// the text.
fn window<'a>(text: &'a str, span: &Span) -> Option<Window<'a>> {
    const LONGEST: usize = 2000;
    let (start, end) = (span.start as usize, (span.end as usize).max(span.start as usize));
    if end > text.len() || !text.is_char_boundary(start) || !text.is_char_boundary(end) {
        return None;
    }
    // Only the first line of a long stretch is worth marking.
    let end = text[start..end].find('\n').map_or(end, |length| start + length);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let before = text[..line_start.saturating_sub(1)].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let after = text.get(line_end + 1..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| line_end + 1 + at);
    if after - before > LONGEST {
        return None;
    }
    let first_line = (span.line as usize).saturating_sub(usize::from(before < line_start)).max(1);
    Some(Window { text: &text[before..after], first_line, range: start - before..end - before })
}

/// Text in a code span of Markdown, whatever it holds.
pub fn code(text: &str) -> String {
    format!("`{}`", visible(text).replace('`', "'"))
}

/// Text that Markdown and a forge show as it stands.
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '@' => out += "@<!-- -->",
            '#' => out += "#<!-- -->",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    // A bare address becomes a link on a forge; a comment in its middle keeps it text.
    out.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::diag::{Mark, codes};

    const SOURCE: &str = "kind: User\nspec:\n  memberOf: [acme]\n  memberOf: [labs]\n";

    fn sample() -> Vec<Diagnostic> {
        let file = "users/alice.yaml".into();
        let second = Mark { line: 4, column: 3, start: 38, end: 46 }.in_file(&file);
        let first = Mark { line: 3, column: 3, start: 19, end: 27 }.in_file(&file);
        vec![
            Diagnostic::error(codes::FILE_UNREADABLE, "file 'a' cannot be read"),
            Diagnostic::error(codes::DUPLICATE_KEY, "key 'memberOf' appears twice")
                .at(second)
                .help("keep one of them")
                .related(first, "first written here"),
        ]
    }

    #[test]
    fn a_terminal_shows_the_lines() {
        let look = Look { colour: false, width: 80 };
        insta::assert_snapshot!(text(&sample(), |_| Some(SOURCE), look), @r#"
        error[FML0101]: file 'a' cannot be read

        error[FML0110]: key 'memberOf' appears twice
         --> users/alice.yaml:4:3
          |
        4 |   memberOf: [labs]
          |   ^^^^^^^^
          |
         ::: users/alice.yaml:3:3
          |
        3 |   memberOf: [acme]
          |   -------- first written here
          |
          = help: keep one of them

        2 errors
        "#);
    }

    #[test]
    fn without_the_source_the_place_is_shown() {
        let look = Look { colour: false, width: 80 };
        insta::assert_snapshot!(text(&sample(), |_| None, look), @r#"
        error[FML0101]: file 'a' cannot be read

        error[FML0110]: key 'memberOf' appears twice
        --> users/alice.yaml:4:3
        ::: users/alice.yaml:3:3
         = note: first written here
         = help: keep one of them

        2 errors
        "#);
    }

    #[test]
    fn one_line_each() {
        insta::assert_snapshot!(lines(&sample()), @r#"
        error[FML0101]: file 'a' cannot be read
        users/alice.yaml:4:3: error[FML0110]: key 'memberOf' appears twice (keep one of them)
        "#);
    }

    #[test]
    fn machines_get_every_field() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&json(&sample())).unwrap(), @r#"
        {
          "diagnostics": [
            {
              "code": "FML0101",
              "severity": "error",
              "file": null,
              "line": null,
              "column": null,
              "message": "file 'a' cannot be read",
              "help": null,
              "related": []
            },
            {
              "code": "FML0110",
              "severity": "error",
              "file": "users/alice.yaml",
              "line": 4,
              "column": 3,
              "message": "key 'memberOf' appears twice",
              "help": "keep one of them",
              "related": [
                {
                  "file": "users/alice.yaml",
                  "line": 3,
                  "column": 3,
                  "message": "first written here"
                }
              ]
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_forge_gets_a_list_in_which_nothing_acts() {
        let hostile = Diagnostic::warning(codes::LOOKALIKE, "key '@all <img src=x> [a](http://b) \u{1b}[31m'");
        insta::assert_snapshot!(markdown(&[sample().remove(1), hostile]), @r#"
        - **error** `FML0110` `users/alice.yaml:4:3`: key 'memberOf' appears twice<br>keep one of them<br>`users/alice.yaml:3:3`: first written here
        - **warning** `FML0116`: key '@<!-- -->all &lt;img src=x&gt; \[a\](http:<!-- -->//b) \\u{1b}\[31m'
        "#);
    }

    #[test]
    fn counts_are_in_plain_words() {
        assert_eq!(summary(&sample()), "2 errors");
        assert_eq!(summary(&[]), "no problems");
    }

    proptest::proptest! {
        #[test]
        fn a_span_that_does_not_fit_the_text_is_harmless(source in ".{0,60}", line in 0u32..9, start in 0u32..80, end in 0u32..80) {
            let span = Mark { line, column: 1, start, end }.in_file(&"f".into());
            let problem = Diagnostic::error(codes::LOOKALIKE, "x").at(span);
            let out = text(&[problem], |_| Some(&source), Look { colour: false, width: 60 });
            proptest::prop_assert!(out.contains("f:"));
        }
    }
}
