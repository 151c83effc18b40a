//! Hosts as people have them.

use tidegate_tests::{Lab, require_root_kernel, workspace};

/// What systemd-networkd and NetworkManager are told to leave alone: the names of every interface of ours.
#[test]
fn programs_that_manage_interfaces_are_told_to_leave_ours_alone() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    lab.host.ok(&["network", "create", "web"]);
    let _front = lab.attach("web", "front", &[]);
    let names = |lab: &Lab| {
        let listed = lab.host.netns.sh("ip -o link");
        let words = listed.lines().filter_map(|line| line.split(": ").nth(1));
        let names = words.map(|name| name.split('@').next().unwrap_or(name).to_owned());
        let ours = names.filter(|name| name != "lo" && name != "wan");
        ours.collect::<Vec<String>>()
    };
    let mut ours = names(&lab);
    assert_eq!(ours.len(), 2, "{ours:?}");
    lab.host.ok(&["detach", "front"]);
    lab.host.ok(&["network", "rm", "web"]);
    ours.extend(names(&lab));
    for (file, before, separator) in [
        ("00-tidegate.network", "Name=", ' '),
        ("tidegate.conf", "match-device=", ','),
    ] {
        let path = workspace().join("packaging/network-managers").join(file);
        let text = std::fs::read_to_string(path).unwrap();
        let patterns = text.lines().find_map(|line| line.strip_prefix(before));
        let patterns = patterns.unwrap().split(separator);
        let patterns: Vec<&str> = patterns
            .map(|it| {
                it.trim_start_matches("interface-name:")
                    .trim_end_matches('*')
            })
            .collect();
        for name in ours.iter().map(String::as_str).chain(["tgx1", "tgy1"]) {
            assert!(
                patterns.iter().any(|it| name.starts_with(it)),
                "{name} in {file}"
            );
        }
    }
}
