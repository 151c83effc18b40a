//! Published ports of Docker's endpoints.

use tidegate_model::PortRequest;

use crate::fields::Fields;
use crate::ports::host_address;
use crate::{Refused, Why};

/// The ports of the options of an endpoint.
pub(super) fn read(mut options: Fields) -> Result<Vec<PortRequest>, Refused> {
    let ports = options.list("com.docker.network.portmap")?;
    ports.into_iter().map(port).collect()
}

/// A port of the container, at a port of the host, at one out of several, or at any.
fn port(mut given: Fields) -> Result<PortRequest, Refused> {
    let protocol = match given.need("proto")? {
        6 => "tcp",
        17 => "udp",
        132 => "sctp",
        other => {
            let message = format!("published port: protocol {other} is not known");
            return Err(Refused::new(Why::Unsupported, message));
        }
    };
    let port: u16 = given.need("port")?;
    let host_ip: Option<String> = given.take("hostip")?;
    let first: Option<u16> = given.take("hostport")?;
    let last: Option<u16> = given.take("hostportend")?;
    let host_ports = match (first.unwrap_or(0), last.unwrap_or(0)) {
        (0, _) => String::new(),
        (first, last) if last > first => format!("{first}-{last}"),
        (first, _) => first.to_string(),
    };
    let host_ip = host_address(host_ip.as_deref().unwrap_or_default())?;
    let text = match (host_ip.as_str(), host_ports.as_str()) {
        ("", "") => format!("{port}/{protocol}"),
        (host_ip, host_ports) => format!("{host_ip}{host_ports}:{port}/{protocol}"),
    };
    text.parse().map_err(Refused::at("published port"))
}
