//! An `nft` that says that it is done, and did nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use tidegate_tests::{Host, Lab, Programs, find_program, require_root_kernel, wait_until};

/// While the file is there: as a process of its own it ends well, and kept running it answers each word
/// as nft does, and nothing else.
const SCRIPT: &str = r#"#!/bin/sh
if [ -e "LIE" ] && [ "$1" = -i ]; then
    while read -r line; do
        case "$line" in
        tg*) printf 'Error: syntax error, unexpected newline, expecting string\n%s\n ^\n' "$line" >&2 ;;
        esac
    done
    exit 0
fi
if [ -e "LIE" ] && [ "$1" != -v ] && [ "$1" != -V ] && [ "$1" != -j ] && [ "$1" != list ] && [ "$1" != -n ]; then
    cat >/dev/null
    exit 0
fi
exec NFT "$@"
"#;

/// The same, and an `nft -i` that answers nothing, so that each transaction is given to a process of its own.
const ALONE: &str = r#"#!/bin/sh
[ "$1" != -i ] || exit 1
if [ -e "LIE" ] && [ "$1" = -f ]; then
    cat >/dev/null
    exit 0
fi
exec NFT "$@"
"#;

struct Scene {
    host: Host,
    /// While it is there, nft lies.
    lie: PathBuf,
}

impl Scene {
    fn new(script: &str) -> Self {
        let mut host = Host::new(Programs::of_this_tree(), &["--nft-driver", "exec"]);
        let program = host.folder().join("nft");
        let lie = host.folder().join("lie");
        let nft = find_program("nft").unwrap();
        let script = script
            .replace("LIE", lie.to_str().unwrap())
            .replace("NFT", nft.to_str().unwrap());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        host.add_arguments(&["--nft-path", program.to_str().unwrap()]);
        Self { host, lie }
    }

    /// Has it lie, or not, from the next transaction on.
    fn set(&self, lies: bool) {
        match lies {
            true => fs::write(&self.lie, "").unwrap(),
            false => fs::remove_file(&self.lie).unwrap(),
        }
        let daemon = self.host.pid().unwrap();
        for task in fs::read_dir(format!("/proc/{daemon}/task"))
            .unwrap()
            .flatten()
        {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            for child in children.split_whitespace() {
                let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
                if name.trim() == "nft" {
                    let pid = Pid::from_raw(child.parse().unwrap()).unwrap();
                    // It may have ended by itself.
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
        }
    }
}

#[test]
fn a_start_with_an_nft_that_does_nothing_is_refused() {
    require_root_kernel!();
    for script in [SCRIPT, ALONE] {
        let scene = Scene::new(script);
        fs::write(&scene.lie, "").unwrap();
        let output = scene.host.start_to_end();
        assert_eq!(output.code, Some(2), "{output:#?}");
        let says = "reports success, but the kernel's ruleset did not change";
        assert!(output.stderr.contains(says), "{output:#?}");
        assert!(output.stderr.contains("\nhint: "), "{output:#?}");
        assert_eq!(scene.host.netns.sh("nft list ruleset"), "");
    }
}

#[test]
fn a_command_that_an_nft_only_says_is_done_is_refused_and_changes_nothing() {
    require_root_kernel!();
    for script in [SCRIPT, ALONE] {
        let mut scene = Scene::new(script);
        scene.host.start();
        scene.host.ok(&["network", "create", "web"]);
        let lab = Lab::of(scene.host);
        let attached = lab.attach("web", "c1", &["8080:80"]);
        scene.host = lab.host;
        let host = &scene.host;
        let before = host.snapshot();
        scene.set(true);
        for command in [
            &["publish", "c1", "8081:81"][..],
            &["unpublish", "c1", "8080:80"],
            &["network", "create", "other"],
            &["detach", "c1"],
        ] {
            let output = host.tidegate(command);
            assert_eq!(output.code, Some(2), "{command:?}: {output:#?}");
            assert!(output.stderr.contains("reports success"), "{output:#?}");
            assert!(output.stderr.contains("hint: "), "{output:#?}");
            before.assert_unchanged(&host.snapshot(), &command.join(" "));
        }
        scene.set(false);
        wait_until("an nft that does what it says is used", || {
            host.tidegate(&["publish", "c1", "8081:81"]).code == Some(0)
        });
        host.ok(&["unpublish", "c1", "8081:81"]);
        assert_eq!(host.ruleset_diff(), "");
        drop(attached);
    }
}
