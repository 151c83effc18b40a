use std::num::NonZeroU16;

use tidegate_model::Forwarding;

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

#[test]
fn invalid_text_is_refused_with_its_position() {
    let refusal = |text: &str| parse(text).unwrap_err();
    for (text, expected) in [
        (
            "\nsokcet = 'x'",
            "/etc/tidegate/tidegated.toml:2:1: unknown field `sokcet`",
        ),
        (
            "[nft]\ndriver = 'iptables'",
            "/etc/tidegate/tidegated.toml:2:10: ",
        ),
        (
            "[nft]\n\n  drivre = 'exec'",
            "/etc/tidegate/tidegated.toml:3:3: unknown field `drivre`",
        ),
        (
            "log-level = 'loud'",
            "/etc/tidegate/tidegated.toml:1:13: unknown variant `loud`",
        ),
        (
            "[pools]\nipv4 = [{ base = '10.0.0.1/8', size = 16 }]",
            "tidegated.toml:2:",
        ),
        (
            "[pool]",
            "/etc/tidegate/tidegated.toml:1:2: unknown field `pool`",
        ),
        ("[dns]\nport = 0", "/etc/tidegate/tidegated.toml:2:8: "),
        (
            "[dns]\nupstreams = ['dns.example']",
            "tidegated.toml:2:13: \"dns.example\" is not a server",
        ),
        ("é = 1 = 2", "/etc/tidegate/tidegated.toml:1:"),
    ] {
        let refused = refusal(text);
        assert!(refused.contains(expected), "{text:?}: {refused}");
    }
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
        ["1", "2", "4", "5", "7", "8", "12", "13"],
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
    assert_eq!(shown.len(), 14, "every key is shown: {shown:#?}");
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
