//! No name, comment or label can break out of the place that it has in text or JSON.

use proptest::prelude::*;
use tidegate_nft::*;

/// Any text, and often one with characters that mean something to nft.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z;{}\"#$@*\\\\ \n\t.:/-]{0,12}",
        "[a-z][a-z0-9_-]{0,12}",
        "(fwd|th|last|drop|add|ip|meta|comment|tg[0-9a-f]{16}x[0-9])",
    ]
}

fn table() -> TableId {
    TableId::new(Family::Inet, name!("t"))
}

/// The words of a line, with what is between quotes as one. `None` when quotes are not closed, or a
/// character outside of them would end the operation or hide the rest.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(format!("\"{part}\""));
            words.push(String::new());
            continue;
        }
        if part.contains(['\n', '\r', '\\', '#', '$', '*']) {
            return None;
        }
        words.extend(part.split_whitespace().map(str::to_owned));
    }
    let closed = line.matches('"').count().is_multiple_of(2);
    closed.then(|| words.into_iter().filter(|word| !word.is_empty()).collect())
}

/// The operation is one line that nft cuts into these words, and JSON that reads back as it was.
fn check_op(op: Op, expected: &[&str]) -> Result<(), TestCaseError> {
    let line = op.to_string();
    let found = words(&line);
    let expected: Vec<String> = expected.iter().map(|word| (*word).to_owned()).collect();
    prop_assert_eq!(found, Some(expected), "{}", line);
    let transaction: Transaction = [op].into_iter().collect();
    prop_assert_eq!(transaction.to_text(), format!("{line}\n"));
    let json = transaction.to_json();
    let read: serde_json::Value = serde_json::from_str(&json.to_string()).expect("it is JSON");
    prop_assert_eq!(read, json);
    Ok(())
}

proptest! {
    #[test]
    fn a_name_is_one_word(text in text()) {
        let Ok(name) = Name::new(text.clone()) else { return Ok(()) };
        prop_assert_eq!(name.as_str(), &text);
        let chain = Chain::regular(table().chain(name.clone()));
        check_op(Op::Add(chain.into()), &["add", "chain", "inet", "t", &text])?;
        let rule = Rule::new(table().chain(name!("c")), [Verdict::Jump(name).into()]);
        check_op(Op::Add(rule.into()), &["add", "rule", "inet", "t", "c", "jump", &text])?;
    }

    #[test]
    fn a_comment_stays_between_its_quotes(text in text()) {
        let sanitized = Comment::sanitized(&text);
        prop_assert!(Comment::new(sanitized.as_str()).is_ok());
        let quoted = sanitized.to_string();
        let rule = Rule::new(table().chain(name!("c")), [Verdict::Drop.into()]).comment(sanitized);
        let expected = ["add", "rule", "inet", "t", "c", "drop", "comment", &quoted];
        check_op(Op::Add(rule.into()), &expected)?;
    }

    #[test]
    fn a_label_that_is_taken_is_kept_as_it_is(text in text()) {
        let Ok(prefix) = LogPrefix::new(text.clone()) else { return Ok(()) };
        prop_assert_eq!(prefix.as_str(), &text);
        let quoted = format!("\"{text}\"");
        let log = Statement::Log(Log::Kernel { prefix: Some(prefix), level: None });
        let rule = Rule::new(table().chain(name!("c")), [log]);
        let expected = ["add", "rule", "inet", "t", "c", "log", "prefix", &quoted];
        check_op(Op::Add(rule.into()), &expected)?;
    }

    #[test]
    fn an_interface_stays_between_its_quotes(text in text()) {
        let Ok(name) = IfName::new(text.clone()) else { return Ok(()) };
        let quoted = format!("\"{text}\"");
        let element = Element::new([name.into()]);
        let op = Op::AddElements { set: table().set(name!("s")), elements: vec![element] };
        check_op(op, &["add", "element", "inet", "t", "s", "{", &quoted, "}"])?;
    }

    #[test]
    fn a_tag_is_a_comment_whatever_its_label(text in text()) {
        let rule = Rule::new(table().chain(name!("c")), [Verdict::Drop.into()]).tagged(&text);
        let comment = rule.comment.expect("tagged");
        prop_assert!(Comment::new(comment.as_str()).is_ok());
        prop_assert!(comment.as_str().contains(" #"), "the digest is never cut off");
    }
}
