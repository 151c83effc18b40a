//! Texts by which well-known C libraries are recognised in a program or an archive.

use memchr::memmem;

/// What a library has in it: a text, and its version between that text and another one. In the second one, `#` stands for a digit.
struct Mark {
    name: &'static str,
    before: &'static str,
    /// None: no version follows.
    after: Option<&'static str>,
}

const fn mark(name: &'static str, before: &'static str, after: Option<&'static str>) -> Mark {
    Mark {
        name,
        before,
        after,
    }
}

/// Each from the source of its library, none from a header that a program could have included.
const MARKS: [Mark; 11] = [
    // deflate.c: deflate_copyright; inftrees.c: inflate_copyright.
    mark("zlib", " deflate ", Some(" Copyright")),
    mark("zlib", " inflate ", Some(" Copyright")),
    // crypto/cversion.c, as in `OpenSSL 3.0.13 30 Jan 2024`.
    mark("openssl", "OpenSSL ", Some(" #")),
    // lapi.c: lua_ident.
    mark("lua", "$LuaVersion: Lua ", Some("  Copyright")),
    // png.c: png_get_copyright.
    mark("libpng", " libpng version ", Some(" - ")),
    // jversion.h, in jerror.c.
    mark("libjpeg-turbo", "libjpeg-turbo version ", Some(" (build")),
    // xmlparse.c: XML_ExpatVersion.
    mark("expat", "expat_", Some("\0")),
    // bzlib.c: BZ2_bz__AssertH__fail.
    mark("bzip2", "bzip2/libbzip2: internal error number", None),
    // regversion.c: onig_copyright.
    mark("oniguruma", "Oniguruma %d.%d.%d", None),
    // func.c: the table of built-in functions.
    mark("sqlite", "sqlite_compileoption_used", None),
    // malloc_io.c and others.
    mark("jemalloc", "<jemalloc>: ", None),
];

/// Archives whose names are not those of their projects.
const ARCHIVES: [(&str, &str); 8] = [
    ("libbz2.a", "bzip2"),
    ("libcrypto.a", "openssl"),
    ("liblzma.a", "xz"),
    ("libonig.a", "oniguruma"),
    ("libpng16.a", "libpng"),
    ("libsqlite3.a", "sqlite"),
    ("libssl.a", "openssl"),
    ("libz.a", "zlib"),
];

/// The name of the project that an archive is of.
#[must_use]
pub fn name_of(archive: &str) -> Option<&'static str> {
    let mut known = ARCHIVES.iter();
    known.find(|(name, _)| *name == archive).map(|(_, of)| *of)
}

/// The libraries that bytes hold, each once: its name, its version where it follows, and the text that shows it.
#[must_use]
pub fn in_bytes(bytes: &[u8]) -> Vec<(&'static str, Option<String>, String)> {
    let mut found: Vec<(&'static str, Option<String>, String)> = Vec::new();
    for mark in &MARKS {
        if found.iter().all(|(name, ..)| *name != mark.name) {
            found.extend(shown(mark, bytes).map(|(version, text)| (mark.name, version, text)));
        }
    }
    found
}

fn shown(mark: &Mark, bytes: &[u8]) -> Option<(Option<String>, String)> {
    let before = mark.before.trim().trim_end_matches('_').to_owned();
    let mut places = memmem::find_iter(bytes, mark.before);
    let Some(after) = mark.after else {
        return places.next().map(|_| (None, before));
    };
    places.find_map(|place| {
        let rest = bytes.get(place + mark.before.len()..)?;
        let is_version = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'.';
        let length = rest.iter().take(24).take_while(is_version).count();
        let (version, rest) = rest.split_at(length);
        let version = std::str::from_utf8(version).ok()?;
        let begins = version.starts_with(|letter: char| letter.is_ascii_digit());
        let text = format!("{before} {version}");
        (begins && follows(rest, after)).then(|| (Some(version.to_owned()), text))
    })
}

fn follows(bytes: &[u8], pattern: &str) -> bool {
    let mut pairs = pattern.bytes().zip(bytes);
    let fits = |(wanted, byte): (u8, &u8)| match wanted {
        b'#' => byte.is_ascii_digit(),
        _ => wanted == *byte,
    };
    bytes.len() >= pattern.len() && pairs.all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let found = in_bytes(text.as_bytes()).into_iter();
        found
            .map(|(name, version, text)| format!("{name} {}: {text}", version.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn libraries_are_known_by_the_texts_of_their_sources() {
        assert_eq!(
            found(
                "x\0 deflate 1.2.11 Copyright 1995-2017 Jean-loup Gailly and Mark Adler \0 inflate 1.2.11 Copyright 1995"
            ),
            ["zlib 1.2.11: deflate 1.2.11"]
        );
        assert_eq!(
            found("OpenSSL 3.0.13 30 Jan 2024\0"),
            ["openssl 3.0.13: OpenSSL 3.0.13"]
        );
        assert_eq!(found("\0expat_2.5.0\0"), ["expat 2.5.0: expat 2.5.0"]);
        assert_eq!(found("<jemalloc>: x"), ["jemalloc : <jemalloc>:"]);
    }

    #[test]
    fn what_only_speaks_of_a_library_does_not_hold_it() {
        for text in [
            "cannot deflate the input",
            "needs OpenSSL 1.1.1 or later",
            "OpenSSL ",
            " deflate 1.2",
            "expat_parser",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn archives_have_the_names_of_their_projects() {
        assert_eq!(name_of("libz.a"), Some("zlib"));
        assert_eq!(name_of("libring_core.a"), None);
    }
}
