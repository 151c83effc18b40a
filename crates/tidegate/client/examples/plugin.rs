//! A plugin of a container engine, in short: attaches a namespace to a network and prints its addresses.
//!
//! `cargo run -p tidegate-client --example plugin -- NETWORK /run/netns/NAME`

use std::io::Write;
use std::process::ExitCode;

use tidegate_client::api::calls::AddEndpoint;
use tidegate_client::api::{Attach, Body, DEFAULT_SOCKET, EndpointView};
use tidegate_client::{ClientError, blocking::Client};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let network = arguments.next().and_then(|name| name.parse().ok());
    let (Some(network), Some(netns)) = (network, arguments.next()) else {
        println!("usage: plugin NETWORK NETNS");
        return ExitCode::FAILURE;
    };
    match attach(Attach::new(network, netns.into())) {
        Ok(attached) => println!("{:?}", attached.endpoint.addresses),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{}", error.failure());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn attach(wanted: Attach) -> Result<EndpointView, ClientError> {
    Client::new(DEFAULT_SOCKET)?.call::<AddEndpoint>(Body(wanted))
}
