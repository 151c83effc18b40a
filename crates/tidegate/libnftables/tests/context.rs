//! A context on the real kernel.

#![expect(clippy::expect_used, reason = "a test reports a failure by panicking")]

use libnftables::{Context, Format, RunResult};
use test_support::{Netns, require_root_kernel};

/// Has a context in a namespace of its own do something.
fn with_context(work: impl FnOnce(&Netns, &mut Context) + Send) {
    let netns = Netns::new();
    netns.run(|| work(&netns, &mut Context::new().expect("the library opens")));
}

fn run(context: &mut Context, commands: &str) -> RunResult {
    let outcome = context.run(commands, false);
    outcome.expect("commands are handed over")
}

fn list(context: &mut Context, format: Format) -> String {
    let listing = context.list("list ruleset", format);
    listing.expect("it is handed over").output
}

#[test]
fn commands_are_carried_out_in_the_namespace_all_or_none() {
    require_root_kernel!();
    with_context(|netns, context| {
        let taken = run(context, "add table inet one\nadd chain inet one c\n");
        assert!(taken.success && taken.errors.is_empty(), "{taken:?}");
        let refused = run(
            context,
            "add table inet two\ndelete chain inet one absent\n",
        );
        assert!(!refused.success, "{refused:?}");
        assert!(refused.errors.contains(":2:23-28: Error: "), "{refused:?}");
        assert_eq!(
            list(context, Format::Text),
            "table inet one {\n\tchain c {\n\t}\n}\n"
        );
        assert_eq!(netns.sh("nft list ruleset"), list(context, Format::Text));
    });
}

#[test]
fn a_dry_run_changes_nothing_and_the_next_run_does() {
    require_root_kernel!();
    with_context(|_, context| {
        let tried = context.run("add table inet t\n", true);
        assert!(tried.expect("handed over").success);
        assert_eq!(list(context, Format::Text), "");
        assert!(run(context, "add table inet t\n").success);
        assert_eq!(list(context, Format::Text), "table inet t {\n}\n");
    });
}

#[test]
fn errors_of_one_run_do_not_appear_in_the_next() {
    require_root_kernel!();
    with_context(|_, context| {
        assert!(!run(context, "delete table inet absent\n").errors.is_empty());
        assert_eq!(run(context, "add table inet t\n").errors, "");
        let long = "add table inet t\n".repeat(5_000);
        assert!(run(context, &long).success);
        let short = run(context, "add nonsense\n");
        assert!(short.errors.contains(":1:"), "{short:?}");
    });
}

#[test]
fn the_release_and_json_are_known() {
    require_root_kernel!();
    with_context(|netns, context| {
        assert_eq!(context.has_json(), Ok(true));
        let version = context.version().expect("it has JSON");
        assert!(netns.sh("nft -v").contains(&version), "{version}");
        assert!(list(context, Format::Json).contains("\"metainfo\""));
    });
}
