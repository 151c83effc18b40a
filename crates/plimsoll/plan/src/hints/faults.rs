//! The faults that are planted in the examples of the files.

/// One fault: what it replaces in the example, and what it puts there.
pub(super) struct Fault {
    pub(super) from: &'static str,
    pub(super) to: &'static str,
    /// A part of the hint that it gets.
    pub(super) hint: &'static str,
    /// What somebody writes instead of `to` who follows the hint: each way that it names.
    pub(super) mended: &'static [&'static str],
}

/// Of the declarations in `packaging/dist.toml`.
pub(super) const DECLARATIONS: &[Fault] = &[
    Fault {
        from: "program = \"captured\"",
        to: "program = \"daemon\"",
        hint: "add an [[asset]] with binary = \"daemon\", or correct the name",
        mended: &["program = \"captured\""],
    },
    Fault {
        from: "env-prefix = \"CAPTURE_BUILD\"\n",
        to: "",
        hint: "set `env-prefix`, or `form = \"version\"`",
        mended: &["env-prefix = \"OTHER\"\n"],
    },
    Fault {
        from: "form = \"json\"\nenv-prefix = \"CAPTURE_BUILD\"\n",
        to: "form = \"json\"\n",
        hint: "set `env-prefix`, or `form = \"version\"`",
        mended: &["form = \"version\"\n"],
    },
    Fault {
        from: "pkg-config = \"zlib\"",
        to: "pkg-config = \"libpcap\"",
        hint: "declare each library once",
        mended: &["pkg-config = \"zlib\""],
    },
    Fault {
        from: "linked-by = [\"captured\", \"capture\"]",
        to: "linked-by = [\"captured\", \"reader\"]",
        hint: "add an [[asset]] with binary = \"reader\", or correct the name",
        mended: &["linked-by = [\"captured\"]"],
    },
    Fault {
        from: "required = true\n",
        to: "",
        hint: "set `cargo-feature`, or `required = true`",
        mended: &[
            "cargo-feature = { package = \"captured\", feature = \"zlib\" }\n",
            "required = true\n",
        ],
    },
    Fault {
        from: "linked-by = [\"captured\", \"capture\"]\n",
        to: "",
        hint: "name the programs in `linked-by`",
        mended: &["linked-by = [\"capture\"]\n"],
    },
    Fault {
        from: "[native-dep.pcap.kernel]\nmodule = \"af_packet\"\ntried-by = [\"--list-interfaces\"]\n",
        to: "[native-dep.zlib.kernel]\nmodule = \"af_packet\"\ntried-by = [\"--help\"]\n",
        hint: "declare `tool`, or leave out `tried-by`",
        mended: &[
            "[native-dep.zlib.kernel]\nmodule = \"af_packet\"\ntried-by = [\"--help\"]\n\
             [native-dep.zlib.tool]\nprogram = \"pigz\"\npackages = { debian = \"pigz\" }\n",
            "[native-dep.zlib.kernel]\nmodule = \"af_packet\"\n",
        ],
    },
    Fault {
        from: "[flavour.dynamic-exec]\n",
        to: "[flavour.plain]\n",
        hint: "list them, as in libraries = [\"zlib\"]; none is []",
        mended: &[
            "[flavour.plain]\nlibraries = []\n",
            "[flavour.plain]\nlibraries = [\"pcap\"]\n",
        ],
    },
    Fault {
        from: "libraries = [\"pcap\"]",
        to: "libraries = [\"pcab\"]",
        hint: "declared are pcap, zlib",
        mended: &["libraries = [\"pcap\"]"],
    },
    Fault {
        from: "libraries = [\"pcap\"]",
        to: "libraries = [\"pcap\", \"pcap\"]",
        hint: "list it once",
        mended: &["libraries = [\"pcap\"]"],
    },
    Fault {
        from: "name = \"capture\"",
        to: "name = \"capture-common\"",
        hint: "give it another name",
        mended: &["name = \"capture-daemon\""],
    },
    Fault {
        from: "package = \"capture-common\"",
        to: "package = \"capture-data\"",
        hint: "declare it as [package.capture-data], or take one of capture, capture-client, capture-common",
        mended: &["package = \"capture-common\""],
    },
    Fault {
        from: "package = \"capture-common\"",
        to: "package = \"capture-client\"",
        hint: "add `package = \"capture-common\"` to an [[asset]]",
        mended: &["package = \"capture-common\""],
    },
    Fault {
        from: "same-version = [\"capture-common\"]\n# Two",
        to: "same-version = [\"capture\"]\n# Two",
        hint: "leave it out",
        mended: &["same-version = []\n# Two"],
    },
];

