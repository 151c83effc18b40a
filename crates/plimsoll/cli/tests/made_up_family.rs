//! A family of distributions that the toolkit has never heard of, added in this one file: from os-release(5) through the
//! probe, both configuration files and the plan to where its packages are built and verified.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests are made of is theirs too"
)]

use std::path::Path;

use plimsoll_build::engine::{Engine, EngineError, EngineRequest, choose};
use plimsoll_plan::config::{self, Config};
use plimsoll_plan::distro::{self, DistroList};
use plimsoll_plan::fixtures;
use plimsoll_plan::format::Rpm;
use plimsoll_plan::plan::{Arch, declared};
use plimsoll_probe::fakes::FakeSystem;
use plimsoll_probe::{
    Answer, CrossPackages, Distribution, Family, FamilyTable, Finding, Findings, FlavourName,
    NamedFinding, Owner, PackageDatabase, PackageManager, Request, System, Tried, decide, owners,
    probe,
};
use plimsoll_spec::Relation;
use plimsoll_verify::{Chosen, Means, PlaceRequest};

static PKGMAN: PackageManager = PackageManager {
    program: "pkgman",
    install: &["install", "-y"],
    environment: &[],
    lists: None,
};

/// Everything is of one package.
#[derive(Debug)]
struct Pkgman;

impl PackageDatabase for Pkgman {
    fn owner(&self, _: &dyn System, _: &str, _: &str) -> Result<Option<Owner>, String> {
        Ok(Some(Owner {
            package: "haiku".to_owned(),
            source: "haiku".to_owned(),
        }))
    }
}

static HAIKU: FamilyTable = FamilyTable {
    name: "haiku",
    about: "Haiku, were it a Linux.",
    ids: &["haiku"],
    package_manager: &PKGMAN,
    native_format: "rpm",
    bootstrap: None,
    packages: &[
        ("cc", "gcc_all"),
        ("libc.a", "glibc_static"),
        ("pkg-config", "pkgconfig"),
        ("git", "git_scm"),
        ("rpmlint", "lint"),
        ("podman", "pods"),
    ],
    cross: Some(CrossPackages {
        compiler: |triple| format!("gcc_for_{triple}"),
        library: |package, architecture| Some(format!("{package}_{architecture}")),
    }),
    package_database: &Pkgman,
};

/// The configuration of the made-up project, with the family's names.
fn config() -> Config {
    let text = fixtures::DIST
        .replace("devel = {", "devel = { haiku = \"nft_devel\",")
        .replace("runtime = {", "runtime = { haiku = \"nft_lib\",")
        .replace("packages = {", "packages = { haiku = \"nft\",");
    config::parse(&text, Path::new("dist.toml"), &fixtures::formats().names()).unwrap()
}

/// A list with one distribution of it.
fn distros() -> DistroList {
    let text = r#"
        [family.haiku]
        format = "rpm"
        refresh = ["pkgman", "refresh"]
        install = ["pkgman", "install", "-y"]
        build-packages = ["gcc_all"]

        [[distro]]
        id = "haiku-1"
        family = "haiku"
        os = "haiku"
        release = "1"
        image = "example.org/haiku:1"
        architectures = ["amd64"]
        revision-suffix = ".hk1"
        devel = "main"
        expected-flavour = "dynamic"
    "#;
    distro::parse(text, Path::new("distros.toml"), &fixtures::formats()).unwrap()
}

/// A host of it that has Rust and nothing else.
fn bare(target: Option<&str>) -> Findings {
    probe(&system(), &config().native_dep, target)
}

fn system() -> FakeSystem {
    FakeSystem::new()
        .file("/etc/os-release", "ID=haiku\n")
        .answers("rustc -vV", "host: x86_64-unknown-linux-gnu")
        .answers("rustc --print=sysroot", "/rust")
        .file(
            "/rust/lib/rustlib/x86_64-unknown-linux-gnu/lib/libstd-1.rlib",
            "",
        )
}

fn mend(finding: &Finding) -> &str {
    finding.mend.as_ref().map_or("", |mend| &mend.command)
}

fn tool<'a>(tools: &'a [NamedFinding], name: &str) -> &'a Finding {
    let found = tools.iter().find(|tool| tool.name == name);
    &found.unwrap().finding
}

