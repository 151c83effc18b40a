//! The daemon from its start to its end.

use std::borrow::Cow;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use error_hint::{Failure, Hint, causes};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit, setrlimit};
use tidegate_api::Warning;
use tidegate_args::{DEFAULT_CONFIG, Daemon};
use tidegate_link::{EndedConnections, LinkError, Links, Location, MORE_DESCRIPTORS, Rtnetlink};
use tidegate_model::State;
use tidegate_nft_drivers::Watch;
use tidegate_plan::UnknownLinks;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::api::{self, About, MetricsAt};
use crate::claim::{Claim, ClaimError};
use crate::config::{ConfigErrors, Dns, Settings};
use crate::engine::{Engine, EngineError, OnUnknown, UNKNOWN};
use crate::listen::{HandedOver, ListenError, Listening, Socket};
use crate::reload::{InForce, Reload};
use crate::resolver::{self, Names, ResolverSettings, Sockets};
use crate::store::{Store, StoreError};
use crate::worker::{Life, Worker};
use crate::{
    build, collector, counter, custodian, driver, guard, last, logging, reviver, sweeper, waiter,
    watchdog,
};

/// Why the daemon cannot run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The socket.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The address of the metrics.
    #[error("cannot serve metrics on {address}")]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The network namespace.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The stored state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The nft driver.
    #[error(transparent)]
    Driver(#[from] tidegate_nft::Error),
    /// The links.
    #[error(transparent)]
    Links(#[from] LinkError),
    /// The stored state is probably not the one of this host.
    #[error("the saved state in {} {}, and a start would remove {unknown}", .state_dir.display(), .unknown.reason)]
    Unknown {
        /// The state folder.
        state_dir: PathBuf,
        /// What it would remove.
        unknown: UnknownLinks,
    },
    /// Bringing the host to the stored state.
    #[error("cannot bring the host to the saved state")]
    Reconcile(#[source] EngineError),
    /// The threads that wait for what the kernel tells.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// Serving.
    #[error("cannot serve clients")]
    Serve(#[source] io::Error),
}

impl Hint for StartError {
    fn hint(&self) -> Option<Cow<'_, str>> {
        match self {
            _ if is_out_of_descriptors(self) => Some(MORE_DESCRIPTORS.into()),
            Self::Config(e) => e.hint(),
            Self::Listen(e) => e.hint(),
            Self::Metrics { .. } => {
                Some("give an address of the host and a free port with --metrics-listen".into())
            }
            Self::Claim(e) => e.hint(),
            Self::Store(e) => e.hint(),
            Self::Driver(e) => e.hint(),
            Self::Links(e) => e.hint(),
            Self::Unknown { .. } => Some(UNKNOWN.into()),
            Self::Reconcile(e) => e.hint(),
            Self::Thread(_) | Self::Serve(_) => None,
        }
    }
}

impl StartError {
    /// The exit status: 1 if the user can fix it, 2 if the host failed.
    pub fn status(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Listen(_) | Self::Metrics { .. } | Self::Claim(_) => 1,
            Self::Store(StoreError::InUse { .. }) | Self::Unknown { .. } => 1,
            _ => 2,
        }
    }

    /// How it is shown: each fault of the settings by itself.
    pub fn failures(&self) -> Vec<Failure> {
        match self {
            Self::Config(faults) => faults.failures(),
            error => vec![error.into()],
        }
    }
}

/// Checks the settings as a start reads them. Returns what was checked, as text, and what has no effect.
///
/// # Errors
/// Everything that is wrong.
pub fn check_config(args: &Daemon) -> Result<(String, Vec<Warning>), Vec<Failure>> {
    let settings = Settings::load(args).map_err(|faults| faults.failures())?;
    let checked = match &settings.file {
        Some(path) => format!("{} is valid", path.display()),
        None => format!("{DEFAULT_CONFIG} does not exist: the defaults are used"),
    };
    Ok((checked, settings.warnings()))
}

/// Whether the process or the system has no file descriptor left. Any call that opens something may return this error.
fn is_out_of_descriptors(error: &(dyn Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.any(|cause| {
        let errno = cause.downcast_ref().and_then(Errno::from_io_error);
        matches!(errno, Some(Errno::MFILE | Errno::NFILE))
    })
}

/// Starts to count what passes through published ports. Without it the daemon works, and metrics lack what passed through
/// connections that ended.
fn start_counter(engine: &Arc<Engine>) -> Result<Option<Worker>, StartError> {
    match EndedConnections::open() {
        Ok(ended) => {
            let counter = counter::start(Arc::clone(engine), ended);
            counter.map(Some).map_err(StartError::Thread)
        }
        Err(error) => {
            tracing::error!(causes = ?causes(&error), "metrics of ports count open connections only: {error}");
            Ok(None)
        }
    }
}

/// Runs the daemon until it is told to stop. Networks and endpoints stay when it does.
///
/// # Errors
/// When it cannot start; what it had not yet looked at is untouched then.
pub fn run(args: &Daemon, handed_over: HandedOver) -> Result<(), StartError> {
    let mut settings = Settings::load(args)?;
    let level = logging::start(settings.log_level);
    settings.log_warnings();
    let runtime = runtime().map_err(StartError::Serve)?;
    // From now on, a SIGHUP ends the daemon no more. What comes before the configuration can be reloaded waits.
    let hangups = {
        let _entered = runtime.enter();
        signal(SignalKind::hangup()).map_err(StartError::Serve)?
    };
    raise_descriptor_limit();
    // These three make it the only daemon of its namespace, its state and its socket. Only then does it change the
    // host. The socket comes last: only the other two tell the socket of an ended daemon from that of a starting one.
    let claim = Claim::take()?;
    let on_unknown = match args.discard_unknown {
        true => OnUnknown::Discard,
        false => OnUnknown::Refuse,
    };
    let store = open_store(&settings.state_dir, on_unknown)?;
    let listening = Listening::open(Socket::Api, handed_over.api, &settings.socket)?;
    let docker = listen_for_docker(handed_over.docker, settings.docker_socket.as_deref())?;
    let metrics = settings
        .metrics_listen
        .map(listen_for_metrics)
        .transpose()?;
    let names = listen_for_names(&settings.dns);
    settings.defaults.resolver = names.as_ref().ok().map(Sockets::port);
    let is_open_to_all = settings.defaults.resolver.is_some_and(is_open_to_all);
    claim.share_with_children()?;
    // Before the first transaction, so that no later change is missed.
    let watch = Watch::open(&tidegate_plan::table())?;
    let (driver, in_use) = driver::start(&settings, &watch.ledger())?;
    let log_level = settings.log_level;
    let resolver = ResolverSettings::new(settings.dns.upstreams.clone(), log_level);
    let folder = settings.state_dir.clone();
    let defaults = settings.defaults.clone();
    let in_force = InForce::from(settings);
    let about = About {
        build: build(),
        driver: in_use,
        kernel: kernel_release(),
        socket: listening.path().into(),
        docker_socket: docker.as_ref().map(|docker| docker.path().into()),
        state_dir: folder.clone(),
        in_force: in_force.clone(),
    };
    let links = Box::new(Rtnetlink::open(&Location::Current)?);
    let ends = tidegate_link::Watch::open()?;
    let changes = tidegate_link::Changes::open()?;
    let engine = Engine::start(driver, links, store, defaults, on_unknown);
    let engine = engine.map_err(|error| match error {
        EngineError::Unknown(unknown) => StartError::Unknown {
            state_dir: folder.clone(),
            unknown,
        },
        error => StartError::Reconcile(error),
    });
    let engine = Arc::new(engine?);
    let guard = guard::start(Arc::clone(&engine), watch).map_err(StartError::Thread)?;
    let collector = collector::start(Arc::clone(&engine), ends).map_err(StartError::Thread)?;
    let sweeper = sweeper::start(Arc::clone(&engine)).map_err(StartError::Thread)?;
    let custodian = custodian::start(Arc::clone(&engine), &folder).map_err(StartError::Thread)?;
    let waiter = waiter::start(Arc::clone(&engine)).map_err(StartError::Thread)?;
    let reviver = reviver::start(Arc::clone(&engine), changes).map_err(StartError::Thread)?;
    let supervisor = match names {
        Ok(sockets) if engine.resolves() => Some(resolver::start(
            Arc::<Engine>::clone(&engine),
            sockets,
            resolver.clone(),
        )),
        Ok(_) => None,
        Err(reason) => {
            engine.names().close(reason);
            None
        }
    };
    let supervisor = supervisor.transpose().map_err(StartError::Thread)?;
    let counter = match metrics {
        Some(_) => start_counter(&engine)?,
        None => None,
    };
    let threads = [&guard, &collector, &sweeper, &waiter, &reviver, &custodian];
    let threads = threads.into_iter().chain(&supervisor).map(Worker::life);
    let threads = threads.collect();
    let reload = Reload {
        args: args.clone(),
        in_force,
        engine: Arc::clone(&engine),
        log_level: level,
        resolver,
    };
    runtime.spawn(reload_on(hangups, reload));
    let engine_and_threads = (Arc::clone(&engine), threads);
    let sockets = (&listening, docker.as_ref());
    let served = serve(runtime, sockets, engine_and_threads, about, metrics);
    drop(custodian);
    drop(counter);
    engine.keep_store();
    served.map_err(StartError::Serve)?;
    if engine.resolves() && is_open_to_all {
        // At a stop that fails the elements stay, as after a crash.
        let left = engine.leave_names();
        left.unwrap_or_else(
            |error| tracing::warn!(%error, "DNS queries are still redirected to the port of the DNS server"),
        );
    }
    Ok(())
}

/// The first port that is not privileged (ip-sysctl, kernel documentation).
const UNPRIVILEGED: &str = "net/ipv4/ip_unprivileged_port_start";

/// Whether any user of the host may take a port, once it is free; warns if so.
fn is_open_to_all(port: u16) -> bool {
    let first = tidegate_link::sysctl(UNPRIVILEGED).and_then(|value| value.parse::<u32>().ok());
    let first = first.unwrap_or(1024);
    let is_open = u32::from(port) >= first;
    if is_open {
        tracing::warn!(
            port,
            "any user of the host can take the DNS port while tidegated does not run: set dns.port to a port below \
             {first} (net.ipv4.ip_unprivileged_port_start)"
        );
    }
    is_open
}

/// Opens the stored state. If there is none, or a file without content, while networks are in use, an empty start would
/// end them: it is refused, and leaves no file behind. Without networks, an empty file is what a daemon that was killed
/// at its first start left.
fn open_store(folder: &Path, on_unknown: OnUnknown) -> Result<Store, StartError> {
    if on_unknown == OnUnknown::Refuse
        && !Store::is_there(folder)?
        && let Some(unknown) = without_state()?
    {
        let state_dir = folder.to_owned();
        return Err(StartError::Unknown { state_dir, unknown });
    }
    match Store::open(folder) {
        Err(emptied @ StoreError::Emptied { .. }) => {
            if on_unknown == OnUnknown::Refuse && without_state()?.is_some() {
                return Err(emptied.into());
            }
            tracing::warn!("{emptied}: starting with an empty state");
            Ok(Store::open_emptied(folder)?)
        }
        opened => Ok(opened?),
    }
}

/// What a start without a stored state would remove.
fn without_state() -> Result<Option<UnknownLinks>, LinkError> {
    let links = Rtnetlink::open(&Location::Current)?.links()?;
    let state = State::default();
    Ok(tidegate_plan::unknown(&state, &state, None, &links))
}

/// Binds the DNS sockets, or logs why not. Networks work without the DNS server.
fn listen_for_names(dns: &Dns) -> Result<Sockets, String> {
    if !dns.enable {
        return Err("`dns.enable` is false".to_owned());
    }
    Sockets::bind(dns.port.get()).map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::PermissionDenied => {
                format!("{error}: port {} needs CAP_NET_BIND_SERVICE", dns.port)
            }
            _ => error.to_string(),
        };
        tracing::error!("the DNS server is off, because it has no port: {reason}");
        format!("the DNS server has no port: {reason}")
    })
}

