//! Writing tar archives.
//!
//! Names are written as they are given, `./` at their beginning too, which Debian's programs expect and the tar crate would
//! leave out.

use std::collections::BTreeSet;
use std::io;

use plimsoll_spec::{Owner, system_users};
use tar::{Builder, EntryType, Header};

/// The longest name that the field of a header holds, in bytes.
const LONGEST: usize = 100;

/// The permission bits of an entry, and whose it is.
pub(crate) struct Attributes {
    mode: u32,
    owner: Owner,
}

/// Bits of a mode that have a program run as its owner: setuid and setgid.
const SET_ID: u32 = 0o6000;

impl Attributes {
    /// Those of a file that is its owner's where every Debian system has the owner, and else root's.
    pub(crate) fn of(mode: u32, owner: &Owner) -> Self {
        match ids(owner).is_some() {
            true => Self {
                mode,
                owner: owner.clone(),
            },
            false => Self::from(mode & !SET_ID),
        }
    }
}

impl From<u32> for Attributes {
    fn from(mode: u32) -> Self {
        Self {
            mode,
            owner: Owner::default(),
        }
    }
}

/// The ids of user and group, where every Debian system has both.
pub(crate) fn ids(owner: &Owner) -> Option<(u32, u32)> {
    let user = system_users::debian_user(&owner.user)?;
    Some((user, system_users::debian_group(&owner.group)?))
}

/// A tar archive that is being written. Everything in it has one time, and belongs to root unless it says otherwise.
pub(crate) struct Archive {
    builder: Builder<Vec<u8>>,
    folders: BTreeSet<String>,
    mtime: u64,
}

impl Archive {
    /// An empty one. `mtime` is in seconds since 1970 (UTC).
    pub(crate) fn new(mtime: u64) -> Self {
        Self {
            builder: Builder::new(Vec::new()),
            folders: BTreeSet::new(),
            mtime,
        }
    }

    /// Adds a file, and the folders that it is in.
    pub(crate) fn file(
        &mut self,
        name: &str,
        attributes: impl Into<Attributes>,
        content: &[u8],
    ) -> io::Result<()> {
        self.parents(name)?;
        self.append(EntryType::Regular, name, &attributes.into(), content)
    }

    /// Adds a folder, and the folders that it is in. It comes before what it holds.
    pub(crate) fn folder(&mut self, name: &str, attributes: Attributes) -> io::Result<()> {
        self.parents(name)?;
        let name = format!("{name}/");
        self.folders.insert(name.clone());
        self.append(EntryType::Directory, &name, &attributes, &[])
    }

    /// Adds a symbolic link, and the folders that it is in.
    pub(crate) fn link(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.parents(name)?;
        let mut header = self.header(EntryType::Symlink, &Attributes::from(0o777), 0)?;
        if text.len() > LONGEST {
            self.long(b'K', text)?;
        }
        header.set_link_name_literal(cut(text))?;
        self.finish_entry(header, name, &[])
    }

    /// The finished archive.
    pub(crate) fn finish(self) -> io::Result<Vec<u8>> {
        self.builder.into_inner()
    }

    fn parents(&mut self, name: &str) -> io::Result<()> {
        let ends = name.match_indices('/').map(|(index, _)| index + 1);
        for end in ends.collect::<Vec<_>>() {
            let folder = &name[..end];
            if self.folders.insert(folder.to_owned()) {
                self.append(EntryType::Directory, folder, &Attributes::from(0o755), &[])?;
            }
        }
        Ok(())
    }

    fn append(
        &mut self,
        kind: EntryType,
        name: &str,
        attributes: &Attributes,
        content: &[u8],
    ) -> io::Result<()> {
        let header = self.header(kind, attributes, content.len())?;
        self.finish_entry(header, name, content)
    }

    fn finish_entry(&mut self, mut header: Header, name: &str, content: &[u8]) -> io::Result<()> {
        if name.len() > LONGEST {
            self.long(b'L', name)?;
        }
        put_name(&mut header, cut(name))?;
        self.builder.append(&header, content)
    }

