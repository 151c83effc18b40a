//! What one update of a ruleset costs, in every way there is.

use tidegate_tests::Programs;

use crate::Options;
use crate::report::{Row, Section};
use crate::sample::Sample;
use crate::say;
use crate::subjects::{self, Subject};
use crate::ways::{self, Calls};
use crate::worker::{Half, Method, Worker};

/// Names of the ways that targets compare.
pub(crate) const IPTABLES: [&str; 2] = ["iptables-legacy, calls", "iptables-nft, calls"];
pub(crate) const NFT_EACH: &str = "nft -f - each";
pub(crate) const EXEC: &str = "exec driver (nft -i)";
pub(crate) const LIBRARY: &str = "library driver";
pub(crate) const FLOOR: &str = "raw netlink";

/// A way under measurement.
struct Contender {
    name: &'static str,
    worker: anyhow::Result<Worker>,
    both: Sample,
    add: Sample,
    delete: Sample,
}

impl Contender {
    fn new(
        name: &'static str,
        ready: impl FnOnce() -> anyhow::Result<Method> + Send + 'static,
    ) -> Self {
        Self {
            name,
            worker: Worker::start(ready),
            both: Sample::default(),
            add: Sample::default(),
            delete: Sample::default(),
        }
    }

    /// Adds and deletes once.
    fn go(&mut self, counts: bool) {
        let Ok(worker) = &self.worker else { return };
        let add = worker.measure(Half::Add);
        let both = add.and_then(|add| Ok((add, worker.measure(Half::Delete)?)));
        match both {
            Err(error) => self.worker = Err(error),
            Ok((add, delete)) if counts => {
                self.add.add_time(add);
                self.delete.add_time(delete);
                self.both.add_time(add + delete);
            }
            Ok(_) => {}
        }
    }

    fn row(&self) -> Row {
        match &self.worker {
            Ok(_) => Row::new(self.name, self.both.summary())
                .part("add", &self.add)
                .part("delete", &self.delete),
            Err(error) => Row::missing(self.name, &format!("{error:#}")),
        }
    }
}

/// Measures each update in every way, in turns.
///
/// # Errors
/// When an update cannot be planned.
pub(crate) fn run(programs: &Programs, options: Options) -> anyhow::Result<Vec<Section>> {
    let subjects = subjects::all()?;
    let measured = subjects
        .iter()
        .map(|subject| measure(subject, programs, options));
    Ok(measured.collect())
}

fn measure(subject: &Subject, programs: &Programs, options: Options) -> Section {
    say(subject.title);
    let mut contenders = contenders(subject, programs);
    // The first round warms up what is made at first use.
    for round in 0..=options.rounds() {
        for contender in &mut contenders {
            contender.go(round > 0);
        }
    }
    let mut section = Section::new(subject.title, subject.about, "ms");
    contenders
        .iter()
        .for_each(|contender| section.push(contender.row()));
    section
}

/// Every way, the daemon's own first: ratios are to it.
fn contenders(subject: &Subject, programs: &Programs) -> Vec<Contender> {
    let mut contenders = of_library(subject, programs);
    contenders.push(over_nft(subject, EXEC, ways::exec_driver));
    contenders.push(over_nft(subject, FLOOR, ways::raw));
    contenders.push(over_nft(subject, NFT_EACH, ways::nft));
    let calls = [
        ("iptables-nft, one restore", "nft", Calls::Restore),
        (IPTABLES[1], "nft", Calls::Single),
        ("iptables-legacy, one restore", "legacy", Calls::Restore),
        (IPTABLES[0], "legacy", Calls::Single),
    ];
    for (name, kind, calls) in calls {
        let lines = subject.iptables.clone();
        let ready = move || ways::iptables(kind, calls, &lines);
        contenders.push(Contender::new(name, ready));
    }
    contenders
}

/// A way that finds the subject's base.
fn over_nft(
    subject: &Subject,
    name: &'static str,
    way: impl FnOnce(&Subject) -> anyhow::Result<Method> + Send + 'static,
) -> Contender {
    let subject = subject.clone();
    Contender::new(name, move || {
        ways::prepare(&subject.base)?;
        way(&subject)
    })
}

#[cfg(feature = "libnftables")]
fn of_library(subject: &Subject, programs: &Programs) -> Vec<Contender> {
    use ways::library;
    let daemon = programs.tidegated.clone();
    let driver = move |subject: &Subject| library::driver(subject, &daemon);
    vec![
        over_nft(subject, LIBRARY, driver),
        over_nft(subject, "libnftables kept, text", library::text),
        over_nft(subject, "libnftables each", library::each),
    ]
}

#[cfg(not(feature = "libnftables"))]
fn of_library(_: &Subject, _: &Programs) -> Vec<Contender> {
    let why = || anyhow::bail!("this benchmark is built without the library");
    vec![Contender::new(LIBRARY, why)]
}
