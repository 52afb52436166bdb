//! The pattern matching of the database underneath, which shows through in filters.

/// Whether `text` fits `pattern`: `%` is any text, `_` any character, and a backslash takes the next one literally.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let pattern = parse(pattern);
    // The usual greedy walk: remember the last `%` and come back to it when the rest does not fit.
    let (mut at, mut step) = (0, 0);
    let mut last: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(step) {
            Some(Token::Any) => {
                last = Some((step, at));
                step += 1;
            }
            Some(Token::One) => {
                at += 1;
                step += 1;
            }
            Some(Token::Literal(c)) if *c == text[at] => {
                at += 1;
                step += 1;
            }
            _ => match last {
                Some((any, from)) => {
                    last = Some((any, from + 1));
                    step = any + 1;
                    at = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[step..].iter().all(|token| matches!(token, Token::Any))
}

enum Token {
    Any,
    One,
    Literal(char),
}

fn parse(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '%' => Token::Any,
            '_' => Token::One,
            '\\' => Token::Literal(chars.next().unwrap_or('\\')),
            c => Token::Literal(c),
        });
    }
    tokens
}
