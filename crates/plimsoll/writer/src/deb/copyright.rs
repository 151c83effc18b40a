//! The file `copyright` of a package that brings none.

use plimsoll_spec::PackageSpec;

/// Licences whose texts every Debian system has (Debian Policy 12.5), by what a text begins with: its title, its version, and
/// the name of the file in `/usr/share/common-licenses`.
const COMMON: [(&str, &str, &str); 10] = [
    ("apache license", "version 2.0", "Apache-2.0"),
    ("gnu general public license", "version 3", "GPL-3"),
    ("gnu general public license", "version 2", "GPL-2"),
    ("gnu general public license", "version 1", "GPL-1"),
    ("gnu lesser general public license", "version 3", "LGPL-3"),
    (
        "gnu lesser general public license",
        "version 2.1",
        "LGPL-2.1",
    ),
    ("gnu library general public license", "version 2", "LGPL-2"),
    ("mozilla public license", "version 2.0", "MPL-2.0"),
    ("mozilla public license", "version 1.1", "MPL-1.1"),
    ("cc0 1.0 universal", "", "CC0-1.0"),
];

/// In how many bytes from its beginning a text says what it is.
const HEAD: usize = 400;

/// What is known about the package's licence, in the machine-readable format
/// (<https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>). `texts` are the licences.
pub(super) fn render(spec: &PackageSpec, texts: &[String]) -> String {
    let notices: Vec<&str> = texts.iter().flat_map(|text| notices(text)).collect();
    let holders = match notices.is_empty() {
        true => spec.maintainer.clone(),
        false => notices.join("\n "),
    };
    let texts: Vec<String> = texts.iter().map(|text| paragraph(text)).collect();
    format!(
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
         Upstream-Name: {}\n\
         Source: {}\n\n\
         Files: *\n\
         Copyright: {holders}\n\
         License: {}\n{}",
        spec.name,
        spec.homepage,
        spec.license,
        texts.join(" .\n")
    )
}

/// Who has the copyright, as a licence text says: its lines `Copyright (c) 2026 NAME`. The authors of a common licence have that of
/// its text alone.
fn notices(text: &str) -> Vec<&str> {
    let lines = text.lines().map(str::trim);
    let notices = lines.filter_map(|line| {
        let rest = line
            .strip_prefix("Copyright")
            .or_else(|| line.strip_prefix("COPYRIGHT"))?
            .trim_start();
        let is_notice = rest.starts_with(|first: char| first.is_ascii_digit() || first == '©')
            || rest.to_lowercase().starts_with("(c)");
        let is_of_the_text = rest.contains("Free Software Foundation");
        let mut fours = rest.as_bytes().windows(4);
        let has_year = fours.any(|four| four.iter().all(u8::is_ascii_digit));
        (is_notice && has_year && !is_of_the_text).then_some(rest)
    });
    notices.collect()
}

/// A licence text as lines of a field; of a common one, where it is.
fn paragraph(text: &str) -> String {
    if let Some(name) = common(text) {
        return format!(" The text of {name} is in /usr/share/common-licenses/{name}.\n");
    }
    let line = |line: &str| match line.trim_end() {
        "" => " .\n".to_owned(),
        line => format!(" {line}\n"),
    };
    text.trim().lines().map(line).collect()
}

fn common(text: &str) -> Option<&'static str> {
    let head = text.get(..text.floor_char_boundary(HEAD))?.to_lowercase();
    let is = |(title, version, _): &&(&str, &str, &str)| {
        // The title of one is part of the others' titles: it must be the first.
        let first = COMMON
            .iter()
            .filter_map(|(title, ..)| head.find(title))
            .min();
        first.is_some() && head.find(title) == first && head.contains(version)
    };
    COMMON.iter().find(is).map(|(.., name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_common_licences_are_known() {
        for (.., name) in COMMON {
            let path = format!("/usr/share/common-licenses/{name}");
            // Another distribution has no such folder.
            if let Ok(text) = std::fs::read_to_string(path) {
                assert_eq!(common(&text), Some(name));
                assert_eq!(notices(&text), [""; 0], "{name}");
            }
        }
        assert_eq!(common("MIT License\n\nCopyright (c) 2026 A\n"), None);
        let apache = "                                 Apache License\n                           Version 2.0, January 2004\n";
        assert_eq!(common(apache), Some("Apache-2.0"));
        assert_eq!(common("é"), None);
    }

    #[test]
    fn a_text_is_a_field_whose_empty_lines_are_dots() {
        assert_eq!(paragraph("\nA\n\n  b \n"), " A\n .\n   b\n");
    }

    #[test]
    fn notices_have_a_year_and_an_owner() {
        let text = "MIT\nCopyright (c) 2015 A\n  COPYRIGHT 2016-2026 B\nCopyright [yyyy] [name]\n\
                    Copyright notices must stay.\nCopyright © 2020 C\n";
        assert_eq!(notices(text), ["(c) 2015 A", "2016-2026 B", "© 2020 C"]);
    }
}
