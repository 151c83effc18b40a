//! The environment variables, by the rules of the `pkg-config` crate.

use crate::{PkgConfigError, System};

/// The environment as a build on `host` for `target` (both triples) reads it.
#[derive(Clone, Copy)]
pub(super) struct Environment<'a> {
    pub(super) system: &'a dyn System,
    pub(super) host: &'a str,
    pub(super) target: &'a str,
}

impl Environment<'_> {
    /// Whether the environment lets pkg-config be asked for `name` at all.
    ///
    /// # Errors
    /// [`PkgConfigError::Forbidden`], [`PkgConfigError::CrossCompilation`] and
    /// [`PkgConfigError::CrossForbidden`].
    pub(super) fn allowed(&self, name: &str) -> Result<(), PkgConfigError> {
        let variable = format!("{}_NO_PKG_CONFIG", envify(name));
        if self.system.env(&variable).is_some() {
            return Err(PkgConfigError::Forbidden { variable });
        }
        if self.host == self.target {
            return Ok(());
        }
        let (host, target) = (self.host.to_owned(), self.target.to_owned());
        match self.variable("PKG_CONFIG_ALLOW_CROSS") {
            Some((variable, value)) if value == "0" => Err(PkgConfigError::CrossForbidden {
                variable,
                host,
                target,
            }),
            Some(_) => Ok(()),
            None if self.variable("PKG_CONFIG").is_some() => Ok(()),
            None if self.variable("PKG_CONFIG_SYSROOT_DIR").is_some() => Ok(()),
            None => Err(PkgConfigError::CrossCompilation { host, target }),
        }
    }

    /// A variable in the forms that a target may have, the most special first, with the name
    /// under which it was found.
    pub(super) fn variable(&self, base: &str) -> Option<(String, String)> {
        let kind = if self.host == self.target {
            "HOST"
        } else {
            "TARGET"
        };
        let names = [
            format!("{base}_{}", self.target),
            format!("{base}_{}", self.target.replace('-', "_")),
            format!("{kind}_{base}"),
            base.to_owned(),
        ];
        names
            .into_iter()
            .find_map(|name| self.system.env(&name).map(|value| (name, value)))
    }

    /// Whether the library is to be linked statically.
    pub(super) fn is_static(&self, name: &str) -> bool {
        let set = |variable: &str| self.system.env(variable).is_some();
        let name = envify(name);
        if set(&format!("{name}_STATIC")) {
            true
        } else if set(&format!("{name}_DYNAMIC")) {
            false
        } else {
            set("PKG_CONFIG_ALL_STATIC")
        }
    }
}

/// The library's name as the crate writes it in names of variables.
fn envify(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeSystem;

    const HOST: &str = "x86_64-unknown-linux-gnu";
    const ARM: &str = "aarch64-unknown-linux-gnu";

    fn allowed(system: &FakeSystem, target: &str) -> Result<(), String> {
        let environment = Environment {
            system,
            host: HOST,
            target,
        };
        environment
            .allowed("libnftables")
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_library_can_be_forbidden_by_name() {
        let system = FakeSystem::new().env("LIBNFTABLES_NO_PKG_CONFIG", "");
        assert_eq!(
            allowed(&system, HOST),
            Err("LIBNFTABLES_NO_PKG_CONFIG is set".to_owned())
        );
    }

    #[test]
    fn a_cross_target_needs_a_sign_that_pkg_config_is_ready_for_it() {
        let refused = allowed(&FakeSystem::new(), ARM).unwrap_err();
        assert!(refused.contains("PKG_CONFIG_ALLOW_CROSS"), "{refused}");
        for (variable, value) in [
            ("PKG_CONFIG_ALLOW_CROSS", "1"),
            ("PKG_CONFIG_ALLOW_CROSS_aarch64_unknown_linux_gnu", "1"),
            ("TARGET_PKG_CONFIG_SYSROOT_DIR", "/sysroot"),
            (
                "PKG_CONFIG_aarch64-unknown-linux-gnu",
                "aarch64-linux-gnu-pkg-config",
            ),
        ] {
            assert_eq!(
                allowed(&FakeSystem::new().env(variable, value), ARM),
                Ok(()),
                "{variable}"
            );
        }
    }

    #[test]
    fn an_explicit_zero_wins_over_a_sysroot() {
        let system = FakeSystem::new()
            .env("PKG_CONFIG_ALLOW_CROSS", "0")
            .env("PKG_CONFIG_SYSROOT_DIR", "/sysroot");
        let refused = allowed(&system, ARM).unwrap_err();
        assert!(
            refused.starts_with("PKG_CONFIG_ALLOW_CROSS=0 forbids"),
            "{refused}"
        );
    }

    #[test]
    fn the_most_special_form_of_a_variable_counts() {
        let names = |target: &'static str| {
            let all = ["X", "HOST_X", "TARGET_X"].map(str::to_owned);
            let own = [
                format!("X_{}", target.replace('-', "_")),
                format!("X_{target}"),
            ];
            let all = all.into_iter().chain(own);
            let system = all.fold(FakeSystem::new(), |system, name| system.env(&name, &name));
            let environment = Environment {
                system: &system,
                host: HOST,
                target,
            };
            environment.variable("X").unwrap().0
        };
        assert_eq!(names(HOST), format!("X_{HOST}"));
        assert_eq!(names(ARM), format!("X_{ARM}"));
        let kind = |target| {
            let both = FakeSystem::new().env("HOST_X", "h").env("TARGET_X", "t");
            let environment = Environment {
                system: &both,
                host: HOST,
                target,
            };
            environment.variable("X").unwrap().1
        };
        assert_eq!((kind(HOST).as_str(), kind(ARM).as_str()), ("h", "t"));
    }

    #[test]
    fn a_library_of_its_own_is_static_or_dynamic_before_all_others() {
        let is_static = |variables: &[&str]| {
            let system = variables
                .iter()
                .fold(FakeSystem::new(), |system, name| system.env(name, "1"));
            let environment = Environment {
                system: &system,
                host: HOST,
                target: HOST,
            };
            environment.is_static("gtk-4")
        };
        assert!(!is_static(&[]));
        assert!(is_static(&["GTK_4_STATIC"]));
        assert!(is_static(&["PKG_CONFIG_ALL_STATIC"]));
        assert!(!is_static(&["GTK_4_DYNAMIC", "PKG_CONFIG_ALL_STATIC"]));
        assert!(is_static(&["GTK_4_DYNAMIC", "GTK_4_STATIC"]));
    }
}
