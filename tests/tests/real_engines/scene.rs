//! One case with one engine and one driver: what is done, and which answers came.

use std::cell::RefCell;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tidegate_tests::{Output, wait_until};

use crate::column::Column;
use crate::differences;
use crate::engine::{Engine, Kind};
use crate::host::Host;

/// A question and its answers.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) question: String,
    /// What a user would want.
    pub(crate) wanted: String,
    /// What the table of differences says, if it has something else.
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// Where a question is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From<'a> {
    Host,
    Outside,
    Container(&'a str),
}

/// One case with one engine and one driver.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    host: &'a Host,
    engine: &'a Engine,
    column: Column,
    case: &'static str,
    answers: RefCell<Vec<Answer>>,
}

/// How long the wanted answer is waited for. Only an answer that is wrong takes so long.
const TIME_LIMIT: Duration = Duration::from_secs(30);

const IMAGE: &str = "localhost/image:1";

impl<'a> Scene<'a> {
    pub(crate) const fn new(
        host: &'a Host,
        engine: &'a Engine,
        column: Column,
        case: &'static str,
    ) -> Self {
        Self {
            host,
            engine,
            column,
            case,
            answers: RefCell::new(Vec::new()),
        }
    }

    /// The answers so far.
    pub(crate) fn take_answers(&self) -> Vec<Answer> {
        self.answers.take()
    }

    /// Makes a network.
    pub(crate) fn network(&self, name: &str, options: &str) {
        let create = self.engine.network_create(self.column, name, options);
        self.host.sh(&create).success();
    }

    /// Makes a network of CNI's plugins, with others before and behind those that make the interface.
    pub(crate) fn chain(&self, name: &str, before: &[&str], behind: &[&str]) {
        let create = Engine::chain(self.column, name, before, behind);
        self.host.sh(&create).success();
    }

    /// Runs a shell script on the host.
    pub(crate) fn sh(&self, script: &str) -> Output {
        self.host.sh(script)
    }

    /// What a shell script on the host prints, or `refused`.
    pub(crate) fn tell_of(&self, question: &str, wanted: &str, script: &str) {
        self.tell(question, wanted, || match self.host.sh(script) {
            Output {
                code: Some(0),
                stdout,
                ..
            } => stdout.trim().to_owned(),
            _ => "refused".to_owned(),
        });
    }

    /// Runs a command of the engine.
    pub(crate) fn engine(&self, arguments: &str) -> String {
        self.command(arguments).success()
    }