#[test]
fn the_probe_names_its_packages() {
    let haiku = Family::add(&HAIKU);
    let found = bare(None);
    assert_eq!(found.distribution.family, Some(haiku));
    assert_eq!(mend(&found.c_compiler), "pkgman install gcc_all");
    assert_eq!(mend(&found.pkg_config), "pkgman install pkgconfig");
    assert_eq!(
        mend(&found.libraries["libnftables"].finding),
        "pkgman install pkgconfig nft_devel"
    );
    let tools = &found.packaging_tools;
    assert_eq!(mend(tool(tools, "rpmlint")), "pkgman install lint");
    assert_eq!(mend(tool(tools, "lintian")), "", "it has none");
    let engines = &found.container_engines;
    assert_eq!(mend(tool(engines, "podman")), "pkgman install pods");
}

#[test]
fn the_probe_names_its_packages_for_another_architecture() {
    Family::add(&HAIKU);
    let found = bare(Some("aarch64-unknown-linux-gnu"));
    assert_eq!(
        mend(&found.c_compiler),
        "pkgman install gcc_for_aarch64-linux-gnu"
    );
}

#[test]
fn a_fallback_is_mended_by_its_package_manager() {
    Family::add(&HAIKU);
    let system = system().compiles("cc", "int main", Tried::Linked);
    let matrix = config().matrix();
    let findings = probe(&system, &matrix.libraries, None);
    let decision = decide(Request::Auto, &matrix, &findings).unwrap();
    assert_eq!(decision.flavour, FlavourName::DYNAMIC_EXEC);
    let mend = decision.fallback.and_then(|fallback| fallback.mend);
    assert_eq!(mend.unwrap().command, "pkgman install pkgconfig nft_devel");
}

#[test]
fn its_packages_are_planned_with_its_names() {
    let haiku = Family::add(&HAIKU);
    let (list, config) = (distros(), config());
    let haiku_1 = list.get("haiku-1").unwrap();
    assert_eq!(haiku_1.family, haiku);
    let source = fixtures::source();
    let plan = distro::plan(
        &fixtures::formats(),
        &list,
        haiku_1,
        &config,
        &source,
        Arch::Amd64,
        Request::Auto,
    );
    let plan = plan.unwrap();
    assert_eq!(plan.packages.wished, ["nft_devel"]);
    assert_eq!(plan.plan.packages.len(), 1);
    let package = &plan.plan.packages[0];
    assert_eq!(package.file, "sample-0.1.0-1.hk1.x86_64.rpm");
    assert_eq!(package.declared.of(Relation::Recommends), ["nft"]);
    let without = declared(
        &config,
        &haiku_1.distribution(),
        &source.version,
        FlavourName::DYNAMIC_EXEC,
        &Rpm,
    );
    assert!(without.unwrap().has(Relation::Depends, "nft"));
}

#[test]
fn a_family_that_was_not_added_is_refused_by_name_among_those_that_were() {
    Family::add(&HAIKU);
    let text = fixtures::DIST.replace("devel = {", "devel = { beos = \"nft\",");
    let error =
        config::parse(&text, Path::new("dist.toml"), &fixtures::formats().names()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    let expected =
        "unknown variant `beos`, expected one of `debian`, `fedora`, `rhel`, `suse`, `haiku`";
    assert!(cause.contains(expected), "{cause}");
}

#[test]
fn it_is_built_and_verified_where_its_table_says() {
    let haiku = Family::add(&HAIKU);
    let none = bare(None).container_engines;
    let root = choose(EngineRequest::Exactly(Engine::Root), haiku, &none);
    assert!(matches!(root, Err(EngineError::NoBootstrap)));
    let means = Means {
        no_roots: None,
        nspawn: true,
        engine: None,
    };
    let place = plimsoll_verify::choose(PlaceRequest::Auto, haiku, &means);
    assert_eq!(place, Ok(Chosen::Profile));
}

#[test]
fn its_database_says_whose_a_library_is() {
    Family::add(&HAIKU);
    let distribution = Distribution::parse("ID=haiku\n");
    let found = owners(
        &system(),
        &distribution,
        "x86_64-unknown-linux-gnu",
        ["libroot.so"],
    );
    let owner = &found["libroot.so"];
    assert_eq!(owner.package.as_deref(), Some("haiku"));
    assert_eq!(owner.toolchain, Answer::yes("of haiku"));
}
