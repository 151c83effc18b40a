//! Files of networks, as administrators write them: NAME.conflist with a list of plugins, NAME.conf with one.

use tidegate_api::CreateNetwork;
use tidegate_model::HostPorts;

use super::config::{self, Config};
use super::version;
use crate::Refused;
use crate::fields::Fields;

/// The type that names our plugin.
const OURS: &str = "tidegate";
/// The type of the plugin that limits rates.
const BANDWIDTH: &str = "bandwidth";

/// A file that names our plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkFile {
    /// The network's name.
    pub name: String,
    /// The place of our plugin in the list; 0 for the first.
    pub place: usize,
    /// What a runtime would be told about the version of the specification.
    pub version: Result<(), Refused>,
    /// The network and who holds its host ports, or what a runtime would be told instead.
    pub asked: Result<(CreateNetwork, Option<HostPorts>), Refused>,
    /// Whether the plugin `bandwidth` limits what containers send. It fails then: it needs the ingress queueing
    /// discipline of a port, which has only one.
    pub limits_sending: bool,
}

impl NetworkFile {
    /// Reads a file; none if it does not name our plugin.
    ///
    /// # Errors
    /// If it is not an object with a name, and a type or a list of plugins.
    pub fn read(text: &str) -> Result<Option<Self>, Refused> {
        let mut file = config::fields(text.as_bytes())?;
        let name: String = file.need("name")?;
        let version = version::take(&mut file).map(drop);
        let plugins = file.take::<Vec<serde_json::Value>>("plugins")?;
        let plugins = match plugins {
            None => vec![file],
            Some(plugins) => {
                let of = |plugin| Fields::of("the plugin's object", plugin);
                plugins.into_iter().map(of).collect::<Result<_, _>>()?
            }
        };
        let mut ours = None;
        let mut limits_sending = false;
        for (place, mut plugin) in plugins.into_iter().enumerate() {
            match plugin.take::<String>("type")?.as_deref() {
                Some(OURS) if ours.is_none() => ours = Some((place, plugin)),
                Some(BANDWIDTH) => {
                    let rate = plugin.peek("egressRate").and_then(|rate| rate.as_u64());
                    limits_sending |= rate.is_some_and(|rate| rate > 0);
                }
                _ => {}
            }
        }
        Ok(ours.map(|(place, mut plugin)| {
            plugin.set("name", name.as_str().into());
            Self {
                name,
                place,
                version,
                asked: Config::read(plugin).map(|it| (it.network, it.host_ports)),
                limits_sending,
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> NetworkFile {
        NetworkFile::read(text).unwrap().unwrap()
    }

    #[test]
    fn files_with_a_list_and_with_one_plugin_are_read() {
        let list = read(include_str!(
            "../../../../../packaging/engines/tidegate.conflist"
        ));
        assert_eq!((list.name.as_str(), list.place), ("tidegate", 0));
        assert_eq!(list.version, Ok(()));
        assert!(!list.limits_sending);
        assert_eq!(list.asked.unwrap().0.subnets, []);
        let one = read(
            r#"{"cniVersion": "0.4.0", "name": "web", "type": "tidegate", "host-ports": "daemon",
                "network": {"subnets": ["10.9.0.0/24"]}}"#,
        );
        let (network, ports) = one.asked.unwrap();
        assert_eq!(network.subnets, ["10.9.0.0/24".parse().unwrap()]);
        assert_eq!(ports, Some(HostPorts::Daemon));
        let other = r#"{"cniVersion": "0.4.0", "name": "web", "plugins": [{"type": "bridge"}]}"#;
        assert_eq!(NetworkFile::read(other), Ok(None));
        assert!(NetworkFile::read("{").is_err());
    }

    #[test]
    fn a_rate_of_what_containers_send_is_noticed() {
        for (plugin, limits_sending) in [
            (
                r#"{"type": "bandwidth", "egressRate": 8000, "egressBurst": 800}"#,
                true,
            ),
            (
                r#"{"type": "bandwidth", "egressRate": 0, "ingressRate": 8000}"#,
                false,
            ),
            (
                r#"{"type": "bandwidth", "capabilities": {"bandwidth": true}}"#,
                false,
            ),
        ] {
            let text = format!(
                r#"{{"cniVersion": "1.0.0", "name": "web", "plugins": [{{"type": "tidegate"}}, {plugin}]}}"#
            );
            assert_eq!(read(&text).limits_sending, limits_sending, "{plugin}");
        }
    }

    #[test]
    fn what_a_runtime_would_be_told_is_told() {
        let file = read(
            r#"{"name": "web", "plugins": [{"type": "bridge"}, {"type": "tidegate", "ipam": {"type": "host-local"}}]}"#,
        );
        assert_eq!(file.place, 1);
        let version = file.version.unwrap_err();
        assert!(version.message.contains("\"0.1.0\""), "{version}");
        let asked = file.asked.unwrap_err();
        assert!(
            asked.message.contains("\"ipam\" is not supported"),
            "{asked}"
        );
    }
}
