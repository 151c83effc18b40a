//! The files that an adopter's own metadata names: `[package.metadata.deb]` of cargo-deb, and `[package.metadata.generate-rpm]`.

use serde_json::Value;

use super::facts::{Facts, Package, library_file};

/// An asset of existing metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// What is packed: a path or a pattern, relative to the Cargo package.
    pub(super) source: String,
    /// Where it goes: an absolute path, a folder if it ends in `/`.
    pub(super) dest: String,
    pub(super) mode: Option<String>,
    pub(super) config: bool,
}

/// The assets of a package's metadata. An asset is an array of source, destination and mode, or a table.
pub(super) fn assets(package: &Package) -> Vec<Said> {
    let lists = [&package.deb["assets"], &package.rpm["assets"]];
    let assets = lists.into_iter().filter_map(Value::as_array).flatten();
    assets.filter_map(said).collect()
}

fn said(asset: &Value) -> Option<Said> {
    let of = |index: usize, key: &str| {
        let value = match asset.is_array() {
            true => &asset[index],
            false => &asset[key],
        };
        value.as_str()
    };
    let source = of(0, "source")?.to_owned();
    let dest = of(1, "dest")?.trim_start_matches('/');
    // Debian and Fedora have merged /lib with /usr/lib.
    let usr = if dest.starts_with("lib/") {
        "/usr/"
    } else {
        "/"
    };
    let end = if is_pattern(&source) && !dest.ends_with('/') {
        "/"
    } else {
        ""
    };
    Some(Said {
        dest: format!("{usr}{dest}{end}"),
        mode: of(2, "mode").map(str::to_owned),
        config: !matches!(asset["config"], Value::Null | Value::Bool(false)),
        source,
    })
}

/// Whether a source may match several files.
fn is_pattern(source: &str) -> bool {
    source.contains(['*', '?', '['])
}

impl Said {
    /// The program of the package that it is, if it is one.
    pub(super) fn program<'a>(&self, package: &'a Package) -> Option<&'a str> {
        let (_, name) = self.built()?.rsplit_once('/')?;
        let mut programs = package.programs.iter().map(String::as_str);
        programs.find(|program| *program == name)
    }

    /// The shared library of the package that it is, if it is one.
    pub(super) fn library<'a>(&self, package: &'a Package) -> Option<&'a str> {
        let (_, file) = self.built()?.rsplit_once('/')?;
        let mut libraries = package.libraries.iter().map(String::as_str);
        libraries.find(|name| library_file(name) == file)
    }

    /// What follows `target/` in the path of a file that the build makes. Both tools take such a path as below the target folder,
    /// wherever that is.
    fn built(&self) -> Option<&str> {
        let source = self.source.trim_start_matches("./");
        let source = source.trim_start_matches("../");
        source.strip_prefix("target/")
    }

    /// The path or pattern of its files relative to the workspace; none for what the build makes.
    pub(super) fn file(&self, package: &Package) -> Option<String> {
        match self.built() {
            Some(_) => None,
            None => Some(within(&package.folder, &self.source)),
        }
    }

    /// The name of the file in the package.
    pub(super) fn full_dest(&self) -> String {
        let name = self.source.rsplit('/').next().unwrap_or_default();
        match self.dest.ends_with('/') {
            true => format!("{}{name}", self.dest),
            false => self.dest.clone(),
        }
    }

    /// Whether a file of the workspace is among its files.
    pub(super) fn is_of(&self, package: &Package, file: &str) -> bool {
        let Some(path) = self.file(package) else {
            return false;
        };
        let fixed = path.split(['*', '?', '[']).next().unwrap_or(&path);
        file == path || fixed.len() < path.len() && file.starts_with(fixed)
    }
}

/// The changelog, relative to the workspace.
pub(super) fn changelog(facts: &Facts, main: &Package) -> Option<String> {
    let names = ["CHANGELOG.md", "CHANGELOG", "CHANGES.md", "NEWS.md"];
    let names = main.deb["changelog"].as_str().into_iter().chain(names);
    let names = names.chain(["debian/changelog"]);
    let of_package = names.clone().map(|name| within(&main.folder, name));
    let mut paths = of_package.chain(names.map(str::to_owned));
    paths.find(|path| facts.files.contains(path))
}

/// A path of a folder of the workspace, relative to the workspace. A path that leads out of the workspace stays so.
pub(super) fn within(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(deb: Value) -> Package {
        Package {
            folder: "crates/cli".into(),
            programs: vec!["sample".into()],
            libraries: vec!["my-plugin".into()],
            deb,
            ..Package::default()
        }
    }

    #[test]
    fn a_path_is_relative_to_the_package_and_a_built_file_below_the_target_folder() {
        let package = package(json!({ "assets": [
            ["target/release/sample", "usr/bin/", "755"],
            ["../../target/x86_64-unknown-linux-musl/release/sample", "usr/sbin/", "755"],
            ["target/release/libmy_plugin.so", "usr/lib/sample/", "644"],
            ["../../LICENSE", "usr/share/doc/sample/", "644"],
            ["./etc/a.conf", "etc/", "600"],
        ] }));
        let said = assets(&package);
        let programs: Vec<_> = said.iter().map(|it| it.program(&package)).collect();
        assert_eq!(programs, [Some("sample"), Some("sample"), None, None, None]);
        assert_eq!(said[2].library(&package), Some("my-plugin"));
        assert_eq!(said[0].library(&package), None);
        let files: Vec<_> = said.iter().map(|it| it.file(&package)).collect();
        let [license, config] = ["LICENSE", "crates/cli/etc/a.conf"].map(|it| Some(it.to_owned()));
        assert_eq!(files, [None, None, None, license, config]);
    }

    #[test]
    fn files_of_a_pattern_go_into_a_folder() {
        let package = package(json!({ "assets": [
            { "source": "data/*", "dest": "usr/share/sample" },
            ["sample.service", "lib/systemd/system/", "644"],
        ] }));
        let said = assets(&package);
        assert_eq!(said[0].dest, "/usr/share/sample/");
        assert!(said[0].is_of(&package, "crates/cli/data/a"));
        assert!(!said[0].is_of(&package, "data/a"));
        assert_eq!(
            said[1].full_dest(),
            "/usr/lib/systemd/system/sample.service"
        );
    }

    #[test]
    fn what_leads_out_of_the_workspace_stays_so() {
        assert_eq!(within("a/b", "../c/./d"), "a/c/d");
        assert_eq!(within("a", "../../d"), "../d");
    }
}
