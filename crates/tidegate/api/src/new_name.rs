//! Names that a network or an endpoint cannot be given, although states of earlier releases may have them.

use tidegate_model::{HOST_NAMES, Invalid, Name};

use crate::explain::Party;

/// Checks the name of a new network.
///
/// # Errors
/// Refuses what somebody could not ask for: a name that DNS cannot have, an IP address, and the words of `tidegate explain` for
/// others than endpoints.
pub fn of_network(name: &Name) -> Result<(), Invalid> {
    if name.has_empty_label() {
        let reason = "it has a dot at the end, or two side by side";
        return refuse(name, reason, "put a letter or a digit after each dot");
    }
    match name.as_str().to_ascii_lowercase().parse() {
        Ok(Party::Endpoint(_)) | Err(_) => Ok(()),
        Ok(Party::Address(_)) => refuse(
            name,
            "it is an IP address",
            "choose a name that is none; `tidegate attach --ip` gives an endpoint its address",
        ),
        Ok(Party::Host) => refuse(
            name,
            "`tidegate explain` means the host by it",
            "choose another name, such as host-1",
        ),
        Ok(Party::Outside) => refuse(
            name,
            "`tidegate explain` means all machines outside of the host by it",
            "choose another name, such as outside-1",
        ),
    }
}

/// Checks the name or an alias of a new endpoint of a network.
///
/// # Errors
/// As [`of_network`]. Also refuses a name by which endpoints reach the host, alone or with the network behind it: it would
/// hide the host from other endpoints.
pub fn of_endpoint(name: &Name, network: &Name) -> Result<(), Invalid> {
    of_network(name)?;
    let asked = [name.to_string(), format!("{name}.{network}")].map(|it| it.to_ascii_lowercase());
    match asked.iter().find(|it| HOST_NAMES.contains(&it.as_str())) {
        None => Ok(()),
        Some(of_host) => refuse(
            name,
            &format!("{of_host} is a name of the host: it leads to the gateway"),
            "choose another name; endpoints reach the host by this one",
        ),
    }
}

fn refuse(name: &Name, reason: &str, hint: &'static str) -> Result<(), Invalid> {
    Err(Invalid::new("name", name.as_str(), reason, hint))
}
