//! A small reader of Terraform's language: blocks, arguments, and the expressions that templates contain. What it does
//! not know evaluates to nothing.

use std::collections::BTreeMap;

/// A block with its labels.
#[derive(Debug, Clone, Default)]
pub(in crate::provider::coder) struct Block {
    pub(in crate::provider::coder) kind: String,
    pub(in crate::provider::coder) labels: Vec<String>,
    pub(in crate::provider::coder) line: usize,
    pub(in crate::provider::coder) arguments: BTreeMap<String, (Expression, usize)>,
    pub(in crate::provider::coder) blocks: Vec<Block>,
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::provider::coder) enum Expression {
    Text(String),
    Number(f64),
    Bool(bool),
    Null,
    /// A text with parts that are evaluated.
    Template(Vec<Expression>),
    /// `a.b[0].c`, without what stands in brackets.
    Reference(Vec<String>),
    Call(String, Vec<Expression>),
    List(Vec<Expression>),
    Object(Vec<(String, Expression)>),
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    Binary(String, Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
    /// Read over; its references are kept, so that undeclared ones are found.
    Unknown(Vec<Expression>),
}

/// Why a file is no Terraform, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::provider::coder) struct SyntaxError {
    pub(in crate::provider::coder) line: usize,
    pub(in crate::provider::coder) text: &'static str,
}

impl Block {
    /// The expression of an argument.
    pub(in crate::provider::coder) fn argument(&self, name: &str) -> Option<&Expression> {
        self.arguments.get(name).map(|(expression, _)| expression)
    }

    pub(in crate::provider::coder) fn label(&self, n: usize) -> &str {
        self.labels.get(n).map_or("", String::as_str)
    }

    /// The blocks of a kind within.
    pub(in crate::provider::coder) fn inner<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

/// Reads a file. The block that is answered holds those of the file.
pub(in crate::provider::coder) fn parse(text: &str) -> Result<Block, SyntaxError> {
    let mut reader = Reader { text: text.chars().collect(), at: 0, line: 1 };
    let mut file = Block::default();
    reader.body(&mut file, false)?;
    Ok(file)
}

/// A file on its way to being read.
pub(in crate::provider::coder) struct Reader {
    pub(in crate::provider::coder) text: Vec<char>,
    pub(in crate::provider::coder) at: usize,
    line: usize,
}

pub(in crate::provider::coder) type Read<T> = Result<T, SyntaxError>;

impl Reader {
    pub(in crate::provider::coder) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(in crate::provider::coder) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    pub(in crate::provider::coder) fn sees(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(n, c)| self.text.get(self.at + n) == Some(&c))
    }

    pub(in crate::provider::coder) fn take(&mut self, text: &str) -> bool {
        let sees = self.sees(text);
        if sees {
            for _ in text.chars() {
                self.next();
            }
        }
        sees
    }

    pub(in crate::provider::coder) fn fault<T>(&self, text: &'static str) -> Read<T> {
        Err(SyntaxError { line: self.line, text })
    }

    /// Spaces and comments; line ends too where they mean nothing.
    pub(in crate::provider::coder) fn skip(&mut self, with_lines: bool) {
        loop {
            match self.peek() {
                Some('\n') if !with_lines => return,
                Some(c) if c.is_whitespace() => {
                    self.next();
                }
                Some('#') => self.rest_of_line(),
                Some('/') if self.sees("//") => self.rest_of_line(),
                Some('/') if self.sees("/*") => {
                    while self.peek().is_some() && !self.take("*/") {
                        self.next();
                    }
                }
                _ => return,
            }
        }
    }

    pub(in crate::provider::coder) fn rest_of_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    pub(in crate::provider::coder) fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
            word.push(c);
            self.next();
        }
        word
    }

    /// Arguments and blocks until the brace that closes them, or the end of the file.
    fn body(&mut self, block: &mut Block, is_closed: bool) -> Read<()> {
        let start = block.line;
        loop {
            self.skip(true);
            match self.peek() {
                None if is_closed => return Err(SyntaxError { line: start, text: "Unclosed configuration block" }),
                None => return Ok(()),
                Some('}') if is_closed => {
                    self.next();
                    return Ok(());
                }
                _ => self.definition(block)?,
            }
        }
    }

    fn definition(&mut self, block: &mut Block) -> Read<()> {
        const WANTED: &str = "Argument or block definition required";
        let line = self.line;
        let name = if self.peek() == Some('"') { self.plain_text()? } else { self.word() };
        if name.is_empty() {
            return self.fault(WANTED);
        }
        self.skip(false);
        if self.sees("=") && !self.sees("==") {
            self.next();
            let value = self.expression()?;
            self.skip(false);
            if !matches!(self.peek(), None | Some('\n' | '}' | ',')) {
                return self.fault("Missing newline after argument");
            }
            self.take(",");
            block.arguments.insert(name, (value, line));
            return Ok(());
        }
        let mut inner = Block { kind: name, line, ..Block::default() };
        loop {
            self.skip(false);
            match self.peek() {
                Some('{') => break,
                Some('"') => inner.labels.push(self.plain_text()?),
                Some(c) if c.is_alphanumeric() || c == '_' => inner.labels.push(self.word()),
                _ => return self.fault("Invalid block definition"),
            }
        }
        self.next();
        self.body(&mut inner, true)?;
        block.blocks.push(inner);
        Ok(())
    }
}
