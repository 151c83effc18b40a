//! What endpoints of containers are called.
//!
//! A container can be on several networks, and its name can be that of others elsewhere. So an endpoint is named after
//! the container's id and the interface, and the container's names are aliases.

use tidegate_api::new_name;
use tidegate_model::Name;

use crate::{Refused, Why};

/// How many digits of a container's id name an endpoint: as many as engines show.
const SHORT: usize = 12;

/// How many digits a container's id has, where it is a random number.
const RANDOM: usize = 64;

/// The name of the endpoint of a container's interface: always the same.
pub(crate) fn endpoint(id: &str, ifname: &str) -> Result<Name, Refused> {
    let is_random = id.len() == RANDOM && id.bytes().all(|b| b.is_ascii_hexdigit());
    let id = match is_random {
        true => id.get(..SHORT).unwrap_or(id),
        false => id,
    };
    let whole = format!("{id}-{ifname}");
    let name = match whole.len() <= Name::MAX {
        true => whole,
        false => {
            let end = format!("-{:08x}-{ifname}", fingerprint(id));
            let begin: String = id.chars().take(Name::MAX - end.len()).collect();
            format!("{begin}{end}")
        }
    };
    name.parse().map_err(Refused::at("the container's id"))
}

/// Adds an alias that a container has with an engine. A name in DNS has at most 63 characters: what is longer is cut,
/// with a warning. A name that Tidegate gives to no endpoint is left out, with a warning: an engine can have such a container.
pub(crate) fn add_alias(
    aliases: &mut Vec<Name>,
    warnings: &mut Vec<String>,
    network: &Name,
    given: &str,
) -> Result<(), Refused> {
    let mut short = given;
    if given.len() > Name::MAX && given.is_ascii() {
        short = given.get(..Name::MAX).unwrap_or(given);
        warnings.push(format!(
            "the name {given:?} has {} characters: in DNS it is {short:?}",
            given.len()
        ));
    }
    let alias: Name = short.parse().map_err(Refused::at("alias"))?;
    if let Err(invalid) = new_name::of_endpoint(&alias, network) {
        warnings.push(format!("no endpoint is found by this name: {invalid}"));
        return Ok(());
    }
    let is_there = |other: &Name| other.as_str().eq_ignore_ascii_case(alias.as_str());
    if !aliases.iter().any(is_there) {
        aliases.push(alias);
    }
    Ok(())
}

/// The name of a network, which is the engine's.
pub(crate) fn network(given: &str) -> Result<Name, Refused> {
    given.parse().map_err(|invalid: tidegate_model::Invalid| {
        let message = format!("the network's name is not one that Tidegate can use: {invalid}");
        Refused::new(Why::Invalid, message).with_hint(invalid.hint)
    })
}

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>), 32 bits: the same in every release, so that ADD and DEL of two releases agree.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_named_after_the_container_and_the_interface() {
        let random = "3f2a9c81be07".to_owned() + &"0".repeat(52);
        let long = "default-".to_owned() + &"x".repeat(80);
        for (id, ifname, name) in [
            (random.as_str(), "eth0", "3f2a9c81be07-eth0"),
            ("default-web", "eth1", "default-web-eth1"),
            (
                &long,
                "eth0",
                "default-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-62fd0f49-eth0",
            ),
        ] {
            let named = endpoint(id, ifname).unwrap();
            assert_eq!(named.as_str(), name);
            assert!(named.as_str().len() <= Name::MAX);
        }
        let other = "default-".to_owned() + &"x".repeat(81);
        assert_ne!(endpoint(&long, "eth0"), endpoint(&other, "eth0"));
    }

    /// The published values of the function for these texts.
    #[test]
    fn the_fingerprint_is_that_of_the_standard() {
        assert_eq!(fingerprint(""), 0x811c_9dc5);
        assert_eq!(fingerprint("a"), 0xe40c_292c);
        assert_eq!(fingerprint("foobar"), 0xbf9c_f968);
    }

    #[test]
    fn an_alias_is_there_once_and_is_cut_where_dns_ends() {
        let (mut aliases, mut warnings) = (Vec::new(), Vec::new());
        let long = "x".repeat(70);
        let network = "web".parse().unwrap();
        for given in ["web", "WEB", "db", &long] {
            add_alias(&mut aliases, &mut warnings, &network, given).unwrap();
        }
        let texts: Vec<&str> = aliases.iter().map(Name::as_str).collect();
        assert_eq!(texts, ["web", "db", &long[..63]]);
        let [warning] = &warnings[..] else {
            unreachable!("one name is long")
        };
        assert!(warning.contains("has 70 characters"), "{warning}");
        let refused = add_alias(&mut aliases, &mut warnings, &network, "a b").unwrap_err();
        assert!(refused.message.contains("it contains ' '"), "{refused}");
    }

    /// Else a container of that name could not start.
    #[test]
    fn a_name_that_no_endpoint_can_have_is_left_out_with_a_warning() {
        for given in ["gateway", "host", "10.0.0.1", "host.docker.internal"] {
            let (mut aliases, mut warnings) = (Vec::new(), Vec::new());
            let network = "web".parse().unwrap();
            add_alias(&mut aliases, &mut warnings, &network, given).unwrap();
            assert_eq!(aliases, [], "{given}");
            assert!(
                matches!(&warnings[..], [it] if it.contains(given)),
                "{warnings:?}"
            );
        }
    }
}
