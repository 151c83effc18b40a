use error_hint::Hint;
use expect_test::{Expect, expect};
use plimsoll_probe::{Answer, Family, Finding, NamedFinding};

use super::*;
use plimsoll_plan::distro;
use plimsoll_plan::fixtures;
use plimsoll_plan::plan::Arch;

fn folders() -> Folders {
    Folders {
        workspace: "/w".into(),
        out: "/w/target/dist".into(),
        roots: "/w/target/roots".into(),
        work: "/w/target/dist/scratch".into(),
        cargo_home: "/home/.cargo".into(),
        has_git_crates: false,
        kit: None,
        dockerfile: "/w/target/dist/scratch/container/Dockerfile".into(),
    }
}

fn image() -> Toolchain {
    Toolchain::Image("rust:1.95.0-slim".to_owned())
}

fn folder() -> Toolchain {
    Toolchain::Folder("/rust".into())
}

/// Hands a job for an entry of the list to `f`.
fn with_job<T>(id: &str, site: &Site, toolchain: &Toolchain, f: impl FnOnce(&Job<'_>) -> T) -> T {
    let (list, config, source) = (fixtures::distros(), fixtures::config(), fixtures::source());
    let distro = list.get(id).expect("an entry");
    let flavour = FlavourRequest::Auto;
    let plan = distro::plan(
        &fixtures::formats(),
        &list,
        distro,
        &config,
        &source,
        Arch::Amd64,
        flavour,
    )
    .expect("a plan");
    f(&Job {
        distro,
        plan: &plan,
        site,
        toolchain,
        folders: &folders(),
        flavour,
        cargo_profile: None,
        strict: true,
    })
}

fn lines(stages: &[Stage]) -> String {
    let line = |stage: &Stage| {
        let env = stage
            .call
            .env
            .iter()
            .map(|(name, value)| format!("{name}={value} "));
        let words = std::iter::once(&stage.call.program).chain(&stage.call.args);
        let words: Vec<String> = words.map(|word| word.replace('\n', "\\n")).collect();
        format!("{}{}\n", env.collect::<String>(), words.join(" "))
    };
    stages.iter().map(line).collect()
}

fn check_container(engine: Engine, id: &str, site: &Site, expected: Expect) {
    let recipe = with_job(id, site, &image(), |job| container::recipe(engine, job));
    expected.assert_eq(&lines(&recipe.expect("a recipe")));
}

#[test]
fn buildkit_gets_what_follows_from_the_entry_as_arguments() {
    check_container(
        Engine::Docker,
        "centos-stream-9",
        &Site::default(),
        expect![[r#"
            DOCKER_BUILDKIT=1 docker build --file=/w/target/dist/scratch/container/Dockerfile --target=artefacts --tag=localhost/sample-dist-centos-stream-9:latest --progress=plain --build-arg=BASE_IMAGE=quay.io/centos/centos:stream9 --build-arg=TOOLCHAIN_IMAGE=rust:1.95.0-slim --build-arg=TOOLKIT_IMAGE=localhost/dist-toolkit:xtask-0.1.0 --build-arg=DISTRO=centos-stream-9 --build-arg=REFRESH=dnf makecache --build-arg=INSTALL=dnf install --assumeyes --setopt=install_weak_deps=False --build-arg=PACKAGES=ca-certificates gcc pkgconf-pkg-config rpm-build --build-arg=INSTALL_WISHED=dnf install --assumeyes --setopt=install_weak_deps=False --enablerepo=crb --build-arg=WISHED_PACKAGES=nftables-devel --build-arg=PREPARE=cargo build --locked --manifest-path xtask/Cargo.toml --build-arg=DIST=cargo xtask dist --as centos-stream-9 --out /out --flavour auto --strict --progress=json --build-arg=PROJECT=sample --build-arg=SOURCE_COMMIT=abc --build-arg=SOURCE_DATE_EPOCH=1 --build-arg=CARGO_NET_OFFLINE=false /w
            DOCKER_BUILDKIT=1 docker rm --force sample-dist-centos-stream-9
            DOCKER_BUILDKIT=1 docker create --name sample-dist-centos-stream-9 localhost/sample-dist-centos-stream-9:latest none
            DOCKER_BUILDKIT=1 docker cp sample-dist-centos-stream-9:/out/. /w/target/dist/centos-stream-9
            DOCKER_BUILDKIT=1 docker rm --force sample-dist-centos-stream-9
        "#]],
    );
}

#[test]
fn mirror_and_certificates_are_secrets_and_a_proxy_is_a_predefined_argument() {
    let site = Site {
        mirrors: vec!["debian=http://mirror.example/debian/".parse().expect("one")],
        proxy: Some("http://proxy.example:3128".to_owned()),
        ca_bundle: Some("/etc/ca.pem".into()),
        ..Site::default()
    };
    let (recipe, mirror) = with_job("debian-13", &site, &image(), |job| {
        (
            container::recipe(Engine::Podman, job),
            container::mirror(job),
        )
    });
    let recipe = recipe.expect("a recipe");
    let args = &recipe[0].call.args;
    for arg in [
        "--secret=id=ca,src=/etc/ca.pem",
        "--secret=id=mirror,src=/w/target/dist/scratch/mirror-debian-13",
        "--build-arg=https_proxy=http://proxy.example:3128",
    ] {
        assert!(args.iter().any(|given| given == arg), "{arg}: {args:?}");
    }
    assert!(!args.iter().any(|arg| arg.contains("mirror.example")));
    assert_eq!(
        mirror.expect("one").as_deref(),
        Some("http://deb.debian.org/debian\nhttp://mirror.example/debian\n")
    );
    let last = recipe.last().expect("stages");
    assert!(
        last.role == Role::CleansUp && last.call.program == "rm",
        "{last:?}"
    );
}

#[test]
fn a_mirror_needs_an_archive_to_take_the_place_of() {
    let site = Site {
        mirrors: vec!["centos=http://mirror.example/".parse().expect("one")],
        ..Site::default()
    };
    let refused = with_job("centos-stream-9", &site, &image(), |job| {
        container::recipe(Engine::Docker, job)
    });
    assert!(matches!(refused, Err(EngineError::NoArchive { .. })));
}

#[test]
fn a_toolchain_folder_is_imported_with_the_crates() {
    let stages = container::prepare(Engine::Docker, &folder(), &folders());
    expect![[r#"
        tar --create --file=/w/target/dist/scratch/toolkit.tar --owner=0 --group=0 --sort=name --directory=/w/target/dist/scratch/toolkit ./
        DOCKER_BUILDKIT=1 docker import /w/target/dist/scratch/toolkit.tar localhost/dist-toolkit:xtask-0.1.0
        rm -f /w/target/dist/scratch/toolkit.tar
        tar --create --file=/w/target/dist/scratch/toolchain.tar --transform=s,^\./,usr/local/rustup/toolchains/given/,S --owner=0 --group=0 --directory=/rust --exclude=./share/doc --exclude=./lib/rustlib/src ./
        tar --append --file=/w/target/dist/scratch/toolchain.tar --transform=s,^\./,usr/local/cargo/,S --owner=0 --group=0 --directory=/home/.cargo ./registry/index ./registry/cache
        DOCKER_BUILDKIT=1 docker import /w/target/dist/scratch/toolchain.tar localhost/dist-toolchain:given
        rm -f /w/target/dist/scratch/toolchain.tar
    "#]].assert_eq(&lines(&stages));
    assert_eq!(
        container::prepare(Engine::Docker, &image(), &folders()).len(),
        3
    );
    let with_git = Folders {
        has_git_crates: true,
        ..folders()
    };
    let stages = lines(&container::prepare(Engine::Docker, &folder(), &with_git));
    assert!(stages.contains("./registry/cache ./git\n"), "{stages}");
}

#[test]
fn a_root_is_made_once_and_entered_without_a_network() {
    let site = Site {
        host_mirrors: Site::host_mirrors("Debian|stable|http://mirror.example/debian/"),
        expired_lists: true,
        ..Site::default()
    };
    let recipe = with_job("debian-11", &site, &folder(), |job| {
        root::recipe(job, false)
    });
    let text = lines(&recipe.expect("a recipe"));
    let script = include_str!("root/enter.sh").replace('\n', "\\n");
    expect![[r#"
        unshare --mount sh -eu -c mount -t tmpfs -o mode=0755 tmpfs "$1"; export TMPDIR="$1"; shift; exec mmdebstrap "$@" mmdebstrap /w/target/roots/mnt --variant=minbase --mode=root --architectures=amd64 --include=build-essential,ca-certificates,pkg-config --dpkgopt=force-unsafe-io --aptopt=Acquire::Check-Valid-Until "false" --customize-hook=chroot "$1" apt-get install --yes --no-install-recommends libnftables-dev || echo 'note: libnftables-dev is not available' bullseye /w/target/roots/debian-11.new.tar http://mirror.example/debian
        mv /w/target/roots/debian-11.new.tar /w/target/roots/debian-11.tar
        mv /w/target/roots/debian-11.json.new /w/target/roots/debian-11.json
        unshare --mount --net --pid --fork --kill-child sh -eu -c ENTER enter /w/target/roots/mnt /w/target/roots/debian-11.tar /rust /home/.cargo /w /w/target/roots/debian-11.target /w/target/dist/debian-11  PATH=/opt/rust/bin:/opt/plimsoll:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 CARGO_HOME=/opt/cargo CARGO_TARGET_DIR=/target CARGO_NET_OFFLINE=true CARGO_TERM_COLOR=never SOURCE_COMMIT=abc SOURCE_DATE_EPOCH=1 cargo xtask dist --as debian-11 --out /out --flavour auto --strict --progress=json
    "#]].assert_eq(&text.replace(&script, "ENTER"));
    let fresh = with_job("debian-11", &site, &folder(), |job| root::recipe(job, true));
    assert_eq!(fresh.expect("a recipe").len(), 1);
}

#[test]
fn another_cargo_profile_is_handed_to_the_build_in_the_system() {
    let recipe = with_job("debian-11", &Site::default(), &folder(), |job| {
        let job = Job {
            cargo_profile: Some("trial"),
            ..*job
        };
        root::recipe(&job, true)
    });
    let text = lines(&recipe.expect("a recipe"));
    let wanted = "--flavour auto --cargo-profile trial --strict";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn a_root_gets_the_installed_command_and_builds_none() {
    let folders = Folders {
        kit: Some("/w/target/dist/scratch/toolkit/opt/plimsoll".into()),
        ..folders()
    };
    let recipe = with_job("debian-11", &Site::default(), &folder(), |job| {
        let job = Job {
            folders: &folders,
            ..*job
        };
        root::recipe(&job, true)
    });
    let text = lines(&recipe.expect("a recipe"));
    assert!(
        text.contains(
            " /w/target/dist/scratch/toolkit/opt/plimsoll PATH=/opt/rust/bin:/opt/plimsoll:"
        ),
        "{text}"
    );
    assert!(
        text.contains(" cargo plimsoll dist --as debian-11 "),
        "{text}"
    );
}

#[test]
fn a_container_gets_the_installed_command_and_builds_none() {
    let folders = Folders {
        kit: Some("/w/target/dist/scratch/toolkit/opt/plimsoll".into()),
        ..folders()
    };
    let recipe = with_job("fedora-43", &Site::default(), &image(), |job| {
        let job = Job {
            folders: &folders,
            ..*job
        };
        container::recipe(Engine::Podman, &job)
    });
    expect![[r#"
        podman build --file=/w/target/dist/scratch/container/Dockerfile --target=artefacts --tag=localhost/sample-dist-fedora-43:latest --ignorefile=/w/target/dist/scratch/container/Dockerfile.dockerignore --build-arg=BASE_IMAGE=registry.fedoraproject.org/fedora:43 --build-arg=TOOLCHAIN_IMAGE=rust:1.95.0-slim --build-arg=TOOLKIT_IMAGE=localhost/dist-toolkit:installed-0.1.0 --build-arg=DISTRO=fedora-43 --build-arg=REFRESH=dnf makecache --build-arg=INSTALL=dnf install --assumeyes --setopt=install_weak_deps=False --build-arg=PACKAGES=ca-certificates gcc pkgconf-pkg-config rpm-build --build-arg=INSTALL_WISHED=dnf install --assumeyes --setopt=install_weak_deps=False --build-arg=WISHED_PACKAGES=nftables-devel --build-arg=PREPARE=cargo fetch --locked --build-arg=DIST=cargo plimsoll dist --as fedora-43 --out /out --flavour auto --strict --progress=json --build-arg=PROJECT=sample --build-arg=SOURCE_COMMIT=abc --build-arg=SOURCE_DATE_EPOCH=1 --build-arg=CARGO_NET_OFFLINE=false /w
    "#]].assert_eq(&lines(&recipe.expect("a recipe")[..1]));
    expect![[r#"
        tar --create --file=/w/target/dist/scratch/toolkit.tar --owner=0 --group=0 --sort=name --directory=/w/target/dist/scratch/toolkit ./
        DOCKER_BUILDKIT=1 docker import /w/target/dist/scratch/toolkit.tar localhost/dist-toolkit:installed-0.1.0
        rm -f /w/target/dist/scratch/toolkit.tar
    "#]].assert_eq(&lines(&container::prepare(Engine::Docker, &image(), &folders)));
}

#[test]
fn a_project_with_its_own_dockerfile_has_its_own_list_of_what_is_not_read() {
    let folders = Folders {
        dockerfile: "/w/packaging/Dockerfile".into(),
        ..folders()
    };
    let recipe = with_job("fedora-43", &Site::default(), &image(), |job| {
        let job = Job {
            folders: &folders,
            ..*job
        };
        container::recipe(Engine::Podman, &job)
    });
    let text = lines(&recipe.expect("a recipe")[..1]);
    assert!(text.contains(" --file=/w/packaging/Dockerfile "), "{text}");
    assert!(!text.contains("--ignorefile"), "{text}");
}

/// The names of what buildah is given for a distribution.
pub(super) fn build_arguments() -> Vec<String> {
    let recipe = with_job("debian-13", &Site::default(), &image(), |job| {
        container::recipe(Engine::Podman, job)
    });
    let recipe = recipe.expect("a recipe");
    let given = recipe[0].call.args.iter().filter_map(|arg| {
        let (name, _) = arg.strip_prefix("--build-arg=")?.split_once('=')?;
        Some(name.to_owned())
    });
    given.collect()
}

#[test]
fn the_crates_of_an_xtask_with_its_own_lock_file_are_fetched_too() {
    let workspace = tempfile::tempdir().expect("a folder");
    let folders = Folders {
        workspace: workspace.path().to_owned(),
        ..folders()
    };
    assert_eq!(root::prepare("cargo", &folders).len(), 1);
    std::fs::create_dir(workspace.path().join("xtask")).expect("made");
    std::fs::write(workspace.path().join("xtask/Cargo.lock"), "").expect("written");
    let own = &root::prepare("cargo", &folders)[1].call;
    let manifest = workspace.path().join("xtask/Cargo.toml");
    let expected = format!(
        "cargo fetch --locked --manifest-path {}",
        manifest.display()
    );
    assert_eq!(own.line(), expected);
    let kit = Some("/kit".into());
    let installed = Folders { kit, ..folders };
    assert_eq!(root::prepare("cargo", &installed).len(), 1);
}

#[test]
fn a_root_takes_no_toolchain_image() {
    let refused = with_job("debian-11", &Site::default(), &image(), |job| {
        root::recipe(job, true)
    });
    assert!(matches!(refused, Err(EngineError::ToolchainImage { .. })));
}

#[test]
fn the_hosts_mirror_is_that_of_its_archive_and_not_of_its_security_updates() {
    let text = "Debian|oldstable-security|http://sec.example/debian-security/\n\
                Debian|oldstable|http://deb.example/debian/\n\
                Debian|oldstable-updates|http://other.example/debian/\n\
                |nodistro|https://vendor.example/\n";
    let mirrors = Site::host_mirrors(text);
    let debian = mirrors
        .iter()
        .find(|mirror| mirror.os == "debian")
        .expect("one");
    assert_eq!(debian.url, "http://deb.example/debian");
    assert!(mirrors.iter().all(|mirror| mirror.os == "debian"));
}

#[test]
fn a_mirror_is_an_os_and_an_address() {
    for text in [
        "debian",
        "=http://x",
        "debian=ftp://x",
        "debian=http://x|y",
        "debian=http://a b",
    ] {
        assert!(text.parse::<Mirror>().is_err(), "{text}");
    }
}

fn found(docker: bool, podman: bool) -> Vec<NamedFinding> {
    let finding = |name: &str, answers: bool| NamedFinding {
        name: name.to_owned(),
        finding: match answers {
            true => Finding::yes("1.0"),
            false => Finding::from(Answer::no(format!("{name} is not installed"))),
        },
    };
    vec![finding("docker", docker), finding("podman", podman)]
}

fn family(name: &str) -> Family {
    Family::named(name).expect("known")
}

#[test]
fn a_container_engine_comes_first_and_a_root_is_for_debian() {
    let auto =
        |name, docker, podman| choose(EngineRequest::Auto, family(name), &found(docker, podman));
    assert_eq!(auto("rhel", true, true).expect("one"), Engine::Docker);
    assert_eq!(auto("debian", false, true).expect("one"), Engine::Podman);
    assert_eq!(auto("debian", false, false).expect("one"), Engine::Root);
    let error = auto("suse", false, false).expect_err("none");
    expect!["no container engine answers: docker: docker is not installed; podman: podman is not installed"]
        .assert_eq(&error.to_string());
}

#[test]
fn an_engine_that_was_asked_for_by_name_must_answer() {
    let podman = EngineRequest::Exactly(Engine::Podman);
    let error = choose(podman, family("debian"), &found(true, false)).expect_err("none");
    assert_eq!(
        error.to_string(),
        "podman does not answer: podman is not installed"
    );
    let root = EngineRequest::Exactly(Engine::Root);
    assert!(matches!(
        choose(root, family("fedora"), &found(true, true)),
        Err(EngineError::NoBootstrap)
    ));
}

#[test]
fn the_toolchain_image_is_that_of_the_pinned_channel() {
    let text = "[toolchain]\nchannel = \"1.95.0\"\n";
    let image = "docker.io/library/rust:1.95.0-slim".to_owned();
    assert_eq!(
        Toolchain::image_of(text),
        Some(Toolchain::Image(image.clone()))
    );
    for other in ["[toolchain]\n", "[toolchain]\nchannel = \"stable\"\n"] {
        assert_eq!(Toolchain::image_of(other), None);
    }
    let of_host = Toolchain::image_of_release("rustc 1.95.0 (0123abcd 2026-04-16)\n");
    assert_eq!(of_host, Some(Toolchain::Image(image)));
    let nightly = "rustc 1.97.0-nightly (0123abcd 2026-04-16)";
    assert_eq!(Toolchain::image_of_release(nightly), None);
}

/// Each hint about the choice of an engine, and what somebody chooses who follows it.
#[test]
fn hints_about_engines_lead_to_one_that_builds() {
    let hint = |error: EngineError| error.hint().expect("a hint").into_owned();
    let root = EngineRequest::Exactly(Engine::Root);
    let refused = choose(root, family("fedora"), &found(true, true)).expect_err("no root");
    assert_eq!(hint(refused), "use --engine docker or --engine podman");
    for engine in [Engine::Docker, Engine::Podman] {
        let exactly = EngineRequest::Exactly(engine);
        choose(exactly, family("fedora"), &found(true, true)).expect("it builds");
    }
    let auto = |docker, podman| choose(EngineRequest::Auto, family("suse"), &found(docker, podman));
    let refused = auto(false, false).expect_err("none");
    assert_eq!(hint(refused), "install podman, or start docker");
    assert_eq!(auto(false, true).expect("podman"), Engine::Podman);
    assert_eq!(auto(true, false).expect("docker"), Engine::Docker);

    let toolchain = |toolchain: &Toolchain| {
        with_job("debian-11", &Site::default(), toolchain, |job| {
            root::recipe(job, true)
        })
    };
    let refused = toolchain(&image()).expect_err("an image");
    assert_eq!(hint(refused), "leave out --toolchain to use this host's");
    toolchain(&folder()).expect("the host's");

    let through = |site: Site| {
        with_job("centos-stream-9", &site, &image(), |job| {
            container::recipe(Engine::Docker, job)
        })
    };
    let refused = through(Site {
        mirrors: vec!["centos=http://mirror.example/".parse().expect("one")],
        ..Site::default()
    });
    let wanted = "use a proxy, or an image that is configured for the mirror";
    assert_eq!(hint(refused.expect_err("no archive")), wanted);
    through(Site {
        proxy: Some("http://proxy.example:3128".to_owned()),
        ..Site::default()
    })
    .expect("by a proxy");
}
