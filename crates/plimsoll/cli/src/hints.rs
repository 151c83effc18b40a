//! Options and tasks that hints of the toolkit name are options and tasks of its command line.

use std::path::Path;

use clap::{CommandFactory, Parser};
use error_hint::{FileError, Hint};
use plimsoll_build::audit::AuditError;
use plimsoll_build::debug::DebugError;
use plimsoll_build::depends::DependsError;
use plimsoll_build::engine::EngineError;
use plimsoll_build::out::OutError;
use plimsoll_build::run::RunError;
use plimsoll_plan::distro::NotThis;
use plimsoll_verify::VerifyError;
use plimsoll_verify::profile::ProfileError;
use plimsoll_verify::profile::resolve::ResolveError;

#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    _task: crate::Task,
}

/// Every error of a task that writes files, of a disk that is full.
#[test]
fn a_full_disk_is_named_with_what_to_do_by_every_task() {
    let full = || {
        let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
        FileError::at("write", Path::new("target/x"))(source)
    };
    let errors: [&dyn Hint; 9] = [
        &RunError::File(full()),
        &RunError::Out(OutError::File(full())),
        &RunError::Debug(DebugError::File(full())),
        &RunError::Depends {
            file: "x.deb".to_owned(),
            source: DependsError::File(full()),
        },
        &EngineError::File(full()),
        &EngineError::Out(OutError::File(full())),
        &VerifyError::File(full()),
        &VerifyError::Profile(ProfileError::File(full())),
        &VerifyError::Resolve(ResolveError::File(full())),
    ];
    for error in errors {
        assert_eq!(hint(error), "free some space on its file system", "{error}");
    }
}

fn hint(error: &dyn Hint) -> String {
    error.hint().expect("a hint").into_owned()
}

/// The hints of errors that name an option or a task.
fn hints() -> Vec<String> {
    vec![
        hint(&EngineError::NoBootstrap),
        hint(&EngineError::NotRoot),
        hint(&EngineError::ToolchainImage {
            image: "rust:1".to_owned(),
        }),
        hint(&OutError::Stray {
            path: "x.deb".into(),
        }),
        hint(&DependsError::NoShlibdeps {
            source: plimsoll_probe::RunError::NotFound {
                program: "dpkg-shlibdeps".to_owned(),
            },
        }),
        hint(&RunError::Audit(AuditError(Vec::new()))),
        hint(
            &plimsoll_plan::config::load("no such file".as_ref(), &[]).expect_err("there is none"),
        ),
        hint(&NotThis {
            distro: "debian-13".to_owned(),
            system: "Fedora 44".to_owned(),
        }),
        hint(&VerifyError::NoPackage {
            path: "target/dist".into(),
            format: "deb".parse().expect("a format"),
        }),
    ]
}

/// Whether `dist` or `verify` takes an option, with that value or without one.
fn is_taken(option: &str, value: &str) -> bool {
    let parsed = |words: &[&str]| Cli::try_parse_from(words).is_ok();
    ["dist", "verify"]
        .iter()
        .any(|task| parsed(&["xtask", task, option, value]) || parsed(&["xtask", task, option]))
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| "`,.:;".contains(c))
}

#[test]
fn every_option_and_task_that_a_hint_names_exists() {
    for hint in hints() {
        let words: Vec<&str> = hint.split_whitespace().map(bare).collect();
        let value = |index: usize| words.get(index + 1).copied().unwrap_or("x");
        let mut named = 0;
        for (index, word) in words.iter().enumerate() {
            if word.starts_with("--") {
                assert!(is_taken(word, value(index)), "{word}: {hint}");
                named += 1;
            }
            if *word == "xtask" && words.get(index.wrapping_sub(1)) == Some(&"cargo") {
                let task = Cli::command().find_subcommand(value(index)).is_some();
                assert!(task, "{hint}");
                named += 1;
            }
        }
        assert!(named > 0, "{hint}");
    }
}