/// Of what package managers and distributions refuse.
pub(super) const COMPLAINTS: &[Fault] = &[
    Fault {
        from: "name = \"capture\"",
        to: "name = \"Capture_all\"",
        hint: "use two or more lower-case letters, digits",
        mended: &["name = \"capture-all\""],
    },
    Fault {
        from: "name = \"capture\"",
        to: "name = \"capture~all\"",
        hint: "use letters, digits, `+`, `-`, `.` and `_`, and begin with a letter or digit",
        mended: &["name = \"capture-all\""],
    },
    Fault {
        from: "revision = \"1\"",
        to: "revision = \"1_a\"",
        hint: "use letters, digits, `+`, `.` and `~`, as in \"1\"",
        mended: &["revision = \"1.a\""],
    },
    Fault {
        from: "revision = \"1\"",
        to: "revision = \"1-a\"",
        hint: "use letters, digits, `+`, `.` and `~`, as in \"1\"",
        mended: &["revision = \"1+a\""],
    },
    Fault {
        from: "section = \"net\"",
        to: "section = \"network\"",
        hint: "take one of Debian Policy 2.4, such as \"admin\", \"net\" or \"utils\"",
        mended: &[
            "section = \"admin\"",
            "section = \"net\"",
            "section = \"utils\"",
        ],
    },
    Fault {
        from: "summary = \"Records network packets and reads the recordings\"",
        to: "summary = \"Records\\npackets\"",
        hint: "`description`",
        mended: &["summary = \"Records packets\""],
    },
    Fault {
        from: "summary = \"Records network packets and reads the recordings\"",
        to: "summary = \"\"",
        hint: "say in one line what it is",
        mended: &["summary = \"Records packets\""],
    },
    Fault {
        from: "dest = \"/usr/bin/capture\"",
        to: "dest = \"/usr//bin/capture\"",
        hint: "leave out `.`, `..` and doubled slashes",
        mended: &["dest = \"/usr/bin/capture\""],
    },
    Fault {
        from: "dest = \"/usr/bin/capture\"",
        to: "dest = \"/bin/capture\"",
        hint: "use /usr/bin",
        mended: &["dest = \"/usr/bin/capture\""],
    },
    Fault {
        from: "dest = \"/etc/capture/captured.toml\"",
        to: "dest = \"/usr/share/captured.toml\"",
        hint: "put it below /etc, or leave out `kind = \"config\"`",
        mended: &["dest = \"/etc/captured.toml\""],
    },
    Fault {
        from: "kind = \"config\"\n",
        to: "",
        hint: "add `kind = \"config\"`, or put it below /usr",
        mended: &["kind = \"config\"\n"],
    },
    Fault {
        from: "mode = \"0750\"",
        to: "mode = \"0777\"",
        hint: "take the last write bit away, as in \"0644\"",
        mended: &["mode = \"0775\""],
    },
    Fault {
        from: "mode = \"0750\"",
        to: "mode = \"0640\"",
        hint: "leave out `mode`, or set \"0755\"",
        mended: &["", "mode = \"0755\""],
    },
    Fault {
        from: "dest = \"/usr/share/man/man1/capture.1\"",
        to: "dest = \"/usr/share/man/man1/capture.1.gz\"",
        hint: "take `.gz` off `dest`",
        mended: &["dest = \"/usr/share/man/man1/capture.1\""],
    },
];

