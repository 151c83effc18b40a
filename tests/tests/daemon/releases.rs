//! The data path with the nftables of other Debian releases than the one that the tests run on, which
//! is Debian 12 with nftables 1.0.6 in the workflows.
//!
//! The daemon is that of this source tree. Its `nft` and its libnftables, with what they need, are the
//! release's own: in the daemon's mount namespace, and nowhere else.

use tidegate_test_support::{Need, require};
use tidegate_tests::{Host, Lab, Programs, System, require_root_kernel};

use crate::drivers;
use crate::matrix::try_every_cell;

/// A release of nftables, and how a daemon that was built here is brought to use it.
struct Release {
    system: System,
    nftables: &'static str,
    /// Shell commands in the daemon's mount namespace; `ROOT` is the system's folder.
    enter: &'static str,
}

/// Its C library is older than the one that the daemon is linked with, which stays: libraries work with
/// a newer one than their own.
const DEBIAN_11: Release = Release {
    system: System {
        name: "bullseye-nftables",
        suite: "bullseye",
        variant: "extract",
        packages: "nftables",
    },
    nftables: "0.9.8",
    enter: "mount --bind $ROOT/usr/sbin/nft /usr/sbin/nft
            for library in $ROOT/usr/lib/*/libnftables.so.1; do
                export LD_LIBRARY_PATH=${library%/*}
            done",
};

/// Its libraries need their own C library, with which the daemon works as well: everything is its own.
const DEBIAN_13: Release = Release {
    system: System {
        name: "trixie-nftables",
        suite: "trixie",
        variant: "extract",
        packages: "nftables,libgcc-s1",
    },
    nftables: "1.1.3",
    enter: "mount --bind $ROOT/usr /usr",
};

impl Release {
    fn lab(&self, driver: &str) -> Lab {
        let mut host = Host::new(Programs::of_this_tree(), &["--nft-driver", driver]);
        let root = self.system.folder();
        host.start_by(&format!(
            "ROOT='{}'\n{}\nexec \"$@\"",
            root.display(),
            self.enter
        ));
        host.start();
        let info = host.json(&["info"]);
        assert_eq!(info["driver"]["name"], driver);
        assert_eq!(info["driver"]["version"], self.nftables, "{info:#}");
        Lab::of(host)
    }

    /// The two drivers side by side: most of the time goes into waiting for answers that do not come.
    fn try_every_cell(&self) {
        require_root_kernel!();
        require!(Need::Program("mmdebstrap"));
        std::thread::scope(|scope| {
            for driver in drivers() {
                scope.spawn(move || {
                    let label = format!("nftables {}, {driver}", self.nftables);
                    try_every_cell(&label, || self.lab(&driver));
                });
            }
        });
    }
}

#[test]
fn every_cell_is_as_the_table_says_with_the_nftables_of_debian_11() {
    DEBIAN_11.try_every_cell();
}

#[test]
fn every_cell_is_as_the_table_says_with_the_nftables_of_debian_13() {
    DEBIAN_13.try_every_cell();
}
