//! Settings of the host where packages are built, which must not get into an image.

use std::path::PathBuf;
use std::str::FromStr;

use plimsoll_plan::distro::Distro;

/// Mirrors, proxy and certificates. A build gets them as secrets, binds and variables of the command that needs them.
/// No image layer and no remaining file contains them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// Mirrors that were asked for.
    pub mirrors: Vec<Mirror>,
    /// Mirrors that the host itself uses, for roots.
    pub host_mirrors: Vec<Mirror>,
    /// Whether the host's apt takes an archive whose lists have expired, as a snapshot's have.
    pub expired_lists: bool,
    /// The proxy for http and https.
    pub proxy: Option<String>,
    /// A file of certificates, in PEM, to be trusted.
    pub ca_bundle: Option<PathBuf>,
    /// The network of a container build, in the engine's own words. None: the engine's default.
    pub network: Option<String>,
}

/// A mirror of a distribution's archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// `ID` of the distribution's os-release(5).
    pub os: String,
    /// The URL that replaces the entry's `archive`, without a slash at its end.
    pub url: String,
}

/// A text that is not a mirror.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mirror {0:?} is not OS=URL, such as debian=http://mirror.example/debian")]
pub struct InvalidMirror(String);

impl FromStr for Mirror {
    type Err = InvalidMirror;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidMirror(text.to_owned());
        let (os, url) = text.split_once('=').ok_or_else(invalid)?;
        let is_url = ["http://", "https://"].iter().any(|s| url.starts_with(s));
        // It goes into sed(1) and a sources list as it is.
        let is_plain = !url.contains(|c: char| c.is_whitespace() || "|&\\'\"".contains(c));
        match !os.is_empty() && is_url && is_plain {
            true => Ok(Self {
                os: os.to_owned(),
                url: url.trim_end_matches('/').to_owned(),
            }),
            false => Err(invalid()),
        }
    }
}

impl Site {
    /// The mirror that was asked for, for a distribution.
    #[must_use]
    pub fn mirror(&self, distro: &Distro) -> Option<&str> {
        find(&self.mirrors, distro)
    }

    /// The mirror for a root: what was asked for, else what the host uses.
    #[must_use]
    pub fn root_mirror(&self, distro: &Distro) -> Option<&str> {
        self.mirror(distro)
            .or_else(|| find(&self.host_mirrors, distro))
    }

    /// Settings of apt for this host, as lines of an apt.conf(5) without line ends.
    #[must_use]
    pub fn apt_options(&self) -> Vec<String> {
        let mut options = Vec::new();
        if self.expired_lists {
            options.push("Acquire::Check-Valid-Until \"false\"".to_owned());
        }
        if let Some(proxy) = &self.proxy {
            options.push(format!("Acquire::http::Proxy \"{proxy}\""));
            options.push(format!("Acquire::https::Proxy \"{proxy}\""));
        }
        if let Some(file) = &self.ca_bundle {
            options.push(format!("Acquire::https::CAInfo \"{}\"", file.display()));
        }
        options
    }

    /// Reads the host's mirrors out of what apt-get(8) prints for [`Site::INDEX_TARGETS`].
    #[must_use]
    pub fn host_mirrors(index_targets: &str) -> Vec<Mirror> {
        let mut mirrors: Vec<Mirror> = Vec::new();
        for line in index_targets.lines() {
            // Security updates have an archive, and an origin's name in the suite, of their own.
            let Some([origin, suite, url]) = fields(line) else {
                continue;
            };
            let os = origin.to_lowercase();
            let known = mirrors.iter().any(|mirror| mirror.os == os);
            if known || suite.ends_with("-security") {
                continue;
            }
            mirrors.extend(format!("{os}={url}").parse::<Mirror>());
        }
        mirrors
    }

    /// The arguments of `apt-get` that print origin, suite and address of each archive.
    pub const INDEX_TARGETS: [&'static str; 4] = [
        "indextargets",
        "--format",
        "$(ORIGIN)|$(SUITE)|$(REPO_URI)",
        "Created-By: Packages",
    ];
}

fn find<'a>(mirrors: &'a [Mirror], distro: &Distro) -> Option<&'a str> {
    let mirror = mirrors.iter().rev().find(|mirror| mirror.os == distro.os)?;
    Some(&mirror.url)
}

fn fields(line: &str) -> Option<[&str; 3]> {
    let fields: Vec<&str> = line.trim().split('|').collect();
    fields.try_into().ok()
}
