//! What this program is, which the packaging toolkit compares with its plan.

/// Set by `cargo xtask dist`; a plain `cargo build` sets neither.
const FLAVOUR: Option<&str> = option_env!("ZPACK_BUILD_FLAVOUR");
const COMMIT: Option<&str> = option_env!("ZPACK_BUILD_COMMIT");
const REASON: Option<&str> = option_env!("ZPACK_BUILD_REASON");

/// The stamp as JSON. None of the values needs escaping.
pub fn json() -> String {
    let [flavour, commit] = [FLAVOUR, COMMIT].map(|value| value.unwrap_or("unknown"));
    let version = env!("CARGO_PKG_VERSION");
    format!(r#"{{"flavour":"{flavour}","version":"{version}","commit":"{commit}"}}"#)
}

/// The stamp for people.
pub fn text() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let flavour = FLAVOUR.unwrap_or("not packaged");
    match REASON {
        Some(reason) => format!("zpack {version} ({flavour}: {reason})"),
        None => format!("zpack {version} ({flavour})"),
    }
}