    /// The entry before one whose name or text is longer than its field: GNU tar's, see tar(5).
    fn long(&mut self, kind: u8, text: &str) -> io::Result<()> {
        let content = [text.as_bytes(), b"\0"].concat();
        let attributes = Attributes::from(0o644);
        let mut header = self.header(EntryType::new(kind), &attributes, content.len())?;
        put_name(&mut header, b"././@LongLink")?;
        self.builder.append(&header, content.as_slice())
    }

    fn header(&self, kind: EntryType, attributes: &Attributes, size: usize) -> io::Result<Header> {
        let Attributes { mode, owner } = attributes;
        let (uid, gid) = ids(owner).unwrap_or_default();
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(*mode);
        header.set_size(size as u64);
        header.set_mtime(self.mtime);
        header.set_uid(uid.into());
        header.set_gid(gid.into());
        if !owner.is_root() {
            header.set_username(&owner.user)?;
            header.set_groupname(&owner.group)?;
        }
        Ok(header)
    }
}

fn put_name(header: &mut Header, name: &[u8]) -> io::Result<()> {
    let fields = header.as_gnu_mut();
    let fields = fields.ok_or_else(|| io::Error::other("the header is not GNU tar's"))?;
    for (field, byte) in fields.name.iter_mut().zip(name) {
        *field = *byte;
    }
    header.set_cksum();
    Ok(())
}

fn cut(text: &str) -> &[u8] {
    text.as_bytes().get(..LONGEST).unwrap_or(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paths, modes and texts of links.
    fn read(archive: &[u8]) -> Vec<(String, u32, Option<String>)> {
        let mut archive = tar::Archive::new(archive);
        let entries = archive.entries().unwrap().map(Result::unwrap);
        entries
            .map(|entry| {
                let header = entry.header();
                assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
                assert_eq!(header.mtime().unwrap(), 7);
                let name = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
                let text = entry.link_name().unwrap();
                let text = text.map(|text| text.display().to_string());
                (name, header.mode().unwrap(), text)
            })
            .collect()
    }

    #[test]
    fn folders_come_before_what_they_hold_and_owners_are_root() {
        let mut archive = Archive::new(7);
        archive.file("./usr/bin/a", 0o755, b"x").unwrap();
        archive.link("./usr/b", "bin/a").unwrap();
        let found = read(&archive.finish().unwrap());
        let names: Vec<_> = found
            .iter()
            .map(|(name, mode, text)| (name.as_str(), *mode, text.as_deref()))
            .collect();
        let wanted = [
            ("./", 0o755, None),
            ("./usr/", 0o755, None),
            ("./usr/bin/", 0o755, None),
            ("./usr/bin/a", 0o755, None),
            ("./usr/b", 0o777, Some("bin/a")),
        ];
        assert_eq!(names, wanted);
    }

    #[test]
    fn an_owner_of_every_system_is_in_the_archive_and_another_is_not() {
        let mut archive = Archive::new(7);
        for (name, owner) in [("./a", "root:adm"), ("./b", "sample:sample")] {
            let attributes = Attributes::of(0o4750, &owner.parse().unwrap());
            archive.folder(name, attributes).unwrap();
        }
        let archive = archive.finish().unwrap();
        let mut archive = tar::Archive::new(archive.as_slice());
        let entries = archive.entries().unwrap().map(Result::unwrap).skip(1);
        let owners = entries.map(|entry| {
            let header = entry.header();
            let group = header.groupname().unwrap().unwrap_or_default().to_owned();
            (header.mode().unwrap(), header.gid().unwrap(), group)
        });
        let owners: Vec<_> = owners.collect();
        assert_eq!(
            owners,
            [(0o4750, 4, "adm".to_owned()), (0o750, 0, String::new())]
        );
    }

    #[test]
    fn long_names_and_links_are_whole() {
        let (name, text) = (
            format!("t/{}/{}", "n".repeat(120), "m".repeat(120)),
            "../".repeat(60),
        );
        let mut archive = Archive::new(7);
        archive.link(&name, &text).unwrap();
        let found = read(&archive.finish().unwrap());
        let last = found.last().unwrap();
        assert_eq!(*last, (name, 0o777, Some(text)));
    }
}