/// Of relations.
pub(super) const RELATIONS: &[Fault] = &[
    Fault {
        from: "depends = [\"iproute2\"]",
        to: "depends = [\"iproute2, ethtool\"]",
        hint: "write each in its own text",
        mended: &["depends = [\"iproute2\", \"ethtool\"]"],
    },
    Fault {
        from: "depends = [\"iproute2\"]",
        to: "depends = [\"iproute2 >= 5\"]",
        hint: "write it as `NAME` or `NAME (>= VERSION)`, with `|` between alternatives",
        mended: &[
            "depends = [\"iproute2\"]",
            "depends = [\"iproute2 (>= 5) | ethtool\"]",
        ],
    },
    Fault {
        from: "depends = [\"iproute2\"]",
        to: "depends = [\"iproute2 [amd64]\"]",
        hint: "leave out architectures and build profiles",
        mended: &["depends = [\"iproute2\"]"],
    },
    Fault {
        from: "depends = [\"iproute2\"]",
        to: "depends = [\"capture-data (= ${binary:Version})\"]",
        hint: "the version of this build is `{version}`",
        mended: &["depends = [\"capture-data (= {version})\"]"],
    },
    Fault {
        from: "depends = [\"iproute2\"]",
        to: "depends = [\"capture-data (= {revision})\"]",
        hint: "write the version of this build as `{version}`",
        mended: &["depends = [\"capture-data (= {version})\"]"],
    },
    Fault {
        from: "depends = [\"iproute2\"]",
        to: "depends = [\"capture\"]",
        hint: "leave it out: a package provides its own name",
        mended: &["depends = []", ""],
    },
    Fault {
        from: "provides = [\"capture-api (= {version})\"]",
        to: "provides = [\"capture-api (>= 3)\"]",
        hint: "compare with `=`: a package provides one version",
        mended: &["provides = [\"capture-api (= 3)\"]"],
    },
    Fault {
        from: "conflicts = [\"old-capture\"]",
        to: "conflicts = [\"old-capture | capture-ng\"]",
        hint: "write each package in its own text: there are no alternatives here",
        mended: &["conflicts = [\"old-capture\", \"capture-ng\"]"],
    },
    Fault {
        from: "[deb.on.debian-13]",
        to: "[deb.on.fedora]",
        hint: "move it to [rpm.on.fedora], or name another distribution",
        mended: &["[deb.on.ubuntu]"],
    },
    Fault {
        from: "[deb.on.debian-13]\npre-depends = [\"libc-bin\"]\n",
        to: "[deb.on.fedora]\ndepends = [\"aa\"]\n[deb.on.debian-13]\n",
        hint: "move it to [rpm.on.fedora], or name another distribution",
        mended: &["[rpm.on.fedora]\nrequires = [\"aa\"]\n[deb.on.debian-13]\n"],
    },
    Fault {
        from: "triggers = [\"interest-noawait /usr/share/capture/plugins\"]",
        to: "triggers = [\"/usr/share/capture/plugins\"]",
        hint: "write it as `interest-noawait PATH` or `activate-noawait NAME`",
        mended: &[
            "triggers = [\"interest-noawait /usr/share/capture/plugins\"]",
            "triggers = [\"activate-noawait capture-plugins\"]",
        ],
    },
    Fault {
        from: "epoch = 1\ntriggers",
        to: "epoch = 4000000000\ntriggers",
        hint: "the largest is 2147483647; the first one is 1",
        mended: &["epoch = 1\ntriggers", "epoch = 2147483647\ntriggers"],
    },
    Fault {
        from: "requires = [\"iproute\", \"(tcpdump if wireshark-cli)\"]",
        to: "requires = [\"iproute | tcpdump\"]",
        hint: "write alternatives as `(a or b)`",
        mended: &["requires = [\"(iproute or tcpdump)\"]"],
    },
    Fault {
        from: "requires = [\"iproute\", \"(tcpdump if wireshark-cli)\"]",
        to: "requires = [\"iproute>=5\"]",
        hint: "write it as `NAME` or `NAME >= VERSION`, each in its own text",
        mended: &["requires = [\"iproute\"]", "requires = [\"iproute >= 5\"]"],
    },
    Fault {
        from: "requires = [\"iproute\", \"(tcpdump if wireshark-cli)\"]",
        to: "requires = [\"/usr/sbin/ip >= 5\"]",
        hint: "leave out the version: a file has none",
        mended: &["requires = [\"/usr/sbin/ip\"]"],
    },
    Fault {
        from: "requires = [\"iproute\", \"(tcpdump if wireshark-cli)\"]",
        to: "requires = [\"(a or b and c)\"]",
        hint: "put parentheses around what different operators join",
        mended: &["requires = [\"(a or (b and c))\"]"],
    },
    Fault {
        from: "requires = [\"iproute\", \"(tcpdump if wireshark-cli)\"]",
        to: "requires = [\"((a if b) or c)\"]",
        hint: "use `and` around `if`",
        mended: &["requires = [\"((a if b) and c)\"]"],
    },
    Fault {
        from: "obsoletes = [\"old-capture < {version}\"]",
        to: "obsoletes = [\"(old-capture or capture-ng)\"]",
        hint: "name one package: rich relations are for dependencies and conflicts",
        mended: &["obsoletes = [\"old-capture\", \"capture-ng\"]"],
    },
    Fault {
        from: "obsoletes = [\"old-capture < {version}\"]",
        to: "obsoletes = [\"/usr/bin/old-capture\"]",
        hint: "name a package: nothing else is obsoleted",
        mended: &["obsoletes = [\"old-capture\"]"],
    },
];

