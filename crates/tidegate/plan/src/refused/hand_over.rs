//! Why an interface cannot be handed over to a container engine.

use tidegate_model::{IfName, Name};

/// Why an interface cannot be handed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHandOver {
    /// Neither a namespace nor a name under which the interface is handed over, or both.
    #[error(
        "an endpoint needs a namespace or a name under which its interface is handed over, and not both"
    )]
    NotOneOfTwo,
    /// Settings of an interface that its engine configures.
    #[error("{0} cannot be given for an interface that is handed over: its engine configures it")]
    EngineConfigures(&'static str),
    /// A name which we might generate for another interface.
    #[error(
        "an interface cannot be handed over as {0}: Tidegate uses such names for its own interfaces"
    )]
    NameOurs(IfName),
    /// A name under which another interface was handed over.
    #[error("interface {ifname} was handed over already, for endpoint {holder}")]
    Already {
        /// The name.
        ifname: IfName,
        /// The endpoint.
        holder: Name,
    },
}

impl NoHandOver {
    /// What the user can do about it.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::NotOneOfTwo => "give one of the two".into(),
            Self::EngineConfigures(_) => "leave it out, and have the engine do it".into(),
            Self::NameOurs(_) => "choose a name that does not start with tgb or tgv".into(),
            Self::Already { holder, .. } => {
                format!("choose another name, or `tidegate detach {holder}` first")
            }
        }
    }
}
