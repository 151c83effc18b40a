//! The commands: what each asks of the daemon, and how its answer is shown.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidegate_api::calls::{
    AddEndpoint, AddNetwork, Call as ApiCall, CheckEndpoint, CollectEndpoints, CollectOwned,
    ConnectNetwork, DeleteEndpoint, DeleteNetwork, DisconnectNetwork, ExplainPacket, ForgetWaiting,
    GetDiagnosis, GetEndpoint, GetExport, GetInfo, GetLiveRuleset, GetNetwork, GetPlannedRuleset,
    GetRemovable, GetRulesetDiff, GetTraffic, ListEndpoints, ListNetworks, ListWaiting,
    PublishPorts, TearDownAll, UnpublishPorts,
};
use tidegate_api::doctor::Diagnosis;
use tidegate_api::event::Event;
use tidegate_api::explain::{Explanation, Question, Verdict};
use tidegate_api::{
    Attach, Body, CreateNetwork, EndpointCheck, EndpointView, NetworkView, Peer, Ports, Publish,
    Query, RefusalKind, Removable, RemoveEndpoint, RemoveNetwork, RulesetDiff, RulesetText,
    TearDown, UnusedEndpoints, WaitingEndpoint,
};
use tidegate_args::{
    AttachArgs, Client, ClientCommand, ConnectArgs, CreateArgs, EndpointCommand, ExplainArgs,
    NetworkCommand, PairArgs, PortCommand, PortsArgs, PublishArgs, RulesetArgs, UnusedArgs,
};
use tidegate_client::{ClientError, read};
use tidegate_model::Name;

use crate::daemon::Daemon;
use crate::error::CommandError;
use crate::import::import;
use crate::output::Output;
use crate::published::{self, PublishedPorts};
use crate::timings::Call;
use crate::{kept, netns, view};

/// What came of a command.
#[derive(Debug, Default)]
pub(crate) struct CommandResult {
    /// Everything that went wrong, in order.
    pub(crate) errors: Vec<CommandError>,
    /// The status of what was found and shown; 0 if all is well.
    pub(crate) found: u8,
    /// The calls to tell where their time went.
    pub(crate) calls: Vec<Call>,
}

impl CommandResult {
    pub(crate) fn failed(error: CommandError) -> Self {
        Self {
            errors: vec![error],
            ..Self::default()
        }
    }

    /// The exit status: 0 done, 1 the user can mend it, 2 the daemon or the host failed; or of what was found.
    pub(crate) fn status(&self) -> u8 {
        let status = |error: &CommandError| if error.is_users() { 1 } else { 2 };
        self.errors.iter().map(status).fold(self.found, u8::max)
    }
}

impl From<Result<(), CommandError>> for CommandResult {
    fn from(result: Result<(), CommandError>) -> Self {
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
        ClientCommand::Attach(args) => attach(*args, daemon, output).await.into(),
        ClientCommand::Detach { endpoints } => {
            let check = |endpoint| check_detach(endpoint, daemon);
            let delete = |endpoint| detach(endpoint, daemon);
            remove(endpoints, check, delete, output).await
        }
        ClientCommand::Doctor => doctor(daemon, output).await,
        ClientCommand::Events => events(daemon, output).await.into(),
        ClientCommand::Explain(args) => explain(args, daemon, output).await,
        ClientCommand::Top { once } => top(once, daemon, output).await.into(),
        ClientCommand::Gc => gc(daemon, output).await.into(),
        ClientCommand::Publish(args) => publish(args, daemon, output).await.into(),
        ClientCommand::Unpublish(args) => unpublish(args, daemon, output).await.into(),
        ClientCommand::Endpoint(command) => endpoint(command, daemon, output).await,
        ClientCommand::Port(PortCommand::Ls) => list_ports(daemon, output).await.into(),
        ClientCommand::Info => info(daemon, output).await.into(),
        ClientCommand::Ruleset(args) => ruleset(args, daemon, output).await.into(),
        ClientCommand::Export => export(daemon).await.into(),
        ClientCommand::Import(args) => import(args, daemon, output).await.into(),
        ClientCommand::Teardown { yes: true, force } => {
            tear_down(force, daemon, output).await.into()
        }
        ClientCommand::Teardown { yes: false, .. } => show_removable(daemon, output).await.into(),
    }
}

