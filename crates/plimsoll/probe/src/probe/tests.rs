//! Each probe by itself, on systems that are values.

use super::*;
use crate::fakes::FakeSystem;
use crate::{Answer, Output, Tried};

const HOST: &str = "x86_64-unknown-linux-gnu";
const ARM: &str = "aarch64-unknown-linux-gnu";

/// The answer of a question about a system of a distribution, for a target.
fn asked<T>(system: &FakeSystem, target: &str, question: impl Fn(&Site<'_>) -> T) -> T {
    let distribution = Distribution::of(system);
    question(&Site {
        system,
        distribution: &distribution,
        host: HOST,
        target,
    })
}

fn debian() -> FakeSystem {
    FakeSystem::new().file("/etc/os-release", "ID=debian\n")
}

fn command(finding: &Finding) -> Option<&str> {
    finding.mend.as_ref().map(|mend| mend.command.as_str())
}

fn said(status: i32, stderr: &str) -> Output {
    Output {
        status: Some(status),
        stderr: stderr.into(),
        ..Output::default()
    }
}

mod of_compilers {
    use super::*;

    fn found(system: &FakeSystem, target: &str) -> (Option<String>, Finding) {
        asked(system, target, |site| {
            let compiler = compiler::find(site);
            (compiler.program().map(str::to_owned), compiler.finding())
        })
    }

    fn links(system: FakeSystem, program: &str) -> FakeSystem {
        system.compiles(program, "int main", Tried::Linked)
    }

    #[test]
    fn the_first_name_that_works_is_taken_and_says_its_version() {
        let both = links(links(debian(), "gcc"), "clang");
        let (program, finding) = found(&both.answers("gcc --version", "gcc 12\nmore"), HOST);
        assert_eq!(program.as_deref(), Some("gcc"));
        assert_eq!(finding.answer, Answer::yes("gcc 12"));
        let (program, finding) = found(&links(debian(), "clang"), HOST);
        assert_eq!(program.as_deref(), Some("clang"));
        assert_eq!(finding.answer, Answer::yes("clang"), "it says no version");
    }

    #[test]
    fn what_the_environment_names_is_the_only_candidate() {
        for (variable, target) in [
            ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", HOST),
            ("CC_x86_64-unknown-linux-gnu", HOST),
            ("CC_x86_64_unknown_linux_gnu", HOST),
            ("CC", HOST),
            ("TARGET_CC", ARM),
        ] {
            let system = links(links(debian(), "cc"), "mine").env(variable, "mine");
            let (program, _) = found(&system, target);
            assert_eq!(program.as_deref(), Some("mine"), "{variable}");
            let (program, _) = found(&links(debian(), "cc").env(variable, "mine"), target);
            assert_eq!(program, None, "{variable}");
        }
        // Of the host, and of the target.
        let (program, _) = found(&links(debian(), "mine").env("CC", "mine"), ARM);
        assert_eq!(program, None);
        let (program, _) = found(&links(debian(), "cc").env("TARGET_CC", "mine"), HOST);
        assert_eq!(program.as_deref(), Some("cc"));
    }

    #[test]
    fn another_architecture_has_a_compiler_and_a_package_of_its_own() {
        let cross = links(debian(), "aarch64-linux-gnu-gcc");
        let (program, _) = found(&cross, ARM);
        assert_eq!(program.as_deref(), Some("aarch64-linux-gnu-gcc"));
        let (_, finding) = found(&debian(), ARM);
        assert_eq!(
            command(&finding),
            Some("apt-get install gcc-aarch64-linux-gnu")
        );
        let (_, finding) = found(&debian(), HOST);
        assert_eq!(command(&finding), Some("apt-get install build-essential"));
        let fedora = FakeSystem::new().file("/etc/os-release", "ID=fedora\n");
        assert_eq!(command(&found(&fedora, ARM).1), None);
        // The host's own compiler links its musl target.
        let musl = "x86_64-unknown-linux-musl";
        let (program, _) = found(&links(debian(), "cc"), musl);
        assert_eq!(program.as_deref(), Some("cc"));
    }

    #[test]
    fn the_first_problem_is_reported() {
        let broken = Tried::Refused(said(1, "ld: cannot find Scrt1.o"));
        let system = debian().compiles("cc", "int main", broken);
        assert_eq!(
            found(&system, HOST).1.answer,
            Answer::no("cc does not link a program: ld: cannot find Scrt1.o")
        );
        assert_eq!(
            found(&debian(), HOST).1.answer,
            Answer::no("cc is not installed")
        );
    }

    #[test]
    fn the_static_c_library_is_where_the_compiler_finds_it() {
        let asking = "cc -print-file-name=libc.a";
        let cc = || links(debian(), "cc");
        let libc = |system: &FakeSystem, target: &str| {
            asked(system, target, |site| {
                compiler::static_libc(site, &compiler::find(site))
            })
        };
        let there = libc(&cc().answers(asking, "/usr/lib/libc.a\n"), HOST);
        assert_eq!(there, Finding::yes("/usr/lib/libc.a"));
        let missing = libc(&cc().answers(asking, "libc.a\n"), HOST);
        assert_eq!(missing.answer, Answer::no("cc finds no libc.a"));
        assert_eq!(command(&missing), Some("apt-get install libc6-dev"));
        let refused = libc(&cc().refuses(asking, "unknown option"), HOST);
        assert_eq!(refused.answer, Answer::could_not_tell("unknown option"));
        let none = libc(&debian(), HOST);
        assert_eq!(none.answer, Answer::could_not_tell("no C compiler to ask"));
        assert!(libc(&debian(), "x86_64-unknown-linux-musl").is_yes());
    }
}

mod of_rust {
    use super::*;

    #[test]
    fn only_folders_with_a_standard_library_are_targets() {
        let system = FakeSystem::new()
            .env("RUSTC", "/r/rustc")
            .answers("/r/rustc -vV", &format!("rustc 1.95.0\nhost: {HOST}\n"))
            .answers("/r/rustc --print=sysroot", "/rust\n")
            .file(&format!("/rust/lib/rustlib/{HOST}/lib/libstd-1.rlib"), "")
            .file(&format!("/rust/lib/rustlib/{ARM}/lib/libcore-1.rlib"), "")
            .file("/rust/lib/rustlib/etc/gdb.py", "");
        let own = rust::targets(&system, None);
        assert_eq!((own.host.as_str(), own.finding), (HOST, Finding::yes(HOST)));
        assert_eq!(own.installed, [HOST]);
        let other = rust::targets(&system, Some(ARM)).finding;
        assert!(other.answer.is_no());
        let mend = format!("rustup target add {ARM}");
        assert_eq!(command(&other), Some(mend.as_str()));
    }

    #[test]
    fn a_toolchain_that_cannot_be_asked_is_not_one_without_targets() {
        let missing = rust::targets(&FakeSystem::new(), None);
        assert_eq!(missing.finding.answer, Answer::no("rustc is not installed"));
        assert_eq!(command(&missing.finding), Some("see https://rustup.rs"));
        assert!(missing.host.contains("-unknown-linux-"), "{missing:?}");
        let refusing = FakeSystem::new().refuses("rustc -vV", "no default toolchain");
        let nameless = FakeSystem::new().answers("rustc -vV", "rustc 1.95.0\n");
        let rootless = FakeSystem::new()
            .answers("rustc -vV", &format!("host: {ARM}\n"))
            .answers("rustc --print=sysroot", "/rust\n");
        for (system, words) in [
            (&refusing, "rustc: no default toolchain"),
            (&nameless, "rustc -vV names no host"),
            (&rootless, "/rust/lib/rustlib cannot be listed"),
        ] {
            let finding = rust::targets(system, None).finding;
            let Answer::CouldNotTell { reason } = &finding.answer else {
                unreachable!("{finding:?}")
            };
            assert!(reason.starts_with(words), "{reason}");
            assert_eq!(command(&finding), None);
        }
        assert_eq!(rust::targets(&rootless, None).host, ARM);
    }
}

mod of_engines {
    use super::*;

    const SERVER: &str = "docker version --format {{.Server.Version}}";
    const CLIENT: &str = "docker version --format {{.Client.Version}}";
    const PODMAN: &str = "podman info --format {{.Version.Version}}";

    fn engines(system: &FakeSystem) -> [Finding; 2] {
        let engines = container_engines(system).into_iter();
        let findings: Vec<Finding> = engines.map(|engine| engine.finding).collect();
        findings.try_into().unwrap()
    }

    #[test]
    fn an_engine_is_there_if_it_answers() {
        let [docker, podman] = engines(&debian().answers(PODMAN, "4.3.1\n"));
        assert_eq!(podman, Finding::yes("4.3.1"));
        assert_eq!(docker.answer, Answer::no("docker is not installed"));
        assert_eq!(command(&docker), Some("apt-get install docker.io"));
        let dead = debian()
            .refuses(SERVER, "no socket")
            .refuses(PODMAN, "no user");
        let [docker, podman] = engines(&dead);
        let reason = "the client is installed, but the engine does not answer: ";
        assert_eq!(docker.answer, Answer::no(format!("{reason}no socket")));
        assert_eq!(command(&docker), Some("systemctl start docker"));
        assert_eq!(podman.answer, Answer::no(format!("{reason}no user")));
        assert_eq!(command(&podman), None);
    }

    #[test]
    fn a_client_from_18_to_22_has_buildkit_built_in() {
        for (client, is_there) in [
            ("17.12.1", false),
            ("18.09.9\n", true),
            ("22.6", true),
            ("23.0.0", false),
            ("unknown", false),
        ] {
            let system = debian().answers(SERVER, "24.0.0").answers(CLIENT, client);
            let [docker, _] = engines(&system);
            assert_eq!(docker.is_yes(), is_there, "{client}");
        }
    }
}

#[test]
fn packaging_tools_are_found_by_their_path_or_their_version() {
    let system = debian()
        .file("/usr/lib/rpm/find-requires", "")
        .program("/usr/bin/rpmlint")
        .answers("rpmlint --version", "\n  rpmlint version 1.11.\nmore\n")
        .program("/usr/bin/dpkg-shlibdeps")
        .answers("dpkg-shlibdeps --version", "");
    let findings = asked(&system, HOST, packaging::tools);
    let answers = findings.iter().map(|tool| tool.finding.answer.clone());
    assert_eq!(
        answers.collect::<Vec<_>>(),
        [
            Answer::yes("dpkg-shlibdeps"),
            Answer::yes("/usr/lib/rpm/find-requires"),
            Answer::no("lintian is not installed"),
            Answer::yes("rpmlint version 1.11"),
        ]
    );
    assert_eq!(
        command(&findings[2].finding),
        Some("apt-get install lintian")
    );
    let none = asked(&debian(), HOST, packaging::tools);
    assert_eq!(
        none[1].finding.answer,
        Answer::no("/usr/lib/rpm/find-requires is not there")
    );
}
