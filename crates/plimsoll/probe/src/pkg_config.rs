//! Calls pkg-config like a build script that uses the `pkg-config` crate.
//!
//! The crate itself can only be used inside a build script: it takes host and target from the
//! HOST and TARGET variables of its own process, and changing those of a running process is
//! unsound. So the rules of its environment (`target_supported`, `targeted_env_var`,
//! `infer_static`, version 0.3.34) are written down here again, for any target, and
//! `tests/agreement.rs` runs the crate itself in child processes to prove that both agree.

mod environment;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Command, Output, RunError, System, Version};
use environment::Environment;

/// pkg-config, for one host and target.
#[derive(Clone, Copy)]
pub struct PkgConfig<'a> {
    environment: Environment<'a>,
}

/// A library as pkg-config describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PkgConfigLibrary {
    /// The `.pc` file's version.
    pub version: String,
    /// Compiler and linker flags (`--cflags --libs`), system folders included.
    pub flags: Vec<String>,
    /// The folders of `-L`, where the linker looks.
    pub link_paths: Vec<PathBuf>,
    /// The `.pc` file, where pkg-config names its folder.
    pub file: Option<PathBuf>,
}

/// Why pkg-config does not give a library.
#[derive(Debug, thiserror::Error)]
pub enum PkgConfigError {
    /// The user forbade pkg-config for this library.
    #[error("{variable} is set")]
    Forbidden {
        /// The variable that forbids it.
        variable: String,
    },
    /// The target is not the host and nothing says that pkg-config knows how to deal with that.
    #[error(
        "pkg-config is not set up for cross-compiling from {host} to {target}: none of \
         PKG_CONFIG_ALLOW_CROSS, PKG_CONFIG_SYSROOT_DIR and PKG_CONFIG is set for {target}"
    )]
    CrossCompilation {
        /// The triple that builds.
        host: String,
        /// The triple that is built for.
        target: String,
    },
    /// `PKG_CONFIG_ALLOW_CROSS=0` forbids it.
    #[error("{variable}=0 forbids cross-compiling from {host} to {target}")]
    CrossForbidden {
        /// The variable that forbids it.
        variable: String,
        /// The triple that builds.
        host: String,
        /// The triple that is built for.
        target: String,
    },
    /// pkg-config could not be run.
    #[error(transparent)]
    NotRun(#[from] RunError),
    /// pkg-config does not know the library.
    #[error("{complaint}")]
    NotFound {
        /// What it said.
        complaint: String,
    },
    /// The library is older than what is asked for.
    #[error("version {found} is older than {wanted}")]
    TooOld {
        /// The version that is there.
        found: String,
        /// The oldest version that would do.
        wanted: Version,
    },
}

impl<'a> PkgConfig<'a> {
    /// pkg-config as `system` has it, for a build on `host` for `target` (both triples).
    pub fn new(system: &'a dyn System, host: &'a str, target: &'a str) -> Self {
        let environment = Environment {
            system,
            host,
            target,
        };
        Self { environment }
    }

    /// Asks for `name` in version `wanted` or later.
    ///
    /// # Errors
    /// If a build script would not find it; see [`PkgConfigError`].
    pub fn library(
        &self,
        name: &str,
        wanted: &Version,
    ) -> Result<PkgConfigLibrary, PkgConfigError> {
        self.environment.allowed(name)?;
        let bound = format!("{name} >= {wanted}");
        let flags = match self.ask(name, &["--libs", "--cflags", name, &bound]) {
            Ok(flags) => flags,
            Err(error) => return Err(self.too_old(name, wanted).unwrap_or(error)),
        };
        let version = first_line(&self.ask(name, &["--modversion", name, &bound])?);
        let flags = split_flags(&flags);
        let link_paths = flags.iter().filter_map(|flag| flag.strip_prefix("-L"));
        Ok(PkgConfigLibrary {
            version,
            link_paths: link_paths.map(PathBuf::from).collect(),
            flags,
            file: self.file(name),
        })
    }

    /// The `.pc` file of a library (pcfiledir of pc(5)).
    fn file(&self, name: &str) -> Option<PathBuf> {
        let folder = self.ask(name, &["--variable=pcfiledir", name]).ok()?;
        let folder = Path::new(folder.trim());
        folder
            .is_absolute()
            .then(|| folder.join(format!("{name}.pc")))
    }

