//! The nftables of other Debian releases than the one that the tests run on, which is Debian 12 with nftables 1.0.6
//! in the workflows.
//!
//! The daemon is that of this source tree. Its `nft` and its libnftables, with what they need, are the release's own: in
//! the daemon's mount namespace, and nowhere else.

use test_support::{Need, require, require_root_kernel};

use crate::{Host, Lab, Programs, System};

/// A release of nftables, and how a daemon that was built here is brought to use it.
#[derive(Debug)]
pub struct Release {
    system: System,
    /// Its version.
    pub nftables: &'static str,
    /// Shell commands in the daemon's mount namespace; `ROOT` is the system's folder.
    enter: &'static str,
}

/// Debian 11. Its C library is older than the one that the daemon is linked with, which stays: libraries work with
/// a newer one than their own.
pub const DEBIAN_11: Release = Release {
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

/// Debian 13. Its libraries need their own C library, with which the daemon works as well: everything is its own.
pub const DEBIAN_13: Release = Release {
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
    /// A lab whose daemon uses it, by a driver and with these arguments.
    ///
    /// # Panics
    /// When the daemon does not use it.
    pub fn lab(&self, driver: &str, arguments: &[&str]) -> Lab {
        let arguments = [&["--nft-driver", driver], arguments].concat();
        let mut host = Host::new(Programs::of_this_tree(), &arguments);
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

    /// Tries something with the drivers side by side: most of the time goes into waiting for answers that do not
    /// come. What is tried gets words for the release and the driver, and the driver.
    pub fn with_drivers(&self, work: impl Fn(&str, &str) + Sync) {
        require_root_kernel!();
        require!(Need::Program("mmdebstrap"));
        std::thread::scope(|scope| {
            for driver in Programs::of_this_tree().drivers() {
                let work = &work;
                scope.spawn(move || {
                    let label = format!("nftables {}, {driver}", self.nftables);
                    work(&label, &driver);
                });
            }
        });
    }
}
