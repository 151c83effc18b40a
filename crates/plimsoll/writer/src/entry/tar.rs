//! The entries of a tar archive.

use std::io::{self, Read};

use tar::{Archive, EntryType};

use super::{Content, Entry};

/// What a tar archive holds, in its order.
///
/// # Errors
/// When it is damaged, or holds something else than files, folders and links; the error then
/// names it.
pub(crate) fn read(archive: &[u8]) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in Archive::new(archive).entries()? {
        let mut entry = entry?;
        let path = entry.path()?.display().to_string();
        let path = path.trim_end_matches('/').to_owned();
        let link = entry.link_name()?.map(|link| link.display().to_string());
        let content = match (entry.header().entry_type(), link) {
            (EntryType::Directory, _) => Content::Folder,
            (EntryType::Symlink, Some(text)) => Content::Symlink(text),
            (EntryType::Link, Some(first)) => Content::HardLink(first),
            (kind, _) if kind.is_file() => {
                let mut content = Vec::new();
                entry.read_to_end(&mut content)?;
                Content::File(content)
            }
            (kind, _) => {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    format!("{path} is of kind {kind:?}, and no file, folder or link"),
                ));
            }
        };
        entries.push(Entry {
            mode: entry.header().mode()?,
            path,
            content,
        });
    }
    Ok(entries)
}