    /// The program that is asked, and its version.
    ///
    /// # Errors
    /// Where it cannot be run.
    pub fn program(&self) -> Result<(String, String), RunError> {
        let (program, output) = self.run(&["--version"])?;
        Ok((program, output.stdout.trim().to_owned()))
    }

    /// The version that is there, where that is all that is wrong.
    fn too_old(&self, name: &str, wanted: &Version) -> Option<PkgConfigError> {
        let found = first_line(&self.ask(name, &["--modversion", name]).ok()?);
        let old = found
            .parse::<Version>()
            .is_ok_and(|version| version < *wanted);
        old.then(|| PkgConfigError::TooOld {
            found,
            wanted: wanted.clone(),
        })
    }

    fn ask(&self, name: &str, args: &[&str]) -> Result<String, PkgConfigError> {
        let statik = self.environment.is_static(name).then_some("--static");
        let args: Vec<&str> = statik.into_iter().chain(args.iter().copied()).collect();
        let (_, output) = self.run(&args)?;
        match output.success() {
            true => Ok(output.stdout),
            false => Err(PkgConfigError::NotFound {
                complaint: complaint(name, &output),
            }),
        }
    }

    /// Runs the program that the environment names, else `pkg-config`, else `pkgconf`.
    fn run(&self, args: &[&str]) -> Result<(String, Output), RunError> {
        let named = self
            .environment
            .variable("PKG_CONFIG")
            .map(|(_, program)| program);
        let program = named.clone().unwrap_or_else(|| "pkg-config".to_owned());
        let command = self.command(&program, args);
        match (self.environment.system.run(&command), named) {
            (Err(first), None) => {
                let second = self.environment.system.run(&self.command("pkgconf", args));
                second
                    .map(|output| ("pkgconf".to_owned(), output))
                    .map_err(|_| first)
            }
            (result, _) => result.map(|output| (program, output)),
        }
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program, args.iter().copied());
        for base in [
            "PKG_CONFIG_PATH",
            "PKG_CONFIG_LIBDIR",
            "PKG_CONFIG_SYSROOT_DIR",
        ] {
            let value = self
                .environment
                .variable(base)
                .map(|(_, value)| (base.to_owned(), value));
            command.env.extend(value);
        }
        for flag in [
            "PKG_CONFIG_ALLOW_SYSTEM_LIBS",
            "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS",
        ] {
            command.env.push((flag.to_owned(), "1".to_owned()));
        }
        command
    }
}

/// pkg-config's first complaint, or what can be said without one.
fn complaint(name: &str, output: &Output) -> String {
    match output.stderr.trim().is_empty() {
        true => format!("pkg-config does not know {name}"),
        false => output.complaint().trim_end_matches('.').to_owned(),
    }
}

