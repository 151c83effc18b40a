//! The servers that are asked now.

use std::net::SocketAddr;

use tidegate_resolver::resolv_conf::AskOptions;

use super::ask_list::AskList;
use super::host_file::HostFile;
use super::settings::ResolverSettings;
use super::upstreams::Upstream;

/// The servers that are asked now: those of the configuration, or the host's.
pub(crate) fn upstreams_now(set: &[Upstream]) -> Vec<SocketAddr> {
    ask_list(set, &mut HostFile::default()).servers
}

fn ask_list(set: &[Upstream], of_host: &mut HostFile) -> AskList {
    match set {
        [] => of_host.ask_list(),
        set => AskList {
            servers: set.iter().filter_map(Upstream::address).collect(),
            options: AskOptions::default(),
        },
    }
}

/// The servers to ask.
#[derive(Debug)]
pub(super) struct Upstreams {
    /// The daemon's configuration.
    settings: ResolverSettings,
    /// The host's settings.
    of_host: HostFile,
    /// What the process was told last.
    told: Option<AskList>,
}

impl Upstreams {
    pub(super) fn new(settings: ResolverSettings) -> Self {
        Self {
            settings,
            of_host: HostFile::default(),
            told: None,
        }
    }

    /// The servers now.
    pub(super) fn now(&mut self) -> AskList {
        let now = ask_list(&self.settings.upstreams(), &mut self.of_host);
        self.told = Some(now.clone());
        now
    }

    /// The servers, if they are not those that were told last.
    pub(super) fn changed(&mut self) -> Option<AskList> {
        let told = self.told.take();
        let now = self.now();
        (told.as_ref() != Some(&now)).then_some(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_servers_of_the_configuration_are_told_once() {
        let of = |text: &str| vec![text.parse::<Upstream>().unwrap()];
        let level = tracing::level_filters::LevelFilter::INFO;
        let settings = ResolverSettings::new(of("192.0.2.53"), level);
        let mut upstreams = Upstreams::new(settings.clone());
        assert_eq!(upstreams.now().servers, ["192.0.2.53:53".parse().unwrap()]);
        assert_eq!(upstreams.changed(), None);
        settings.set(of("192.0.2.54"), level);
        let changed = upstreams.changed().unwrap();
        assert_eq!(changed.servers, ["192.0.2.54:53".parse().unwrap()]);
        assert_eq!(upstreams.changed(), None);
    }
}
