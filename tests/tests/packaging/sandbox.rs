//! How far the service is confined.

use std::path::Path;
use std::process::Command;

use test_support::{Need, require};

/// What the service may expose at most, in tenths (systemd-analyze(1), `security --threshold=`).
const THRESHOLD: u32 = 30;

#[test]
fn the_service_exposes_no_more_than_it_must() {
    require!(Need::Program("systemd-analyze"));
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd/tidegated.service");
    let mut command = Command::new("systemd-analyze");
    command.args(["security", "--no-pager", "--offline=true"]);
    command.arg(format!("--threshold={THRESHOLD}")).arg(unit);
    let output = command.output().unwrap();
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("Overall exposure level"), "{output:?}");
    assert!(output.status.success(), "{table}");
}
