//! Target triples, as far as probing needs them.

/// The triple that this crate was compiled for, for hosts whose `rustc` does not answer.
pub(crate) fn built_for() -> String {
    let libc = if cfg!(target_env = "musl") {
        "musl"
    } else {
        "gnu"
    };
    format!("{}-unknown-linux-{libc}", std::env::consts::ARCH)
}

/// The triple with musl in place of glibc: `x86_64-unknown-linux-gnu` becomes
/// `x86_64-unknown-linux-musl`, `…-gnueabihf` becomes `…-musleabihf`.
pub(crate) fn with_musl(triple: &str) -> String {
    match triple.rsplit_once("-gnu") {
        Some((front, abi)) => format!("{front}-musl{abi}"),
        None => triple.to_owned(),
    }
}

/// The architecture of a triple, as Rust names it: `x86_64`.
pub(crate) fn architecture(triple: &str) -> &str {
    triple.split_once('-').map_or(triple, |(first, _)| first)
}

/// True for a triple whose C library is musl.
pub(crate) fn is_musl(triple: &str) -> bool {
    triple
        .rsplit_once('-')
        .is_some_and(|(_, libc)| libc.starts_with("musl"))
}

/// The triple as GNU tools prefix their names with it: `aarch64-linux-gnu`.
pub(crate) fn gnu_prefix(triple: &str) -> String {
    triple.replacen("-unknown-", "-", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn musl_keeps_architecture_and_float_abi() {
        assert_eq!(
            with_musl("x86_64-unknown-linux-gnu"),
            "x86_64-unknown-linux-musl"
        );
        assert_eq!(
            with_musl("armv7-unknown-linux-gnueabihf"),
            "armv7-unknown-linux-musleabihf"
        );
        assert_eq!(
            with_musl("x86_64-unknown-linux-musl"),
            "x86_64-unknown-linux-musl"
        );
        assert!(is_musl("armv7-unknown-linux-musleabihf"));
        assert!(!is_musl("x86_64-unknown-linux-gnu"));
    }

    #[test]
    fn gnu_tools_drop_the_vendor() {
        assert_eq!(gnu_prefix("aarch64-unknown-linux-gnu"), "aarch64-linux-gnu");
    }

    #[test]
    fn the_architecture_is_the_first_part() {
        assert_eq!(architecture("aarch64-unknown-linux-gnu"), "aarch64");
        assert_eq!(architecture("x86_64"), "x86_64");
        assert_eq!(architecture(&built_for()), std::env::consts::ARCH);
        assert!(!is_musl("musl"));
    }
}
