//! A plugin of a container engine, in short: attaches a namespace to a network and prints its addresses.
//!
//! `cargo run -p tidegate-client --example plugin -- NETWORK /run/netns/NAME`

use tidegate_client::ClientError;
use tidegate_client::api::calls::AddEndpoint;
use tidegate_client::api::{Attach, Body, DEFAULT_SOCKET};
use tidegate_client::blocking::Client;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(network), Some(netns)) = (arguments.next(), arguments.next()) else {
        return Err("usage: plugin NETWORK NETNS".into());
    };
    let client = Client::new(std::env::var("TIDEGATE_SOCKET").unwrap_or(DEFAULT_SOCKET.into()))?;
    let wanted = Attach::new(network.parse()?, netns.into());
    let attached = client.call::<AddEndpoint>(Body(wanted));
    let attached = attached.inspect_err(|error: &ClientError| println!("{}", error.failure()))?;
    for address in &attached.endpoint.addresses {
        println!("{address}");
    }
    Ok(())
}
