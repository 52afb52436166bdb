//! GraphQL documents as clients send them: one operation with its variables put in. Fragments and directives are not read.

use serde_json::{Map, Value};

/// One operation of a document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) is_mutation: bool,
    pub(super) fields: Vec<Selection>,
}

/// A selected field.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    /// Arguments whose variable was not sent are left out.
    pub(super) arguments: Map<String, Value>,
    pub(super) fields: Vec<Selection>,
    /// Line and column, from 1.
    pub(super) place: (usize, usize),
}

/// Why a document could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is no GraphQL: what the parser says, and where.
    Syntax(String, (usize, usize)),
    /// It uses what is not imitated.
    Unimitated,
}

impl Selection {
    /// The key of the answer.
    pub(super) fn key(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }

    pub(super) fn field(&self, name: &str) -> Option<&Selection> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Sign(char),
    Text(String),
    Number(String),
    Spread,
    End,
}

impl Token {
    fn told(&self) -> String {
        match self {
            Token::Name(name) => format!("Name \"{name}\""),
            Token::Sign(sign) => format!("\"{sign}\""),
            Token::Text(text) => format!("String \"{text}\""),
            Token::Number(number) => format!("Int \"{number}\""),
            Token::Spread => "\"...\"".to_owned(),
            Token::End => "<EOF>".to_owned(),
        }
    }
}

type Read<T> = Result<T, Unread>;

/// Reads a document. Types of variables are not looked at, as the server does not.
pub(super) fn read(text: &str, variables: &Map<String, Value>) -> Read<Document> {
    let mut reader = Reader { tokens: tokens(text)?, at: 0, variables };
    let mut is_mutation = false;
    if let Token::Name(kind) = reader.peek().clone() {
        is_mutation = match kind.as_str() {
            "query" => false,
            "mutation" => true,
            "subscription" | "fragment" => return Err(Unread::Unimitated),
            _ => return Err(reader.unexpected()),
        };
        reader.at += 1;
        if matches!(reader.peek(), Token::Name(_)) {
            reader.at += 1;
        }
        reader.skip_variables()?;
    }
    let fields = reader.selections()?;
    if *reader.peek() != Token::End {
        return Err(Unread::Unimitated);
    }
    Ok(Document { is_mutation, fields })
}

struct Reader<'v> {
    tokens: Vec<(Token, (usize, usize))>,
    at: usize,
    variables: &'v Map<String, Value>,
}

impl Reader<'_> {
    /// The last token is the end, which is never passed.
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn place(&self) -> (usize, usize) {
        self.tokens[self.at.min(self.tokens.len() - 1)].1
    }

    fn unexpected(&self) -> Unread {
        Unread::Syntax(format!("Syntax Error: Unexpected {}.", self.peek().told()), self.place())
    }

    fn expected(&self, what: &str) -> Unread {
        Unread::Syntax(format!("Syntax Error: Expected {what}, found {}.", self.peek().told()), self.place())
    }

    fn takes(&mut self, sign: char) -> bool {
        let is_there = *self.peek() == Token::Sign(sign);
        self.at += usize::from(is_there);
        is_there
    }

    fn sign(&mut self, sign: char) -> Read<()> {
        if self.takes(sign) { Ok(()) } else { Err(self.expected(&format!("\"{sign}\""))) }
    }

    fn name(&mut self) -> Read<String> {
        let Token::Name(name) = self.peek().clone() else {
            return Err(self.expected("Name"));
        };
        self.at += 1;
        Ok(name)
    }

    fn skip_variables(&mut self) -> Read<()> {
        if !self.takes('(') {
            return Ok(());
        }
        while !self.takes(')') {
            if *self.peek() == Token::End {
                return Err(self.expected("\"$\""));
            }
            self.at += 1;
        }
        Ok(())
    }

    fn selections(&mut self) -> Read<Vec<Selection>> {
        self.sign('{')?;
        let mut fields = Vec::new();
        loop {
            if matches!(self.peek(), Token::Spread | Token::Sign('@')) {
                return Err(Unread::Unimitated);
            }
            fields.push(self.selection()?);
            if self.takes('}') {
                return Ok(fields);
            }
        }
    }

    fn selection(&mut self) -> Read<Selection> {
        let place = self.place();
        let mut name = self.name()?;
        let mut alias = None;
        if self.takes(':') {
            alias = Some(name);
            name = self.name()?;
        }
        let mut arguments = Map::new();
        if self.takes('(') {
            while !self.takes(')') {
                let argument = self.name()?;
                self.sign(':')?;
                if let Some(value) = self.value()? {
                    arguments.insert(argument, value);
                }
            }
        }
        if *self.peek() == Token::Sign('@') {
            return Err(Unread::Unimitated);
        }
        let fields = if *self.peek() == Token::Sign('{') { self.selections()? } else { Vec::new() };
        Ok(Selection { name, alias, arguments, fields, place })
    }

    /// A value; `None` for a variable that was not sent. Names that are no literals are texts.
    fn value(&mut self) -> Read<Option<Value>> {
        let token = self.peek().clone();
        self.at += 1;
        Ok(Some(match token {
            Token::Sign('$') => {
                let name = self.name()?;
                return Ok(self.variables.get(&name).cloned());
            }
            Token::Sign('[') => {
                let mut items = Vec::new();
                while !self.takes(']') {
                    items.extend(self.value()?);
                }
                Value::Array(items)
            }
            Token::Sign('{') => {
                let mut fields = Map::new();
                while !self.takes('}') {
                    let name = self.name()?;
                    self.sign(':')?;
                    if let Some(value) = self.value()? {
                        fields.insert(name, value);
                    }
                }
                Value::Object(fields)
            }
            Token::Text(text) => text.into(),
            Token::Number(number) => serde_json::from_str(&number).unwrap_or_default(),
            Token::Name(name) => match name.as_str() {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Value::Null,
                _ => name.into(),
            },
            _ => {
                self.at -= 1;
                return Err(self.unexpected());
            }
        }))
    }
}

