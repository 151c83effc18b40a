//! Files of a package that a build script writes, or that a program prints.

use plimsoll_build::run;

use super::*;

/// Prints what it sees of the machine, another text each time, nothing, or an error.
const MAIN: &str = r#"fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("--man") => {
            let mut names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
            names.sort();
            let home = std::env::home_dir().unwrap();
            let held = std::fs::read_dir(home).unwrap().count();
            let devices = std::fs::read_to_string("/proc/self/net/dev").unwrap().lines().count() - 2;
            println!("{} {held} {devices}", names.join(" "));
            return;
        }
        Some("--time") => {
            println!("{:?}", std::time::SystemTime::now());
            return;
        }
        Some("--nothing") => return,
        Some("--fail") => {
            eprintln!("no such page");
            std::process::exit(2);
        }
        _ => {}
    }"#;

const MADE: &str = r#"
[[asset]]
generate = ["grep", "members"]
stdin = "Cargo.toml"
dest = "/usr/share/doc/user/read"

[[asset]]
generate = ["{bin:user}", "--man"]
dest = "/usr/share/man/man1/user.1"

[[asset]]
out-dir = "user"
source = "*.bash"
dest = "/usr/share/bash-completion/completions/"
strip-suffix = ".bash"
"#;

impl Project {
    /// Has the program print, and its build script write, files.
    fn print(&self) {
        let edit = |path: &str, from: &str, to: &str| {
            let path = self.folder(path);
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{text}");
            std::fs::write(path, text.replacen(from, to, 1)).unwrap();
        };
        edit("user/src/main.rs", "fn main() {", MAIN);
        let write = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                     std::fs::write(format!(\"{out}/user.bash\"), \"complete\").unwrap();";
        edit("user/build.rs", "fn main() {", write);
    }

    fn made(&self, assets: &str) -> Result<Vec<String>, String> {
        let config = parsed(&format!("{CONFIG}{BROUGHT}{assets}"));
        let plan = self.plan().unwrap();
        let result = run::run(&formats(), &config, &plan, &mut Silent);
        let made = result.map_err(|error| {
            let hint = error_hint::Hint::hint(&error)
                .unwrap_or_default()
                .into_owned();
            format!("{}hint: {hint}", error_chain(&error))
        });
        made.map(|_| {
            let spec = self.spec();
            let files = spec.files.iter().map(|file| {
                let text = std::fs::read(&file.source).unwrap();
                format!("{}: {}", file.dest, String::from_utf8_lossy(&text))
            });
            files.collect()
        })
    }
}

#[test]
fn a_package_holds_what_its_program_prints_and_what_its_build_script_wrote() {
    let project = Project::new();
    project.print();
    let files = project.made(MADE).unwrap();
    let has_no_network = std::process::Command::new("unshare")
        .args(["--net", "true"])
        .status()
        .is_ok_and(|status| status.success());
    let printed = "/usr/share/man/man1/user.1: HOME LC_ALL NO_COLOR PATH SOURCE_DATE_EPOCH TZ 0 ";
    let printed = files.iter().find_map(|file| file.strip_prefix(printed));
    let printed = printed.ok_or(&files).unwrap();
    // Only the loopback device, and those that the kernel puts into each namespace, which differ from kernel to kernel.
    let devices: usize = printed.trim().parse().unwrap();
    let here = std::fs::read_dir("/sys/class/net").map_or(0, Iterator::count);
    assert!(devices <= here || !has_no_network, "{devices} of {here}");
    let read = "/usr/share/doc/user/read: members = [\"user\", \"xtask\"]\n".to_owned();
    assert!(files.contains(&read), "{files:?}");
    let written = "/usr/share/bash-completion/completions/user: complete";
    assert!(files.iter().any(|file| file == written), "{files:?}");
}

#[test]
fn a_program_that_does_not_print_a_file_is_named_with_what_it_did() {
    let project = Project::new();
    project.print();
    for (argument, what) in [
        ("--time", "it prints another text each time"),
        ("--nothing", "it prints nothing"),
        ("--fail", "no such page"),
    ] {
        let error = project.made(&MADE.replace("--man", argument)).unwrap_err();
        assert!(error.contains(what), "{error}");
        assert!(
            error.contains(&format!("{argument}` as a file: ")),
            "{error}"
        );
        assert!(error.contains("hint: correct `generate`"), "{error}");
    }
}

#[test]
fn a_folder_of_a_package_without_a_build_script_is_refused() {
    let project = Project::new();
    project.print();
    let assets = MADE.replace("out-dir = \"user\"", "out-dir = \"xtask\"");
    let error = project.made(&assets).unwrap_err();
    let fault = "no build script of the Cargo package xtask was run";
    assert!(error.contains(fault), "{error}");
    assert!(error.contains("hint: set `out-dir`"), "{error}");
}
