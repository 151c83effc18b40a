//! Debian packages.

mod clause;
mod policy;
mod triggers;

use plimsoll_probe::{Answer, Family, Finding, Findings};
use plimsoll_spec::{FormatName, Relations};

use clause::Clause;

use super::version::sortable;
use super::{FormatRules, Naming, RevisionSuffix, relations};
use crate::arch::Arch;
use crate::complaint::Complaint;
use crate::config::{self, Config};

/// What derives the dependencies of a Debian package, as the probe names it.
const SHLIBDEPS: &str = "dpkg-shlibdeps";

/// A Debian package, see deb(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deb;

impl FormatRules for Deb {
    fn name(&self) -> FormatName {
        FormatName::DEB
    }

    fn about(&self) -> &'static str {
        "A Debian package, see deb(5)."
    }

    fn title(&self) -> &'static str {
        "Debian"
    }

    fn arch(&self, arch: Arch) -> &'static str {
        arch.as_str()
    }

    fn every_arch(&self) -> &'static str {
        "all"
    }

    fn version(&self, version: &str) -> String {
        sortable(version)
    }

    fn file_name(&self, naming: &Naming<'_>) -> String {
        let Naming {
            name,
            version,
            revision,
            arch,
            ..
        } = naming;
        format!("{name}_{version}-{revision}_{arch}.deb")
    }

    /// Debian's dependencies alone are derived by a program of the host, which takes them from the packages that are
    /// installed on it.
    fn can_be_made(&self, host: &Findings) -> Finding {
        let distribution = &host.distribution;
        let has_it = |family: Family| family.native_format == self.name().as_str();
        if !distribution.family.is_some_and(has_it) {
            return Finding::from(Answer::no(format!(
                "{SHLIBDEPS} derives dependencies on Debian and its like alone, and this is {}",
                distribution.pretty_name
            )));
        }
        let mut tools = host.packaging_tools.iter();
        tools.find(|tool| tool.name == SHLIBDEPS).map_or_else(
            || {
                Finding::from(Answer::could_not_tell(format!(
                    "{SHLIBDEPS} was not probed"
                )))
            },
            |tool| tool.finding.clone(),
        )
    }

    /// Debian Policy 7.1.
    fn same_version(&self, config: &Config, name: &str, version: &str) -> Option<String> {
        Some(format!("{name} (= {})", self.full_version(config, version)))
    }

    /// As dh_strip(1) names it.
    fn debug_package(&self, name: &str) -> Option<String> {
        Some(format!("{name}-dbgsym"))
    }

    fn own_relations(&self, config: &Config, on: &[String], version: &str) -> Relations {
        let relations = config::relations::on(&config.deb, &config.deb.on, on);
        relations::gathered(relations, version, |text| match Clause::parse(text) {
            Ok(clause) => clause.to_string(),
            // It is complained of elsewhere.
            Err(_) => text.to_owned(),
        })
    }

    fn epoch(&self, config: &Config) -> u32 {
        config.deb.epoch
    }

    /// As dh_installsysusers(1) has it: the alternatives are for containers.
    fn runs_sysusers(&self) -> Option<&'static str> {
        Some("systemd | systemd-standalone-sysusers | systemd-sysusers")
    }

    fn complaints(&self, config: &Config) -> Vec<Complaint> {
        let mut complaints = policy::complaints(config);
        complaints.extend(triggers::complaints(config));
        complaints
    }

    fn section<'c>(&self, config: &'c Config) -> &'c str {
        config.deb.section.as_deref().unwrap_or_default()
    }

    /// A revision in Debian's words may hold no `-`.
    fn revision_suffix(&self) -> Option<RevisionSuffix> {
        Some(RevisionSuffix {
            marks: "~+",
            hint: "begin it with `~`, as in \"~debian.12\"",
        })
    }

    fn derives_from(&self, _programs: &[&str]) -> Option<String> {
        Some(format!("what {SHLIBDEPS} finds"))
    }
}
