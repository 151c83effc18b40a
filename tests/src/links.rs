//! What interfaces a namespace has.

use test_support::Netns;

/// Whether that is the name of an interface that was removed, and that the kernel still has for a moment.
pub fn is_retired(ifname: &str) -> bool {
    ifname.starts_with("tgx") || ifname.starts_with("tgy")
}

/// The interfaces as `ip -o link` tells them, but for those that were removed.
///
/// # Panics
/// When they cannot be listed.
pub fn links_in(netns: &Netns) -> String {
    let listed = netns.sh("ip -o link");
    let name = |line: &str| line.split(": ").nth(1).unwrap_or_default().to_owned();
    let lines = listed.lines().filter(|line| !is_retired(&name(line)));
    lines.map(|line| format!("{line}\n")).collect()
}
