//! What is found on machines that are values.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_probe::fakes::{FakeSystem, compressor, libnftables, sampled};
use plimsoll_probe::{
    Answer, CProgram, Command, Findings, Host, NativeDep, Output, RunError, System, Tried,
    container_engines, probe,
};

const HOST: &str = "x86_64-unknown-linux-gnu";
const ARM: &str = "aarch64-unknown-linux-gnu";
const ASK: &str = "pkg-config --libs --cflags libnftables libnftables >= 0.9.3";
const ASK_VERSION: &str = "pkg-config --modversion libnftables libnftables >= 0.9.3";
const UNSHARE: &str = "unshare --net /usr/sbin/nft add table inet probe";
const UNSHARE_USER: &str = "unshare --net --map-root-user /usr/sbin/nft add table inet probe";

/// The name of the declared library.
const NFT: &str = "libnftables";

fn of(dep: NativeDep) -> BTreeMap<String, NativeDep> {
    BTreeMap::from([(NFT.to_owned(), dep)])
}

fn exit(status: i32) -> Output {
    Output {
        status: Some(status),
        ..Output::default()
    }
}

/// Debian with Rust, a C compiler and pkg-config, and nothing else.
fn debian() -> FakeSystem {
    on_debian(FakeSystem::new())
}

fn on_debian(system: FakeSystem) -> FakeSystem {
    system
        .file("/etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
        .answers("rustc -vV", &format!("rustc 1.95.0\nhost: {HOST}\n"))
        .answers("rustc --print=sysroot", "/rust\n")
        .file(&format!("/rust/lib/rustlib/{HOST}/lib/libstd-1.rlib"), "")
        .file("/rust/lib/rustlib/etc/gdb.py", "")
        .answers("cc --version", "cc (Debian) 12.2.0\nmore")
        .answers("cc -print-file-name=libc.a", "/usr/lib/libc.a\n")
        .compiles("cc", "return 0; }", Tried::Linked)
        .answers("pkg-config --version", "1.8.1\n")
        .refuses(
            ASK,
            "Package libnftables was not found in the pkg-config search path.\n",
        )
}

fn with_library(system: FakeSystem) -> FakeSystem {
    system
        .answers(ASK, "-I/usr/include -L/usr/lib/multiarch -lnftables \n")
        .answers(ASK_VERSION, "1.0.6\n1.0.6\n")
        .compiles("cc", "nft_ctx_new", Tried::Ran(exit(0)))
}

fn with_nft(system: FakeSystem, json: &str) -> FakeSystem {
    let said =
        format!("nftables v1.0.6 (Lester Gooch #5)\n  cli:\t\teditline\n  json:\t\t{json}\n");
    system
        .program("/usr/sbin/nft")
        .answers("/usr/sbin/nft --version", &said)
        .answers("/usr/sbin/nft -V", &said)
}

fn found(system: &FakeSystem) -> Findings {
    probe(system, &sampled().libraries, None)
}

#[test]
fn a_library_that_pkg_config_knows_and_the_linker_finds_is_a_yes() {
    let library = found(&with_library(debian())).libraries[NFT].clone();
    assert_eq!(
        library.finding.answer,
        Answer::yes("1.0.6 in /usr/lib/multiarch")
    );
    assert_eq!(library.version.as_deref(), Some("1.0.6"));
    assert_eq!(
        library.libdir.as_deref(),
        Some(Path::new("/usr/lib/multiarch"))
    );
    assert!(library.checks[0].finding.is_yes());
    assert!(library.static_archive.answer.is_no());
}

#[test]
fn a_missing_library_is_a_no_that_names_its_package() {
    let finding = found(&debian()).libraries[NFT].finding.clone();
    assert!(finding.answer.is_no());
    assert_eq!(
        finding.mend.unwrap().command,
        "apt-get install libnftables-dev"
    );
}

#[test]
fn a_library_that_is_too_old_is_a_no_that_names_both_versions() {
    let old = debian().answers("pkg-config --modversion libnftables", "0.9.2\n");
    let answer = found(&old).libraries[NFT].finding.answer.clone();
    assert_eq!(answer, Answer::no("version 0.9.2 is older than 0.9.3"));
}

#[test]
fn a_pc_file_without_its_library_is_a_no() {
    let refused = Output {
        stderr: "ld: cannot find -lnftables\n".into(),
        ..exit(1)
    };
    let broken = FakeSystem::new().compiles("cc", "-lnftables", Tried::Refused(refused));
    let findings = found(&with_library(on_debian(broken)));
    assert!(findings.c_compiler.is_yes());
    assert_eq!(
        findings.libraries[NFT].finding.answer,
        Answer::no(
            "pkg-config names version 1.0.6, but it does not link: ld: cannot find -lnftables"
        )
    );
}

#[test]
fn a_compiler_that_links_nothing_is_a_no() {
    let refused = Output {
        stderr: "ld: cannot find Scrt1.o\n".into(),
        ..exit(1)
    };
    let broken = FakeSystem::new().compiles("cc", "int main", Tried::Refused(refused));
    let finding = found(&on_debian(broken)).c_compiler;
    assert_eq!(
        finding.answer,
        Answer::no("cc does not link a program: ld: cannot find Scrt1.o")
    );
    assert_eq!(finding.mend.unwrap().packages, ["build-essential"]);
}

#[test]
fn without_pkg_config_nobody_can_tell_whether_the_library_is_there() {
    let system = FakeSystem::new().file("/etc/os-release", "ID=debian\n");
    let findings = found(&system);
    assert_eq!(
        findings.pkg_config.answer,
        Answer::no("pkg-config is not installed")
    );
    let library = findings.libraries[NFT].finding.clone();
    assert_eq!(
        library.answer,
        Answer::could_not_tell("pkg-config is not installed")
    );
    assert_eq!(
        library.mend.unwrap().command,
        "apt-get install pkg-config libnftables-dev"
    );
}

#[test]
fn a_forbidden_library_is_mended_by_allowing_it() {
    let finding = found(&debian().env("LIBNFTABLES_NO_PKG_CONFIG", "1")).libraries[NFT]
        .finding
        .clone();
    assert_eq!(
        finding.answer,
        Answer::no("LIBNFTABLES_NO_PKG_CONFIG is set")
    );
    assert_eq!(
        finding.mend.unwrap().command,
        "unset LIBNFTABLES_NO_PKG_CONFIG"
    );
}

#[test]
fn a_cross_build_is_refused_until_pkg_config_knows_where_to_look() {
    let finding = probe(&debian(), &sampled().libraries, Some(ARM)).libraries[NFT]
        .finding
        .clone();
    assert!(finding.answer.is_no(), "{finding:?}");
    assert_eq!(
        finding.mend.unwrap().command,
        "export PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig"
    );
}

#[test]
fn a_cross_library_links_through_the_cross_compiler_and_its_json_cannot_be_asked() {
    let system = with_library(with_nft(debian(), "yes"))
        .env("PKG_CONFIG_ALLOW_CROSS", "1")
        .compiles("aarch64-linux-gnu-gcc", "return 0; }", Tried::Linked);
    let findings = probe(&system, &sampled().libraries, Some(ARM));
    assert!(
        findings.libraries[NFT].finding.is_yes(),
        "{:?}",
        findings.libraries
    );
    let json = &findings.libraries[NFT].checks[0].finding.answer;
    assert_eq!(
        *json,
        Answer::could_not_tell(format!("a program for {ARM} does not run here"))
    );
}

#[test]
fn a_missing_rust_target_is_mended_by_rustup() {
    let rust = probe(&debian(), &sampled().libraries, Some(ARM)).rust;
    assert_eq!(rust.installed, [HOST]);
    assert_eq!(
        rust.finding.mend.unwrap().command,
        format!("rustup target add {ARM}")
    );
}

#[test]
fn json_is_asked_of_the_library_itself() {
    let without = debian().compiles("cc", "nft_ctx_new", Tried::Ran(exit(1)));
    assert!(
        found(&with_library(without)).libraries[NFT].checks[0]
            .finding
            .answer
            .is_no()
    );
}

#[test]
fn the_tool_answers_for_a_library_of_its_release_that_could_not_be_run() {
    let dead = || debian().compiles("cc", "nft_ctx_new", Tried::Ran(exit(2)));
    assert!(
        found(&with_nft(with_library(dead()), "yes")).libraries[NFT].checks[0]
            .finding
            .is_yes()
    );
    assert!(
        found(&with_nft(with_library(dead()), "no")).libraries[NFT].checks[0]
            .finding
            .answer
            .is_no()
    );
    let json = &found(&with_library(dead())).libraries[NFT].checks[0]
        .finding
        .answer;
    assert!(matches!(json, Answer::CouldNotTell { .. }), "{json:?}");
}

#[test]
fn the_kernel_is_asked_in_a_namespace_and_only_its_own_refusal_is_a_no() {
    let kernel = |system: FakeSystem| found(&with_nft(system, "yes")).kernel[NFT].answer.clone();
    assert!(kernel(debian().answers(UNSHARE, "")).is_yes());
    let refused = "netlink: Error: cache initialization failed: Protocol not supported\n";
    assert!(kernel(debian().refuses(UNSHARE, refused)).is_no());
    let forbidden = "unshare: unshare failed: Operation not permitted\n";
    let both = debian()
        .refuses(UNSHARE, forbidden)
        .refuses(UNSHARE_USER, forbidden);
    assert_eq!(kernel(both), Answer::could_not_tell(forbidden.trim()));
    let user = debian()
        .refuses(UNSHARE, forbidden)
        .answers(UNSHARE_USER, "");
    assert!(kernel(user).is_yes());
}

#[test]
fn unshare_lacking_a_namespace_kind_says_nothing_about_nf_tables() {
    let refused = "unshare: unshare failed: Operation not supported\n";
    let system = debian()
        .refuses(UNSHARE, refused)
        .refuses(UNSHARE_USER, refused);
    let kernel = found(&with_nft(system, "yes")).kernel[NFT].answer.clone();
    assert!(matches!(kernel, Answer::CouldNotTell { .. }), "{kernel:?}");
}

#[test]
fn without_nft_a_loaded_module_is_a_yes_and_its_absence_tells_nothing() {
    let loaded = found(&debian().file("/sys/module/nf_tables/refcnt", "1")).kernel[NFT].clone();
    assert!(loaded.is_yes());
    let kernel = found(&debian()).kernel[NFT].clone();
    assert!(
        matches!(kernel.answer, Answer::CouldNotTell { .. }),
        "{kernel:?}"
    );
    assert_eq!(kernel.mend.unwrap().command, "apt-get install nftables");
}

#[test]
fn undeclared_properties_of_a_dependency_are_not_probed() {
    let mut plain = libnftables();
    plain.check.clear();
    plain.tool.as_mut().unwrap().check.clear();
    plain.kernel = None;
    let findings = probe(&with_nft(with_library(debian()), "yes"), &of(plain), None);
    assert!(findings.libraries[NFT].finding.is_yes());
    assert_eq!(findings.tools[NFT].version.as_deref(), Some("1.0.6"));
    assert!(findings.kernel.is_empty());
    assert!(findings.libraries[NFT].checks.is_empty() && findings.tools[NFT].checks.is_empty());
}

#[test]
fn a_module_that_nothing_can_try_is_only_looked_for() {
    let mut dep = libnftables();
    dep.kernel.as_mut().unwrap().tried_by.clear();
    let kernel =
        |system| probe(&with_nft(system, "yes"), &of(dep.clone()), None).kernel[NFT].clone();
    assert!(kernel(debian().file("/sys/module/nf_tables/refcnt", "1")).is_yes());
    assert_eq!(
        kernel(debian()).answer,
        Answer::could_not_tell("the module nf_tables is not loaded")
    );
}

#[test]
fn an_old_nft_that_knows_no_build_options_leaves_json_open() {
    let old = debian()
        .program("/usr/sbin/nft")
        .refuses("/usr/sbin/nft -V", "nft: invalid option -- 'V'\n")
        .answers("/usr/sbin/nft --version", "nftables v0.9.3 (Topsy)\n");
    let tool = found(&old).tools[NFT].clone();
    assert_eq!(tool.version.as_deref(), Some("0.9.3"));
    assert!(matches!(
        tool.checks[0].finding.answer,
        Answer::CouldNotTell { .. }
    ));
}

#[test]
fn an_engine_whose_client_alone_is_there_is_a_no() {
    let asked = "docker version --format {{.Server.Version}}";
    let dead = debian().refuses(asked, "Cannot connect to the Docker daemon\n");
    let docker = &found(&dead).container_engines[0];
    assert!(docker.finding.answer.is_no());
    assert!(
        docker.finding.answer.text().contains("Cannot connect"),
        "{docker:?}"
    );
}

#[test]
fn docker_counts_with_buildkit_from_its_plugin_or_from_before_there_was_one() {
    let answers = |version: &str| {
        let format = "docker version --format {{.Server.Version}}";
        let docker = debian().answers(format, version);
        docker.answers(&format.replace("Server", "Client"), version)
    };
    let docker = |system| found(&system).container_engines.swap_remove(0).finding;
    assert!(docker(answers("20.10.24+dfsg1\n")).is_yes());
    let bare = docker(answers("28.2.2\n"));
    assert!(bare.answer.is_no());
    assert_eq!(bare.mend.unwrap().command, "apt-get install docker-buildx");
    assert!(docker(answers("28.2.2\n").answers("docker buildx version", "v0.24")).is_yes());
}

#[test]
fn a_packaging_tool_that_does_not_run_is_not_called_there() {
    let broken = debian()
        .program("/usr/bin/lintian")
        .refuses("lintian --version", "Can't locate Lintian.pm in @INC\n");
    let findings = found(&broken);
    let lintian = findings
        .packaging_tools
        .iter()
        .find(|tool| tool.name == "lintian")
        .unwrap();
    assert_eq!(
        lintian.finding.answer,
        Answer::could_not_tell("Can't locate Lintian.pm in @INC")
    );
}

#[test]
fn on_red_hat_the_same_gaps_have_other_packages() {
    let system = debian().file("/etc/os-release", "ID=rhel\n");
    let findings = found(&system);
    let mend = findings.libraries[NFT].finding.mend.clone().unwrap();
    assert_eq!(mend.command, "dnf install nftables-devel");
    let requires = findings
        .packaging_tools
        .iter()
        .find(|tool| tool.name == "find-requires");
    assert_eq!(
        requires.unwrap().finding.mend.as_ref().unwrap().packages,
        ["rpm-build"]
    );
}

#[test]
fn a_container_engine_is_mended_by_the_package_that_the_distribution_has() {
    for (id, docker) in [
        ("debian", Some("apt-get install docker.io")),
        ("fedora", Some("dnf install moby-engine")),
        ("rhel", None),
    ] {
        let findings = found(&debian().file("/etc/os-release", &format!("ID={id}\n")));
        let mends = findings.container_engines.into_iter().map(|engine| {
            let mend = engine.finding.mend?;
            Some(mend.command)
        });
        let mends: Vec<Option<String>> = mends.collect();
        assert_eq!(mends[0].as_deref(), docker, "{id}");
        assert!(
            mends[1]
                .as_ref()
                .is_some_and(|mend| mend.ends_with(" install podman"))
        );
    }
}

#[test]
fn the_machine_that_built_this_test_has_rust_and_a_c_compiler() {
    let findings = probe(&Host, &sampled().libraries, None);
    assert!(findings.rust.finding.is_yes(), "{:?}", findings.rust);
    assert!(findings.c_compiler.is_yes(), "{:?}", findings.c_compiler);
}

/// A machine that writes down which programs were run on it.
struct Watched {
    system: FakeSystem,
    ran: RefCell<BTreeSet<String>>,
}

impl System for Watched {
    fn run(&self, command: &Command) -> Result<Output, RunError> {
        self.ran.borrow_mut().insert(command.program.clone());
        self.system.run(command)
    }

    fn try_c(&self, program: &CProgram) -> Result<Tried, RunError> {
        self.ran.borrow_mut().insert(program.compiler.clone());
        self.system.try_c(program)
    }

    fn env(&self, name: &str) -> Option<String> {
        System::env(&self.system, name)
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        self.system.read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.system.list(folder)
    }

    fn exists(&self, path: &Path) -> bool {
        self.system.exists(path)
    }

    fn find_program(&self, name: &str) -> Option<PathBuf> {
        self.system.find_program(name)
    }
}

#[test]
fn asking_for_engines_runs_only_engines() {
    let system = debian().answers("podman info --format {{.Version.Version}}", "4.3.1\n");
    let watched = Watched {
        system: system.clone(),
        ran: RefCell::default(),
    };
    let engines = container_engines(&watched);
    assert_eq!(engines, found(&system).container_engines);
    assert!(engines[1].finding.is_yes());
    let ran: Vec<String> = watched.ran.into_inner().into_iter().collect();
    assert_eq!(ran, ["docker", "podman"]);
}

#[test]
fn each_library_is_asked_for_by_itself() {
    let system = debian()
        .answers(
            "pkg-config --libs --cflags zlib zlib >= 1",
            "-L/usr/lib -lz\n",
        )
        .answers("pkg-config --modversion zlib zlib >= 1", "1.2.13\n1.2.13\n")
        .file("/usr/lib/libz.a", "")
        .refuses(
            "pkg-config --libs --cflags lzma lzma >= 1",
            "Package lzma was not found in the pkg-config search path.\n",
        );
    let findings = probe(&system, &compressor().libraries, None);
    let said = findings.libraries.iter().map(|(name, found)| {
        let mend = found.finding.mend.as_ref();
        let mend = mend.map_or("", |mend| mend.command.as_str());
        let archive = &found.static_archive.answer;
        format!("{name}: {} [{mend}], {archive}", found.finding.answer)
    });
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            "bzip2: could not tell [apt-get install pkg-config libbz2-dev], could not tell",
            "lzma: no [apt-get install liblzma-dev], could not tell",
            "zlib: yes [], yes",
        ]
    );
    assert!(findings.tools.is_empty() && findings.kernel.is_empty());
}

#[test]
fn a_kernel_check_without_a_tool_only_looks_for_the_module() {
    let mut dep = libnftables();
    dep.tool = None;
    let findings = probe(&debian(), &of(dep), None);
    assert_eq!(
        findings.kernel[NFT].answer,
        Answer::could_not_tell("the module nf_tables is not loaded")
    );
    assert!(findings.tools.is_empty());
}
