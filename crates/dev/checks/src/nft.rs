//! Texts that become part of what a driver is sent.

use tidegate_nft::{
    Chain, Comment, Element, Family, IfName, Name, Op, Rule, Statement, TableId, Transaction,
    Verdict, name,
};

/// A text that is taken as a name, interface or comment stays what it is, and stays in its
/// place: one operation is one line that nft cuts into the words that were meant.
///
/// # Panics
/// Where that does not hold.
pub fn nft(text: &str) {
    names(text);
    interfaces(text);
    comments(text);
}

fn table() -> TableId {
    TableId::new(Family::Inet, name!("t"))
}

fn rule(statement: impl Into<Statement>) -> Rule {
    Rule::new(table().chain(name!("c")), [statement.into()])
}

fn names(text: &str) {
    let Ok(name) = Name::new(text) else { return };
    assert_eq!(name.as_str(), text);
    let chain = Chain::regular(table().chain(name.clone()));
    check_op(Op::Add(chain.into()), &["add", "chain", "inet", "t", text]);
    let jump = rule(Verdict::Jump(name));
    let expected = ["add", "rule", "inet", "t", "c", "jump", text];
    check_op(Op::Add(jump.into()), &expected);
}

fn interfaces(text: &str) {
    let Ok(name) = IfName::new(text) else { return };
    assert_eq!(name.as_str(), text);
    let quoted = format!("\"{text}\"");
    let op = Op::AddElements {
        set: table().set(name!("s")),
        elements: vec![Element::new([name.into()])],
    };
    check_op(op, &["add", "element", "inet", "t", "s", "{", &quoted, "}"]);
}

fn comments(text: &str) {
    let sanitized = Comment::sanitized(text);
    assert_eq!(Comment::new(sanitized.as_str()), Ok(sanitized.clone()));
    if let Ok(comment) = Comment::new(text) {
        assert_eq!(comment, sanitized, "what nft can keep is kept");
    }
    let quoted = sanitized.to_string();
    let commented = rule(Verdict::Drop).comment(sanitized);
    let expected = ["add", "rule", "inet", "t", "c", "drop", "comment", &quoted];
    check_op(Op::Add(commented.into()), &expected);
    let tag = rule(Verdict::Drop).tagged(text).comment;
    let tag = tag.expect("a tagged rule has a comment");
    assert_eq!(Comment::new(tag.as_str()), Ok(tag.clone()));
    assert!(tag.as_str().contains(" #"), "the digest is never cut off");
}

/// The operation is a line of these words.
fn check_op(op: Op, expected: &[&str]) {
    let line = op.to_string();
    assert_eq!(words(&line).as_deref(), Some(expected), "{line}");
    check_transaction(&[op].into_iter().collect());
}

/// Each operation is one line of text that nft reads as one.
pub(crate) fn check_transaction(transaction: &Transaction) {
    let lines: Vec<String> = transaction.ops().iter().map(Op::to_string).collect();
    for line in &lines {
        assert!(words(line).is_some(), "{line}");
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    assert_eq!(transaction.to_text(), text);
}

/// The words of a line, with what is between quotes as one. None when quotes are not closed, or a
/// character outside of them would end the operation, hide the rest, or be a pattern.
fn words(line: &str) -> Option<Vec<&str>> {
    let mut words = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('"') {
        let (before, quoted) = rest.split_at(start);
        let end = quoted.get(1..)?.find('"')? + 2;
        words.extend(bare(before)?);
        let (quoted, after) = quoted.split_at(end);
        if quoted.contains(['\n', '\r', '\\', '$']) {
            return None;
        }
        words.push(quoted);
        rest = after;
    }
    words.extend(bare(rest)?);
    Some(words)
}

fn bare(part: &str) -> Option<impl Iterator<Item = &str>> {
    let ends = ['\n', '\r', '\\', '#', '$', '*'];
    (!part.contains(ends)).then(|| part.split_whitespace())
}
