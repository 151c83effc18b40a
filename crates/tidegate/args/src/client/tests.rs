use super::headings::*;
use super::*;
use clap::CommandFactory;

fn parse(line: &str) -> Result<Client, String> {
    Client::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())
}

#[test]
fn the_definition_is_sound() {
    Client::command().debug_assert();
}

#[test]
fn global_flags_may_follow_the_command() {
    let client = parse("tidegate network ls --json --socket /tmp/s").unwrap();
    assert!(client.json);
    assert_eq!(client.socket, PathBuf::from("/tmp/s"));
}

#[test]
fn an_attach_takes_exactly_one_namespace() {
    assert!(parse("tidegate attach web --netns a").is_ok());
    assert!(parse("tidegate attach web --pid 1").is_ok());
    for bad in ["", "--netns a --pid 1", "--pid 0", "--pid x"] {
        assert!(
            parse(&format!("tidegate attach web {bad}")).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn ports_are_parsed_in_the_order_given() {
    let client = parse("tidegate attach web --netns a -p 80:80 -p [::1]:53:53/udp").unwrap();
    let publish = match client.command {
        ClientCommand::Attach(attach) => attach.publish,
        _ => Vec::new(),
    };
    let shown: Vec<_> = publish.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["80:80/tcp", "[::1]:53:53/udp"]);
}

#[test]
fn addresses_and_ports_are_repeated_or_separated_by_commas() {
    let command = |line: &str| parse(line).unwrap().command;
    for (list, repeated) in [
        (
            "network create web --subnet 10.1.0.0/24,fd00:1::/64 --gateway 10.1.0.9,fd00:1::9 --host-ip ::,0.0.0.0",
            "network create web --subnet 10.1.0.0/24 --subnet fd00:1::/64 --gateway 10.1.0.9 --gateway fd00:1::9 \
             --host-ip :: --host-ip 0.0.0.0",
        ),
        (
            "network create web --aux-address a=10.1.0.2,b=10.1.0.3 --snat 192.0.2.1,2001:db8::1 --trusted-interface a,b",
            "network create web --aux-address a=10.1.0.2 --aux-address b=10.1.0.3 --snat 192.0.2.1 --snat 2001:db8::1 \
             --trusted-interface a --trusted-interface b",
        ),
        (
            "attach web --netns a -p 80:80,443:443 --allow 192.0.2.0/24,::/0 --alias x,y",
            "attach web --netns a -p 80:80 -p 443:443 --allow 192.0.2.0/24 --allow ::/0 --alias x --alias y",
        ),
        ("publish front 80:80,443:443", "publish front 80:80 443:443"),
    ] {
        let [list, repeated] = [list, repeated].map(|line| command(&format!("tidegate {line}")));
        assert_eq!(list, repeated);
    }
    // The value of a label may have commas.
    let labelled = command("tidegate network create web --label a=b,c");
    let has = |create: &CreateArgs| create.label[0].1 == "b,c";
    assert!(
        matches!(labelled, ClientCommand::Network(NetworkCommand::Create(create)) if has(&create))
    );
}

#[test]
fn either_flag_takes_an_address_of_either_family() {
    let addresses = |line: &str| match parse(&format!("tidegate attach web --netns a {line}")) {
        Ok(Client {
            command: ClientCommand::Attach(attach),
            ..
        }) => attach.ip,
        other => unreachable!("{other:?}"),
    };
    let both: [IpAddr; 2] = ["10.1.0.9", "fd50::10"].map(|ip| ip.parse().unwrap());
    for line in [
        "--ip 10.1.0.9 --ip fd50::10",
        "--ip 10.1.0.9,fd50::10",
        "--ip 10.1.0.9 --ip6 fd50::10",
        "--ip6 10.1.0.9 --ip fd50::10",
    ] {
        assert_eq!(addresses(line), both, "{line}");
    }
}

/// The options of a command as its help lists them, and the headings above them.
fn order_of(command: &[&str]) -> Vec<String> {
    let help = Client::try_parse_from([&["tidegate"], command, &["-h"]].concat());
    let help = help.unwrap_err().to_string();
    let listed = |line: &str| {
        let option = line
            .trim_start()
            .trim_start_matches("-p, ")
            .trim_start_matches("-h, ");
        let option = option.strip_prefix("--").filter(|_| line.starts_with("  "));
        let heading = line.strip_suffix(':').filter(|_| !line.starts_with(' '));
        let name = option.and_then(|option| option.split([' ', '.']).next());
        name.or(heading).map(str::to_owned)
    };
    let lines = help.lines().skip_while(|line| !line.ends_with(':'));
    let end = |line: &&str| !line.starts_with("Example");
    lines.take_while(end).filter_map(listed).collect()
}

#[test]
fn the_help_lists_what_is_used_most_first_and_the_options_of_every_command_last() {
    let position =
        |order: &[String], name: &str| order.iter().position(|listed| listed == name).unwrap();
    for (command, in_order) in [
        (
            &["attach"][..],
            &[
                "netns", "name", "publish", "allow", "alias", INTERFACE, "ip", "mac", GLOBAL,
                "json",
            ][..],
        ),
        (
            &["network", "create"],
            &[
                ADDRESSES, "subnet", "no-ipv6", "gateway", ACCESS, "internal", "no-icc", OUTSIDE,
                "mode", "snat", PUBLISHED, "host-ip", "allow", BRIDGE, "bridge", "mtu", GLOBAL,
                "json", "socket",
            ],
        ),
    ] {
        let order = order_of(command);
        let places: Vec<usize> = in_order.iter().map(|name| position(&order, name)).collect();
        assert!(places.is_sorted(), "{order:?}");
    }
}

/// clap wraps a paragraph to the width of the terminal. Line breaks inside of one would stay, and tear it.
#[test]
fn paragraphs_below_the_options_have_no_line_breaks() {
    fn check(command: &clap::Command) {
        let text = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        for paragraph in text.split("\n\n") {
            let is_prose = !paragraph.lines().any(|line| line.starts_with(' '));
            assert!(!is_prose || paragraph.lines().count() < 2, "{paragraph}");
        }
        command.get_subcommands().for_each(check);
    }
    check(&Client::command());
    check(&crate::tidegated());
}

#[test]
fn a_wrong_value_is_refused_with_its_reason() {
    let refused = parse("tidegate attach web --netns a -p 80:x").unwrap_err();
    assert!(refused.contains("port: \"x\" is not a number"), "{refused}");
    let refused = parse("tidegate network create a/b").unwrap_err();
    assert!(refused.contains("it contains '/'"), "{refused}");
}
