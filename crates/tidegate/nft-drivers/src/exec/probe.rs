//! Queries the release and the capabilities of `nft`.

use std::time::Duration;

use tidegate_nft::{Error, Kind, Support};

use super::child::Child;
use crate::message;
use crate::process::Runner;
use crate::script::Script;

/// Time limit for these queries.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Release and JSON of an `nft`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) version: Option<String>,
    pub(super) json: Support,
}

/// Asks `nft -V`, which releases from 0.9.4 have, and else `nft -v` and a listing that reads nothing.
pub(super) fn about(runner: &mut dyn Runner) -> Result<About, Error> {
    let long = runner.run(&["-V"], "", TIME_LIMIT)?;
    if let (Some(version), Some(json)) = (version(&long.stdout), json(&long.stdout)) {
        return Ok(About {
            version: Some(version),
            json,
        });
    }
    let short = runner.run(&["-v"], "", TIME_LIMIT)?;
    let empty = runner.run(&["-j", "-c", "-f", "-"], "{\"nftables\":[]}", TIME_LIMIT)?;
    let json = match (empty.success, message::kind(&empty.stderr)) {
        (true, _) => Support::Yes,
        (false, Kind::Unsupported) => Support::No,
        (false, _) => Support::could_not_tell(empty.stderr.trim()),
    };
    Ok(About {
        version: version(&short.stdout),
        json,
    })
}

/// `1.0.6` of `nftables v1.0.6 (Lester Gooch #5)`.
fn version(output: &str) -> Option<String> {
    let word = output.lines().next()?.split_whitespace().nth(1)?;
    let version = word.strip_prefix('v')?;
    version
        .starts_with(|first: char| first.is_ascii_digit())
        .then(|| version.to_owned())
}

fn json(output: &str) -> Option<Support> {
    let line = output
        .lines()
        .find_map(|line| line.trim().strip_prefix("json:"))?;
    match line.trim() {
        "yes" => Some(Support::Yes),
        "no" => Some(Support::No),
        _ => None,
    }
}

/// Starts a long-lived child and checks its answers: none to an empty line, and an error to an incomplete operation.
pub(super) fn child(runner: &mut dyn Runner) -> Result<Child, Error> {
    let mut child = Child::start(runner)?;
    let mut ask = |op: &str| {
        let answer = child.exchange(&Script::of_lines(&[op]), TIME_LIMIT);
        answer.map_err(|lost| lost.error)
    };
    let nothing = ask("")?;
    if !nothing.is_empty() {
        // Without privileges, nft answers every input with that error.
        let kind = match message::kind(&nothing) {
            Kind::Permission => Kind::Permission,
            _ => Kind::DriverGone,
        };
        return Err(Error::new(kind, format!("nft -i says: {}", nothing.trim())));
    }
    if !message::has_error(&ask("add table")?) {
        return Err(Error::gone("nft -i does not report errors"));
    }
    Ok(child)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_long_version_is_read() {
        let output = "nftables v1.0.6 (Lester Gooch #5)\n  cli:\t\teditline\n  json:\t\tyes\n";
        assert_eq!(version(output).as_deref(), Some("1.0.6"));
        assert_eq!(json(output), Some(Support::Yes));
        assert_eq!(json("nftables v0.9.3 (Topsy)\n"), None);
        assert_eq!(version("something else"), None);
    }
}
