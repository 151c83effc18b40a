//! What is advised for a packet that does not arrive: nothing that opens more than it asks for.

use super::*;

fn hint(state: &State, from: &str, to: &str) -> Option<String> {
    let explained = explain_on(state, &routing(state), from, to).unwrap();
    explained.paths.into_iter().next().unwrap().hint
}

/// Networks `web`, with the endpoints `front` and `back`, and `db` with this access, with the endpoint `store`.
fn two(access: Access, ports: &[&str]) -> State {
    let mut state = web(Policy::default(), &[]);
    let policy = Policy {
        access,
        ..Policy::default()
    };
    let request = CreateNetwork {
        policy,
        ..network("db")
    };
    state.apply(&create(&state, &request).unwrap().change);
    attach_as(&mut state, "db", "store", 9, ports);
    state
}

#[test]
fn between_two_endpoints_the_host_publishes_nothing() {
    let connect = "let network web reach network db: `tidegate network connect --one-way web db`";
    for to in ["store:5432", "store"] {
        assert_eq!(
            hint(&two(Access::Open, &[]), "front", to).as_deref(),
            Some(connect)
        );
    }
    assert_eq!(
        hint(&two(Access::Open, &["8080:5432"]), "front", "store:5432").as_deref(),
        Some("the port is published: use host:8080/tcp")
    );
    // A network that is shut for others stays shut.
    let attach = "attach front to network db too: `tidegate attach db --netns /run/netns/1`";
    let state = two(Access::Internal, &["8080:5432"]);
    let path = state
        .endpoints
        .values()
        .find(|it| it.name.as_str() == "front");
    let attach = attach.replace("/run/netns/1", &path.unwrap().place.to_string());
    assert_eq!(hint(&state, "front", "store:5432"), Some(attach));
}

#[test]
fn a_port_is_published_for_the_sender_alone_if_that_is_known() {
    let state = web(Policy::default(), &[]);
    for (from, expected) in [
        ("outside", "publish it: `tidegate publish front 80/tcp`"),
        (
            "192.0.2.7",
            "publish it: `tidegate publish front 80/tcp --allow 192.0.2.7`",
        ),
    ] {
        assert_eq!(hint(&state, from, "front:80").as_deref(), Some(expected));
    }
    assert_eq!(hint(&state, "outside as 192.0.2.7", "front:80"), None);
}

/// What is shut stays shut: the namespace can be on another network besides.
#[test]
fn a_network_that_is_not_open_is_named_with_what_it_is() {
    let state = two(Access::Internal, &["8080:5432"]);
    let asked = |from: &str, to: &str| {
        let explained = explain_on(&state, &routing(&state), from, to).unwrap();
        let path = explained.paths.into_iter().next().unwrap();
        assert!(!path.fate.is_arrival(), "{path:?}");
        (path.why, path.hint.unwrap_or_default())
    };
    let internal =
        "network db is internal: its endpoints exchange packets only with each other and the host";
    let too = "store to an open network too: `tidegate attach web --netns /run/netns/c";
    for (from, to, hint) in [
        ("store", "192.0.2.7:443", format!("attach {too}`")),
        ("store", "outside:443", format!("attach {too}`")),
        (
            "outside",
            "host:8080",
            format!("if other machines should reach it, attach {too} -p 5432/tcp`"),
        ),
        (
            "192.0.2.7",
            "store:5432",
            format!("if other machines should reach it, attach {too} -p 5432/tcp`"),
        ),
    ] {
        let (why, found) = asked(from, to);
        assert!(why.contains(internal), "{from} {to}: {why}");
        assert_eq!(found, hint, "{from} {to}");
    }
    // Through a published port neither.
    let mut state = two(Access::Internal, &[]);
    attach_as(&mut state, "web", "shop", 5, &["9000:90"]);
    let db = state.networks.values().find(|it| it.name.as_str() == "db");
    let at = format!("{}:9000", db.unwrap().subnets[0].gateway);
    let explained = explain_on(&state, &routing(&state), "store", &at).unwrap();
    let path = &explained.paths[0];
    assert!(path.why.contains(internal), "{path:?}");
    let hint = path.hint.clone().unwrap_or_default();
    assert!(
        hint.starts_with("attach store to network web too"),
        "{hint}"
    );
    let why = |access| {
        let state = two(access, &[]);
        let explained = explain_on(&state, &routing(&state), "store", "192.0.2.7:443").unwrap();
        explained.paths[0].why.clone()
    };
    assert!(
        why(Access::Isolated).contains("network db is isolated"),
        "{}",
        why(Access::Isolated)
    );
    assert!(
        !why(Access::Open).contains("network db"),
        "{}",
        why(Access::Open)
    );
}
