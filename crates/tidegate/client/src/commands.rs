//! The commands: what each asks of the daemon, and how its answer is shown.

use std::net::IpAddr;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tidegate_api::doctor::Diagnosis;
use tidegate_api::event::Event;
use tidegate_api::explain::{Explanation, Question};
use tidegate_api::{
    Attach, CreateNetwork, EndpointView, NetworkView, Peer, Ports, Publish, RulesetDiff,
    RulesetText,
};
use tidegate_cli::{
    AttachArgs, Client, ClientCommand, CreateArgs, EndpointCommand, ExplainArgs, NetworkCommand,
    PairArgs, PortsArgs, PublishArgs, RulesetArgs,
};
use tidegate_model::Name;

use crate::daemon::Daemon;
use crate::error::ClientError;
use crate::output::Output;
use crate::timings::Call;
use crate::{netns, view};

const NETWORKS: &str = "/v1/networks";
const ENDPOINTS: &str = "/v1/endpoints";

/// What came of a command.
#[derive(Debug, Default)]
pub(crate) struct CommandResult {
    /// Everything that went wrong, in order.
    pub(crate) errors: Vec<ClientError>,
    /// Whether a fault was found, and shown.
    pub(crate) has_fault: bool,
    /// The calls to tell where their time went.
    pub(crate) calls: Vec<Call>,
}

impl CommandResult {
    pub(crate) fn failed(error: ClientError) -> Self {
        Self {
            errors: vec![error],
            ..Self::default()
        }
    }

    /// The exit status: 0 done, 1 the user can mend it, 2 the daemon or the host failed.
    pub(crate) fn status(&self) -> u8 {
        let status = |error: &ClientError| if error.is_users() { 1 } else { 2 };
        let found = u8::from(self.has_fault);
        self.errors.iter().map(status).fold(found, u8::max)
    }
}

impl From<Result<(), ClientError>> for CommandResult {
    fn from(result: Result<(), ClientError>) -> Self {
        result.map_or_else(Self::failed, |()| Self::default())
    }
}

/// Does what the command line says.
pub(crate) async fn run(client: Client) -> CommandResult {
    let daemon = Daemon::new(client.socket, client.timeout);
    let output = Output { json: client.json };
    let mut outcome = carry_out(client.command, &daemon, output).await;
    if client.timings {
        outcome.calls = daemon.calls();
    }
    outcome
}

async fn carry_out(command: ClientCommand, daemon: &Daemon, output: Output) -> CommandResult {
    match command {
        ClientCommand::Network(command) => network(command, daemon, output).await,
        ClientCommand::Attach(args) => attach(args, daemon, output).await.into(),
        ClientCommand::Detach { endpoints } => {
            remove(&endpoints, ENDPOINTS, "", daemon, output).await
        }
        ClientCommand::Doctor => doctor(daemon, output).await,
        ClientCommand::Events => events(daemon, output).await.into(),
        ClientCommand::Explain(args) => explain(args, daemon, output).await,
        ClientCommand::Top { once } => top(once, daemon, output).await.into(),
        ClientCommand::Gc => gc(daemon, output).await.into(),
        ClientCommand::Publish(args) => publish(args, daemon, output).await.into(),
        ClientCommand::Unpublish(args) => unpublish(args, daemon, output).await.into(),
        ClientCommand::Endpoint(command) => endpoint(command, daemon, output).await.into(),
        ClientCommand::Info => info(daemon, output).await.into(),
        ClientCommand::Ruleset(args) => ruleset(args, daemon, output).await.into(),
    }
}

async fn network(command: NetworkCommand, daemon: &Daemon, output: Output) -> CommandResult {
    match command {
        NetworkCommand::Create(args) => create(*args, daemon, output).await.into(),
        NetworkCommand::Ls => list_networks(daemon, output).await.into(),
        NetworkCommand::Inspect { network } => {
            inspect_network(&network, daemon, output).await.into()
        }
        NetworkCommand::Connect(args) => pair(args, "connect", daemon, output).await.into(),
        NetworkCommand::Disconnect(args) => pair(args, "disconnect", daemon, output).await.into(),
        NetworkCommand::Rm { force, networks } => {
            let query = if force { "?force=true" } else { "" };
            remove(&networks, NETWORKS, query, daemon, output).await
        }
    }
}

async fn create(args: CreateArgs, daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let wanted = CreateNetwork {
        name: args.name,
        subnets: args.subnet,
        gateways: args.gateway,
        ipv4: !args.no_ipv4,
        ipv6: !args.no_ipv6,
        require_ipv6: args.ipv6,
        mtu: args.mtu,
        host_ips: args.host_ip,
        allow: args.allow,
        ranges: args.ip_range,
        reserved: args.aux_address.into_iter().collect(),
        bridge: args.bridge,
        policy: args.policy.into(),
        labels: args.label.into_iter().collect(),
    };
    let made = daemon.post(NETWORKS, &wanted).await?;
    output.note(&made);
    output.show(made, |made: &NetworkView| {
        view::networks(std::slice::from_ref(made))
    })
}

async fn pair(
    args: PairArgs,
    what: &str,
    daemon: &Daemon,
    output: Output,
) -> Result<(), ClientError> {
    let peer = Peer {
        network: args.other,
    };
    let path = format!("{NETWORKS}/{}/{what}", args.one);
    output.show(daemon.post(&path, &peer).await?, view::network)
}

async fn list_networks(daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let networks = daemon.get(NETWORKS).await?;
    output.show(networks, |networks: &Vec<NetworkView>| {
        view::networks(networks)
    })
}

async fn inspect_network(name: &Name, daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let network = daemon.get(&format!("{NETWORKS}/{name}")).await?;
    output.show(network, view::network)
}

