//! What `tidegated --version` prints.

use error_hint::in_one_line;
use serde::Serialize;
use tidegate_api::{Build, DriverInfo};
use tidegate_args::Daemon;

use crate::config::Settings;
use crate::{build, driver, run};

/// What this program is, and what it would work with here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Version {
    #[serde(flatten)]
    build: Build,
    /// The nft driver that it would use here, where one can be had.
    driver: Option<DriverInfo>,
    /// Why none can be had.
    no_driver: Option<String>,
    /// The kernel's release.
    kernel: String,
}

/// What `tidegated --version` prints: a line that names the build, then what it would work with
/// here. Needs no privilege, and never fails: what cannot be told is said.
pub fn version(args: &Daemon) -> String {
    let settings = Settings::load(args).map_err(|e| e.to_string());
    let opened = settings.and_then(|settings| driver::open(&settings).map_err(|e| in_one_line(&e)));
    let (driver, no_driver) = match opened {
        Ok(opened) => (
            Some(driver::info(opened.driver.describe(), &opened.why)),
            None,
        ),
        Err(reason) => (None, Some(reason)),
    };
    let version = Version {
        build: build(),
        driver,
        no_driver,
        kernel: run::kernel_release(),
    };
    if args.json {
        return format!("{:#}\n", serde_json::json!(version));
    }
    version.text()
}

impl Version {
    fn text(&self) -> String {
        let Build {
            version,
            commit,
            flavour,
            reason,
            ..
        } = &self.build;
        let driver = match (&self.driver, &self.no_driver) {
            (Some(d), _) => {
                format!(
                    "{} {} ({}; JSON {}); {}",
                    d.name, d.version, d.mode, d.json, d.why
                )
            }
            (None, reason) => format!("none: {}", reason.as_deref().unwrap_or("unknown")),
        };
        format!(
            "tidegated {version} (commit {commit}, flavour {flavour})\n\
             flavour: {flavour}: {reason}\n\
             driver: {driver}\n\
             kernel: {}\n",
            self.kernel
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn version_with(driver: Option<DriverInfo>, no_driver: Option<&str>) -> Version {
        let build = Build {
            version: "1.2.3".into(),
            commit: "0123abc".into(),
            flavour: "dynamic".into(),
            reason: "libnftables 1.0.6 was found".into(),
            drivers: vec!["library".into(), "exec".into()],
        };
        let no_driver = no_driver.map(str::to_owned);
        Version {
            build,
            driver,
            no_driver,
            kernel: "6.1.0".into(),
        }
    }

    #[test]
    fn the_first_line_names_the_build_and_the_others_what_it_works_with() {
        let driver = DriverInfo {
            name: "library".into(),
            mode: "one long-lived context".into(),
            version: "1.0.6".into(),
            json: "yes".into(),
            why: "it is compiled in".into(),
        };
        expect![[r#"
            tidegated 1.2.3 (commit 0123abc, flavour dynamic)
            flavour: dynamic: libnftables 1.0.6 was found
            driver: library 1.0.6 (one long-lived context; JSON yes); it is compiled in
            kernel: 6.1.0
        "#]]
        .assert_eq(&version_with(Some(driver), None).text());
    }

    #[test]
    fn a_driver_that_cannot_be_had_is_said() {
        let text = version_with(None, Some("nft is not there")).text();
        assert!(text.contains("driver: none: nft is not there\n"), "{text}");
    }
}
