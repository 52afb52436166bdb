//! The expressions of Terraform's language, as [`super::hcl`] reads them.

use super::hcl::{Expression, Read, Reader};

impl Reader {
    pub(in crate::provider::coder) fn plain_text(&mut self) -> Read<String> {
        match self.quoted()? {
            Expression::Text(text) => Ok(text),
            _ => self.fault("Invalid string literal"),
        }
    }

    pub(in crate::provider::coder) fn expression(&mut self) -> Read<Expression> {
        let condition = self.binary(0)?;
        self.skip(false);
        if !self.take("?") {
            return Ok(condition);
        }
        let then = self.expression()?;
        self.skip(true);
        if !self.take(":") {
            return self.fault("Missing false expression in conditional");
        }
        Ok(Expression::If(Box::new(condition), Box::new(then), Box::new(self.expression()?)))
    }

    /// Operators by how loosely they bind.
    fn binary(&mut self, level: usize) -> Read<Expression> {
        const LEVELS: [&[&str]; 6] =
            [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1)?;
        loop {
            self.skip(false);
            let Some(operator) = operators.iter().find(|operator| self.sees(operator)) else {
                return Ok(left);
            };
            self.take(operator);
            let right = self.binary(level + 1)?;
            left = Expression::Binary((*operator).to_owned(), Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self) -> Read<Expression> {
        self.skip(true);
        if self.sees("!") && !self.sees("!=") {
            self.next();
            return Ok(Expression::Not(Box::new(self.unary()?)));
        }
        if self.take("-") {
            return Ok(match self.unary()? {
                Expression::Number(number) => Expression::Number(-number),
                other => Expression::Unknown(vec![other]),
            });
        }
        let term = self.term()?;
        self.traversal(term)
    }

    fn term(&mut self) -> Read<Expression> {
        match self.peek() {
            Some('"') => self.quoted(),
            Some('(') => {
                self.next();
                let inner = self.expression()?;
                self.skip(true);
                if self.take(")") { Ok(inner) } else { self.fault("Unbalanced parentheses") }
            }
            Some('[') => self.list(),
            Some('{') => self.object(),
            Some('<') if self.sees("<<") => self.heredoc(),
            Some(c) if c.is_ascii_digit() => {
                let mut digits = String::new();
                while let Some(c) = self.peek().filter(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E')) {
                    digits.push(c);
                    self.next();
                }
                digits.parse().map_or_else(|_| self.fault("Invalid number literal"), |n| Ok(Expression::Number(n)))
            }
            Some(c) if c.is_alphabetic() || c == '_' => {
                let word = self.word();
                match word.as_str() {
                    "true" | "false" => Ok(Expression::Bool(word == "true")),
                    "null" => Ok(Expression::Null),
                    _ if self.peek() == Some('(') => Ok(Expression::Call(word, self.arguments()?)),
                    _ => Ok(Expression::Reference(vec![word])),
                }
            }
            _ => self.fault("Invalid expression"),
        }
    }

    fn arguments(&mut self) -> Read<Vec<Expression>> {
        self.next();
        let mut arguments = Vec::new();
        loop {
            self.skip(true);
            if self.take(")") {
                return Ok(arguments);
            }
            arguments.push(self.expression()?);
            self.skip(true);
            self.take("...");
            self.skip(true);
            if !self.take(",") && self.peek() != Some(')') {
                return self.fault("Missing argument separator");
            }
        }
    }

    fn traversal(&mut self, term: Expression) -> Read<Expression> {
        let mut term = term;
        loop {
            if self.sees(".") && !self.sees("..") {
                self.next();
                if self.take("*") {
                    continue;
                }
                let name = self.word();
                match &mut term {
                    Expression::Reference(parts) => parts.push(name),
                    _ => term = Expression::Unknown(vec![term]),
                }
            } else if self.peek() == Some('[') {
                self.next();
                self.skip(true);
                if !self.take("*") {
                    self.expression()?;
                }
                self.skip(true);
                if !self.take("]") {
                    return self.fault("Missing close bracket on index");
                }
            } else {
                return Ok(term);
            }
        }
    }

    fn list(&mut self) -> Read<Expression> {
        self.next();
        self.skip(true);
        if self.is_for() {
            return self.comprehension('[', ']');
        }
        let mut items = Vec::new();
        loop {
            self.skip(true);
            if self.take("]") {
                return Ok(Expression::List(items));
            }
            items.push(self.expression()?);
            self.skip(true);
            if !self.take(",") && self.peek() != Some(']') {
                return self.fault("Missing item separator");
            }
        }
    }

    fn object(&mut self) -> Read<Expression> {
        self.next();
        self.skip(true);
        if self.is_for() {
            return self.comprehension('{', '}');
        }
        let mut items = Vec::new();
        loop {
            self.skip(true);
            if self.take("}") {
                return Ok(Expression::Object(items));
            }
            let key = match self.peek() {
                Some('"') => self.quoted()?,
                Some('(') => self.term()?,
                _ => Expression::Text(self.word()),
            };
            self.skip(false);
            if !self.take("=") && !self.take(":") {
                return self.fault("Missing attribute value");
            }
            let value = self.expression()?;
            if let Expression::Text(key) = key {
                items.push((key, value));
            }
            self.skip(false);
            if !self.take(",") && !matches!(self.peek(), Some('\n' | '}')) {
                return self.fault("Missing attribute separator");
            }
        }
    }

    fn is_for(&self) -> bool {
        self.sees("for") && self.text.get(self.at + 3).is_some_and(|c| c.is_whitespace())
    }

    /// Reads over a `for` to the bracket that ends it. Its names are its own, so references are not kept.
    fn comprehension(&mut self, opens: char, closes: char) -> Read<Expression> {
        let mut depth = 1;
        while let Some(c) = self.peek() {
            if c == '"' {
                self.quoted()?;
                continue;
            }
            self.next();
            depth += i32::from(c == opens);
            depth -= i32::from(c == closes);
            if depth == 0 {
                return Ok(Expression::Unknown(Vec::new()));
            }
        }
        self.fault("Unclosed expression")
    }

    fn quoted(&mut self) -> Read<Expression> {
        self.next();
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => break,
                None | Some('\n') => return self.fault("Unterminated template string"),
                Some('\\') => match self.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some('r') => text.push('\r'),
                    Some(c) => text.push(c),
                    None => return self.fault("Unterminated template string"),
                },
                Some(c) => self.part(c, &mut text, &mut parts)?,
            }
        }
        Ok(joined(parts, text))
    }

    /// One character of a template, or an interpolation.
    fn part(&mut self, c: char, text: &mut String, parts: &mut Vec<Expression>) -> Read<()> {
        if matches!(c, '$' | '%') && self.peek() == Some('{') {
            if text.ends_with(c) {
                // A doubled sign stands for itself.
                return Ok(());
            }
            self.next();
            parts.push(Expression::Text(std::mem::take(text)));
            if c == '%' {
                parts.push(self.comprehension('{', '}')?);
                return Ok(());
            }
            self.take("~");
            parts.push(self.expression()?);
            self.skip(true);
            self.take("~");
            return if self.take("}") { Ok(()) } else { self.fault("Invalid template interpolation value") };
        }
        text.push(c);
        Ok(())
    }

    fn heredoc(&mut self) -> Read<Expression> {
        self.take("<<");
        self.take("-");
        let marker = self.word();
        self.rest_of_line();
        self.next();
        let mut parts = Vec::new();
        let mut text = String::new();
        loop {
            let line: String = self.text[self.at..].iter().take_while(|c| **c != '\n').collect();
            if line.trim() == marker {
                for _ in line.chars() {
                    self.next();
                }
                return Ok(joined(parts, text));
            }
            loop {
                match self.next() {
                    None => return self.fault("Unterminated template string"),
                    Some('\n') => {
                        text.push('\n');
                        break;
                    }
                    Some(c) => self.part(c, &mut text, &mut parts)?,
                }
            }
        }
    }
}

fn joined(mut parts: Vec<Expression>, text: String) -> Expression {
    if parts.is_empty() {
        return Expression::Text(text);
    }
    if !text.is_empty() {
        parts.push(Expression::Text(text));
    }
    parts.retain(|part| *part != Expression::Text(String::new()));
    Expression::Template(parts)
}
