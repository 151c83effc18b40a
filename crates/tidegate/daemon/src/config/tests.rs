use std::num::NonZeroU16;

use expect_test::expect;
use tidegate_model::Forwarding;

use super::keys::KEYS;
use super::values::{KeyValues, VALUES};
use super::*;

fn parse(text: &str) -> Result<File, String> {
    File::parse(Path::new("/etc/tidegate/tidegated.toml"), text).map_err(|e| e.to_string())
}

fn settled(args: &Daemon, text: &str) -> Settings {
    Settings::settle(args, parse(text).unwrap()).unwrap()
}

const FULL: &str = r#"
forwarding = "leave"
socket = "/run/a.sock"
state-dir = "/var/lib/a"
log-level = "debug"

[nft]
driver = "exec"
path = "/opt/nft"

[pools]
ipv4 = [{ base = "10.0.0.0/8", size = 16 }]
ipv6 = []

[ports]
free = "40000-40999"
allow = ["192.0.2.0/24", "192.0.2.7", "2001:db8::/32"]

[metrics]
listen = "127.0.0.1:9464"

[docker]
plugin-socket = "/run/a/tidegate.sock"

[dns]
enable = false
port = 5300
upstreams = ["192.0.2.53", "[2001:db8::53]:5353"]
"#;

#[test]
fn every_key_of_the_file_is_understood() {
    let settings = settled(&Daemon::default(), FULL);
    assert_eq!(settings.socket, Path::new("/run/a.sock"));
    assert_eq!(settings.state_dir, Path::new("/var/lib/a"));
    assert_eq!(settings.log_level, LevelFilter::DEBUG);
    assert_eq!(settings.nft_driver, DriverChoice::Named("exec"));
    assert_eq!(settings.nft_path.as_deref(), Some(Path::new("/opt/nft")));
    assert_eq!(
        settings.defaults.pools.ipv4[0].to_string(),
        "10.0.0.0/8 (/16)"
    );
    assert_eq!(settings.defaults.pools.ipv6, Some(Vec::new()));
    assert_eq!(settings.defaults.free_ports.to_string(), "40000-40999");
    let allow = settings.defaults.allow.to_string();
    assert_eq!(allow, "192.0.2.0/24, 2001:db8::/32");
    assert_eq!(settings.defaults.forwarding, Forwarding::Leave);
    assert_eq!(settings.metrics_listen, "127.0.0.1:9464".parse().ok());
    assert_eq!(settings.docker_socket, Some("/run/a/tidegate.sock".into()));
    assert!(!settings.dns.enable);
    assert_eq!(settings.dns.port.get(), 5300);
    let servers: Vec<String> = settings.dns.upstreams.iter().map(shown).collect();
    assert_eq!(servers, ["192.0.2.53:53", "[2001:db8::53]:5353"]);
}

fn shown(upstream: &Upstream) -> String {
    upstream.to_string()
}

#[test]
fn an_empty_file_means_the_defaults() {
    let settings = settled(&Daemon::default(), "");
    assert_eq!(settings.socket, Path::new(DEFAULT_SOCKET));
    assert_eq!(settings.state_dir, Path::new(DEFAULT_STATE_DIR));
    assert_eq!(settings.log_level, LevelFilter::INFO);
    assert_eq!(settings.nft_driver, DriverChoice::Auto);
    assert_eq!(settings.nft_path, None);
    assert_eq!(settings.defaults, Defaults::default());
    assert_eq!(settings.dns, Dns::default());
    assert!(settings.dns.enable);
}

#[test]
fn a_flag_goes_before_the_file() {
    let args = Daemon {
        socket: Some("/run/b.sock".into()),
        state_dir: Some("/var/lib/b".into()),
        log_level: Some("warn".into()),
        nft_driver: Some("library".into()),
        nft_path: Some("/usr/sbin/nft".into()),
        free_ports: Some("50000-50001".parse().unwrap()),
        allow: Some(vec!["198.51.100.7".parse().unwrap()]),
        forwarding: Some(Forwarding::Set),
        metrics_listen: Some("[::1]:9465".parse().unwrap()),
        docker_socket: Some("/run/b/tidegate.sock".into()),
        dns: Some(true),
        dns_port: Some(NonZeroU16::new(5301).unwrap()),
        dns_upstreams: Some(vec!["192.0.2.54:54".into()]),
        ..Daemon::default()
    };
    let settings = settled(&args, FULL);
    assert_eq!(settings.socket, Path::new("/run/b.sock"));
    assert_eq!(settings.state_dir, Path::new("/var/lib/b"));
    assert_eq!(settings.log_level, LevelFilter::WARN);
    assert_eq!(settings.nft_driver, DriverChoice::Named("library"));
    assert_eq!(settings.defaults.free_ports.to_string(), "50000-50001");
    assert_eq!(settings.defaults.allow.to_string(), "198.51.100.7");
    assert_eq!(settings.defaults.forwarding, Forwarding::Set);
    assert_eq!(settings.metrics_listen, "[::1]:9465".parse().ok());
    assert_eq!(settings.docker_socket, Some("/run/b/tidegate.sock".into()));
    assert!(settings.dns.enable);
    assert_eq!(settings.dns.port.get(), 5301);
    let servers: Vec<String> = settings.dns.upstreams.iter().map(shown).collect();
    assert_eq!(servers, ["192.0.2.54:54"]);
    assert_eq!(
        settings.nft_path.as_deref(),
        Some(Path::new("/usr/sbin/nft"))
    );
}

