//! What the configuration or Cargo.toml says of the program.

use crate::complaint::Complaint;

/// What the configuration says of the program, else the Cargo manifest of the main package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'a> {
    /// The licence.
    pub license: &'a str,
    /// The maintainer, else the first author.
    pub maintainer: &'a str,
    /// The homepage, else the repository.
    pub homepage: &'a str,
}

/// What is wrong in it. The keys are those of `[package]` in a Cargo manifest.
#[must_use]
pub fn source(said: &Said<'_>) -> Vec<Complaint> {
    [
        license(said.license),
        maintainer(said.maintainer),
        homepage(said.homepage),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn license(text: &str) -> Option<Complaint> {
    let error = spdx::Expression::parse(text).err()?;
    let meant = spdx::Expression::canonicalize(text).ok().flatten();
    let hint = match meant.filter(|it| spdx::Expression::parse(it).is_ok()) {
        Some(meant) => format!("write {meant:?}"),
        None => "use names of https://spdx.org/licenses, as in \"MIT OR Apache-2.0\", or LicenseRef-NAME".to_owned(),
    };
    let what = format!(
        "license {text:?} is not an SPDX expression: {}",
        error.reason
    );
    Some(Complaint::about(&["license"], what, hint))
}

/// Debian Policy 5.6.2: a name, and an address in angle brackets.
fn maintainer(text: &str) -> Option<Complaint> {
    let address = text.trim().split_once(" <");
    let is_sound = address.is_some_and(|(name, rest)| {
        let address = rest.strip_suffix('>').and_then(|it| it.split_once('@'));
        let fits = |part: &str| !part.is_empty() && !part.contains([' ', '<', '>', '@', ',']);
        !name.trim().is_empty() && address.is_some_and(|(user, host)| fits(user) && fits(host))
    });
    let what = format!("the maintainer {text:?} is not a name and an address");
    let hint = "write it as \"Name <name@example.org>\"; without `maintainer` it is the first author of Cargo.toml";
    (!is_sound).then(|| Complaint::about(&["authors"], what, hint))
}

fn homepage(text: &str) -> Option<Complaint> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let is_sound = rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace));
    let what = format!("homepage {text:?} is not an address of the web");
    (!is_sound).then(|| Complaint::about(&["homepage"], what, "begin it with https://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: Said<'_> = Said {
        license: "MIT OR Apache-2.0",
        maintainer: "A. Person <a@example.org>",
        homepage: "https://example.org/",
    };

    fn complaint(said: &Said<'_>) -> (String, String) {
        let complaints = source(said);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        (complaints[0].what.clone(), complaints[0].hint.clone())
    }

    #[test]
    fn a_sound_manifest_has_no_fault() {
        assert_eq!(source(&SOUND), []);
        let license = "GPL-2.0-or-later WITH Classpath-exception-2.0";
        assert_eq!(source(&Said { license, ..SOUND }), []);
    }

    #[test]
    fn a_license_is_an_spdx_expression() {
        let (what, hint) = complaint(&Said {
            license: "MIT/Apache-2.0",
            ..SOUND
        });
        assert!(
            what.starts_with("license \"MIT/Apache-2.0\" is not an SPDX expression"),
            "{what}"
        );
        assert_eq!(hint, "write \"MIT OR Apache-2.0\"");
        let (_, hint) = complaint(&Said {
            license: "Mine",
            ..SOUND
        });
        assert!(hint.contains("spdx.org"), "{hint}");
    }

    #[test]
    fn a_maintainer_has_an_address() {
        for maintainer in ["A. Person", "<a@example.org>", "A <a>", "A <a@b> and B", ""] {
            let (what, _) = complaint(&Said {
                maintainer,
                ..SOUND
            });
            assert!(what.contains("is not a name and an address"), "{what}");
        }
    }

    #[test]
    fn a_homepage_is_an_address_of_the_web() {
        let (what, _) = complaint(&Said {
            homepage: "example.org",
            ..SOUND
        });
        assert_eq!(
            what,
            "homepage \"example.org\" is not an address of the web"
        );
    }
}
