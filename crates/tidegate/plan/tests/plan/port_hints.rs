//! What the refusal of a port says that helps.

use error_hint::Hint;
use tidegate_api::Publish;
use tidegate_model::{PortBinding, Source};
use tidegate_plan::{Refused, publish};

use crate::ports::{asked, facts, given};
use crate::values::{attach, name, state_with};

/// The free ports of the configuration have no part in a range that a request names.
#[test]
fn where_no_port_is_free_the_hint_names_the_range_that_counts() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["8000:1"]);
    let hint = |port: &str, free: &str| {
        let refused = given(&state, &[port], &facts(free, &[])).unwrap_err();
        let is_full = matches!(refused, Refused::NoFreePort { .. });
        assert!(is_full, "{port}: {refused}");
        refused.hint().unwrap_or_default().into_owned()
    };
    let pool = "widen `ports.free` in tidegated.toml (--free-ports), or give a port of the host: `HOSTPORT:80/tcp`";
    // A pool of one port is one too: what was typed would not be a way out.
    for port in ["80", "127.0.0.1::80"] {
        assert_eq!(hint(port, "8000"), pool, "{port}");
    }
    let mut both = state_with(&["web"]);
    attach(&mut both, "web", 1, &["8000-8001:1-2"]);
    let refused = given(&both, &["8000-8001:80"], &facts("61000", &[])).unwrap_err();
    assert_eq!(
        refused.hint().as_deref(),
        Some("give a wider range, another one, or none (`80/tcp` takes a free port)")
    );
}

/// One of them alone would be in the way after the other is withdrawn.
#[test]
fn a_hint_names_everything_that_is_in_the_way() {
    let mut state = state_with(&["web"]);
    attach(
        &mut state,
        "web",
        1,
        &["127.0.0.1:80:1", "192.0.2.1:80:2", "81:3"],
    );
    attach(&mut state, "web", 2, &["192.0.2.2:80:1"]);
    let hint = |refused: Refused| refused.hint().unwrap_or_default().into_owned();
    let taken = hint(given(&state, &["80:9"], &facts("9", &[])).unwrap_err());
    let commands = "`tidegate unpublish ep-1 127.0.0.1:80:1/tcp 192.0.2.1:80:2/tcp` and `tidegate unpublish ep-2 \
                    192.0.2.2:80:1/tcp` first, which ends the connections through it";
    assert!(taken.ends_with(commands), "{taken}");
    let own = publish(&state, &name("ep-1"), &asked(&["80:9"]), &facts("9", &[]));
    let own = hint(own.unwrap_err());
    assert!(own.ends_with(commands), "{own}");
    let ambiguous = tidegate_plan::unpublish(&state, &name("ep-1"), &["81:3".parse().unwrap()]);
    assert!(ambiguous.is_ok());
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["443:80", "8443:443"]);
    let ambiguous = tidegate_plan::unpublish(&state, &name("ep-1"), &["443".parse().unwrap()]);
    assert_eq!(
        hint(ambiguous.unwrap_err()),
        "write it HOSTPORT:PORT: `tidegate unpublish ep-1 8443:443/tcp`, or `tidegate unpublish ep-1 443:80/tcp`"
    );
}

#[test]
fn other_clients_of_a_port_that_is_published_are_something_to_do() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &["80:80"]);
    let lan = ["192.0.2.0/24".parse().unwrap()];
    let with_list = |ports: &[&str], allow: &[Source]| Publish {
        allow: allow.to_vec(),
        ..asked(ports)
    };
    let plan = publish(
        &state,
        &name("ep-1"),
        &with_list(&["81:81"], &lan),
        &facts("9", &[]),
    );
    state.apply(&plan.unwrap().change);
    let hint = |port: &str, allow: &[Source]| {
        let wanted = with_list(&[port], allow);
        let refused = publish(&state, &name("ep-1"), &wanted, &facts("9", &[])).unwrap_err();
        refused.hint().unwrap_or_default().into_owned()
    };
    let change = |port| {
        format!(
            "to change its clients, `tidegate unpublish ep-1 {port}/tcp` first, which ends the connections through it"
        )
    };
    assert_eq!(hint("80:80", &lan), change("80:80"));
    assert_eq!(
        hint("81:81", &["0.0.0.0/0".parse().unwrap()]),
        change("81:81")
    );
    for (port, allow) in [("81:81", &lan[..]), ("81:81", &[]), ("80:80", &[])] {
        let told = hint(port, allow);
        assert!(told.starts_with("leave it out: "), "{told}");
    }
}

#[test]
fn the_port_of_the_dns_server_is_refused_as_such_and_never_chosen() {
    let mut state = state_with(&["web"]);
    state.resolver = Some(299);
    let host = facts("299-300", &[]);
    for port in [
        "299:80",
        "0.0.0.0:299:80/udp",
        "10.208.0.1:299:80",
        "169.254.53.53:299:80",
    ] {
        let refused = given(&state, &[port], &host).unwrap_err();
        let binding: PortBinding = port.parse().unwrap();
        assert_eq!(
            refused.to_string(),
            format!(
                "port {binding} is the one on which Tidegate's own DNS server listens (`dns.port`)"
            )
        );
        assert!(
            refused
                .hint()
                .unwrap_or_default()
                .contains("set another `dns.port`")
        );
        assert_eq!(refused.code(), tidegate_api::RefusalCode::PortTaken);
    }
    for port in ["192.0.2.1:299:80", "299:80/sctp", "300:80"] {
        assert!(given(&state, &[port], &host).is_ok(), "{port}");
    }
    assert_eq!(given(&state, &["80"], &host).unwrap(), "300:80/tcp");
    state.resolver = None;
    assert!(given(&state, &["299:80"], &host).is_ok());
}
