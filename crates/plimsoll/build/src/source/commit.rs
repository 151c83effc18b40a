//! What names the tree that is built: its commit, and a digest where it is not a commit.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_probe::{Command, limit};
use sha2::{Digest, Sha256};

use super::error::SourceError;
use super::published::{self, Published};
use super::tree::{self, Tree};

/// How many digits of a commit and of a digest are named.
const DIGITS: usize = 12;

/// Variables that have Git look at another repository than that of the folder it runs in (git(1), "The Git Repository").
const ELSEWHERE: [&str; 8] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

/// What Git is asked about changes. Its configuration may hide files that it does not track, and changes in submodules.
const STATUS: [&str; 4] = [
    "status",
    "--porcelain",
    "--untracked-files=normal",
    "--ignore-submodules=none",
];

/// A name of the tree that no other tree has: twelve digits of the commit; `COMMIT-dirty-DIGEST` where the tree differs
/// from it; outside of a checkout `COMMIT-crate-DIGEST` of a crate that was published from a commit, else `unknown-DIGEST`.
/// `given` names it where there is no checkout to ask.
///
/// # Errors
/// When the tree cannot be read, or `given` is not the checkout's.
pub(super) fn commit(workspace: &Path, given: Option<String>) -> Result<String, SourceError> {
    let Some(top) = checkout(workspace) else {
        let given = given.unwrap_or_default();
        return match given.as_str() {
            "" | "unknown" => outside(workspace),
            bare if bare.ends_with("-dirty") => Ok(format!("{bare}-{}", tree_digest(workspace)?)),
            _ => Ok(given),
        };
    };
    let whole = git(&top, &["rev-parse", "HEAD"]);
    let changes = git(&top, &STATUS);
    let whole = whole.map_err(|reason| SourceError::Git { reason })?;
    let changes = changes.map_err(|reason| SourceError::Git { reason })?;
    let short = whole.get(..DIGITS).unwrap_or(&whole);
    let found = match changes.is_empty() {
        true => short.to_owned(),
        false => format!("{short}-dirty-{}", checkout_digest(&top)?),
    };
    match given {
        Some(given) if given != found && (given.len() < 7 || !whole.starts_with(&given)) => {
            Err(SourceError::OtherCommit { given, found })
        }
        _ => Ok(found),
    }
}

/// The name of a tree without a repository. Nothing shows if a published crate was changed since, so it has a digest too.
fn outside(workspace: &Path) -> Result<String, SourceError> {
    let published = published::of(workspace)?;
    let digest = tree_digest(workspace)?;
    Ok(match published {
        None => format!("unknown-{digest}"),
        Some(Published { commit, is_dirty }) => {
            let short = commit.get(..DIGITS).unwrap_or(&commit);
            let kind = if is_dirty { "dirty" } else { "crate" };
            format!("{short}-{kind}-{digest}")
        }
    })
}

/// The folder of the repository that the workspace belongs to; none where there is none. A repository that only
/// surrounds the workspace does not have its manifest.
pub(super) fn checkout(workspace: &Path) -> Option<PathBuf> {
    git(workspace, &["ls-files", "--error-unmatch", "Cargo.toml"]).ok()?;
    let top = git(workspace, &["rev-parse", "--show-toplevel"]).ok()?;
    Some(PathBuf::from(top))
}

