//! A system that is a container of the distribution's image.
//!
//! Nothing is bound into it, so that an engine on another host does as well: files are copied in
//! and out. It has no init system, and the network of a container.

use std::path::Path;

use super::live::LIMIT;
use plimsoll_build::engine::{Engine, Stage};
use plimsoll_plan::distro::BuildPackages;
use plimsoll_probe::Command;

/// What a container is given.
#[derive(Debug, Clone, Copy)]
pub struct Container<'a> {
    /// Docker or podman.
    pub engine: Engine,
    /// Its name, which no other container may have.
    pub name: &'a str,
    /// The image of the distribution.
    pub image: &'a str,
    /// Its network, in the engine's own words. None: the engine's default.
    pub network: Option<&'a str>,
    /// The distribution's commands.
    pub packages: &'a BuildPackages,
    /// Packages that the scripts need.
    pub tools: &'a [String],
    /// The script of the family in `/verify`.
    pub script: &'a str,
}

/// What the scripts need besides a shell: iproute2 makes namespaces, procps ends processes.
pub const TOOLS: [&str; 3] = ["findutils", "iproute2", "procps"];

/// The commands that run a package's life in a container. `work` becomes `/verify`, and gets back
/// the log and the libraries.
#[must_use]
pub fn stages(container: &Container<'_>, work: &Path) -> Vec<Stage> {
    let call = |words: &[&str]| Command::new(container.engine.as_str(), words.iter().copied());
    let name = container.name;
    let work = work.display().to_string();
    let command = command(container);
    let mut create = vec!["create", "--name", name];
    // Namespaces are made and entered, and links and rules set up, in the container's own.
    create.extend(["--cap-add", "NET_ADMIN", "--cap-add", "SYS_ADMIN"]);
    create.extend(["--security-opt", "apparmor=unconfined"]);
    create.extend(["--security-opt", "seccomp=unconfined"]);
    if let Some(network) = container.network {
        create.extend(["--network", network]);
    }
    create.extend([container.image, "/bin/bash", "-c", &command]);
    vec![
        Stage::tried("remove an old container", call(&["rm", "--force", name])),
        Stage::new("make a container", call(&create)),
        Stage::new(
            "copy the package into it",
            call(&["cp", &format!("{work}/."), &format!("{name}:/verify")]),
        ),
        Stage::new("live in the container", call(&["start", "--attach", name])),
        Stage::new(
            "copy what was seen out of it",
            call(&["cp", &format!("{name}:/verify/."), &work]),
        ),
        Stage::cleaning_up("remove the container", call(&["rm", "--force", name])),
    ]
}

/// What runs in the container: the scripts' needs, and then their phases. The life has a network
/// namespace of its own, so that the container's firewall is not in its way, and a mount namespace
/// in which sysctls can be written, which engines forbid.
fn command(container: &Container<'_>) -> String {
    let words = |words: &[String]| words.join(" ");
    let tools: Vec<String> = container.tools.to_vec();
    let logged = "/bin/bash /verify/logged.sh";
    let script = format!("{logged} /bin/bash /verify/{}", container.script);
    format!(
        "{logged} {refresh} && {logged} {install} {tools} || exit; \
         {script} fetch; {script} resolve; ! grep -q '^::refused' /verify/log || exit 0; \
         {script} settle; timeout --kill-after=10 {LIMIT} unshare --net --mount /bin/bash -c \
         'mount -o remount,rw /proc/sys; ip link set lo up; exec {script} live' || \
         case $? in 124 | 137) {{ echo; echo ::hung {LIMIT}; }} >>/verify/log ;; esac",
        refresh = words(&container.packages.refresh),
        install = words(&container.packages.install),
        tools = words(&tools),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stage: &Stage) -> String {
        format!("{} {}", stage.call.program, stage.call.args.join(" "))
    }

    #[test]
    fn the_package_is_copied_in_and_what_was_seen_is_copied_out() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect();
        let packages = BuildPackages {
            refresh: words("dnf makecache"),
            install: words("dnf install --assumeyes"),
            required: Vec::new(),
            install_wished: Vec::new(),
            wished: Vec::new(),
        };
        let container = Container {
            engine: Engine::Podman,
            name: "x-verify-fedora-44",
            image: "fedora:44",
            network: Some("host"),
            packages: &packages,
            tools: &["iproute".to_owned()],
            script: "rpm.sh",
        };
        let stages = stages(&container, Path::new("/w"));
        let lines: Vec<String> = stages.iter().map(line).collect();
        expect_test::expect![[r#"
            podman rm --force x-verify-fedora-44
            podman create --name x-verify-fedora-44 --cap-add NET_ADMIN --cap-add SYS_ADMIN --security-opt apparmor=unconfined --security-opt seccomp=unconfined --network host fedora:44 /bin/bash -c /bin/bash /verify/logged.sh dnf makecache && /bin/bash /verify/logged.sh dnf install --assumeyes iproute || exit; /bin/bash /verify/logged.sh /bin/bash /verify/rpm.sh fetch; /bin/bash /verify/logged.sh /bin/bash /verify/rpm.sh resolve; ! grep -q '^::refused' /verify/log || exit 0; /bin/bash /verify/logged.sh /bin/bash /verify/rpm.sh settle; timeout --kill-after=10 600 unshare --net --mount /bin/bash -c 'mount -o remount,rw /proc/sys; ip link set lo up; exec /bin/bash /verify/logged.sh /bin/bash /verify/rpm.sh live' || case $? in 124 | 137) { echo; echo ::hung 600; } >>/verify/log ;; esac
            podman cp /w/. x-verify-fedora-44:/verify
            podman start --attach x-verify-fedora-44
            podman cp x-verify-fedora-44:/verify/. /w
            podman rm --force x-verify-fedora-44"#]]
        .assert_eq(&lines.join("\n"));
    }
}