/// Of alternatives.
pub(super) const ALTERNATIVES: &[Fault] = &[
    Fault {
        from: "name = \"packet-reader\"",
        to: "name = \"packet reader\"",
        hint: "use letters, digits, `+`, `-`, `.` and `_`",
        mended: &["name = \"packet-reader\""],
    },
    Fault {
        from: "link = \"/usr/bin/packet-reader\"",
        to: "link = \"bin/packet-reader\"",
        hint: "write an absolute path without spaces",
        mended: &["link = \"/usr/bin/packet-reader\""],
    },
    Fault {
        from: "link = \"/usr/bin/packet-reader\"",
        to: "link = \"/usr/bin/capture\"",
        hint: "install the file under another name than the one that is shared",
        mended: &["link = \"/usr/bin/packet-reader\""],
    },
];

/// Of the entries in `packaging/distros.toml`.
pub(super) const ENTRIES: &[Fault] = &[
    Fault {
        from: "[distro.packages.pcap]",
        to: "[distro.packages.pcab]",
        hint: "packages.NAME, where NAME is one of pcap, zlib",
        mended: &["[distro.packages.pcap]"],
    },
    Fault {
        from: "expected-flavour = \"dynamic-exec\"",
        to: "expected-flavour = \"static\"",
        hint: "expect dynamic or dynamic-exec",
        mended: &["expected-flavour = \"dynamic\""],
    },
    Fault {
        from: "expected-flavour = \"dynamic-exec\"",
        to: "expected-flavour = \"other\"",
        hint: "expect dynamic or dynamic-exec",
        mended: &["expected-flavour = \"dynamic-exec\""],
    },
    Fault {
        from: "[family.debian]",
        to: "[family.fedora]",
        hint: "describe it under [family.NAME]",
        mended: &["[family.debian]"],
    },
    Fault {
        from: "id = \"rhel-9\"",
        to: "id = \"RHEL 9\"",
        hint: "use lower-case letters, digits, `.` and `-`, as in debian-12",
        mended: &["id = \"rhel-9\""],
    },
    Fault {
        from: "id = \"rhel-9\"",
        to: "id = \"debian-13\"",
        hint: "remove one, or rename it",
        mended: &["id = \"rhel-9.x\""],
    },
    Fault {
        from: "revision-suffix = \".rhel9\"",
        to: "revision-suffix = \".el9\"",
        hint: "give each entry a `revision-suffix` of its own",
        mended: &["revision-suffix = \".rhel9\""],
    },
    Fault {
        from: "revision-suffix = \".rhel9\"",
        to: "revision-suffix = \"~rhel9\"",
        hint: "begin it with `.`, as in \".fc43\"",
        mended: &["revision-suffix = \".fc43\""],
    },
    Fault {
        from: "revision-suffix = \"~debian.13\"",
        to: "revision-suffix = \".debian.13\"",
        hint: "begin it with `~`, as in \"~debian.12\"",
        mended: &["revision-suffix = \"~debian.12\""],
    },
    Fault {
        from: "format = \"rpm\"",
        to: "format = \"tar\"",
        hint: "give its family the format deb or rpm",
        mended: &["format = \"rpm\""],
    },
    Fault {
        from: "architectures = [\"amd64\", \"arm64\"]",
        to: "architectures = []",
        hint: "list each once, as in [\"amd64\", \"arm64\"]",
        mended: &["architectures = [\"amd64\", \"arm64\"]"],
    },
    Fault {
        from: "suite = \"trixie\"\n",
        to: "",
        hint: "suite = \"trixie\"",
        mended: &["suite = \"trixie\"\n"],
    },
    Fault {
        from: "profile-base = \"debian-13\"",
        to: "profile-base = \"rhel-9\"",
        hint: "name an entry of the Debian family in `profile-base`",
        mended: &["profile-base = \"debian-13\""],
    },
    Fault {
        from: "crb = [\"--enablerepo=crb\"]\n",
        to: "",
        hint: "set `crb` under the family",
        mended: &["crb = [\"--enablerepo=crb\"]\n"],
    },
];

/// Of `packaging/dist.toml`, seen from `packaging/distros.toml`.
pub(super) const NAMES: &[Fault] = &[
    Fault {
        from: "rhel = \"libpcap-devel\", ",
        to: "",
        hint: "name it for the family in packaging/dist.toml, or under `packages` here",
        mended: &["rhel = \"libpcap-devel\", "],
    },
    Fault {
        from: "rhel = \"libpcap.so.1\", ",
        to: "",
        hint: "name it for the family in packaging/dist.toml",
        mended: &["rhel = \"libpcap.so.1\", "],
    },
];