async fn attach(args: AttachArgs, daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let wanted = Attach {
        network: args.network,
        netns: netns::path_of(&args.namespace)?,
        name: args.name,
        aliases: args.alias,
        ports: args.publish,
        allow: args.allow,
        addresses: [args.ip.map(IpAddr::V4), args.ip6.map(IpAddr::V6)]
            .into_iter()
            .flatten()
            .collect(),
        mac: args.mac,
        ifname: args.ifname,
        gateway_priority: args.gateway_priority,
        sysctls: args.sysctl,
    };
    let made = daemon.post(ENDPOINTS, &wanted).await?;
    output.show(made, |made: &EndpointView| {
        view::endpoints(std::slice::from_ref(made))
    })
}

async fn publish(args: PublishArgs, daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let PublishArgs { ports, allow } = args;
    let path = format!("{ENDPOINTS}/{}/publish", ports.endpoint);
    let wanted = Publish {
        ports: ports.ports,
        allow,
    };
    show_changed(daemon.post(&path, &wanted).await?, output)
}

async fn unpublish(args: PortsArgs, daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let path = format!("{ENDPOINTS}/{}/unpublish", args.endpoint);
    let wanted = Ports { ports: args.ports };
    show_changed(daemon.post(&path, &wanted).await?, output)
}

fn show_changed(changed: serde_json::Value, output: Output) -> Result<(), ClientError> {
    output.show(changed, |changed: &EndpointView| {
        view::endpoints(std::slice::from_ref(changed))
    })
}

async fn endpoint(
    command: EndpointCommand,
    daemon: &Daemon,
    output: Output,
) -> Result<(), ClientError> {
    match command {
        EndpointCommand::Ls => {
            let endpoints = daemon.get(ENDPOINTS).await?;
            output.show(endpoints, |endpoints: &Vec<EndpointView>| {
                view::endpoints(endpoints)
            })
        }
        EndpointCommand::Inspect { endpoint } => {
            let endpoint = daemon.get(&format!("{ENDPOINTS}/{endpoint}")).await?;
            output.show(endpoint, view::endpoint)
        }
        EndpointCommand::ResolvConf { endpoint } => {
            let endpoint = daemon.get(&format!("{ENDPOINTS}/{endpoint}")).await?;
            output.show(endpoint, |view: &EndpointView| view.resolv_conf.clone())
        }
    }
}

/// Shows what the daemon finds; a fault is an exit status of 1, as it is the user's to mend.
async fn doctor(daemon: &Daemon, output: Output) -> CommandResult {
    let diagnosed = daemon.get("/v1/doctor").await;
    judged(diagnosed, output, view::diagnosis, Diagnosis::has_fault)
}

/// Shows what becomes of a packet; one that does not pass is an exit status of 1.
async fn explain(args: ExplainArgs, daemon: &Daemon, output: Output) -> CommandResult {
    let question = Question {
        source: args.source,
        source_address: args.source_address,
        destination: args.destination,
    };
    let explained = daemon.post("/v1/explain", &question).await;
    judged(explained, output, view::explanation, |it: &Explanation| {
        !it.passes()
    })
}

/// Shows an answer that may be a fault.
fn judged<T: DeserializeOwned>(
    answer: Result<Value, ClientError>,
    output: Output,
    show: impl FnOnce(&T) -> String,
    is_fault: impl FnOnce(&T) -> bool,
) -> CommandResult {
    let judge = || {
        let answer = answer?;
        let judged: T = serde_json::from_value(answer.clone())
            .map_err(|source| ClientError::Answer { source })?;
        output.show(answer, show)?;
        Ok(is_fault(&judged))
    };
    match judge() {
        Ok(has_fault) => CommandResult {
            has_fault,
            ..CommandResult::default()
        },
        Err(error) => CommandResult::failed(error),
    }
}

async fn events(daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let mut lines = daemon.lines("/v1/events").await?;
    while let Some(event) = lines.next().await? {
        output.show_line(event, |event: &Event| view::event(event))?;
    }
    Ok(())
}

/// How often [`top`] looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Shows what passes through published ports until it is interrupted, or once.
async fn top(once: bool, daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        let traffic = daemon.get("/v1/traffic").await?;
        if once {
            return output.show(traffic, view::traffic);
        }
        output.show_anew(traffic, view::traffic)?;
    }
}

async fn gc(daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    let removed = daemon.post("/v1/gc", &()).await?;
    output.show(removed, |removed: &Vec<view::Named>| view::names(removed))
}

async fn info(daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    output.show(daemon.get("/v1/info").await?, view::info)
}

async fn ruleset(args: RulesetArgs, daemon: &Daemon, output: Output) -> Result<(), ClientError> {
    if args.diff {
        let diff = daemon.get("/v1/ruleset/diff").await?;
        return output.show(diff, |diff: &RulesetDiff| view::lines(&diff.differences));
    }
    let which = if args.live { "live" } else { "planned" };
    let text = daemon.get(&format!("/v1/ruleset/{which}")).await?;
    output.show(text, |text: &RulesetText| text.text.clone())
}

/// Removes each, whatever becomes of the others, and shows the names of those that are gone.
async fn remove(
    names: &[Name],
    of: &str,
    query: &str,
    daemon: &Daemon,
    output: Output,
) -> CommandResult {
    let mut outcome = CommandResult::default();
    let mut removed = Vec::new();
    for name in names {
        match daemon.delete(&format!("{of}/{name}{query}")).await {
            Ok(was) => removed.push(was),
            Err(error) => outcome.errors.push(error),
        }
    }
    let shown = output.show(Value::Array(removed), |named: &Vec<view::Named>| {
        view::names(named)
    });
    outcome.errors.extend(shown.err());
    outcome
}