    /// Runs a command of the engine, and says whether it was done or refused.
    pub(crate) fn try_engine(&self, arguments: &str) -> &'static str {
        done_or_refused(&self.command(arguments))
    }

    fn command(&self, arguments: &str) -> Output {
        let arguments = match arguments.split_once(' ') {
            // Both know it, and spell it differently: a stopped container is waited for no longer than that.
            Some((command @ ("stop" | "restart"), rest)) => format!("{command} -t 5 {rest}"),
            _ => arguments.to_owned(),
        };
        self.host
            .sh(&format!("{} {arguments}", self.engine.program()))
    }

    /// Starts a container that answers at port 80.
    pub(crate) fn start(&self, name: &str, network: &str, options: &str) {
        self.start_at(name, network, options, "80");
    }

    /// Starts a container that answers at some ports.
    pub(crate) fn start_at(&self, name: &str, network: &str, options: &str, ports: &str) {
        let command = self.run_command("run --detach", name, network, options, ports);
        self.host.sh(&command).success();
    }

    /// Tries to start a container, and says whether that was done or refused.
    pub(crate) fn try_start(&self, name: &str, network: &str, options: &str) -> &'static str {
        let command = self.run_command("run --detach", name, network, options, "80");
        done_or_refused(&self.host.sh(&command))
    }

    /// Makes a container and does not start it.
    pub(crate) fn create(&self, name: &str, network: &str, options: &str) {
        let command = self.run_command("create", name, network, options, "80");
        self.host.sh(&command).success();
    }

    /// Starts containers `many1`, `many2`, … at once, with a published port each.
    pub(crate) fn start_many(&self, count: u16, network: &str, first_port: u16) {
        let mut script = "cd /tmp; rm -f failed\n".to_owned();
        for number in 1..=count {
            let name = format!("many{number}");
            let port = first_port + number;
            let command = self.run_command(
                "run --detach",
                &name,
                network,
                &format!("-p {port}:80"),
                "80",
            );
            script +=
                &format!("{{ {command} >/dev/null 2>{name}.err || cat {name}.err >>failed; }} &\n");
        }
        script += "wait; [ ! -e failed ] || { cat failed >&2; exit 1; }";
        self.host.sh(&script).success();
    }

    fn run_command(
        &self,
        command: &str,
        name: &str,
        network: &str,
        options: &str,
        ports: &str,
    ) -> String {
        let serve = format!("/usr/bin/perl /serve.pl {name} {ports}");
        match self.engine.kind {
            // Detached, it never tells the plugins that the container has ended.
            Kind::Containerd => format!(
                "setsid ctr run --rm --cni {IMAGE} {name} {serve} </dev/null >/var/log/{name}.log 2>&1 & \
                 for try in $(seq 600); do if ctr task ls | grep -q \"^{name} .*RUNNING\"; then exit 0; fi; sleep 0.1; done; \
                 cat /var/log/{name}.log >&2; exit 1"
            ),
            Kind::Libcni => format!(
                "ip netns add {name}; ip -n {name} link set lo up; \
                 CAP_ARGS='{options}' libcni add {network} /run/netns/{name} >/dev/null; \
                 setsid ip netns exec {name} {serve} </dev/null >/var/log/{name}.log 2>&1 &"
            ),
            Kind::PodmanWithCni | Kind::Podman | Kind::Docker | Kind::Cri => format!(
                "{} {command} --name {name} --network {network} {options} {IMAGE} {serve} >/dev/null",
                self.engine.program()
            ),
        }
    }

    /// Kills the first process of a container, and waits until the engine knows.
    pub(crate) fn kill(&self, name: &str) {
        let program = self.engine.program();
        let script = format!(
            "before=$({program} inspect -f '{{{{.State.StartedAt}}}}' {name}); \
             kill -KILL $({program} inspect -f '{{{{.State.Pid}}}}' {name}); \
             for try in $(seq 600); do \
               if [ \"$({program} inspect -f '{{{{.State.Running}}}} {{{{.State.StartedAt}}}}' {name})\" != \"true $before\" ]; then exit 0; fi; \
               sleep 0.1; done; exit 1"
        );
        self.host.sh(&script).success();
    }

    /// Kills a container of containerd, which removes it.
    pub(crate) fn end(&self, name: &str) {
        let script = format!(
            "ctr task kill -s KILL {name}; \
             for try in $(seq 600); do if ! ctr container info {name} >/dev/null 2>&1; then exit 0; fi; sleep 0.1; done; exit 1"
        );
        self.host.sh(&script).success();
    }

    /// Ends the engine's daemon by a signal, and starts it again.
    pub(crate) fn restart_engine(&self, signal: &str) {
        let program = match self.engine.kind {
            Kind::Cri => "containerd",
            _ => "dockerd",
        };
        let script = format!(
            "pid=$(pgrep -o -x {program}); kill -{signal} $pid; \
             for try in $(seq 600); do if ! kill -0 $pid 2>/dev/null; then break; fi; sleep 0.1; done; \
             rm -f /var/run/docker.pid"
        );
        self.host.sh(&script).success();
        self.engine.start(self.host);
    }

    /// Ends Tidegate's daemon by a signal, where there is one.
    pub(crate) fn stop_daemon(&self, signal: &str) {
        if self.column == Column::Tidegate {
            self.host.stop_daemon(signal);
        }
    }

    /// Starts Tidegate's daemon again, where there is one.
    pub(crate) fn start_daemon(&self) {
        if self.column == Column::Tidegate {
            self.host.start_daemon();
        }
    }

    /// The host port of a published port, as the engine tells it.
    pub(crate) fn published(&self, name: &str, port: u16) -> Option<u16> {
        let output = self.command(&format!("port {name} {port}"));
        let line = output.stdout.lines().next()?;
        line.rsplit_once(':')?.1.parse().ok()
    }

    /// The only published host port, as Tidegate tells it.
    pub(crate) fn published_by_tidegate(&self) -> Option<u16> {
        let output = self.host.sh("tidegate port ls --json").success();
        let ports: serde_json::Value = serde_json::from_str(&output).expect("it is JSON");
        let port = ports[0]["host-port"].as_u64()?;
        port.try_into().ok()
    }

    /// The first twelve digits of a container's id.
    pub(crate) fn short_id(&self, name: &str) -> String {
        let id = self.engine(&format!("inspect -f '{{{{.Id}}}}' {name}"));
        id.chars().take(12).collect()
    }

    /// The first IPv4 address of a container.
    pub(crate) fn address_of(&self, name: &str) -> String {
        let command = self.inside(name, "ip -4 -o address show dev eth0");
        let mut found = None;
        wait_until("the container has an address", || {
            let output = self.host.sh(&command).stdout;
            let mut words = output.split_whitespace().skip_while(|word| *word != "inet");
            let address = words.nth(1).and_then(|address| address.split('/').next());
            found = address.map(str::to_owned);
            found.is_some()
        });
        found.expect("it was waited for")
    }

    fn inside(&self, name: &str, command: &str) -> String {
        match self.engine.kind {
            Kind::Containerd => {
                format!(
                    "ctr task exec --exec-id \"e$(cat /proc/sys/kernel/random/uuid)\" {name} {command}"
                )
            }
            Kind::Libcni => format!("ip netns exec {name} {command}"),
            Kind::PodmanWithCni | Kind::Podman | Kind::Docker | Kind::Cri => {
                format!("{} exec {name} {command}", self.engine.program())
            }
        }
    }

    /// Asks a server, `tcp HOST PORT` or `udp HOST PORT`, who it is.
    pub(crate) fn ask(&self, question: &str, from: From<'_>, whom: &str, wanted: &str) {
        self.ask_for(question, from, whom, wanted, |name, _| name.to_owned());
    }

    /// Asks a server who asks.
    pub(crate) fn ask_source(&self, question: &str, from: From<'_>, whom: &str, wanted: &str) {
        self.ask_for(question, from, whom, wanted, |_, source| source.to_owned());
    }

    fn ask_for(
        &self,
        question: &str,
        from: From<'_>,
        whom: &str,
        wanted: &str,
        part: impl Fn(&str, &str) -> String,
    ) {
        let expected = self.expected(question, wanted);
        // An answer that is not to come may be missed. One that is to come is waited for.
        let seconds = match expected.as_str() {
            "nothing" | "unknown name" => 0,
            _ => TIME_LIMIT.as_secs(),
        };
        let command = format!("/usr/bin/perl /ask.pl {whom} {seconds}");
        let command = match from {
            From::Host => command,
            From::Outside => format!("ip netns exec outside {command}"),
            From::Container(name) => self.inside(name, &command),
        };
        self.until_expected(question, wanted, &expected, || {
            let output = self.host.sh(&command);
            match output.stdout.trim() {
                "" => format!("failed: {}", output.stderr.trim()),
                alone @ ("nothing" | "unknown name") => alone.to_owned(),
                answer => match answer.split_once(' ') {
                    Some((name, source)) => part(name, source),
                    None => answer.to_owned(),
                },
            }
        });
    }

    /// What a command in a container prints.
    pub(crate) fn tell_in(&self, question: &str, name: &str, wanted: &str, command: &str) {
        let command = self.inside(name, &format!("sh -c \"{command}\""));
        self.tell(question, wanted, || {
            self.host.sh(&command).stdout.trim().to_owned()
        });
    }

    /// Something else that is found out.
    pub(crate) fn tell(&self, question: &str, wanted: &str, find: impl FnMut() -> String) {
        let expected = self.expected(question, wanted);
        self.until_expected(question, wanted, &expected, find);
    }

    fn expected(&self, question: &str, wanted: &str) -> String {
        let difference = differences::find(self.engine, self.column, self.case, question);
        difference.map_or(wanted, |found| found.answer).to_owned()
    }

    fn until_expected(
        &self,
        question: &str,
        wanted: &str,
        expected: &str,
        mut find: impl FnMut() -> String,
    ) {
        let since = Instant::now();
        let mut got = find();
        while got != expected && since.elapsed() < TIME_LIMIT {
            sleep(Duration::from_millis(200));
            got = find();
        }
        self.answers.borrow_mut().push(Answer {
            question: question.to_owned(),
            wanted: wanted.to_owned(),
            expected: expected.to_owned(),
            got,
        });
    }

    /// Removes what the case made.
    pub(crate) fn clear(&self) {
        let output = self.host.sh(self.engine.clear());
        self.tell("clearing up", "done", || {
            done_or_refused(&output).to_owned()
        });
        if self.column == Column::Tidegate {
            self.tell("what Tidegate has left", "nothing", || self.host.left());
        }
    }
}

fn done_or_refused(output: &Output) -> &'static str {
    match output.code {
        Some(0) => "done",
        _ => "refused",
    }
}