#[test]
fn pools_of_a_flag_go_before_those_of_the_file_family_by_family() {
    let args = |texts: &[&str]| Daemon {
        ipv4_pools: Some(texts.iter().map(ToString::to_string).collect()),
        ..Daemon::default()
    };
    let given = args(&["10.1.0.0/16:24", "10.2.0.0/16:26"]);
    let pools = settled(&given, FULL).defaults.pools;
    let shown: Vec<String> = pools.ipv4.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["10.1.0.0/16 (/24)", "10.2.0.0/16 (/26)"]);
    assert_eq!(pools.ipv6, Some(Vec::new()), "as the file says");
    assert_eq!(settled(&given, "").defaults.pools.ipv6, None);
    for (text, reason) in [
        (
            "10.1.0.0/16",
            "pool \"10.1.0.0/16\" does not have the form BASE:SIZE",
        ),
        (
            "fd00::/48:64",
            "pool fd00::/48 is not one of IPv4 addresses",
        ),
    ] {
        let refused = Settings::settle(&args(&[text]), File::default()).unwrap_err();
        assert_eq!(refused.to_string(), reason);
    }
}

/// A file's faults as the user sees them.
fn told(text: &str) -> String {
    let faults = File::parse(Path::new("t.toml"), text).unwrap_err();
    let faults: Vec<String> = faults.failures().iter().map(ToString::to_string).collect();
    faults.join("\n")
}

