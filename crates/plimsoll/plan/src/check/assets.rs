//! Where the files of the packages go, and with which bits.

use plimsoll_spec::FileKind;

use crate::complaint::Complaint;
use crate::config::{Asset, AssetSource, Config};
use crate::format::FormatRules;

/// Folders that no package may have files in, and what is meant instead. Distributions have merged `/bin` and the like with
/// `/usr`: a package that has a file below the old name breaks upgrades.
const FOREIGN: [(&str, &str); 18] = [
    ("/bin", "use /usr/bin"),
    ("/sbin", "use /usr/sbin"),
    ("/lib", "use /usr/lib"),
    ("/lib64", "use /usr/lib64"),
    ("/usr/local", "it is the administrator's: use /usr"),
    (
        "/etc/systemd/system",
        "it is the administrator's: use /usr/lib/systemd/system",
    ),
    (
        "/etc/sysusers.d",
        "it is the administrator's: use /usr/lib/sysusers.d",
    ),
    (
        "/etc/tmpfiles.d",
        "it is the administrator's: use /usr/lib/tmpfiles.d",
    ),
    (
        "/run",
        "it is emptied at each start: use a file of tmpfiles.d(5)",
    ),
    (
        "/var/run",
        "it is emptied at each start: use a file of tmpfiles.d(5)",
    ),
    (
        "/var/lock",
        "it is emptied at each start: use a file of tmpfiles.d(5)",
    ),
    (
        "/tmp",
        "it is emptied at each start: use a file of tmpfiles.d(5)",
    ),
    ("/var/tmp", "use a file of tmpfiles.d(5)"),
    ("/home", "it belongs to the users: use /usr or /var/lib"),
    (
        "/root",
        "it belongs to the administrator: use /usr or /var/lib",
    ),
    ("/dev", "it belongs to the kernel: use /usr or /var/lib"),
    ("/proc", "it belongs to the kernel: use /usr or /var/lib"),
    ("/sys", "it belongs to the kernel: use /usr or /var/lib"),
];

/// A thing that an asset must fulfil: what is wrong, and what mends it.
type Rule = fn(&Asset) -> Option<(String, String)>;

/// What is wrong with the assets of a configuration. `made` are the formats that it makes.
pub(super) fn complaints(config: &Config, made: &[&dyn FormatRules]) -> Vec<Complaint> {
    let rules: [Rule; 6] = [path, foreign, configuration, unmarked, mode, packed_twice];
    // A tar file is unpacked by somebody who sees where; a package manager puts files into the system.
    let is_installed = |asset: &Asset| {
        let mut formats = made.iter().filter(|format| asset.is_in(format.name()));
        formats.any(|format| format.has_dependencies())
    };
    let assets = config.asset.iter().filter(|asset| is_installed(asset));
    let found = assets.flat_map(|asset| {
        let found = rules.iter().find_map(|rule| rule(asset));
        found.map(|(what, hint)| Complaint::in_line(asset.line, what, hint))
    });
    found.collect()
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    rest.is_some_and(|rest| rest.starts_with('/'))
}

fn path(asset: &Asset) -> Option<(String, String)> {
    let dest = asset.dest.strip_suffix('/').unwrap_or(&asset.dest);
    let parts = dest.split('/').skip(1);
    let mut odd = parts.filter(|part| ["", ".", ".."].contains(part));
    let what = format!("asset destination {:?} is not a plain path", asset.dest);
    odd.next()
        .map(|_| (what, "leave out `.`, `..` and doubled slashes".to_owned()))
}

fn foreign(asset: &Asset) -> Option<(String, String)> {
    // What a program makes there is nobody else's.
    if asset.source == AssetSource::Ghost && is_below(&asset.dest, "/run") {
        return None;
    }
    let (folder, hint) = FOREIGN
        .iter()
        .find(|(folder, _)| is_below(&asset.dest, folder))?;
    let what = format!(
        "asset {} is below {folder}, where no package has files",
        asset.dest
    );
    Some((what, (*hint).to_owned()))
}

/// Debian Policy 10.7.2; RPM would take it, but the administrator looks for it in /etc.
fn configuration(asset: &Asset) -> Option<(String, String)> {
    let is_wrong = asset.kind == FileKind::Config && !is_below(&asset.dest, "/etc");
    let what = format!("configuration file {} is not below /etc", asset.dest);
    let hint = "put it below /etc, or leave out `kind = \"config\"`";
    is_wrong.then(|| (what, hint.to_owned()))
}

/// An upgrade would overwrite what the administrator changed.
fn unmarked(asset: &Asset) -> Option<(String, String)> {
    let is_file = !matches!(asset.source, AssetSource::Folder | AssetSource::Ghost);
    let is_wrong = is_file && asset.kind != FileKind::Config && is_below(&asset.dest, "/etc");
    let what = format!(
        "asset {} is below /etc, and no configuration file",
        asset.dest
    );
    let hint = "add `kind = \"config\"`, or put it below /usr";
    is_wrong.then(|| (what, hint.to_owned()))
}

fn mode(asset: &Asset) -> Option<(String, String)> {
    const OF_OTHERS: u32 = 0o002;
    const EXECUTE: u32 = 0o111;
    const STICKY: u32 = 0o1000;
    let mode = asset.mode;
    let dest = &asset.dest;
    let is_shared = asset.source == AssetSource::Folder && mode & STICKY != 0;
    if mode & OF_OTHERS != 0 && !is_shared {
        let what = format!("asset {dest} has mode {mode:04o}: everybody may write to it");
        return Some((
            what,
            "take the last write bit away, as in \"0644\"".to_owned(),
        ));
    }
    let is_program = matches!(asset.source, AssetSource::Binary(_));
    (is_program && mode & EXECUTE == 0).then(|| {
        let what = format!("program {dest} has mode {mode:04o}: nobody may run it");
        (what, "leave out `mode`, or set \"0755\"".to_owned())
    })
}

fn packed_twice(asset: &Asset) -> Option<(String, String)> {
    let is_wrong = asset.gzip && asset.dest.ends_with(".gz");
    let what = format!(
        "asset {} gets the suffix .gz from `gzip`, and has it already",
        asset.dest
    );
    is_wrong.then(|| (what, "take `.gz` off `dest`".to_owned()))
}
