//! Detects the end of the answer of `nft -i` to one transaction.
//!
//! `nft -i` reads lines and writes errors, with nothing between the answers. So each transaction is one line,
//! followed by a line with a random word. The word is not a command. nft answers it with a syntax error that quotes
//! it on a line of its own, after its messages about the transaction:
//!
//! ```text
//! Error: syntax error, unexpected newline, expecting string
//! tg17
//!    ^
//! ```
//! No line of an answer can equal the word: lines that quote a transaction begin with its verb.

/// The most bytes of an answer that are kept. The rest is read and dropped.
const KEPT: usize = 512 * 1024;

/// Reads an answer line by line until the word was quoted.
pub(super) struct Frame<'a> {
    word: &'a str,
    answer: String,
    /// A line that may begin the error about the word, or belongs to the answer.
    held: Option<Vec<u8>>,
    line: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Answer,
    Carets,
    Complete,
}

impl<'a> Frame<'a> {
    pub(super) const fn new(word: &'a str) -> Self {
        Self {
            word,
            answer: String::new(),
            held: None,
            line: Vec::new(),
            state: State::Answer,
        }
    }

    /// Takes more of stderr. Returns whether the answer is complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> bool {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = KEPT.saturating_sub(self.line.len()).min(text.len());
            self.line.extend_from_slice(&text[..room]);
            if ends {
                let line = std::mem::take(&mut self.line);
                self.take(line);
            }
        }
        self.state == State::Complete
    }

    fn take(&mut self, line: Vec<u8>) {
        match self.state {
            State::Answer if line == self.word.as_bytes() => {
                self.held = None;
                self.state = State::Carets;
            }
            State::Answer => {
                if let Some(held) = self.held.replace(line) {
                    self.keep(&held);
                }
            }
            State::Carets => self.state = State::Complete,
            State::Complete => {}
        }
    }

    fn keep(&mut self, line: &[u8]) {
        if self.answer.len() + line.len() < KEPT {
            self.answer.push_str(&String::from_utf8_lossy(line));
            self.answer.push('\n');
        }
    }

    /// The answer about the transaction, without the error about the word.
    pub(super) fn into_answer(self) -> String {
        self.answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "Error: syntax error, unexpected newline, expecting string\nWORD\n    ^\n";

    /// Feeds the output in pieces of every size.
    fn check(output: &str, answer: &str) {
        for size in 1..=output.len() {
            let mut frame = Frame::new("WORD");
            let mut pieces = output.as_bytes().chunks(size).peekable();
            while let Some(piece) = pieces.next() {
                assert_eq!(
                    frame.feed(piece),
                    pieces.peek().is_none(),
                    "in pieces of {size}"
                );
            }
            assert_eq!(frame.into_answer(), answer);
        }
    }

    #[test]
    fn an_answer_without_errors_is_empty() {
        check(OWN, "");
    }

    #[test]
    fn errors_of_the_transaction_are_kept_and_that_of_the_word_is_not() {
        let error = "Error: File exists\nadd table inet t; add x WORD\n              ^\n";
        check(&format!("{error}{OWN}"), error);
    }

    #[test]
    fn long_answers_are_bounded_and_still_end() {
        let mut frame = Frame::new("WORD");
        let flood = "x".repeat(4 * KEPT);
        assert!(!frame.feed(format!("{flood}\nshort\n{flood}").as_bytes()));
        assert!(frame.feed(format!("\n{OWN}").as_bytes()));
        assert!(frame.into_answer().len() <= KEPT);
    }
}
