//! Where files of well-known kinds go.

use super::facts::PrintedKind;

/// Where a file goes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// An absolute path; one that ends in `/` is a folder that keeps the file's name.
    pub(super) dest: String,
    /// The suffix that the file's name loses.
    pub(super) strip_suffix: Option<&'static str>,
    /// Further keys of its `[[asset]]`, each with its line end.
    pub(super) keys: String,
}

impl Place {
    pub(super) fn new(dest: impl Into<String>, keys: &str) -> Self {
        Self {
            dest: dest.into(),
            strip_suffix: None,
            keys: keys.to_owned(),
        }
    }

    /// The path of a file of that name.
    pub(super) fn of(&self, file_name: &str) -> String {
        match self.dest.ends_with('/') {
            true => {
                let suffix = self.strip_suffix.unwrap_or_default();
                let name = file_name.strip_suffix(suffix).unwrap_or(file_name);
                format!("{}{name}", self.dest)
            }
            false => self.dest.clone(),
        }
    }
}

const MANUAL: &str = "kind = \"doc\"\ngzip = true\n";

/// Where a file of the workspace usually goes: nowhere, or to one place for each format.
pub(super) fn usual(file: &str, package: &str) -> Vec<Place> {
    let path = file.to_lowercase();
    let file_name = file.rsplit('/').next().unwrap_or(file);
    if is_license(file) {
        let dest = format!("/usr/share/licenses/{package}/");
        return vec![Place::new(dest, "kind = \"license\"\n")];
    }
    if file == "README.md" {
        let dest = format!("/usr/share/doc/{package}/");
        return vec![Place::new(dest, "kind = \"doc\"\n")];
    }
    let extension = file_name.rsplit_once('.').map_or("", |(_, end)| end);
    match extension {
        "service" | "socket" | "timer" => vec![Place::new("/usr/lib/systemd/system/", "")],
        "conf" if path.contains("sysusers") => vec![Place::new("/usr/lib/sysusers.d/", "")],
        "conf" if path.contains("tmpfiles") => vec![Place::new("/usr/lib/tmpfiles.d/", "")],
        _ if section(file).is_some() => made(file),
        _ if path.contains("complet") || path.contains("zsh") => made(file),
        _ => Vec::new(),
    }
}

/// Where a file goes that a build script wrote, if it is a manual page or completions.
pub(super) fn made(file: &str) -> Vec<Place> {
    let name = file.rsplit('/').next().unwrap_or(file);
    if let Some(section) = section(file) {
        return vec![Place::new(format!("/usr/share/man/man{section}/"), MANUAL)];
    }
    let extension = name.rsplit_once('.').map_or("", |(_, end)| end);
    match extension {
        "bash" => vec![Place {
            strip_suffix: Some(".bash"),
            ..Place::new("/usr/share/bash-completion/completions/", "")
        }],
        "fish" => vec![Place::new("/usr/share/fish/vendor_completions.d/", "")],
        "" if name.starts_with('_') => zsh(""),
        _ => Vec::new(),
    }
}

/// Where a file goes that a program prints.
pub(super) fn printed(kind: PrintedKind, program: &str) -> Vec<Place> {
    match kind {
        PrintedKind::Manual => {
            let dest = format!("/usr/share/man/man1/{program}.1");
            vec![Place::new(dest, MANUAL)]
        }
        PrintedKind::Bash => {
            let dest = format!("/usr/share/bash-completion/completions/{program}");
            vec![Place::new(dest, "")]
        }
        PrintedKind::Fish => {
            let dest = format!("/usr/share/fish/vendor_completions.d/{program}.fish");
            vec![Place::new(dest, "")]
        }
        PrintedKind::Zsh => zsh(&format!("_{program}")),
    }
}

/// Debian's zsh looks elsewhere for what packages bring.
fn zsh(name: &str) -> Vec<Place> {
    let others = format!("/usr/share/zsh/site-functions/{name}");
    let debian = format!("/usr/share/zsh/vendor-completions/{name}");
    vec![
        Place::new(others, "formats = [\"rpm\", \"tar\"]\n"),
        Place::new(debian, "formats = [\"deb\"]\n"),
    ]
}

/// The section of a manual page, by its name: of `sample.1` and `sample.conf.5`, and not of `libsample.so.1` or `sample-0.1`.
fn section(file: &str) -> Option<&str> {
    let name = file.rsplit('/').next()?;
    let (stem, section) = name.rsplit_once('.')?;
    let is_section = ["1", "2", "3", "4", "5", "6", "7", "8"].contains(&section);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let last = stem.rsplit(['-', '.']).next().unwrap_or(stem);
    let is_version = last.len() < stem.len() && last.chars().all(|c| c.is_ascii_digit());
    let is_page = !stem.is_empty() && stem.chars().all(is_plain);
    (is_section && is_page && !is_version && last != "so").then_some(section)
}

/// Whether a file is a manual page in another language than roff, by its name: `sample.1.scd`, `sample.1.md`.
pub(super) fn is_manual_source(file: &str) -> bool {
    let languages = [".scd", ".md", ".adoc", ".ronn", ".rst", ".txt", ".in"];
    let mut languages = languages.iter();
    languages.any(|language| {
        file.strip_suffix(language)
            .is_some_and(|it| section(it).is_some())
    })
}

/// Whether a file of the workspace is a licence text, by its name.
pub(super) fn is_license(file: &str) -> bool {
    let starts = ["LICENSE", "LICENCE", "COPYING", "UNLICENSE", "NOTICE"];
    let name = file.to_uppercase();
    !file.contains('/') && starts.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_page_is_known_by_its_name() {
        assert_eq!(section("doc/sample.1"), Some("1"));
        assert_eq!(section("sample-0.1"), None);
        assert_eq!(section("lib/libsample.so.1"), None);
        assert_eq!(section("bzip2.1"), Some("1"));
        assert_eq!(section("man/sample.conf.5"), Some("5"));
        assert!(is_manual_source("docs/sample.1.scd"));
        assert!(!is_manual_source("docs/sample.md"));
    }

    #[test]
    fn completions_are_known_by_their_folder_or_by_the_build_script() {
        assert_eq!(usual("src/sample.bash", "sample"), []);
        assert_eq!(usual("completions/sample.bash", "sample").len(), 1);
        let dest = "/usr/share/bash-completion/completions/sample";
        assert_eq!(made("sample.bash")[0].of("sample.bash"), dest);
        assert_eq!(made("_sample").len(), 2);
        assert_eq!(made("_sample.ps1"), []);
        assert_eq!(made("bindings.rs"), []);
    }
}
