//! Build information: the stamp of `cargo xtask dist`, or what follows from the compiled features.

use tidegate_api::Build;

const STAMP: Option<&str> = option_env!("TIDEGATE_BUILD_FLAVOUR");
const COMMIT: Option<&str> = option_env!("TIDEGATE_BUILD_COMMIT");
const REASON: Option<&str> = option_env!("TIDEGATE_BUILD_REASON");

const HAS_LIBRARY: bool = cfg!(feature = "libnftables");
const IS_STATIC: bool = cfg!(target_feature = "crt-static");

/// The flavour that follows from what is compiled in.
const fn flavour(is_static: bool, has_library: bool) -> &'static str {
    match (is_static, has_library) {
        (true, _) => "static",
        (false, true) => "dynamic",
        (false, false) => "dynamic-exec",
    }
}

/// Equality of texts, in a constant.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

const _: () = assert!(
    !(IS_STATIC && HAS_LIBRARY),
    "a static build cannot link libnftables: leave out the feature `libnftables`, or +crt-static"
);

const _: () = assert!(
    match STAMP {
        Some(stamp) => same(stamp, flavour(IS_STATIC, HAS_LIBRARY)),
        None => true,
    },
    "TIDEGATE_BUILD_FLAVOUR contradicts what is compiled in: `dynamic` needs the feature \
     `libnftables`, `dynamic-exec` goes without it, and `static` needs +crt-static"
);

/// What this binary is.
pub fn build() -> Build {
    let drivers = tidegate_nft_drivers::DRIVERS
        .iter()
        .filter(|it| it.is_built);
    Build {
        version: env!("CARGO_PKG_VERSION").into(),
        commit: COMMIT.unwrap_or("unknown").into(),
        flavour: flavour(IS_STATIC, HAS_LIBRARY).into(),
        reason: REASON.unwrap_or("development build").into(),
        drivers: drivers.map(|it| it.name.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flavour_follows_from_what_is_compiled_in() {
        assert_eq!(flavour(true, false), "static");
        assert_eq!(flavour(false, true), "dynamic");
        assert_eq!(flavour(false, false), "dynamic-exec");
    }

    #[test]
    fn a_stamp_agrees_only_with_the_very_same_flavour() {
        assert!(same("dynamic", "dynamic"));
        for (a, b) in [
            ("dynamic", "dynamic-exec"),
            ("dynamic-exec", "dynamic"),
            ("", "static"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }
}
