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
    let attach = attach.replace(
        "/run/netns/1",
        &path.unwrap().netns.path.display().to_string(),
    );
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
    assert_eq!(
        hint(&two(Access::Internal, &[]), "outside", "store:80"),
        None
    );
    assert_eq!(hint(&state, "outside as 192.0.2.7", "front:80"), None);
}