#[test]
fn a_fault_of_a_file_has_its_place_its_key_and_what_the_key_takes() {
    let mut seen = String::new();
    for text in [
        "forwarding = \"off\"",
        "forwarding = true",
        "forwarding = off",
        "log-level = 'loud'",
        "socket = 5\nstate-dir = ''",
        "\nsokcet = 'x'",
        "driver = 'exec'",
        "[nft]\ndriver = 'iptables'\npath = false",
        "[nft]\n\n  drivre = 'exec'",
        "[nft]\nlog-level = 'info'\nport = 5",
        "nft = 'exec'",
        "[[dns]]\nport = 5",
        "[pool]\nipv4 = []",
        "[pools]\nipv4 = '10.0.0.0/8:16'\nipv6 = ['fd00::/48:64']",
        "[pools]\nipv4 = [{ base = '10.0.0.1/8', size = 16 }]",
        "[pools]\nipv4 = [\n{ base = '10.0.0.0/8', size = 4 },\n{ base = 10, size = 16 },\n{ base = '10.0.0.0/8', size = '16' },\n{ base = '10.0.0.0/8' },\n{ base = '10.0.0.0/8', size = 16, name = 'a' }]",
        "[pools]\nipv6 = [{ base = '10.0.0.0/8', size = 16 }]",
        "[ports]\nfree = 61000\nallow = '192.0.2.0/24'",
        "[ports]\nfree = '9-8'\nallow = ['192.0.2.1/24', 'lan']",
        "[metrics]\nlisten = 'localhost:9464'",
        "[metrics]\nlisten = 9464",
        "[dns]\nenable = 'yes'\nport = 0\nupstreams = '192.0.2.53'",
        "[dns]\nport = '53'\nupstreams = ['dns.example', 'fe80::53', 53]",
        "[dns]\nenable = maybe",
        "[dns]\nport = 53\nport = 54",
        "é = 1 = 2",
        "[nft",
    ] {
        seen += &format!("{}\n\n", told(text));
    }
    expect![[r#"
        error: t.toml:1:14: forwarding cannot be "off"
        hint: use "set" or "leave"

        error: t.toml:1:14: forwarding cannot be true
        hint: use "set" or "leave"

        error: t.toml:1:14: string values must be quoted, expected literal string
        hint: use "set" or "leave"

        error: t.toml:1:13: log-level cannot be 'loud'
        hint: use "error", "warn", "info", "debug" or "trace"

        error: t.toml:1:10: socket cannot be 5
        hint: use a path in quotes, such as "/run/tidegate/tidegated.sock"
        error: t.toml:2:13: state-dir cannot be ''
        hint: use a path in quotes, such as "/var/lib/tidegate"

        error: t.toml:2:1: there is no key sokcet above the tables
        hint: the keys are socket, state-dir, log-level and forwarding; the tables are [nft], [pools], [ports], [metrics], [docker] and [dns]

        error: t.toml:1:1: there is no key driver above the tables
        hint: write it below [nft]

        error: t.toml:2:10: driver in [nft] cannot be 'iptables'
        hint: use "auto", "library" or "exec"
        error: t.toml:3:8: path in [nft] cannot be false
        hint: use a path in quotes, such as "/usr/sbin/nft"

        error: t.toml:3:3: there is no key drivre in [nft]
        hint: the keys of [nft] are driver and path

        error: t.toml:2:1: there is no key log-level in [nft]
        hint: write it above the first table
        error: t.toml:3:1: there is no key port in [nft]
        hint: write it below [dns]

        error: t.toml:1:7: [nft] is a table, not 'exec'
        hint: write [nft] on a line of its own, and below it driver or path

        error: t.toml:1:1: [dns] is a table, not [[dns]]
        hint: write [dns] on a line of its own, and below it enable, port or upstreams

        error: t.toml:1:2: there is no table [pool]
        hint: the tables are [nft], [pools], [ports], [metrics], [docker] and [dns]

        error: t.toml:2:8: ipv4 in [pools] cannot be '10.0.0.0/8:16'
        hint: use a list of pools, such as [{ base = "10.208.0.0/12", size = 24 }]
        error: t.toml:3:9: ipv6 in [pools] cannot have 'fd00::/48:64'
        hint: use a list of pools, such as [{ base = "fd12:3456:789a::/48", size = 64 }]

        error: t.toml:2:9: ipv4 in [pools]: pool 10.0.0.1/8 has host bits: its base is 10.0.0.0/8
        hint: give the base 10.0.0.0/8

        error: t.toml:3:1: ipv4 in [pools]: subnets of size 4 do not fit pool 10.0.0.0/8: use 8 to 31
        hint: give a size from 8 to 31, the prefix length of its subnets
        error: t.toml:4:10: ipv4 in [pools]: the base of a pool is a prefix in quotes
        hint: use a list of pools, such as [{ base = "10.208.0.0/12", size = 24 }]
        error: t.toml:5:31: ipv4 in [pools]: the size of a pool is a number, the prefix length of its subnets
        hint: use a list of pools, such as [{ base = "10.208.0.0/12", size = 24 }]
        error: t.toml:6:1: ipv4 in [pools]: the pool has no size
        hint: use a list of pools, such as [{ base = "10.208.0.0/12", size = 24 }]
        error: t.toml:7:35: ipv4 in [pools]: a pool has base and size, and no name
        hint: use a list of pools, such as [{ base = "10.208.0.0/12", size = 24 }]

        error: t.toml:2:9: ipv6 in [pools]: pool 10.0.0.0/8 is not one of IPv6 addresses
        hint: give it among the pools of IPv4 (`pools.ipv4`, --ipv4-pools)

        error: t.toml:2:8: free in [ports] cannot be 61000
        hint: use a range of ports in quotes, such as "61000-65535"
        error: t.toml:3:9: allow in [ports] cannot be '192.0.2.0/24'
        hint: use a list of prefixes and addresses, such as ["192.0.2.0/24", "2001:db8::/32"], or [] for everybody

        error: t.toml:2:8: free in [ports] cannot be '9-8': it ends before it begins
        hint: use a range of ports in quotes, such as "61000-65535"
        error: t.toml:3:10: allow in [ports] cannot have '192.0.2.1/24': it has host bits: the prefix is 192.0.2.0/24
        hint: write 192.0.2.0/24, or 192.0.2.1 for this address alone

        error: t.toml:2:10: listen in [metrics] cannot be 'localhost:9464'
        hint: use an IP address and a port in quotes, such as "127.0.0.1:9464" or "[::1]:9464"

        error: t.toml:2:10: listen in [metrics] cannot be 9464
        hint: use an IP address and a port in quotes, such as "127.0.0.1:9464" or "[::1]:9464"

        error: t.toml:2:10: enable in [dns] cannot be 'yes'
        hint: use true or false, without quotes
        error: t.toml:3:8: port in [dns] cannot be 0
        hint: use a number from 1 to 65535 without quotes, such as 299
        error: t.toml:4:13: upstreams in [dns] cannot be '192.0.2.53'
        hint: use a list of servers, such as ["192.0.2.53", "[2001:db8::53]:5353"], or [] for those of /etc/resolv.conf

        error: t.toml:2:8: port in [dns] cannot be '53'
        hint: use a number from 1 to 65535 without quotes, such as 299
        error: t.toml:3:14: upstreams in [dns] cannot have 'dns.example': it is not an IP address, with or without a port
        hint: write it 192.0.2.53, 192.0.2.53:5353, 2001:db8::53, [2001:db8::53]:5353 or fe80::53%eth0

        error: t.toml:2:10: string values must be quoted, expected literal string
        hint: use true or false, without quotes

        error: t.toml:3:1: duplicate key
        hint: leave out one of the two

        error: t.toml:1:1: invalid unquoted key, expected letters, numbers, `-`, `_`
        hint: write KEY = VALUE, or [TABLE] on a line of its own; tidegated.toml(5) lists every key

        error: t.toml:1:5: unclosed table, expected `]`
        hint: write KEY = VALUE, or [TABLE] on a line of its own; tidegated.toml(5) lists every key

    "#]].assert_eq(&seen);
}

/// Every key of the file with a value of a type that it never has: no message names a type of the program.
#[test]
fn no_key_takes_a_wrong_type_and_each_says_what_it_takes() {
    for key in VALUES {
        for wrong in ["1.5", "1979-05-27", "{ a = 1 }", "[1]", "[[]]", "\"\""] {
            let table = key
                .table
                .map_or_else(String::new, |table| format!("[{table}]\n"));
            let faults = told(&format!("{table}{} = {wrong}", key.name));
            assert!(faults.starts_with("error: t.toml:"), "{faults}");
            assert!(faults.contains(&key.to_string()), "{faults}");
            let is_hint = faults.contains("\nhint: ");
            assert!(is_hint && !faults.contains("expected"), "{faults}");
        }
    }
}

/// The table of keys, the types that are read, and the shipped file have the same keys.
#[test]
fn every_key_of_the_shipped_file_is_known() {
    let mut table = None;
    let mut shipped = Vec::new();
    for line in SHIPPED.lines() {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            table = Some(name);
        }
        let key = line
            .strip_prefix('#')
            .and_then(|line| line.split_once(" = "));
        shipped.extend(
            key.filter(|(key, _)| !key.contains(' '))
                .map(|(key, _)| (table, key)),
        );
    }
    let known: Vec<_> = VALUES.iter().map(|key| (key.table, key.name)).collect();
    assert_eq!(known, shipped);
}

#[test]
fn every_fault_of_a_file_is_told_in_its_order() {
    let text = "\
log-level = 'loud'
sokcet = 'x'
[dns]
port = 0
enable = maybe
[pools]
ipv4 = [
  { base = '10.0.0.0/8', siez = 16 },
  { base = '10.0.0.1/8', size = 16 },
  { base = '10.0.0.0/8', size = 16 },
]
ipv6 = [{ base = '10.0.0.0/8', size = 16 }]
[nft
driver = 'exec'
";
    let faults = File::parse(Path::new("t.toml"), text).unwrap_err();
    let faults: Vec<String> = faults.failures().iter().map(ToString::to_string).collect();
    let lines: Vec<&str> = faults
        .iter()
        .filter_map(|fault| fault.strip_prefix("error: t.toml:")?.split(':').next())
        .collect();
    assert_eq!(
        lines,
        ["1", "2", "4", "5", "8", "9", "12", "13"],
        "{faults:#?}"
    );
}

#[test]
fn every_fault_of_the_command_line_is_told() {
    let args = Daemon {
        log_level: Some("loud".into()),
        dns_upstreams: Some(vec!["nowhere".into()]),
        ipv6_pools: Some(vec!["10.0.0.0/8:16".into()]),
        ..Daemon::default()
    };
    let faults = Settings::settle(&args, File::default()).unwrap_err();
    assert_eq!(faults.failures().len(), 3, "{faults}");
}

#[test]
fn only_a_file_that_is_named_must_be_there() {
    let nowhere = Path::new("/nonexistent/tidegated.toml");
    assert_eq!(File::read_if_there(nowhere).unwrap(), None);
    let refused = File::read(nowhere).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot read the configuration file /nonexistent/tidegated.toml"
    );
}

/// The configuration file that the packages install.
const SHIPPED: &str = include_str!("../../../../../packaging/conf/tidegated.toml");

#[test]
fn the_shipped_file_changes_nothing_and_shows_the_true_defaults() {
    let defaults = settled(&Daemon::default(), "");
    assert_eq!(settled(&Daemon::default(), SHIPPED), defaults);
    let is_key = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
    let shown: Vec<&str> = SHIPPED.lines().filter(is_key).collect();
    let uncommented = |line: &str| line.strip_prefix('#').unwrap_or(line).to_owned();
    let text: Vec<String> = SHIPPED
        .lines()
        .map(|line| {
            if is_key(&line) {
                uncommented(line)
            } else {
                line.to_owned()
            }
        })
        .collect();
    let mut settings = settled(&Daemon::default(), &text.join("\n"));
    assert_eq!(shown.len(), 15, "every key is shown: {shown:#?}");
    assert!(
        settings.nft_path.take().is_some(),
        "looked for by default, and shown as an example"
    );
    assert!(
        settings.defaults.pools.ipv6.take().is_some(),
        "the host's own by default, and shown as an example"
    );
    assert!(
        settings.metrics_listen.take().is_some(),
        "nowhere by default, and shown as an example"
    );
    assert!(
        settings.docker_socket.take().is_some(),
        "nowhere by default, and shown as an example"
    );
    settings.origins = defaults.origins.clone();
    assert_eq!(settings, defaults);
}

/// The manual page has each key of the shipped file, in the section of its table.
#[test]
fn the_manual_page_lists_every_key() {
    const PAGE: &str = include_str!("../../../../../packaging/man/tidegated.toml.5");
    let mut section = PAGE;
    for line in SHIPPED.lines() {
        if line.starts_with('[') {
            let head = format!(".SS {line}\n");
            let found = PAGE.split(&head).nth(1);
            assert!(found.is_some(), "no {line}");
            section = found.unwrap_or_default();
        }
        let key = line
            .strip_prefix('#')
            .and_then(|line| line.split_once(" = "));
        let Some((key, _)) = key.filter(|(key, _)| !key.contains(' ')) else {
            continue;
        };
        let entry = format!(".TP\n.B {}\n", key.replace('-', "\\-"));
        let of_table = section.split(".SS ").next().unwrap_or_default();
        assert!(of_table.contains(&entry), "{key} is not in the page");
    }
}

/// One table has what a file can say, the other what a running daemon does with it.
#[test]
fn what_a_key_takes_and_what_it_does_are_known_of_the_same_keys() {
    let name = |key: &KeyValues| match key.table {
        Some(table) => format!("{table}.{}", key.name),
        None => key.name.to_owned(),
    };
    let taken: Vec<String> = VALUES.iter().map(name).collect();
    let done: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(taken, done);
}

#[test]
fn a_source_without_clients_is_warned_of_and_stops_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.toml");
    let file = "[ports]\nallow = ['192.0.2.0/24', '127.0.0.0/8', '0.0.0.0', '::1']\n";
    std::fs::write(&path, file).unwrap();
    let mut args = Daemon {
        config: Some(path),
        ..Daemon::default()
    };
    let settings = Settings::load(&args).unwrap();
    let warnings = settings.warnings();
    let told: String = warnings
        .iter()
        .map(|it| format!("{}\n  {}\n", it.what, it.hint))
        .collect();
    expect![[r#"
        an entry of `ports.allow` lets nobody in: invalid allowed source "0.0.0.0": no packet comes from the unspecified address
          write 0.0.0.0/0 for all of IPv4, and ::/0 for all of IPv6
        an entry of `ports.allow` lets nobody in: invalid allowed source "127.0.0.0/8": clients have no loopback address
          leave it out: the host always reaches the port; a port published on 127.0.0.1 is for the host alone
        an entry of `ports.allow` lets nobody in: invalid allowed source "::1": clients have no loopback address
          leave it out: the host always reaches the port; a port published on [::1] is for the host alone
    "#]].assert_eq(&told);
    args.allow = Some(vec!["127.0.0.1".parse().unwrap()]);
    assert_eq!(Settings::load(&args).unwrap().warnings().len(), 1);
    args.allow = Some(vec!["192.0.2.0/24".parse().unwrap()]);
    assert_eq!(Settings::load(&args).unwrap().warnings(), []);
}
