//! A transaction and the canonical form of what it makes say the same.

use std::io::Write;
use std::process::{Command, Stdio};

use test_support::{Netns, require_root_kernel};
use tidegate_nft::*;

use crate::sample;
use crate::subject::in_order;

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

#[test]
fn nft_reads_the_canonical_form() {
    require_root_kernel!();
    let mut ruleset = Ruleset::new();
    ruleset.apply(&sample::everything()).expect("valid");
    let by_text = listing(&["-f", "-"], &sample::everything().to_text());
    let by_canon = listing(&["-f", "-"], &ruleset.to_text());
    assert_eq!(in_order(&by_text), in_order(&by_canon));
}
