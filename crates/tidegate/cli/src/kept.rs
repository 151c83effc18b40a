//! Which endpoints `endpoint gc` keeps.

use std::collections::BTreeSet;

use tidegate_api::EndpointView;
use tidegate_args::UnusedArgs;
use tidegate_model::{Name, OwnerId};

/// The identifiers that `--keep` names. Each can be written with the engine before it, as `endpoint inspect` shows an owner. An
/// identifier that begins like that is kept as it is written too.
pub(crate) fn identifiers(engine: &Name, given: Vec<OwnerId>) -> Vec<OwnerId> {
    let prefix = format!("{engine}/");
    let both = |id: OwnerId| {
        let rest = id.as_str().strip_prefix(&prefix);
        let rest = rest.and_then(|rest| rest.parse().ok());
        std::iter::once(id).chain(rest)
    };
    given.into_iter().flat_map(both).collect()
}

/// What has no effect: an engine that owns nothing, and what is to be kept and is not there. Both may be misspelt.
pub(crate) fn without_effect(args: &UnusedArgs, endpoints: &[EndpointView]) -> Vec<String> {
    let UnusedArgs {
        engine,
        network,
        keep,
    } = args;
    let is_asked = |view: &&EndpointView| {
        let own = view.endpoint.network.as_str();
        network
            .as_ref()
            .is_none_or(|it| it.as_str().eq_ignore_ascii_case(own))
    };
    let owned = endpoints.iter().filter_map(|view| {
        let owner = view.endpoint.owner.as_ref()?;
        (owner.engine == *engine).then_some((view, &owner.id))
    });
    if !owned.clone().any(|(view, _)| is_asked(&view)) {
        let on = network
            .as_ref()
            .map_or_else(String::new, |it| format!(" on network {it}"));
        return vec![format!(
            "nothing was removed: no endpoint{on} has an owner of the engine {engine}"
        )];
    }
    let there: BTreeSet<&OwnerId> = owned.map(|(_, id)| id).collect();
    let is_there = |id: &&OwnerId| {
        let mut meant = identifiers(engine, vec![(*id).clone()]).into_iter();
        meant.any(|id| there.contains(&id))
    };
    let absent = keep.iter().filter(|id| !is_there(id));
    let told = absent.map(|id| {
        format!("--keep {id} keeps nothing: no endpoint of the engine {engine} has this owner")
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_owns_nothing_and_a_kept_owner_that_is_not_there_are_told() {
        let endpoint = |network: &str, owner| -> EndpointView {
            let view = serde_json::json!({
                "name": "front", "network": network, "netns": { "path": "/n", "id": { "dev": 4, "ino": 1 } },
                "host-ifname": "tgv1", "ifname": "eth0", "mac": "02:76:00:00:00:01", "addresses": [],
                "gateways": [], "ports": [], "owner": owner,
            });
            serde_json::from_value(view).unwrap()
        };
        let endpoints = [
            endpoint(
                "web",
                serde_json::json!({ "engine": "cni", "id": "bb/eth0" }),
            ),
            endpoint(
                "db",
                serde_json::json!({ "engine": "cni", "id": "cc/eth0" }),
            ),
            endpoint("db", serde_json::json!({ "engine": "docker", "id": "dd" })),
            endpoint("db", serde_json::Value::Null),
        ];
        let told = |engine: &str, network: Option<&str>, keep: &[&str]| {
            let args = UnusedArgs {
                engine: engine.parse().unwrap(),
                network: network.map(|it| it.parse().unwrap()),
                keep: keep.iter().map(|it| it.parse().unwrap()).collect(),
            };
            without_effect(&args, &endpoints)
        };
        let nothing: Vec<String> = Vec::new();
        assert_eq!(told("cni", None, &["bb/eth0", "cni/cc/eth0"]), nothing);
        assert_eq!(told("cni", Some("WEB"), &["cc/eth0"]), nothing);
        assert_eq!(
            told("cni", None, &["bb/eth0", "bb/eth1", "cni/xx"]),
            [
                "--keep bb/eth1 keeps nothing: no endpoint of the engine cni has this owner",
                "--keep cni/xx keeps nothing: no endpoint of the engine cni has this owner",
            ]
        );
        assert_eq!(
            told("podman", None, &["bb/eth0"]),
            ["nothing was removed: no endpoint has an owner of the engine podman"]
        );
        assert_eq!(
            told("docker", Some("web"), &[]),
            ["nothing was removed: no endpoint on network web has an owner of the engine docker"]
        );
    }

    #[test]
    fn an_owner_as_it_is_shown_and_its_identifier_alone_are_both_kept() {
        let kept = |given: &[&str]| {
            let given = given.iter().map(|id| id.parse().unwrap()).collect();
            let kept = identifiers(&"cni".parse().unwrap(), given).into_iter();
            kept.map(|id| id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(kept(&["bb/eth0"]), ["bb/eth0"]);
        assert_eq!(kept(&["cni/bb/eth0"]), ["cni/bb/eth0", "bb/eth0"]);
        assert_eq!(kept(&["cni/"]), ["cni/"]);
    }
}
