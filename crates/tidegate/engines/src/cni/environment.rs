//! The variables that a runtime sets (specification, "Parameters").

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use tidegate_api::Owner;
use tidegate_model::{IfName, Name};

use super::{ENGINE, Version};
use crate::{Refused, Why, naming};

/// The variables that a runtime sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    command: Option<OsString>,
    container: Option<OsString>,
    netns: Option<OsString>,
    ifname: Option<OsString>,
    args: Option<OsString>,
}

/// What a runtime can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Add,
    Del,
    Check,
    Gc,
    Status,
    Version,
}

impl Command {
    const ALL: [Self; 6] = [
        Self::Add,
        Self::Del,
        Self::Check,
        Self::Gc,
        Self::Status,
        Self::Version,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Del => "DEL",
            Self::Check => "CHECK",
            Self::Gc => "GC",
            Self::Status => "STATUS",
            Self::Version => "VERSION",
        }
    }

    /// The first version that has it.
    pub(super) fn since(self) -> Version {
        match self {
            Self::Add | Self::Del | Self::Version => Version::V0_3_1,
            Self::Check => Version::V0_4_0,
            Self::Gc | Self::Status => Version::V1_1_0,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a runtime calls an attachment: a container and an interface in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attachment {
    pub(super) container: String,
    pub(super) ifname: IfName,
}

impl Attachment {
    pub(super) fn new(container: String, ifname: &str) -> Result<Self, Refused> {
        let ifname = ifname.parse().map_err(Refused::at("the interface"))?;
        Ok(Self { container, ifname })
    }

    /// The name of its endpoint.
    pub(super) fn endpoint(&self) -> Result<Name, Refused> {
        naming::endpoint(&self.container, self.ifname.as_str())
    }

    /// What its endpoint is made for.
    pub(super) fn owner(&self) -> Result<Owner, Refused> {
        let id = format!("{}/{}", self.container, self.ifname);
        Ok(Owner {
            engine: ENGINE.parse().map_err(Refused::at("engine"))?,
            id: id.parse().map_err(Refused::at("the container's id"))?,
        })
    }
}

impl Environment {
    /// Takes the variables out of an environment.
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            command: set("CNI_COMMAND"),
            container: set("CNI_CONTAINERID"),
            netns: set("CNI_NETNS"),
            ifname: set("CNI_IFNAME"),
            args: set("CNI_ARGS"),
        }
    }

    pub(super) fn command(&self) -> Result<Command, Refused> {
        let given = text("CNI_COMMAND", self.command.as_ref())?;
        let mut all = Command::ALL.into_iter();
        all.find(|command| command.as_str() == given)
            .ok_or_else(|| wrong("CNI_COMMAND", &format!("has the unknown value {given:?}")))
    }

    /// The attachment.
    pub(super) fn attachment(&self) -> Result<Attachment, Refused> {
        let container = text("CNI_CONTAINERID", self.container.as_ref())?;
        let ifname = text("CNI_IFNAME", self.ifname.as_ref())?;
        let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let begins_well = container.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins_well || !container.chars().all(is_inner) {
            let reason = format!("has the value {container:?}, which is no container's id");
            return Err(wrong("CNI_CONTAINERID", &reason));
        }
        Attachment::new(container.to_owned(), ifname).map_err(|refused| Refused {
            why: Why::Environment,
            message: format!("CNI_IFNAME: {}", refused.message),
            ..refused
        })
    }

    /// The path of the namespace.
    pub(super) fn netns(&self) -> Result<PathBuf, Refused> {
        text("CNI_NETNS", self.netns.as_ref()).map(PathBuf::from)
    }

    /// The arguments; empty if there are none.
    pub(super) fn args(&self) -> Result<&str, Refused> {
        match &self.args {
            None => Ok(""),
            args => text("CNI_ARGS", args.as_ref()),
        }
    }
}

fn text<'a>(name: &str, value: Option<&'a OsString>) -> Result<&'a str, Refused> {
    let value = value.ok_or_else(|| wrong(name, "is not set"))?;
    value.to_str().ok_or_else(|| wrong(name, "is not UTF-8"))
}

fn wrong(name: &str, reason: &str) -> Refused {
    Refused::new(Why::Environment, format!("the variable {name} {reason}"))
}
