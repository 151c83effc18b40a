//! Settings that were accepted and have no effect: the answer warns of them, and `inspect` and `doctor` as long as that is so.

use serde_json::Value;
use tidegate_tests::{Host, Lab, Netns, require_root_kernel, wait_until};

use crate::doctor::findings;
use crate::drivers;

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// What a command says on standard error: one that is done, with its answer on standard output.
fn told(host: &Host, line: &str) -> String {
    let output = host.tidegate(&words(line));
    assert_eq!(output.code, Some(0), "{output:#?}");
    assert!(!output.stdout.is_empty(), "{output:#?}");
    output.stderr
}

/// The texts of the warnings that `inspect` shows, as JSON and as text.
fn inspected(host: &Host, what: &str) -> Vec<String> {
    let line = words(what);
    let shown = host.json(&line);
    let warnings = shown["warnings"].as_array().cloned().unwrap_or_default();
    let text = |warning: &Value| warning["what"].as_str().unwrap().to_owned();
    let warnings: Vec<String> = warnings.iter().map(text).collect();
    let lines = host.ok(&line);
    for warning in &warnings {
        assert!(lines.contains(warning), "{warning}: {lines}");
    }
    warnings
}

/// Whether each of these texts is about one of these things, in the same order.
fn about(texts: &[String], things: &[&str]) {
    assert_eq!(texts.len(), things.len(), "{texts:#?}");
    for (text, thing) in texts.iter().zip(things) {
        assert!(text.contains(thing), "{thing}: {text}");
    }
}

#[test]
fn addresses_and_interfaces_that_the_host_lacks_are_told_as_long_as_it_lacks_them() {
    require_root_kernel!();
    for driver in drivers() {
        let lab = Lab::with_driver(&driver);
        let host = &lab.host;
        let of_web = [
            "address 192.0.2.91, at which network web publishes",
            "address 2001:db8::91, at which network web publishes",
            "address 192.0.2.92, from which packets of network web go out",
            "address 2001:db8::92, from which packets of network web go out",
            "no interface nope0, which network web trusts",
        ];
        let said = told(
            host,
            "network create web --host-ip 192.0.2.91 --host-ip 2001:db8::91 --snat 192.0.2.92 --snat 2001:db8::92 \
             --trusted-interface nope0 --trusted-interface wan",
        );
        let said: Vec<String> = said.lines().map(str::to_owned).collect();
        let warned = said.iter().filter(|line| line.starts_with("warning: "));
        about(&warned.cloned().collect::<Vec<_>>(), &of_web);
        let hints = said.iter().filter(|line| line.starts_with("hint: "));
        assert_eq!(hints.count(), of_web.len(), "{said:#?}");
        about(&inspected(host, "network inspect web"), &of_web);

        let netns = Netns::new();
        let netns = netns.name();
        let said = told(
            host,
            &format!(
                "attach web --netns {netns} --name front -p 192.0.2.93:8080:80 -p [2001:db8::93]:8080:80 -p 0.0.0.0:8081:80"
            ),
        );
        let of_front = [
            "address 192.0.2.93, at which endpoint front publishes 192.0.2.93:8080:80/tcp",
            "address 2001:db8::93, at which endpoint front publishes [2001:db8::93]:8080:80/tcp",
        ];
        assert_eq!(said.matches("warning: ").count(), of_front.len(), "{said}");
        about(&inspected(host, "endpoint inspect front"), &of_front);
        let said = told(host, "publish front 192.0.2.94:9000-9009:90-99");
        let more = "publishes 192.0.2.94:9000-9009:90-99/tcp: nobody reaches that";
        assert!(said.contains(more), "{said}");
        assert!(said.contains("hint: add it to an interface"), "{said}");
        about(
            &findings(host, "settings"),
            &[&of_web[..], &of_front[..1], &["192.0.2.94"], &of_front[1..]].concat(),
        );

        // The advice mends each.
        host.netns.sh("for n in 91 92 93 94; do
                 ip addr add 192.0.2.$n/32 dev wan; ip addr add 2001:db8::$n/128 dev wan nodad
             done
             ip link add nope0 type bridge");
        // The kernel makes an IPv6 address a local one in work of its own (addrconf_dad_work).
        wait_until("the kernel has the addresses", || {
            findings(host, "settings").is_empty()
        });
        assert_eq!(inspected(host, "network inspect web"), [""; 0]);
        assert_eq!(inspected(host, "endpoint inspect front"), [""; 0]);
        assert_eq!(told(host, "publish front 192.0.2.94:9010:100"), "");
        host.netns
            .sh("ip addr del 192.0.2.93/32 dev wan; ip link del nope0");
        about(&inspected(host, "endpoint inspect front"), &of_front[..1]);
        about(&inspected(host, "network inspect web"), &of_web[4..]);
        about(&findings(host, "settings"), &[of_web[4], of_front[0]]);
    }
}

#[test]
fn a_port_of_an_internal_network_is_said_to_be_for_the_host_alone() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    host.ok(&words("network create vault --internal"));
    let _safe = lab.attach("vault", "safe", &["127.0.0.1:8079:80"]);
    assert_eq!(inspected(host, "endpoint inspect safe"), [""; 0]);
    let said = told(host, "publish safe 8080:80 8081:81");
    let only =
        "network vault is internal: only the host can reach 8080-8081:80-81/tcp of endpoint safe";
    assert!(said.contains(&format!("warning: {only}")), "{said}");
    about(&inspected(host, "endpoint inspect safe"), &[only]);
    about(&findings(host, "settings"), &[only]);
    host.ok(&words("unpublish safe 8080:80 8081:81"));
    assert_eq!(findings(host, "settings"), [""; 0]);
}

#[test]
fn nothing_is_said_of_settings_that_take_effect() {
    require_root_kernel!();
    let lab = Lab::with_driver("auto");
    let host = &lab.host;
    let create = "network create web --host-ip 127.0.0.1 --host-ip :: --snat 192.0.2.1 --trusted-interface wan";
    assert_eq!(told(host, create), "");
    let netns = Netns::new();
    let attach = format!(
        "attach web --netns {} --name front -p 80 -p 192.0.2.1:8080:80 -p [2001:db8::1]:8080:80 -p [::1]:8081:80",
        netns.name()
    );
    assert_eq!(told(host, &attach), "");
    assert_eq!(told(host, "publish front 0.0.0.0:8082:80"), "");
    // An address that a route makes the host's own.
    host.netns.sh("ip route add local 198.51.100.0/24 dev lo");
    assert_eq!(told(host, "publish front 198.51.100.7:8083:80"), "");
    assert_eq!(findings(host, "settings"), [""; 0]);
}
