//! CHECK.

use ipnet::IpNet;
use tidegate_api::Endpoint;
use tidegate_model::Name;

use super::Environment;
use super::config;
use super::environment::Attachment;
use super::previous::Previous;
use crate::fields::Fields;
use crate::{Refused, Why};

/// An endpoint that is to be as it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its name.
    pub endpoint: Name,
    attachment: Attachment,
    previous: Previous,
}

impl Check {
    pub(super) fn read(environment: &Environment, mut config: Fields) -> Result<Self, Refused> {
        environment.netns()?;
        config::network(&mut config)?;
        let attachment = environment.attachment()?;
        let missing = || Refused::new(Why::Invalid, "the configuration has no key \"prevResult\"");
        Ok(Self {
            endpoint: attachment.endpoint()?,
            attachment,
            previous: Previous::take(&mut config)?.ok_or_else(missing)?,
        })
    }

    /// What differs between the endpoint as the daemon knows it and the result of its ADD. Whether the namespace has it
    /// is the daemon's to check.
    pub fn differences(&self, endpoint: &Endpoint) -> Vec<String> {
        let mut found = Vec::new();
        let ifname = self.attachment.ifname.as_str();
        if endpoint.ifname != self.attachment.ifname {
            found.push(format!(
                "its interface is {}, not {ifname}",
                endpoint.ifname
            ));
        }
        let is_its = |address: &IpNet| endpoint.addresses.contains(address);
        for address in self.previous.addresses_of(ifname) {
            if !address.parse().is_ok_and(|address| is_its(&address)) {
                found.push(format!("it does not have the address {address}"));
            }
        }
        found
    }
}
