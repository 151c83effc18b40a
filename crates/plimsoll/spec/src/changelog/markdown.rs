//! A changelog in Markdown.
//!
//! A release has a heading (`## 0.2.0 (2026-03-01)`, `## [v0.2.0] - 2026-03-01`, `# name 0.2.0`), after marks or underlined, and a
//! list of changes under it, or paragraphs. `## Unreleased` stands for the version that is being built. Other headings only group
//! the changes.

mod heading;
mod inline;

use heading::heading;
use inline::plain;

use super::Section;

pub(super) fn sections(text: &str) -> Vec<Section> {
    let mut reader = Reader::default();
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).copied().unwrap_or_default();
        if reader.is_hidden(line) {
            reader.is_inside = false;
        } else if let Some((level, heading)) = heading(line, next) {
            reader.is_inside = false;
            reader.begin(level, heading, index + 1);
        } else {
            reader.add(line.trim());
        }
    }
    reader.end();
    reader.sections
}

#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    /// What the last section says outside of lists.
    prose: Vec<String>,
    /// Whether the next line may go on with a change or a paragraph.
    is_inside: bool,
    /// What ends the code or the comment that the next line is in.
    end: Option<&'static str>,
}

impl Reader {
    /// Whether a line is not text: code, a comment, a tag, the target of a link.
    fn is_hidden(&mut self, line: &str) -> bool {
        let text = line.trim();
        if let Some(end) = self.end {
            if text.contains(end) {
                self.end = None;
            }
            return true;
        }
        let starts = [("```", "```"), ("~~~", "~~~"), ("<!--", "-->")];
        if let Some((start, end)) = starts.iter().find(|(start, _)| text.starts_with(start)) {
            let is_one_line = text[start.len()..].contains(end);
            self.end = (!is_one_line).then_some(end);
            return true;
        }
        let is_tag = text.starts_with('<') && text.ends_with('>') && !text.contains("://");
        let is_target = text.starts_with('[') && text.contains("]: ");
        is_tag || is_target
    }

    fn begin(&mut self, level: usize, text: &str, line: usize) {
        let Some((name, date)) = heading::release(level, text) else {
            return;
        };
        self.end();
        self.sections.push(Section {
            line,
            name,
            date,
            changes: Vec::new(),
        });
    }

    /// Without a list, each paragraph is a change.
    fn end(&mut self) {
        let prose = std::mem::take(&mut self.prose);
        if let Some(section) = self.sections.last_mut()
            && section.changes.is_empty()
        {
            section.changes = prose;
        }
    }

    fn add(&mut self, text: &str) {
        let Some(section) = self.sections.last_mut() else {
            return;
        };
        let changes = &mut section.changes;
        if let Some(change) = item(text) {
            changes.push(plain(change));
        } else if text.is_empty() || heading::is_underline(text) {
            self.is_inside = false;
            return;
        } else if self.is_inside && changes.is_empty() {
            append(&mut self.prose, text);
        } else if self.is_inside {
            append(changes, text);
        } else if changes.is_empty() {
            self.prose.push(plain(text));
        } else {
            return;
        }
        self.is_inside = true;
    }
}

/// The text of an item of a list, after `-`, `*`, `+` or `1.`.
fn item(text: &str) -> Option<&str> {
    let (mark, rest) = text.split_once(' ')?;
    let number = mark.strip_suffix(['.', ')']).unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (["-", "*", "+"].contains(&mark) || is_number).then(|| rest.trim_start())
}

fn append(paragraphs: &mut [String], text: &str) {
    if let Some(last) = paragraphs.last_mut() {
        last.push(' ');
        last.push_str(&plain(text));
    }
}
