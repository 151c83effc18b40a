//! The protocol between the driver and the process of libnftables.
//!
//! A request is a line `VERB BYTES` and that many bytes of commands; an answer a line
//! `STATUS BYTES BYTES`, then that many bytes of output and of errors.

use std::io::{self, BufRead, Write};

/// The longest line before a body.
const LINE: usize = 64;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// What the library is: its release as output, whether it has JSON as errors.
    About,
    Apply,
    Check,
    ListText,
    ListJson,
    ListHandles,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Done,
    /// Nothing was changed.
    Refused,
    /// The library did not get to see the commands.
    Unable,
}

const VERBS: &[(&str, Verb)] = &[
    ("about", Verb::About),
    ("apply", Verb::Apply),
    ("check", Verb::Check),
    ("list-text", Verb::ListText),
    ("list-json", Verb::ListJson),
    ("list-handles", Verb::ListHandles),
];
const STATUSES: &[(&str, Status)] = &[
    ("done", Status::Done),
    ("refused", Status::Refused),
    ("unable", Status::Unable),
];

fn word<T: PartialEq + Copy>(words: &[(&'static str, T)], wanted: T) -> &'static str {
    let found = words.iter().find(|(_, value)| *value == wanted);
    found.map_or("", |(word, _)| word)
}

fn value<T: Copy>(words: &[(&str, T)], wanted: &str) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == wanted);
    found.map(|(_, value)| *value)
}

/// A request as it is sent.
pub(super) fn request(verb: Verb, commands: &str) -> Vec<u8> {
    let line = format!("{} {}\n", word(VERBS, verb), commands.len());
    [line.as_bytes(), commands.as_bytes()].concat()
}

/// Reads a request; none at the end of the input.
///
/// # Errors
/// When it is none, or not whole: then nothing is to be done.
pub(super) fn read_request(input: &mut impl BufRead) -> io::Result<Option<(Verb, String)>> {
    let mut line = String::new();
    if io::Read::take(&mut *input, LINE as u64).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let parsed = line.trim_end().split_once(' ');
    let parsed = parsed.and_then(|(verb, bytes)| Some((value(VERBS, verb)?, bytes.parse().ok()?)));
    let (verb, bytes): (Verb, usize) =
        parsed.ok_or_else(|| io::Error::other(format!("not a request: {line:?}")))?;
    let mut commands = vec![0; bytes];
    input.read_exact(&mut commands)?;
    let commands = String::from_utf8(commands).map_err(io::Error::other)?;
    Ok(Some((verb, commands)))
}

/// Writes an answer.
///
/// # Errors
/// When nobody reads it.
pub(super) fn write_answer(out: &mut impl Write, answer: &Answer) -> io::Result<()> {
    let Answer {
        status,
        output,
        errors,
    } = answer;
    let status = word(STATUSES, *status);
    writeln!(out, "{status} {} {}", output.len(), errors.len())?;
    out.write_all(output.as_bytes())?;
    out.write_all(errors.as_bytes())?;
    out.flush()
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: Status,
    pub(super) output: String,
    pub(super) errors: String,
}

/// Puts an answer together from the pieces that a pipe gives.
#[derive(Debug, Default)]
pub(super) struct Reader {
    bytes: Vec<u8>,
    /// Status, where the output begins, where the errors begin, and where they end.
    head: Option<(Status, usize, usize, usize)>,
}

impl Reader {
    /// Takes bytes; whether the answer is complete, or can never be.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        self.bytes.extend_from_slice(bytes);
        if self.head.is_none() {
            let Some(line) = self.bytes.iter().position(|byte| *byte == b'\n') else {
                return self.bytes.len() > LINE;
            };
            self.head = head(&self.bytes[..line], line + 1);
        }
        match self.head {
            Some((_, _, _, end)) => self.bytes.len() >= end,
            None => true,
        }
    }

    /// The answer; none if what came was not one.
    pub(super) fn finish(self) -> Option<Answer> {
        let (status, output, errors, end) = self.head?;
        let text = |range| Some(String::from_utf8_lossy(self.bytes.get(range)?).into_owned());
        (self.bytes.len() == end).then_some(())?;
        Some(Answer {
            status,
            output: text(output..errors)?,
            errors: text(errors..end)?,
        })
    }
}

fn head(line: &[u8], output: usize) -> Option<(Status, usize, usize, usize)> {
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let status = value(STATUSES, words.next()?)?;
    let errors = output.checked_add(words.next()?.parse().ok()?)?;
    let end = errors.checked_add(words.next()?.parse().ok()?)?;
    words
        .next()
        .is_none()
        .then_some((status, output, errors, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_as_they_were_written() {
        let sent = [
            request(Verb::Apply, "add table inet t\n"),
            request(Verb::ListJson, ""),
        ];
        let mut input = &sent.concat()[..];
        let mut next = || read_request(&mut input).expect("whole");
        assert_eq!(next(), Some((Verb::Apply, "add table inet t\n".to_owned())));
        assert_eq!(next(), Some((Verb::ListJson, String::new())));
        assert_eq!(next(), None);
    }

    #[test]
    fn a_request_that_is_cut_off_is_none() {
        let whole = request(Verb::Apply, "delete table inet t\n");
        for length in 1..whole.len() {
            assert!(read_request(&mut &whole[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn an_answer_is_complete_with_its_last_byte_however_it_is_cut() {
        let answer = Answer {
            status: Status::Refused,
            output: "ü\n".to_owned(),
            errors: "x:1:1-1: Error: no\n".to_owned(),
        };
        let mut sent = Vec::new();
        write_answer(&mut sent, &answer).expect("written");
        for step in 1..=sent.len() {
            let mut reader = Reader::default();
            let pieces: Vec<bool> = sent.chunks(step).map(|piece| reader.feed(piece)).collect();
            let (last, before) = pieces.split_last().expect("some");
            assert!(*last && !before.contains(&true), "{step}");
            assert_eq!(reader.finish().as_ref(), Some(&answer));
        }
    }

    #[test]
    fn bytes_that_are_not_an_answer_end_the_reading() {
        for noise in ["\n", "running 0 tests\n", "done 1\n", "done 1 2 3\n"] {
            let mut reader = Reader::default();
            assert!(reader.feed(noise.as_bytes()), "{noise:?}");
            assert_eq!(reader.finish(), None, "{noise:?}");
        }
        assert!(Reader::default().feed(&[b'x'; LINE + 1]));
    }
}