/// The version: pkg-config prints it once for the name and once more for the bound.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Splits flags at blanks that no backslash protects.
fn split_flags(text: &str) -> Vec<String> {
    let mut flags = vec![String::new()];
    let mut letters = text.trim().chars();
    while let Some(letter) = letters.next() {
        match (letter, flags.last_mut()) {
            ('\\', Some(flag)) => flag.extend(letters.next()),
            (letter, _) if letter.is_whitespace() => flags.push(String::new()),
            (letter, Some(flag)) => flag.push(letter),
            (_, None) => {}
        }
    }
    flags.retain(|flag| !flag.is_empty());
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_split_at_bare_blanks_only() {
        assert_eq!(
            split_flags("-L/a\\ b -lnftables \n"),
            ["-L/a b", "-lnftables"]
        );
        assert!(split_flags(" \n").is_empty());
    }

    use crate::fakes::FakeSystem;

    const HOST: &str = "x86_64-unknown-linux-gnu";
    const LIBS: &str = "--libs --cflags zlib zlib >= 1.2";
    const VERSION: &str = "--modversion zlib zlib >= 1.2";

    fn asked(system: &FakeSystem) -> Result<PkgConfigLibrary, String> {
        let pkg_config = PkgConfig::new(system, HOST, HOST);
        let wanted = Version::new(&[1, 2]);
        let found = pkg_config.library("zlib", &wanted);
        found.map_err(|error| error.to_string())
    }

    #[test]
    fn a_library_has_flags_folders_and_the_version_of_its_first_line() {
        let system = FakeSystem::new()
            .answers(&format!("pkg-config {LIBS}"), "-I/i -L/a -L/b -lz\n")
            .answers(&format!("pkg-config {VERSION}"), " 1.2.11 \n1.2.11\n");
        let found = asked(&system).unwrap();
        assert_eq!(found.version, "1.2.11");
        assert_eq!(found.flags, ["-I/i", "-L/a", "-L/b", "-lz"]);
        assert_eq!(found.link_paths, ["/a", "/b"].map(PathBuf::from));
    }

    #[test]
    fn the_file_of_a_library_is_named_where_pkg_config_knows_its_folder() {
        let file = |folder: &str| {
            let system = FakeSystem::new()
                .answers(&format!("pkg-config {LIBS}"), "-lz\n")
                .answers(&format!("pkg-config {VERSION}"), "1.2.11\n")
                .answers("pkg-config --variable=pcfiledir zlib", folder);
            asked(&system).unwrap().file
        };
        assert_eq!(file("/opt/z\n"), Some("/opt/z/zlib.pc".into()));
        assert_eq!(file("\n"), None);
    }

    #[test]
    fn pkgconf_is_asked_if_there_is_no_pkg_config_and_none_is_named() {
        let pkgconf = FakeSystem::new()
            .answers("pkgconf --version", "1.8.1\n")
            .answers("mine --version", "9\n");
        let program = |system: &FakeSystem| {
            let asked = PkgConfig::new(system, HOST, HOST).program();
            asked.map_err(|error| error.to_string())
        };
        let is = |program: &str, version: &str| Ok((program.to_owned(), version.to_owned()));
        assert_eq!(program(&pkgconf), is("pkgconf", "1.8.1"));
        let named = pkgconf.clone().env("PKG_CONFIG", "mine");
        assert_eq!(program(&named), is("mine", "9"));
        let missing = "pkg-config is not installed".to_owned();
        assert_eq!(program(&FakeSystem::new()), Err(missing));
        let other = pkgconf.env("PKG_CONFIG", "other");
        assert_eq!(program(&other), Err("other is not installed".to_owned()));
    }

    #[test]
    fn a_library_that_is_to_be_static_is_asked_for_as_such() {
        let system = FakeSystem::new()
            .answers(&format!("pkg-config --static {LIBS}"), "-lz -lm\n")
            .answers(&format!("pkg-config --static {VERSION}"), "1.2\n");
        assert!(asked(&system).is_err());
        assert_eq!(
            asked(&system.env("ZLIB_STATIC", "1")).unwrap().flags.len(),
            2
        );
    }

    #[test]
    fn a_library_that_is_too_old_differs_from_one_that_is_unknown() {
        let refusing =
            |stderr: &str| FakeSystem::new().refuses(&format!("pkg-config {LIBS}"), stderr);
        let complaint = refusing("Package zlib was not found.\n");
        assert_eq!(
            asked(&complaint),
            Err("Package zlib was not found".to_owned())
        );
        assert_eq!(
            asked(&refusing("")),
            Err("pkg-config does not know zlib".to_owned())
        );
        let has = |version| refusing("no").answers("pkg-config --modversion zlib", version);
        assert_eq!(
            asked(&has("1.1.9\n")),
            Err("version 1.1.9 is older than 1.2".to_owned())
        );
        // Another thing is wrong with these.
        for version in ["1.2.0\n", "1.3\n", "2019-01\n"] {
            assert_eq!(asked(&has(version)), Err("no".to_owned()), "{version}");
        }
    }

    #[test]
    fn the_environment_of_the_target_reaches_pkg_config() {
        let system = FakeSystem::new()
            .env("PKG_CONFIG_PATH", "/all")
            .env("HOST_PKG_CONFIG_PATH", "/host")
            .env("PKG_CONFIG_LIBDIR_x86_64_unknown_linux_gnu", "/lib");
        let command = PkgConfig::new(&system, HOST, HOST).command("pkg-config", &["--version"]);
        let env = [
            ("PKG_CONFIG_PATH", "/host"),
            ("PKG_CONFIG_LIBDIR", "/lib"),
            ("PKG_CONFIG_ALLOW_SYSTEM_LIBS", "1"),
            ("PKG_CONFIG_ALLOW_SYSTEM_CFLAGS", "1"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(command.env, env);
    }
}