async fn network(command: NetworkCommand, daemon: &Daemon, output: Output) -> CommandResult {
    match command {
        NetworkCommand::Create(args) => create(*args, daemon, output).await.into(),
        NetworkCommand::Ls => list_networks(daemon, output).await.into(),
        NetworkCommand::Inspect { network } => {
            inspect_network(network, daemon, output).await.into()
        }
        NetworkCommand::Connect(ConnectArgs { pair, one_way }) => {
            let connected = change_pair::<ConnectNetwork>(pair, one_way, daemon, output);
            connected.await.into()
        }
        NetworkCommand::Disconnect(pair) => {
            let disconnected = change_pair::<DisconnectNetwork>(pair, false, daemon, output);
            disconnected.await.into()
        }
        NetworkCommand::Rm { force, networks } => {
            let check = async |network| {
                let network: NetworkView = read(daemon.ask::<GetNetwork>(network).await?)?;
                let mut users = network.endpoints;
                let name = network.network.name;
                let waiting = waiting(daemon).await.into_iter();
                users.extend(waiting.filter(|it| it.network == name).map(|it| it.name));
                match force || users.is_empty() {
                    true => Ok(()),
                    false => Err(CommandError::in_use(name, &users)),
                }
            };
            let delete =
                |network| daemon.ask::<DeleteNetwork>((network, Query(RemoveNetwork { force })));
            remove(networks, check, delete, output).await
        }
    }
}

async fn create(args: CreateArgs, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
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
        dns: args.dns.into(),
        remove_when_unused: false,
    };
    let made = daemon.ask::<AddNetwork>(Body(wanted)).await?;
    output.tell(&made);
    output.show(made, |made: &NetworkView| {
        view::networks(std::slice::from_ref(made))
    })
}

async fn change_pair<C: ApiCall<Given = (Name, Body<Peer>)>>(
    args: PairArgs,
    one_way: bool,
    daemon: &Daemon,
    output: Output,
) -> Result<(), CommandError> {
    let peer = Peer {
        network: args.other,
        one_way,
    };
    let answer = daemon.ask::<C>((args.one, Body(peer))).await?;
    output.show(answer, |one: &NetworkView| {
        view::networks(std::slice::from_ref(one))
    })
}

async fn list_networks(daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let networks = daemon.ask::<ListNetworks>(()).await?;
    output.show(networks, |networks: &Vec<NetworkView>| {
        view::networks(networks)
    })
}

async fn inspect_network(name: Name, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let network = daemon.ask::<GetNetwork>(name).await?;
    let waiting = shown_waiting(daemon, output).await;
    output.show(network, |network: &NetworkView| {
        view::network(network, &waiting)
    })
}

async fn attach(args: AttachArgs, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let wanted = Attach {
        network: args.network,
        netns: Some(netns::path_of(&args.namespace)?),
        hand_over: None,
        name: args.name,
        aliases: args.alias,
        ports: args.publish,
        allow: args.allow,
        host_ports: args.hold_ports,
        addresses: args.ip,
        mac: args.mac,
        ifname: args.ifname,
        default_route: !args.no_default_route,
        routes: args.route.into_iter().map(Into::into).collect(),
        gateway_priority: args.gateway_priority,
        sysctls: args.sysctl,
        dns: args.dns.into(),
        owner: args.owner.map(Into::into),
        labels: args.label.into_iter().collect(),
        replace: args.replace,
        network_if_missing: None,
    };
    let made = daemon.ask::<AddEndpoint>(Body(wanted)).await?;
    output.tell(&made);
    output.show(made, |made: &EndpointView| {
        view::endpoints(std::slice::from_ref(made), &[])
    })
}

async fn publish(args: PublishArgs, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let PublishArgs { ports, allow } = args;
    let wanted = Publish {
        ports: ports.ports,
        allow,
    };
    let given = (ports.endpoint, Body(wanted));
    let changed = daemon.ask::<PublishPorts>(given).await?;
    output.tell(&changed);
    output.show(changed, view::published)
}

async fn unpublish(args: PortsArgs, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let wanted = Ports { ports: args.ports };
    let given = (args.endpoint, Body(wanted));
    let changed = daemon.ask::<UnpublishPorts>(given).await?;
    output.show(changed, view::withdrawn)
}

