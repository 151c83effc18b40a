//! Which endpoints `endpoint gc` keeps.

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

#[cfg(test)]
mod tests {
    use super::*;

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
