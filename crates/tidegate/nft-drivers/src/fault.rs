//! Known faults of releases of nft and libnftables.

/// Known faults of a release of nft or libnftables.
///
/// Releases up to 1.1.1 crash when they read sets that 1.1.2 or 1.1.3 wrote anywhere in the namespace. That ends
/// their process. Upstream fixed the writing side in 1.1.4.
pub(crate) fn known_fault(version: Option<&str>) -> Option<String> {
    let version = version?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let mut next = || parts.next().flatten();
    let number = (next()?, next()?, next().unwrap_or(0));
    (number <= (1, 1, 1)).then(|| {
        format!("{version} can crash on sets that nft 1.1.2 and 1.1.3 wrote in the same namespace")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_are_warned_about() {
        assert!(known_fault(Some("1.0.6")).is_some());
        assert!(known_fault(Some("0.9.8")).is_some());
        assert_eq!(known_fault(Some("1.1.4")), None);
        assert_eq!(known_fault(Some("odd")), None);
        assert_eq!(known_fault(None), None);
    }
}
