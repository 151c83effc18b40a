//! The control archive (deb(5)): `control`, `conffiles`, `md5sums` and the maintainer scripts.

use std::collections::BTreeSet;
use std::io;

use md5::{Digest, Md5};
use plimsoll_spec::{FileKind, PackageSpec};

use super::scripts::Script;
use super::{libraries, relations};
use crate::archive::Archive;
use crate::files::{Content, File};
use crate::text;

/// Writes the archive.
pub(super) fn archive(
    spec: &PackageSpec,
    files: &[File],
    scripts: &[Script],
) -> io::Result<Vec<u8>> {
    let mut archive = Archive::new(u64::from(spec.source_date_epoch));
    let conffiles = conffiles(files);
    archive.file("./control", 0o644, control(spec, files).as_bytes())?;
    if !conffiles.is_empty() {
        archive.file("./conffiles", 0o644, conffiles.as_bytes())?;
    }
    for (name, text) in [
        ("./shlibs", libraries::shlibs(spec)),
        ("./triggers", libraries::triggers(spec)),
    ] {
        if !text.is_empty() {
            archive.file(name, 0o644, text.as_bytes())?;
        }
    }
    archive.file("./md5sums", 0o644, md5sums(files).as_bytes())?;
    for script in scripts {
        let name = format!("./{}", script.name);
        archive.file(&name, script.mode, script.text.as_bytes())?;
    }
    archive.finish()
}

/// The fields, see deb-control(5).
fn control(spec: &PackageSpec, files: &[File]) -> String {
    let version = spec.full_version();
    let size = installed_size(files).to_string();
    let build_ids = spec.build_ids.join(" ");
    let automatic = match build_ids.is_empty() {
        true => "",
        false => "debug-symbols",
    };
    let relations = relations::fields(&spec.relations);
    let relations = relations.iter().map(|(field, it)| (*field, it.as_str()));
    let before = [
        ("Package", spec.name.as_str()),
        ("Version", &version),
        ("Architecture", &spec.arch),
        ("Maintainer", &spec.maintainer),
        ("Installed-Size", &size),
    ];
    let after = [
        ("Section", spec.section.as_str()),
        ("Priority", "optional"),
        ("Homepage", &spec.homepage),
        // As dh_strip(1) and dh_gencontrol(1) mark them.
        ("Auto-Built-Package", automatic),
        ("Build-Ids", &build_ids),
        ("Description", &spec.summary),
    ];
    let fields = before.into_iter().chain(relations).chain(after);
    let fields = fields.filter(|(_, value)| !value.is_empty());
    let lines = fields.map(|(name, value)| format!("{name}: {value}\n"));
    lines.collect::<String>() + &text::for_debian(&spec.description)
}

/// As dpkg-gencontrol(1) estimates it, in KiB: a file takes whole KiB, anything else one.
fn installed_size(files: &[File]) -> usize {
    let folders: BTreeSet<&str> = files
        .iter()
        .flat_map(|file| {
            file.dest
                .match_indices('/')
                .map(|(end, _)| &file.dest[..end])
        })
        .collect();
    let sizes = files.iter().map(|file| match &file.content {
        Content::Data(data) => data.len().div_ceil(1024),
        Content::Link(_) | Content::Folder => 1,
        Content::Ghost => 0,
    });
    folders.len() + sizes.sum::<usize>()
}

fn conffiles(files: &[File]) -> String {
    let files = files.iter().filter(|file| file.kind == FileKind::Config);
    files.map(|file| format!("{}\n", file.dest)).collect()
}

/// As dh_md5sums(1) writes it: every regular file but the conffiles, relative to the root.
fn md5sums(files: &[File]) -> String {
    let files = files.iter().filter(|file| file.kind != FileKind::Config);
    let lines = files.filter_map(|file| {
        let sum = hex(&Md5::digest(file.data()?));
        Some(format!("{sum}  {}\n", file.relative()))
    });
    lines.collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dest: &str, kind: FileKind, content: Content) -> File {
        File {
            dest: dest.into(),
            mode: 0o644,
            owner: plimsoll_spec::Owner::default(),
            kind,
            content,
        }
    }

    #[test]
    fn conffiles_and_links_have_no_sum() {
        let data = |text: &str| Content::Data(text.into());
        let files = [
            file("/etc/a.toml", FileKind::Config, data("a")),
            file("/usr/bin/b", FileKind::Plain, data("b")),
            file("/usr/bin/c", FileKind::Plain, Content::Link("b".into())),
        ];
        assert_eq!(
            md5sums(&files),
            "92eb5ffee6ae2fec3ad71c777531578f  usr/bin/b\n"
        );
        assert_eq!(conffiles(&files), "/etc/a.toml\n");
        // The root, etc, usr and usr/bin, and three entries of at most 1 KiB.
        assert_eq!(installed_size(&files), 7);
    }
}
