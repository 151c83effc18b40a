//! Conditions of Cargo's configuration, such as `[target.'cfg(unix)']`.

use std::str::FromStr;

use cargo_platform::{Cfg, CfgExpr};

/// Whether a condition holds on Linux with every architecture and C library. None: it depends on them, or it is
/// no condition that Cargo knows.
pub(super) fn on_linux(condition: &str) -> Option<bool> {
    let inner = condition.strip_prefix("cfg(")?.strip_suffix(')')?;
    holds(&CfgExpr::from_str(inner).ok()?)
}

fn holds(expression: &CfgExpr) -> Option<bool> {
    match expression {
        CfgExpr::True => Some(true),
        CfgExpr::False => Some(false),
        CfgExpr::Not(inner) => holds(inner).map(|it| !it),
        CfgExpr::All(inner) => decided(inner, false),
        CfgExpr::Any(inner) => decided(inner, true),
        CfgExpr::Value(value) => known(value),
    }
}

/// One that is `by` decides; else all must be known.
fn decided(inner: &[CfgExpr], by: bool) -> Option<bool> {
    let known: Vec<Option<bool>> = inner.iter().map(holds).collect();
    match known.contains(&Some(by)) {
        true => Some(by),
        false if known.contains(&None) => None,
        false => Some(!by),
    }
}

/// Source: *The Rust Reference*, "Conditional compilation", "Set configuration options".
fn known(value: &Cfg) -> Option<bool> {
    match value {
        Cfg::Name(name) => match name.as_str() {
            "unix" => Some(true),
            "windows" => Some(false),
            _ => None,
        },
        Cfg::KeyPair(key, value) => match key.as_str() {
            "target_os" => Some(value == "linux"),
            "target_family" => Some(value == "unix"),
            "target_env" if value == "msvc" => Some(false),
            "target_vendor" if value == "apple" => Some(false),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_on_linux_holds_or_does_not_or_depends() {
        for (condition, expected) in [
            ("unix", Some(true)),
            ("windows", Some(false)),
            ("all(windows, target_env = \"msvc\")", Some(false)),
            ("any(windows, target_arch = \"arm\")", None),
            ("any(unix, target_arch = \"arm\")", Some(true)),
            ("all(unix, target_env = \"musl\")", None),
            (
                "all(target_os = \"macos\", target_env = \"musl\")",
                Some(false),
            ),
            ("not(target_os = \"linux\")", Some(false)),
            ("not(target_family = \"wasm\")", Some(true)),
            ("target_vendor = \"apple\"", Some(false)),
            ("target_feature = \"sse2\"", None),
            ("true", Some(true)),
            ("not a condition", None),
        ] {
            assert_eq!(
                on_linux(&format!("cfg({condition})")),
                expected,
                "{condition}"
            );
        }
        assert_eq!(on_linux("x86_64-unknown-linux-gnu"), None);
    }
}
