//! Lines for a terminal: indented, wrapped to its width, coloured if it has colours. Meaning never hangs on colour.

use anstyle::{AnsiColor, Style};

use crate::engine::diag::render::visible;

/// How a page is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// With colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Everything, where usually a line is enough.
    pub verbose: bool,
}

impl Default for Look {
    /// Plain, 100 columns.
    fn default() -> Self {
        Self { colour: false, width: 100, verbose: false }
    }
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary.
    Plain,
    /// A heading.
    Strong,
    /// Places, digests, what one reads only when one needs it.
    Faint,
    /// Made, given.
    Good,
    /// Changed.
    Change,
    /// Removed, refused.
    Bad,
    /// Waiting.
    Wait,
}

impl Tone {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Tone::Plain => Style::new(),
            Tone::Strong => Style::new().bold(),
            Tone::Faint => Style::new().dimmed(),
            Tone::Good => colour(AnsiColor::Green),
            Tone::Change => colour(AnsiColor::Yellow),
            Tone::Bad => colour(AnsiColor::Red),
            Tone::Wait => colour(AnsiColor::Magenta),
        }
    }
}

/// A page being written.
#[derive(Debug)]
pub struct Page {
    look: Look,
    text: String,
}

impl Page {
    /// An empty page.
    pub fn new(look: Look) -> Self {
        Self { look, text: String::new() }
    }

    /// How it is drawn.
    pub fn look(&self) -> Look {
        self.look
    }

    /// An empty line.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line of its own, wrapped; what does not fit goes on below, indented by two more.
    pub fn line(&mut self, indent: usize, tone: Tone, text: &str) {
        self.pieces(indent, &[(tone, text)]);
    }

    /// A line of several pieces, wrapped between words.
    pub fn pieces(&mut self, indent: usize, pieces: &[(Tone, &str)]) {
        let width = self.look.width.max(20);
        let mut column = indent;
        self.text.extend(std::iter::repeat_n(' ', indent));
        let mut first = true;
        for (tone, text) in pieces {
            let style = if self.look.colour { tone.style() } else { Style::new() };
            for word in text.split(' ').filter(|word| !word.is_empty()) {
                let length = display_width(word);
                if !first && column + 1 + length > width {
                    let below = (indent + 2).min(width / 2);
                    self.text.push('\n');
                    self.text.extend(std::iter::repeat_n(' ', below));
                    column = below;
                } else if !first {
                    self.text.push(' ');
                    column += 1;
                }
                self.text.push_str(&format!("{style}{}{style:#}", visible(word)));
                column += length;
                first = false;
            }
        }
        self.text.push('\n');
    }

    /// A line as it is: not wrapped, for what must be copied or aligned.
    pub fn raw(&mut self, indent: usize, tone: Tone, text: &str) {
        let style = if self.look.colour { tone.style() } else { Style::new() };
        let indent = " ".repeat(indent);
        self.text.push_str(&format!("{indent}{style}{}{style:#}\n", visible(text)));
    }

    /// The text.
    pub fn finish(self) -> String {
        self.text
    }
}

fn display_width(word: &str) -> usize {
    word.chars().count()
}
