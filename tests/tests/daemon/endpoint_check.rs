//! `tidegate endpoint check`: what an endpoint lacks in its namespace and on the host.

use serde_json::Value;
use tidegate_tests::{Lab, require_root_kernel};

use crate::drivers;

/// The parts of which something is found, without repetitions.
fn parts(lab: &Lab) -> Vec<String> {
    let output = lab.host.tidegate(&["endpoint", "check", "front", "--json"]);
    let found: Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:#?}"));
    let found = found["findings"].as_array().unwrap();
    assert_eq!(
        output.code,
        Some(i32::from(!found.is_empty())),
        "{output:#?}"
    );
    let mut parts: Vec<String> = found
        .iter()
        .map(|finding| finding["part"].as_str().unwrap().to_owned())
        .collect();
    parts.dedup();
    parts
}

#[test]
fn each_thing_that_another_program_took_from_an_endpoint_is_found_until_it_is_put_back() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let front = lab.attach("web", "front", &["8080:80", "127.0.0.1:53:53/udp"]);
        let _other = lab.attach("web", "other", &["8081:80"]);
        assert_eq!(parts(&lab), [""; 0], "{driver}");
        assert_eq!(lab.host.ok(&["endpoint", "check", "front"]), "");
        let said = |command: &str| front.netns.sh(command).trim().to_owned();
        let mac = front.endpoint["mac"].as_str().unwrap();
        let (v4, v6) = (front.v4(0).ip(), front.v6(0).ip());
        let names = said("ip route show 169.254.53.53");
        let default = said("ip route show default");
        for (take, found, give) in [
            (
                format!("ip addr del {v4}/24 dev eth0"),
                &["address", "route"][..],
                format!(
                    "ip addr add {v4}/24 dev eth0; ip route add {default}; ip route replace {names}"
                ),
            ),
            (
                format!("ip addr del {v6}/64 dev eth0"),
                &["address"],
                format!("ip addr add {v6}/64 dev eth0 nodad"),
            ),
            (
                "ip route del 169.254.53.53".into(),
                &["route"],
                format!("ip route add {names}"),
            ),
            (
                "ip route del default".into(),
                &["route"],
                format!("ip route add {default}"),
            ),
            (
                "ip link set eth0 address 02:00:00:00:00:99".into(),
                &["interface"],
                format!("ip link set eth0 address {mac}"),
            ),
        ] {
            front.netns.sh(&take);
            assert_eq!(parts(&lab), found, "{driver}: {take}");
            front.netns.sh(&give);
            assert_eq!(parts(&lab), [""; 0], "{driver}: {give}");
        }
        let shown = || lab.host.tidegate(&["endpoint", "check", "front"]).stdout;
        front.netns.sh("ip link set eth0 down");
        assert!(
            shown().contains("interface  interface eth0 of the namespace is down"),
            "{}",
            shown()
        );
        front.netns.sh("ip link set eth0 name other0");
        assert!(
            shown().contains("the namespace has no interface eth0"),
            "{}",
            shown()
        );
        front.netns.sh("ip link add eth0 type veth peer name eth9");
        assert!(shown().contains("is another one"), "{}", shown());
    }
}

#[test]
fn an_element_that_another_program_took_from_the_table_is_found() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        lab.host.ok(&["network", "create", "web"]);
        let _front = lab.attach("web", "front", &["8080:80"]);
        let _other = lab.attach("web", "other", &["8081:80"]);
        // Takes until the daemon has put the table back: what is found in between is right.
        let mut found = Vec::new();
        for _ in 0..200 {
            lab.host
                .netns
                .sh("nft delete element inet tidegate publish4 '{ 6 . 8080 }' 2>/dev/null || true");
            let shown = lab.host.tidegate(&["endpoint", "check", "front"]);
            if shown.code == Some(1) {
                found.push(shown.stdout);
                break;
            }
        }
        let found = found.pop().unwrap_or_default();
        assert!(
            found.contains("rules") && found.contains("8080"),
            "{driver}: {found}"
        );
        let refused = lab.host.tidegate(&["endpoint", "check", "nobody"]);
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        assert!(
            refused.stderr.contains("endpoint nobody does not exist"),
            "{refused:#?}"
        );
    }
}