async fn endpoint(command: EndpointCommand, daemon: &Daemon, output: Output) -> CommandResult {
    let inspect = async |name, show: fn(&EndpointView) -> String| {
        let endpoint = daemon.ask::<GetEndpoint>(name).await?;
        output.show(endpoint, show)
    };
    match command {
        EndpointCommand::Ls => list_endpoints(daemon, output).await.into(),
        EndpointCommand::Inspect { endpoint } => inspect(endpoint, view::endpoint).await.into(),
        EndpointCommand::ResolvConf { endpoint } => {
            let shown = inspect(endpoint, |view| view.resolv_conf.clone());
            shown.await.into()
        }
        EndpointCommand::Check { endpoint } => {
            let checked = daemon.ask::<CheckEndpoint>(endpoint).await;
            judged(checked, output, view::checked, |it: &EndpointCheck| {
                u8::from(!it.findings.is_empty())
            })
        }
        EndpointCommand::Gc(args) => collect_unused(args, daemon, output).await.into(),
    }
}

async fn list_endpoints(daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let endpoints = daemon.ask::<ListEndpoints>(()).await?;
    let waiting = shown_waiting(daemon, output).await;
    output.show(endpoints, |endpoints: &Vec<EndpointView>| {
        view::endpoints(endpoints, &waiting)
    })
}

/// Shows the published ports of all endpoints.
async fn list_ports(daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let endpoints: Vec<EndpointView> = read(daemon.ask::<ListEndpoints>(()).await?)?;
    let networks: Vec<NetworkView> = read(daemon.ask::<ListNetworks>(()).await?)?;
    let ports = published::of(&endpoints, &networks);
    output.show(json!(ports), |ports: &Vec<PublishedPorts>| {
        view::ports(ports)
    })
}

/// Shows what the daemon finds; a fault is an exit status of 1, as it is the user's to mend.
async fn doctor(daemon: &Daemon, output: Output) -> CommandResult {
    let diagnosed = daemon.ask::<GetDiagnosis>(()).await;
    judged(diagnosed, output, view::diagnosis, |it: &Diagnosis| {
        u8::from(it.has_fault())
    })
}

/// The exit status for a packet of which nobody can tell what becomes of it.
const CANNOT_TELL: u8 = 3;

/// Shows what becomes of a packet, and tells it by the exit status.
async fn explain(args: ExplainArgs, daemon: &Daemon, output: Output) -> CommandResult {
    let question = Question {
        source: args.source,
        source_address: args.source_address,
        destination: args.destination,
    };
    let explained = daemon.ask::<ExplainPacket>(Body(question)).await;
    judged(
        explained,
        output,
        view::explanation,
        |it: &Explanation| match it.verdict() {
            Verdict::Passes => 0,
            Verdict::Stopped => 1,
            Verdict::CannotTell => CANNOT_TELL,
        },
    )
}

/// Shows an answer, and takes the exit status from it.
fn judged<T: DeserializeOwned>(
    answer: Result<Value, ClientError>,
    output: Output,
    show: impl FnOnce(&T) -> String,
    status: impl FnOnce(&T) -> u8,
) -> CommandResult {
    let judge = || {
        let answer = answer?;
        let judged: T = read(answer.clone())?;
        output.show(answer, show)?;
        Ok(status(&judged))
    };
    match judge() {
        Ok(found) => CommandResult {
            found,
            ..CommandResult::default()
        },
        Err(error) => CommandResult::failed(error),
    }
}

async fn events(daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let mut lines = daemon.events().await?;
    while let Some(event) = lines.next_json().await? {
        output.show_line(event, |event: &Event| view::event(event))?;
    }
    Ok(())
}

/// How often [`top`] looks.
const INTERVAL: Duration = Duration::from_secs(1);

/// Shows what passes through published ports until it is interrupted, or once.
async fn top(once: bool, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        let traffic = daemon.ask::<GetTraffic>(()).await?;
        if once {
            return output.show(traffic, view::traffic);
        }
        output.show_again(traffic, view::traffic)?;
    }
}

async fn gc(daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let removed = daemon.ask::<CollectEndpoints>(()).await?;
    output.show(removed, |removed: &Vec<view::Named>| view::names(removed))
}

async fn collect_unused(
    args: UnusedArgs,
    daemon: &Daemon,
    output: Output,
) -> Result<(), CommandError> {
    let endpoints: Vec<EndpointView> = read(daemon.ask::<ListEndpoints>(()).await?)?;
    let notes = kept::without_effect(&args, &endpoints);
    let UnusedArgs {
        engine,
        network,
        keep,
    } = args;
    let keep = kept::identifiers(&engine, keep);
    let unused = UnusedEndpoints {
        engine,
        network,
        keep,
    };
    let removed = daemon.ask::<CollectOwned>(Body(unused)).await?;
    for note in notes {
        output.note(&note);
    }
    output.show(removed, |removed: &Vec<view::Named>| view::names(removed))
}

