//! docs/engines/differences.md, which is made from the cases and the table of differences.

use std::fmt::Write;

use expect_test::expect_file;

use crate::cases;
use crate::differences::DIFFERENCES;
use crate::engine::ENGINES;

const BEGINNING: &str = "# Container engines: what was tried, and what differs

This page is made by a test: `UPDATE_EXPECT=1 cargo test -p tidegate-tests --test real_engines document`.

`cargo test -p tidegate-tests --test real_engines -- --nocapture` tries the cases below as root with real engines of Debian 12 and
Debian 13, each on a host of its own, once with the engine's own network driver and once with Tidegate. It asks the same
questions of both, and prints a table of engines and cases.
An answer that is not the wanted one has a line in the second table, or the test fails. Docker is tried with its own driver alone.
";

fn document() -> String {
    let mut text = BEGINNING.to_owned();
    text += "\n## Cases\n\n| case |";
    for engine in &ENGINES {
        let _ = write!(text, " {} |", engine.name);
    }
    text += "\n| --- |";
    text += &" --- |".repeat(ENGINES.len());
    text.push('\n');
    for case in cases::all() {
        let _ = write!(text, "| {} |", case.name);
        for engine in &ENGINES {
            text += if case.applies(engine) {
                " yes |"
            } else {
                " – |"
            };
        }
        text.push('\n');
    }
    text += "\n## Differences\n\n| engines | with | case | question | answer | reason |\n| --- | --- | --- | --- | --- | --- |\n";
    for line in DIFFERENCES {
        let columns: Vec<&str> = line.columns.iter().map(|column| column.name()).collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            line.engines.join(", "),
            columns.join(", "),
            line.cases.join("; "),
            line.questions.join("; "),
            line.answer,
            line.reason
        );
    }
    text
}

#[test]
fn the_document_has_every_case_and_difference() {
    expect_file!["../../../docs/engines/differences.md"].assert_eq(&document());
}
