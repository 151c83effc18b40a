//! Files of networks, as administrators write them: NAME.conflist with a list of plugins, NAME.conf with one.

use tidegate_api::CreateNetwork;
use tidegate_model::HostPorts;

use super::config::{self, Config};
use super::version;
use crate::Refused;
use crate::fields::Fields;

/// The type that names our plugin.
const OURS: &str = "tidegate";

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
        for (place, mut plugin) in plugins.into_iter().enumerate() {
            if plugin.take::<String>("type")?.as_deref() == Some(OURS) {
                plugin.set("name", name.as_str().into());
                let asked = Config::read(plugin).map(|it| (it.network, it.host_ports));
                return Ok(Some(Self {
                    name,
                    place,
                    version,
                    asked,
                }));
            }
        }
        Ok(None)
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
