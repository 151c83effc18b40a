//! `CNI_ARGS` (specification, "Parameters"; conventions, "`CNI_ARGS`"): `KEY=VALUE;KEY=VALUE`.

use std::net::IpAddr;

use tidegate_model::MacAddr;

use crate::address::address;
use crate::{Refused, Why};

/// The arguments of a runtime that is asked for one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Args {
    /// `IP`: addresses, with or without a prefix length, with commas between them.
    pub(super) addresses: Vec<IpAddr>,
    /// `MAC`.
    pub(super) mac: Option<MacAddr>,
    /// `K8S_POD_NAME`: podman's name of the container, or the name of a pod.
    pub(super) pod: Option<String>,
    /// `K8S_POD_NAMESPACE`.
    pub(super) pod_namespace: Option<String>,
    /// Whether the arguments are those of nerdctl (pkg/ocihook of nerdctl).
    pub(super) is_nerdctl: bool,
}

impl Args {
    /// Reads arguments. Unknown ones are refused, unless the runtime says `IgnoreUnknown`.
    pub(super) fn read(text: &str) -> Result<Self, Refused> {
        let wrong = |message: String| Refused::new(Why::Environment, message);
        let mut args = Self::default();
        let mut unknown = None;
        let mut ignores_unknown = false;
        for pair in text.split(';').map(str::trim).filter(|p| !p.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(wrong(format!(
                    "CNI_ARGS has {pair:?}, which is no KEY=VALUE"
                )));
            };
            match key {
                "IgnoreUnknown" => {
                    ignores_unknown = matches!(value, "1" | "true" | "True" | "TRUE")
                }
                "IP" => {
                    for ip in value.split(',').filter(|ip| !ip.is_empty()) {
                        args.addresses.push(address("CNI_ARGS: IP", ip)?);
                    }
                }
                "MAC" => {
                    let mac = value.to_ascii_lowercase();
                    args.mac = Some(mac.parse().map_err(Refused::at("CNI_ARGS: MAC"))?);
                }
                "K8S_POD_NAME" => args.pod = filled(value),
                "K8S_POD_NAMESPACE" => args.pod_namespace = filled(value),
                "K8S_POD_INFRA_CONTAINER_ID" | "K8S_POD_UID" => {}
                key if key.starts_with("NERDCTL_") => args.is_nerdctl = true,
                key => unknown = Some(key),
            }
        }
        match unknown {
            Some(key) if !ignores_unknown => {
                Err(wrong(format!("CNI_ARGS has the unknown key {key:?}"))
                    .with_hint("leave it out, or add IgnoreUnknown=1"))
            }
            _ => Ok(args),
        }
    }

    /// The name by which others know the container: podman's name of it, or `POD.NAMESPACE` with Kubernetes, where the
    /// same name is somebody else's in another namespace.
    pub(super) fn name(&self) -> Option<String> {
        let pod = self.pod.as_ref()?;
        Some(match &self.pod_namespace {
            None => pod.clone(),
            Some(namespace) => format!("{pod}.{namespace}"),
        })
    }
}

fn filled(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_engines_are_understood() {
        let podman =
            Args::read("IgnoreUnknown=1;K8S_POD_NAME=web;MAC=02:42:AC:11:00:05;IP=10.99.1.7");
        let expected = Args {
            addresses: vec!["10.99.1.7".parse().unwrap()],
            mac: Some("02:42:ac:11:00:05".parse().unwrap()),
            pod: Some("web".to_owned()),
            ..Args::default()
        };
        assert_eq!(podman.unwrap(), expected);
        let nerdctl =
            Args::read("IgnoreUnknown=1;NERDCTL_CNI_DHCP_HOSTNAME=box;IP=10.4.0.5/24,fd00::5");
        let expected = Args {
            addresses: vec!["10.4.0.5".parse().unwrap(), "fd00::5".parse().unwrap()],
            is_nerdctl: true,
            ..Args::default()
        };
        assert_eq!(nerdctl.unwrap(), expected);
        assert_eq!(Args::read("").unwrap(), Args::default());
    }

    #[test]
    fn unknown_and_broken_arguments_are_named() {
        assert_eq!(
            Args::read("IgnoreUnknown=1;COLOR=red").unwrap(),
            Args::default()
        );
        for (text, words) in [
            ("COLOR=red", "unknown key \"COLOR\""),
            ("COLOR=red;IgnoreUnknown=0", "unknown key \"COLOR\""),
            ("COLOR", "\"COLOR\", which is no KEY=VALUE"),
            ("IP=example", "\"example\""),
            ("MAC=02", "invalid MAC address \"02\""),
        ] {
            let refused = Args::read(text).unwrap_err();
            assert!(refused.message.contains(words), "{refused}");
        }
    }
}
