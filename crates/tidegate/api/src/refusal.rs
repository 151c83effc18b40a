//! Why a call failed.

use error_hint::Failure;
use serde::{Deserialize, Deserializer, Serialize};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Refusal {
    /// Whose mistake it is.
    pub kind: RefusalKind,
    /// What it is, for programs. An older release says nothing, and a newer one may say more than this one knows: then it
    /// is `other`.
    #[serde(default, deserialize_with = "known")]
    pub code: RefusalCode,
    /// What was refused and why.
    pub message: String,
    /// The causes, outermost first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// What to do about it.
    #[serde(default)]
    pub hint: Option<String>,
}

impl Refusal {
    /// Writes the reason of a failure.
    pub fn new(kind: RefusalKind, code: RefusalCode, why: impl Into<Failure>) -> Self {
        let Failure {
            message,
            causes,
            hint,
        } = why.into();
        Self {
            kind,
            code,
            message,
            causes,
            hint,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            message: refusal.message,
            causes: refusal.causes,
            hint: refusal.hint,
        }
    }
}

/// The code, or the default for one that is not known.
fn known<'de, D: Deserializer<'de>>(from: D) -> Result<RefusalCode, D::Error> {
    let code = serde_json::Value::deserialize(from)?;
    Ok(serde_json::from_value(code).unwrap_or_default())
}

/// What a refusal is about, for programs that act on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// There is no network of that name.
    NoSuchNetwork,
    /// There is no endpoint of that name.
    NoSuchEndpoint,
    /// The endpoint does not publish that port.
    NoSuchPort,
    /// There is a network or an endpoint of that name already.
    NameTaken,
    /// The owner has an endpoint on the network already. `replace` removes it.
    OwnerAttached,
    /// The namespace has an endpoint on the network already.
    AlreadyAttached,
    /// An endpoint has the address, or it is reserved.
    AddressTaken,
    /// The address is in no subnet of the network, or no endpoint can have it.
    AddressOutside,
    /// The Ethernet address is taken on the network.
    MacTaken,
    /// Another endpoint publishes the host port, or a program of the host has it.
    PortTaken,
    /// No host port of the range is free.
    NoFreePort,
    /// An interface of that name exists, in the namespace or on the host.
    InterfaceExists,
    /// The subnet overlaps that of another network, or a route of the host.
    SubnetTaken,
    /// The pools have no free subnet.
    PoolEmpty,
    /// The network has no free address.
    SubnetFull,
    /// The network has as many endpoints as it can have, or the host or the namespace has.
    Full,
    /// The network has endpoints, or the host has.
    InUse,
    /// The network or the endpoint is degraded.
    Degraded,
    /// IPv6 is turned off on the host or in the namespace.
    Ipv6Off,
    /// There is no namespace at the path.
    NamespaceGone,
    /// The path leads to another namespace than before.
    NamespaceReplaced,
    /// The path leads to something else than a namespace that can be attached.
    NamespaceInvalid,
    /// Other things that are there are in the way.
    Conflict,
    /// The request is not valid.
    Invalid,
    /// This user may not use the daemon.
    NotPermitted,
    /// The daemon cannot do it at the moment.
    TryAgain,
    /// The daemon, the host or the kernel failed.
    Failed,
    /// Something else.
    #[default]
    Other,
}

/// The kind of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The request is not valid.
    Invalid,
    /// An object that it names does not exist.
    NotFound,
    /// The request conflicts with existing objects.
    Conflict,
    /// The host or the kernel failed. Nothing was changed, unless the message says that something could not be
    /// undone.
    Failed,
}

impl RefusalKind {
    /// Whether the user can fix it (exit status 1), or the daemon or the host failed (2).
    pub fn is_users(self) -> bool {
        !matches!(self, Self::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_another_release_is_read_as_another_one() {
        let read = |code: &str| -> Refusal {
            let text = format!(r#"{{ "kind": "conflict", "message": "no"{code} }}"#);
            serde_json::from_str(&text).unwrap()
        };
        for (text, code) in [
            ("", RefusalCode::Other),
            (r#", "code": "owner-attached""#, RefusalCode::OwnerAttached),
            (r#", "code": "not-invented-yet""#, RefusalCode::Other),
        ] {
            assert_eq!(read(text).code, code, "{text}");
        }
    }
}