/// The socket of Docker's network driver, if it was handed over or is set.
fn listen_for_docker(
    handed_over: Option<UnixListener>,
    path: Option<&Path>,
) -> Result<Option<Listening>, ListenError> {
    let path = match (&handed_over, path) {
        (None, None) => return Ok(None),
        (_, path) => path.unwrap_or(Path::new("")),
    };
    Listening::open(Socket::Docker, handed_over, path).map(Some)
}

/// Binds the address of the metrics. If a program has the port, only the metrics wait until it is free.
fn listen_for_metrics(address: SocketAddr) -> Result<MetricsAt, StartError> {
    let at = MetricsAt::new(address);
    at.map_err(|source| StartError::Metrics { address, source })
}

/// One thread for all connections: with more of them, each call wakes some that have nothing to do. The work of the
/// engine is done on others (`api`'s `aside`).
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Reloads the configuration at each SIGHUP.
async fn reload_on(mut hangups: Signal, reload: Reload) {
    let reload = Arc::new(reload);
    while hangups.recv().await.is_some() {
        let reload = Arc::clone(&reload);
        // It waits for the command that is carried out, and for the disk.
        let _ = tokio::task::spawn_blocking(move || reload.reload()).await;
    }
}

fn serve(
    runtime: Runtime,
    (listening, docker): (&Listening, Option<&Listening>),
    (engine, threads): (Arc<Engine>, Vec<Life>),
    about: About,
    metrics: Option<MetricsAt>,
) -> io::Result<()> {
    let router = api::router(Arc::clone(&engine), about);
    tracing::info!(socket = %listening.path().display(), "listening");
    let on_stop = || {
        engine.end_events();
        last::resort();
    };
    runtime.spawn(watchdog::keep(Arc::clone(&engine), threads));
    let metrics = metrics.map(|at| (at, api::metrics_router(Arc::clone(&engine))));
    let docker = docker.map(|docker| {
        tracing::info!(socket = %docker.path().display(), "listening for Docker");
        let router = api::docker_router(Arc::clone(&engine));
        Ok::<_, io::Error>((docker.listener()?, router))
    });
    let api = (listening.listener()?, listening.path(), router);
    let served = api::serve(api, docker.transpose()?, metrics, on_stop);
    runtime.block_on(served)?;
    // Waits for what the engine has begun, as long as the last resort lets it.
    drop(runtime);
    Ok(())
}

/// A published port takes a descriptor for each family (ports of `tidegate-link`), and the limit
/// that processes start with is for programs that use `select()`; see systemd.exec(5), LimitNOFILE=.
fn raise_descriptor_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "cannot raise the limit of open files");
    }
}

/// The kernel's release, as `uname -r` tells it.
pub(crate) fn kernel_release() -> String {
    rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned()
}
