//! What the daemon is and works with.

use tidegate_api::{
    Degraded, ForwardingInfo, Info, NamesInfo, RecentRepair, Repair, RepairKind, Repaired, Repairs,
    Setting, SettingOrigin, SettingsInfo, WaitingEndpoint,
};
use tidegate_model::Forwarding;

use super::event::shown_time;
use super::table::{fields, joined};

/// What the daemon is and works with.
pub(crate) fn info(info: &Info) -> String {
    let settings = settings(info);
    let settings = settings.iter().map(|(key, value)| (&**key, value.clone()));
    let rows: Vec<(&str, String)> = daemon(info).into_iter().chain(settings).collect();
    fields(&rows)
}

/// Every setting with where it comes from.
fn settings(info: &Info) -> Vec<(String, String)> {
    let all = info.settings.iter().flat_map(|it| &it.all);
    let shown = all.map(|Setting { key, value, origin }| {
        let origin = match origin {
            SettingOrigin::Default => "default",
            SettingOrigin::File => "file",
            SettingOrigin::CommandLine => "flag or environment",
            SettingOrigin::ServiceManager => "service manager",
        };
        (format!("setting {key}"), format!("{value} ({origin})"))
    });
    shown.collect()
}

fn daemon(info: &Info) -> Vec<(&'static str, String)> {
    let Info { build, driver, .. } = info;
    vec![
        ("version", build.version.clone()),
        ("commit", build.commit.clone()),
        ("flavour", build.flavour.clone()),
        ("why that flavour", build.reason.clone()),
        ("drivers", joined(&build.drivers)),
        ("driver in use", driver.name.clone()),
        ("why that driver", driver.why.clone()),
        ("driver mode", driver.mode.clone()),
        ("driver version", driver.version.clone()),
        ("driver json", driver.json.clone()),
        ("kernel", info.kernel.clone()),
        ("socket", info.socket.display().to_string()),
        ("state folder", info.state_dir.display().to_string()),
        ("configuration", setting(info, configuration)),
        ("pools", setting(info, |it| joined(&it.pools))),
        ("upstreams", setting(info, upstreams)),
        ("networks", info.networks.to_string()),
        ("endpoints", info.endpoints.to_string()),
        (
            "forwarding",
            info.forwarding
                .as_ref()
                .map_or_else(String::new, forwarding),
        ),
        (
            "names",
            info.names.as_ref().map_or_else(String::new, resolver),
        ),
        (
            "table",
            info.fight.as_ref().map_or_else(
                || repaired(info, |it| &it.table, "restored"),
                |fight| format!("changed again and again: {fight}"),
            ),
        ),
        (
            "interfaces",
            repaired(info, |it| &it.interfaces, "put right"),
        ),
        (
            "routing rules",
            repaired(info, |it| &it.routing, "restored"),
        ),
        ("last repairs", last_repairs(info)),
        ("degraded", degraded(&info.degraded)),
        ("waiting", joined(info.waiting.iter().map(waiting))),
    ]
}

/// An imported endpoint that waits.
fn waiting(waiting: &WaitingEndpoint) -> String {
    let WaitingEndpoint {
        name,
        netns,
        reason,
        ..
    } = waiting;
    let reason = reason.as_ref().map(|reason| format!(": {reason}"));
    format!(
        "{name} for {}{}",
        netns.display(),
        reason.unwrap_or_default()
    )
}

/// How often other programs changed something since the daemon started, and the last repair. An older daemon does not
/// tell.
fn repaired(info: &Info, of: fn(&Repairs) -> &Repaired, done: &str) -> String {
    let Some(Repaired { times, last }) = info.repairs.as_ref().map(of) else {
        return String::new();
    };
    let times = match times {
        0 => return "changed only by Tidegate".to_owned(),
        1 => "once".to_owned(),
        more => format!("{more} times"),
    };
    let last = last
        .as_ref()
        .map_or_else(String::new, |Repair { time, what }| {
            format!(", last {} ({what})", shown_time(*time))
        });
    format!("{done} {times} since the daemon started{last}")
}

/// The last repairs, one a line, the newest first.
fn last_repairs(info: &Info) -> String {
    let recent = info.repairs.iter().flat_map(|it| it.recent.iter().rev());
    let lines = recent.map(|RecentRepair { kind, repair }| {
        let kind = match kind {
            RepairKind::Table => "table",
            RepairKind::Interfaces => "interfaces",
            RepairKind::Routing => "routing rules",
        };
        format!("{} {kind}: {}", shown_time(repair.time), repair.what)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What an older daemon does not tell is left empty.
fn setting(info: &Info, show: impl FnOnce(&SettingsInfo) -> String) -> String {
    info.settings.as_ref().map_or_else(String::new, show)
}

/// The configuration file, with the settings that a restart puts in force.
fn configuration(settings: &SettingsInfo) -> String {
    let file = match &settings.file {
        Some(path) => path.display().to_string(),
        None => "no file; the defaults".to_owned(),
    };
    match settings.pending.is_empty() {
        true => file,
        false => format!(
            "{file}; a restart is needed for {}",
            joined(&settings.pending)
        ),
    }
}

/// The DNS servers for other names, and where they come from.
fn upstreams(settings: &SettingsInfo) -> String {
    let SettingsInfo {
        upstreams,
        upstreams_of,
        ..
    } = settings;
    match upstreams.is_empty() {
        true => format!("none in {upstreams_of}"),
        false => format!("{} of {upstreams_of}", joined(upstreams)),
    }
}

/// What is not on the host as it is to be, by name; the reasons tell the lists.
fn degraded(degraded: &Degraded) -> String {
    let networks = degraded
        .networks
        .keys()
        .map(|name| format!("network {name}"));
    let endpoints = degraded.endpoints.keys();
    let endpoints = endpoints.map(|name| format!("endpoint {name}"));
    joined(networks.chain(endpoints))
}

/// Whether the host forwards, on a line, with what to do where it does not.
fn forwarding(info: &ForwardingInfo) -> String {
    let how = |family, is_on| match is_on {
        Some(true) => format!("{family} on"),
        Some(false) => format!("{family} off"),
        None => format!("{family} unknown"),
    };
    let families = [how("IPv4", info.ipv4), how("IPv6", info.ipv6)].join(", ");
    let is_off = info.ipv4 == Some(false) || info.ipv6 == Some(false);
    let heard = match &info.accept_ra[..] {
        [] => String::new(),
        names => format!(
            "; router advertisements accepted by {} (accept_ra is 2)",
            names.join(", ")
        ),
    };
    match info.setting {
        Forwarding::Set => format!("{families}; turned on for networks that need it{heard}"),
        Forwarding::Leave if is_off => format!("{families}; left alone: see `tidegate doctor`"),
        Forwarding::Leave => format!("{families}; left alone"),
    }
}

/// How names are answered, on a line.
fn resolver(names: &NamesInfo) -> String {
    let port = names.port.map(|port| format!("at port {port}"));
    let process = names.process.map(|pid| format!("by process {pid}"));
    let parts = [Some(names.status.clone()), port, process];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
