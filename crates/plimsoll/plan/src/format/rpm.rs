//! RPM packages.

use plimsoll_spec::{FormatName, Relation, Relations};

use super::version::sortable;
use super::{FormatRules, Naming, RevisionSuffix, relations, rpm_rules};
use crate::arch::Arch;
use crate::complaint::Complaint;
use crate::config::{self, Config};

/// An RPM package of format 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rpm;

impl FormatRules for Rpm {
    fn name(&self) -> FormatName {
        FormatName::RPM
    }

    fn about(&self) -> &'static str {
        "An RPM package of format 4, which rpm 4.4 and later read."
    }

    fn title(&self) -> &'static str {
        "RPM"
    }

    fn arch(&self, arch: Arch) -> &'static str {
        arch.machine()
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
        format!("{name}-{version}-{revision}.{arch}.rpm")
    }

    fn same_version(&self, config: &Config, name: &str, version: &str) -> Option<String> {
        Some(format!("{name} = {}", self.full_version(config, version)))
    }

    /// As rpmbuild(8) names it.
    fn debug_package(&self, name: &str) -> Option<String> {
        Some(format!("{name}-debuginfo"))
    }

    fn own_relations(&self, config: &Config, on: &[String], version: &str) -> Relations {
        let relations = config::relations::on(&config.rpm, &config.rpm.on, on);
        let mut relations = relations::gathered(relations, version, rpm_rules::dependency::written);
        let alternatives = (!config.alternative.is_empty()).then(|| update_alternatives(on));
        relations.add(Relation::Depends, alternatives);
        relations
    }

    fn epoch(&self, config: &Config) -> u32 {
        config.rpm.epoch
    }

    /// The package has this name in every family.
    fn runs_sysusers(&self) -> Option<&'static str> {
        Some("systemd")
    }

    fn complaints(&self, config: &Config) -> Vec<Complaint> {
        rpm_rules::complaints(config)
    }

    fn section<'c>(&self, config: &'c Config) -> &'c str {
        config.rpm.group.as_deref().unwrap_or_default()
    }

    /// A release in RPM's words may hold no `-`.
    fn revision_suffix(&self) -> Option<RevisionSuffix> {
        Some(RevisionSuffix {
            marks: ".",
            hint: "begin it with `.`, as in \".fc43\"",
        })
    }

    fn derives_from(&self, programs: &[&str]) -> Option<String> {
        let verb = if programs.len() == 1 { "names" } else { "name" };
        let programs = match programs.is_empty() {
            true => "the programs".to_owned(),
            false => programs.join(" and "),
        };
        Some(format!("the libraries that {programs} {verb}"))
    }

    /// What rpm puts there itself is not shown, nor is a symbol version, which repeats its library.
    fn shows(&self, depends: &str) -> bool {
        let is_of_rpm = ["rpmlib(", "config("]
            .iter()
            .any(|s| depends.starts_with(s));
        !is_of_rpm && !has_symbol_version(depends)
    }
}

/// The package that has /usr/sbin/update-alternatives. Its path would do too, but a profile lists packages.
fn update_alternatives(on: &[String]) -> &'static str {
    let is_for = |name: &str| on.iter().any(|it| it == name);
    let is_release = |number: &str| on.iter().any(|it| it.ends_with(number));
    match (is_for("suse"), is_for("rhel") && is_release("-8")) {
        (true, _) => "update-alternatives",
        // Before chkconfig was divided.
        (_, true) => "chkconfig",
        _ => "alternatives",
    }
}

/// True for `libc.so.6(GLIBC_2.34)(64bit)`, false for `libc.so.6()(64bit)`.
fn has_symbol_version(requirement: &str) -> bool {
    requirement.contains(".so") && requirement.contains('(') && !requirement.contains("()")
}
