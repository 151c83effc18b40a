//! The drivers that the suite runs over.

use std::time::Duration;

use test_support::{Need, Netns, need};
use tidegate_nft::*;
use tidegate_nft_drivers::*;

/// One way to reach nf_tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Fake,
    PerTransaction,
    LongLived,
    #[cfg(feature = "libnftables")]
    Library,
}

/// Every subject that reaches the kernel.
pub(crate) const ON_KERNEL: &[Subject] = &[
    Subject::PerTransaction,
    Subject::LongLived,
    #[cfg(feature = "libnftables")]
    Subject::Library,
];

const KERNEL: &[Need] = &[
    Need::Root,
    Need::Program("ip"),
    Need::NetworkNamespaces,
    Need::Program("nft"),
    Need::NfTables,
];

impl Subject {
    /// Whether this host can run tests of it; says why when not, and panics in CI.
    pub(crate) fn can_run(self) -> bool {
        let test = std::thread::current()
            .name()
            .unwrap_or("conformance")
            .to_owned();
        self == Self::Fake || need::met(&test, KERNEL)
    }

    /// Opens it in a namespace.
    pub(crate) fn open(self, location: Location) -> Box<dyn Driver> {
        self.open_with(location, Duration::from_secs(30))
    }

    /// Opens it with a deadline for each transaction.
    pub(crate) fn open_with(self, location: Location, deadline: Duration) -> Box<dyn Driver> {
        let exec = |mode| {
            let options = ExecOptions {
                mode,
                deadline,
                ..ExecOptions::default()
            };
            ExecDriver::open(location.clone(), options).expect("nft is there")
        };
        match self {
            Self::Fake => Box::new(FakeDriver::new()),
            Self::PerTransaction => Box::new(exec(ExecMode::PerTransaction)),
            Self::LongLived => Box::new(exec(ExecMode::LongLivedChild)),
            #[cfg(feature = "libnftables")]
            Self::Library => {
                let options = LibraryOptions {
                    program: programs().library,
                    deadline,
                };
                Box::new(LibraryDriver::open(location, options).expect("the library opens"))
            }
        }
    }
}

/// What the drivers run.
pub(crate) fn programs() -> Programs {
    Programs {
        nft: None,
        library: option_env!("CARGO_BIN_EXE_libnftables-process")
            .unwrap_or("/nonexistent")
            .into(),
    }
}

/// A driver and the namespace that it works in.
pub(crate) struct World {
    pub(crate) subject: Subject,
    pub(crate) driver: Box<dyn Driver>,
    /// Absent for the fake.
    pub(crate) netns: Option<Netns>,
}

impl World {
    pub(crate) fn new(subject: Subject) -> Self {
        let netns = (subject != Subject::Fake).then(Netns::new);
        let location = match &netns {
            Some(netns) => Location::Path(netns.path()),
            None => Location::Current,
        };
        Self {
            subject,
            driver: subject.open(location),
            netns,
        }
    }

    /// The ruleset as text: as `nft list ruleset` prints the kernel's, or as the driver renders it.
    pub(crate) fn text(&self, table: &TableId) -> String {
        match &self.netns {
            Some(netns) => netns.sh("nft -s list ruleset"),
            None => self
                .driver
                .list(table)
                .map(|listing| listing.text)
                .unwrap_or_default(),
        }
    }

    /// Applies what must succeed, here and to a ruleset in memory.
    pub(crate) fn apply(&self, model: &mut Ruleset, transaction: &Transaction) -> Transaction {
        let inverse = model.apply(transaction).expect("the model takes it");
        self.driver
            .apply(transaction)
            .unwrap_or_else(|error| panic!("{error}: {error:?}"));
        inverse
    }

    /// What differs between the model's table and the driver's.
    pub(crate) fn differences(&self, model: &Ruleset, table: &TableId) -> Vec<String> {
        let listing = self.driver.list(table).expect("it is there");
        let planned = model.table(table).expect("planned");
        let differences = listing.diff(table, planned).expect("it can be compared");
        differences.iter().map(ToString::to_string).collect()
    }
}

/// A transaction made by steps.
pub(crate) fn transaction(build: impl FnOnce(&mut Transaction) -> &mut Transaction) -> Transaction {
    let mut transaction = Transaction::new();
    build(&mut transaction);
    transaction
}

/// The listing of one table with its sets and chains in the order of their names: nft lists them in
/// the order in which they were made, which means nothing.
pub(crate) fn in_order(listing: &str) -> Vec<String> {
    let Some((head, blocks)) = listing.split_once('\n') else {
        return Vec::new();
    };
    let blocks = blocks.trim_end().trim_end_matches('}');
    let mut blocks: Vec<_> = blocks
        .split("\n\n")
        .map(|block| block.trim_end().to_owned())
        .collect();
    blocks.sort();
    blocks.insert(0, head.to_owned());
    blocks
}