/// Every file that Git tracks or does not ignore.
fn checkout_digest(top: &Path) -> Result<String, SourceError> {
    let listed = [
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    let listed = git(top, &listed).map_err(|reason| SourceError::Git { reason })?;
    let names = listed.split('\0').filter(|name| !name.is_empty());
    digest(top, names.map(PathBuf::from).collect())
}

fn tree_digest(workspace: &Path) -> Result<String, SourceError> {
    let io = |(path, source): (PathBuf, io::Error)| SourceError::Tree { path, source };
    digest(workspace, tree::files(workspace).map_err(io)?)
}

/// The start of the SHA-256 sum over the files' names, kinds and content.
fn digest(folder: &Path, mut files: Vec<PathBuf>) -> Result<String, SourceError> {
    files.sort();
    files.dedup();
    let mut sum = Sha256::new();
    for name in files {
        let path = folder.join(&name);
        let file = Tree::read(&path).map_err(|source| SourceError::Tree { path, source })?;
        sum.update(file.head(&name));
        sum.update(file.content());
    }
    let sum = sum.finalize();
    let digits: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(digits.get(..DIGITS).unwrap_or(&digits).to_owned())
}

/// What git prints about the repository that the folder is in.
///
/// # Errors
/// Why it prints nothing: it is missing, this is not a checkout, or one that it does not trust.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git", arguments.iter().copied());
    command.unset.extend(ELSEWHERE.map(str::to_owned));
    let output = command.within(folder).limited(limit::WORK).output();
    let output = output.map_err(|error| error.reason())?;
    match output.success() {
        true => Ok(output.stdout.trim().to_owned()),
        false => {
            let first = output.complaint();
            Err(format!("git: {}", first.trim_start_matches("fatal: ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A repository with one commit of the manifest.
    fn repository(folder: &Path) -> String {
        put(folder, "Cargo.toml", "[workspace]\n");
        let by = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
        let commit = ["commit", "--quiet", "--no-gpg-sign", "--message", "first"];
        let commit = [&by[..], &commit].concat();
        let add = ["add", "Cargo.toml"];
        for words in [&["init", "--quiet"][..], &add, &commit] {
            git(folder, words).expect("git does it");
        }
        let whole = git(folder, &["rev-parse", "HEAD"]).expect("a commit");
        whole[..DIGITS].to_owned()
    }

    fn put(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    fn named(folder: &Path) -> String {
        commit(folder, None).expect("a name")
    }

    #[test]
    fn a_clean_tree_is_named_by_its_commit() {
        let folder = tempfile::tempdir().expect("a folder");
        let head = repository(folder.path());
        assert_eq!(named(folder.path()), head);
        assert_eq!(commit(folder.path(), Some(head.clone())).expect("it"), head);
    }

    #[test]
    fn a_dirty_tree_equals_only_the_same_dirty_tree() {
        let folder = tempfile::tempdir().expect("a folder");
        let head = repository(folder.path());
        let mut names = Vec::new();
        for text in ["one", "two", "one"] {
            put(folder.path(), "new.rs", text);
            names.push(named(folder.path()));
        }
        assert!(names[0].starts_with(&format!("{head}-dirty-")), "{names:?}");
        assert_eq!(names[0], names[2]);
        assert_ne!(names[0], names[1]);
        std::fs::remove_file(folder.path().join("Cargo.toml")).expect("removed");
        assert!(named(folder.path()).contains("-dirty-"));
    }

    #[test]
    fn a_file_that_git_is_told_not_to_show_makes_the_tree_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let head = repository(folder.path());
        let hide = ["config", "status.showUntrackedFiles", "no"];
        git(folder.path(), &hide).expect("git does it");
        assert_eq!(named(folder.path()), head);
        put(folder.path(), "build.rs", "fn main() {}");
        let name = named(folder.path());
        assert!(name.starts_with(&format!("{head}-dirty-")), "{name}");
    }

    #[test]
    fn a_tree_outside_of_a_checkout_equals_only_the_same_tree() {
        let [one, other] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        for folder in [&one, &other] {
            put(folder.path(), "Cargo.toml", "[workspace]\n");
        }
        assert_eq!(named(one.path()), named(other.path()));
        assert!(named(one.path()).starts_with("unknown-"));
        // What a build makes is not its source.
        put(other.path(), "target/CACHEDIR.TAG", "Signature");
        put(other.path(), "target/release/x", "1");
        assert_eq!(named(one.path()), named(other.path()));
        put(other.path(), "src/main.rs", "fn main() {}");
        assert_ne!(named(one.path()), named(other.path()));
        let given = commit(one.path(), Some("abc".into()));
        assert_eq!(given.expect("a name"), "abc");
        let bare = commit(one.path(), Some("abc-dirty".into())).expect("a name");
        assert!(bare.starts_with("abc-dirty-"), "{bare}");
    }

    #[test]
    fn a_crate_of_a_registry_is_named_by_the_commit_that_it_was_published_from() {
        let [one, other] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let sha1 = "e89fff89ac9af12e8d4ce9d5fd07beb408ca730f";
        let info = |more: &str| format!(r#"{{"git":{{"sha1":"{sha1}"{more}}},"path_in_vcs":""}}"#);
        for folder in [one.path(), other.path()] {
            put(folder, "Cargo.toml", "[package]\n");
            put(folder, ".cargo_vcs_info.json", &info(""));
        }
        // Cargo puts it there when it unpacks the crate.
        put(other.path(), ".cargo-ok", "{\"v\":1}");
        let name = named(one.path());
        assert!(name.starts_with("e89fff89ac9a-crate-"), "{name}");
        assert_eq!(name, named(other.path()));
        put(other.path(), "src/main.rs", "fn main() {}");
        assert_ne!(name, named(other.path()), "it was changed");
        let given = commit(one.path(), Some("0123456789ab".into())).expect("a name");
        assert_eq!(given, "0123456789ab");
        put(one.path(), ".cargo_vcs_info.json", &info(",\"dirty\":true"));
        let dirty = named(one.path());
        assert!(dirty.starts_with("e89fff89ac9a-dirty-"), "{dirty}");
        // A checkout of one's own says more.
        let head = repository(one.path());
        assert!(named(one.path()).starts_with(&head));
    }

    #[test]
    fn a_crate_that_names_no_commit_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), "Cargo.toml", "[package]\n");
        for (text, why) in [
            ("{\"git\":{\"sha1\":\"main\"}}", "\"main\" is no commit"),
            ("{}", "missing field `git`"),
        ] {
            put(folder.path(), ".cargo_vcs_info.json", text);
            let error = commit(folder.path(), None).expect_err(text);
            assert!(error.to_string().contains(why), "{error}");
            let hint = error_hint::Hint::hint(&error).expect("a hint").into_owned();
            assert_eq!(hint, "remove the file, or set SOURCE_COMMIT");
            assert_eq!(
                commit(folder.path(), Some("abc".into())).expect("set"),
                "abc"
            );
        }
        std::fs::remove_file(folder.path().join(".cargo_vcs_info.json")).expect("removed");
        assert!(named(folder.path()).starts_with("unknown-"));
    }

    #[test]
    fn a_repository_around_the_workspace_is_not_the_workspaces() {
        let outer = tempfile::tempdir().expect("a folder");
        repository(outer.path());
        put(outer.path(), "inner/Cargo.toml", "[workspace]\n");
        let inner = outer.path().join("inner");
        assert_eq!(checkout(&inner), None);
        assert!(named(&inner).starts_with("unknown-"), "{}", named(&inner));
    }

    #[test]
    fn a_commit_that_is_given_over_a_checkout_of_another_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let head = repository(folder.path());
        for given in ["0123456789ab", "", "unknown", "ab"] {
            let error = commit(folder.path(), Some(given.into())).expect_err(given);
            let message = format!("SOURCE_COMMIT is {given:?}, but the checkout is {head}");
            assert_eq!(error.to_string(), message);
        }
        put(folder.path(), "new.rs", "");
        let error = commit(folder.path(), Some("0123456789ab".into())).expect_err("another");
        assert!(error.to_string().contains("-dirty-"), "{error}");
    }

    #[test]
    fn variables_that_point_git_elsewhere_are_not_heard() {
        // This test runs itself in a child process: the environment of this one is everybody's.
        if let Some(folder) = std::env::var_os("COMMIT_OF") {
            println!("commit: {}", named(Path::new(&folder)));
            return;
        }
        let [ours, other] = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
        let head = repository(ours.path());
        put(other.path(), "other.rs", "");
        repository(other.path());
        let this = std::env::current_exe()
            .expect("a path")
            .display()
            .to_string();
        let test = "source::commit::tests::variables_that_point_git_elsewhere_are_not_heard";
        let git_dir = other.path().join(".git").display().to_string();
        let child = Command::new(this, ["--exact", test, "--nocapture"])
            .with_env("GIT_DIR", git_dir)
            .with_env("GIT_WORK_TREE", other.path().display().to_string())
            .with_env("COMMIT_OF", ours.path().display().to_string());
        let said = child.text().expect("it ran");
        assert!(said.contains(&format!("commit: {head}\n")), "{said}");
    }
}
