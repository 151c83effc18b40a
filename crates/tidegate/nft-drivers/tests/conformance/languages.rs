//! Text, JSON and the canonical form say the same.

use std::io::Write;
use std::process::{Command, Stdio};

use test_support::{Netns, require_root_kernel};
use tidegate_nft::*;
use tidegate_nft_drivers::*;

use crate::subject::in_order;
use crate::{sample, steps};

/// What the kernel holds after `nft` read this.
fn listing(args: &[&str], input: &str) -> String {
    let netns = Netns::new();
    let mut command: Command = netns.command("nft");
    let command = command
        .args(args)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped());
    let mut nft = command.spawn().expect("nft runs");
    nft.stdin
        .take()
        .expect("piped")
        .write_all(input.as_bytes())
        .expect("nft reads");
    let output = nft.wait_with_output().expect("nft ends");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{input}\n{stderr}"
    );
    netns.sh("nft -s list ruleset")
}

/// The operations that this `nft` reads as JSON. Before 1.1.0 it reads no comment of a set and no map
/// whose data is joined of several types, though it writes both: what concerns those is left out.
fn readable_as_json(transaction: &Transaction) -> Transaction {
    let driver = ExecDriver::open(Location::Current, ExecOptions::default()).expect("nft is there");
    let version = driver
        .describe()
        .version
        .clone()
        .expect("it says its release");
    if !version.starts_with("0.") && !version.starts_with("1.0.") {
        return transaction.clone();
    }
    let of_publish = |op: &&Op| op.to_string().contains("publish");
    let without_comment = |op: &Op| match op.clone() {
        Op::Add(Object::Set(set)) => Op::Add(
            Set {
                comment: None,
                ..set
            }
            .into(),
        ),
        op => op,
    };
    let ops = transaction.ops().iter().filter(|op| !of_publish(op));
    ops.map(without_comment).collect()
}

fn check_json(transaction: &Transaction) {
    let transaction = readable_as_json(transaction);
    let by_text = listing(&["-f", "-"], &transaction.to_text());
    let by_json = listing(&["-j", "-f", "-"], &transaction.to_json().to_string());
    assert_eq!(by_text, by_json);
}

#[test]
fn text_and_json_say_the_same() {
    require_root_kernel!();
    check_json(&sample::everything());
}

#[test]
fn every_operation_is_the_same_in_json() {
    require_root_kernel!();
    let mut transaction = sample::everything();
    transaction.append(steps::every_operation());
    check_json(&transaction);
}

#[test]
fn nft_reads_the_canonical_form() {
    require_root_kernel!();
    let mut ruleset = Ruleset::new();
    ruleset.apply(&sample::everything()).expect("valid");
    let by_text = listing(&["-f", "-"], &sample::everything().to_text());
    let by_canon = listing(&["-f", "-"], &ruleset.to_text());
    assert_eq!(in_order(&by_text), in_order(&by_canon));
}