fn tokens(text: &str) -> Read<Vec<(Token, (usize, usize))>> {
    let letters: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line, mut begin) = (0, 1, 0);
    while at < letters.len() {
        let place = (line, at - begin + 1);
        let from = at;
        let until = |from: usize, goes_on: &dyn Fn(char) -> bool| {
            letters[from..].iter().position(|c| !goes_on(*c)).map_or(letters.len(), |n| from + n)
        };
        match letters[at] {
            '\n' => {
                at += 1;
                (line, begin) = (line + 1, at);
            }
            c if c.is_whitespace() || c == ',' || c == '\u{feff}' => at += 1,
            '#' => at = until(at, &|c| c != '\n'),
            '"' => {
                let (text, end) = text_literal(&letters, at)
                    .ok_or_else(|| Unread::Syntax("Syntax Error: Unterminated string.".to_owned(), place))?;
                found.push((Token::Text(text), place));
                at = end;
            }
            '.' if letters[at..].starts_with(&['.', '.', '.']) => {
                found.push((Token::Spread, place));
                at += 3;
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                at = until(at, &|c| c.is_ascii_alphanumeric() || c == '_');
                found.push((Token::Name(letters[from..at].iter().collect()), place));
            }
            c if c.is_ascii_digit() || c == '-' => {
                at = until(at + 1, &|c| c.is_ascii_digit() || ".eE+-".contains(c));
                found.push((Token::Number(letters[from..at].iter().collect()), place));
            }
            c if "{}()[]:$!=@|&".contains(c) => {
                found.push((Token::Sign(c), place));
                at += 1;
            }
            c => return Err(Unread::Syntax(format!("Syntax Error: Unexpected character: \"{c}\"."), place)),
        }
    }
    found.push((Token::End, (line, at - begin + 1)));
    Ok(found)
}

/// A text in double quotes that begins at `at`, and where it ends. Texts over several lines are not read.
fn text_literal(letters: &[char], at: usize) -> Option<(String, usize)> {
    let mut end = at + 1;
    while *letters.get(end)? != '"' {
        if letters[end] == '\n' {
            return None;
        }
        end += if letters[end] == '\\' { 2 } else { 1 };
    }
    let quoted: String = letters[at..=end].iter().collect();
    serde_json::from_str(&quoted).ok().map(|text| (text, end + 1))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_with_variables() {
        let variables = json!({ "d": { "stage": "NEW" } });
        let text =
            "mutation($d: OpportunityCreateInput!) { made: createOpportunity(data: $d, upsert: true, x: $y) { id } }";
        let document = read(text, variables.as_object().unwrap()).unwrap();
        let field = &document.fields[0];
        assert!(document.is_mutation);
        assert_eq!((field.key(), field.name.as_str(), field.fields.len()), ("made", "createOpportunity", 1));
        assert_eq!(Value::Object(field.arguments.clone()), json!({ "data": { "stage": "NEW" }, "upsert": true }));
    }

    #[test]
    fn a_document_that_ends_too_soon() {
        let Err(Unread::Syntax(message, place)) = read("{ people(first:1) { ", &Map::new()) else {
            panic!("it is no document");
        };
        assert_eq!((message.as_str(), place), ("Syntax Error: Expected Name, found <EOF>.", (1, 21)));
    }
}