async fn info(daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    output.show(daemon.ask::<GetInfo>(()).await?, view::info)
}

async fn ruleset(args: RulesetArgs, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    if args.diff {
        let diff = daemon.ask::<GetRulesetDiff>(()).await?;
        return output.show(diff, |diff: &RulesetDiff| view::lines(&diff.differences));
    }
    let text = match args.live {
        true => daemon.ask::<GetLiveRuleset>(()).await?,
        false => daemon.ask::<GetPlannedRuleset>(()).await?,
    };
    output.show(text, |text: &RulesetText| text.text.clone())
}

/// Whether there is an endpoint of that name, or one that waits.
async fn check_detach(name: Name, daemon: &Daemon) -> Result<(), CommandError> {
    let error = match daemon.ask::<GetEndpoint>(name.clone()).await {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    let waiting = waiting(daemon).await;
    let is_its = |it: &WaitingEndpoint| it.name.as_str().eq_ignore_ascii_case(name.as_str());
    match waiting.iter().any(is_its) {
        true => Ok(()),
        false => Err(error.into()),
    }
}

/// The endpoints that wait for their namespaces. An older daemon has none.
async fn waiting(daemon: &Daemon) -> Vec<WaitingEndpoint> {
    let waiting = daemon.ask::<ListWaiting>(()).await.unwrap_or_default();
    read(waiting).unwrap_or_default()
}

/// The endpoints that wait, for people. With `--json`, the daemon's answer stays as it is: those that wait have no
/// addresses, and are in `info`.
async fn shown_waiting(daemon: &Daemon, output: Output) -> Vec<WaitingEndpoint> {
    match output.json {
        true => Vec::new(),
        false => waiting(daemon).await,
    }
}

/// Detaches an endpoint, or forgets one that waits.
async fn detach(name: Name, daemon: &Daemon) -> Result<Value, ClientError> {
    let given = (name.clone(), Query(RemoveEndpoint::default()));
    let refused = match daemon.ask::<DeleteEndpoint>(given).await {
        Err(ClientError::Refused(refusal)) if refusal.kind == RefusalKind::NotFound => refusal,
        done => return done,
    };
    let forgotten = daemon.ask::<ForgetWaiting>(name).await;
    forgotten.map_err(|_| ClientError::Refused(refused))
}

/// Prints the document, which is JSON with and without `--json`.
async fn export(daemon: &Daemon) -> Result<(), CommandError> {
    let output = Output { json: true };
    output.show(daemon.ask::<GetExport>(()).await?, |_: &Value| {
        String::new()
    })
}

async fn tear_down(force: bool, daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let removed = daemon.ask::<TearDownAll>(Body(TearDown { force })).await?;
    output.show(removed, view::torn_down)
}

/// Shows what a teardown would remove, and asks for the confirmation.
async fn show_removable(daemon: &Daemon, output: Output) -> Result<(), CommandError> {
    let answer = daemon.ask::<GetRemovable>(()).await?;
    let removable: Removable = read(answer.clone())?;
    output.show(answer, view::removable)?;
    Err(CommandError::Unconfirmed {
        in_use: !removable.endpoints.is_empty(),
    })
}

/// Removes all of these, or none if one of them cannot be removed. Shows the names of those that are gone.
async fn remove<F>(
    mut names: Vec<Name>,
    check: impl AsyncFn(Name) -> Result<(), CommandError>,
    delete: impl Fn(Name) -> F,
    output: Output,
) -> CommandResult
where
    F: Future<Output = Result<Value, ClientError>>,
{
    let mut outcome = CommandResult::default();
    let mut removed = Vec::new();
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    // One name needs no check: the daemon makes it, and changes nothing if it refuses.
    if names.len() > 1 {
        for name in &names {
            outcome.errors.extend(check(name.clone()).await.err());
        }
    }
    if outcome.errors.is_empty() {
        for name in names {
            match delete(name).await {
                Ok(was) => removed.push(was),
                Err(error) => outcome.errors.push(error.into()),
            }
        }
    }
    let shown = output.show(Value::Array(removed), |named: &Vec<view::Named>| {
        view::names(named)
    });
    outcome.errors.extend(shown.err());
    outcome
}
