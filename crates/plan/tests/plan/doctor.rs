//! What the doctor makes of symptoms that no test host can be given.

use tidegate_model::doctor::Severity;
use tidegate_nft::{BaseChain, Kind};
use tidegate_plan::{Legacy, Symptoms, diagnose};

use crate::start::links_of;
use crate::values::state_with;

fn healthy() -> Symptoms {
    Symptoms {
        sysctls: Default::default(),
        links: links_of(&state_with(&["web"])),
        table: Ok(Vec::new()),
        refusal: None,
        chains: Ok(Vec::new()),
        legacy: Legacy::NotInUse,
        nft_version: Some("1.1.3".into()),
        nft_fault: None,
        descriptors: (20, 1024),
    }
}

/// The one finding of a host with these symptoms.
fn only(change: impl FnOnce(&mut Symptoms)) -> (Severity, String, String) {
    let mut symptoms = healthy();
    change(&mut symptoms);
    let diagnosis = diagnose(&state_with(&["web"]), &symptoms);
    let findings: Vec<_> = diagnosis
        .checks
        .into_iter()
        .flat_map(|checked| checked.findings)
        .collect();
    let [finding] = <[_; 1]>::try_from(findings).unwrap();
    (finding.severity, finding.what, finding.advice)
}

#[test]
fn a_healthy_host_has_no_findings() {
    let diagnosis = diagnose(&state_with(&["web"]), &healthy());
    assert!(
        diagnosis
            .checks
            .iter()
            .all(|checked| checked.findings.is_empty())
    );
    assert!(!diagnosis.has_fault());
}

#[test]
fn a_policy_of_iptables_legacy_is_a_fault_and_one_that_cannot_be_read_is_said() {
    let policies = |v4: &str, v6: &str| {
        let policies = [("iptables", v4), ("ip6tables", v6)];
        Legacy::Policies(policies.map(|(a, b)| (a.to_owned(), b.to_owned())).into())
    };
    let (severity, what, advice) = only(|host| host.legacy = policies("ACCEPT", "DROP"));
    assert_eq!(severity, Severity::Fault);
    assert!(what.contains("FORWARD of ip6tables (legacy)"), "{what}");
    assert!(advice.contains("`ip6tables-legacy -I FORWARD"), "{advice}");
    let (severity, what, _) =
        only(|host| host.legacy = Legacy::CouldNotTell("iptables-legacy: not there".into()));
    assert_eq!(severity, Severity::CouldNotTell);
    assert!(what.contains("not there"), "{what}");
}

#[test]
fn what_nft_does_not_tell_is_not_taken_for_well() {
    let (severity, what, _) = only(|host| host.chains = Err("nft has no JSON".into()));
    assert_eq!(severity, Severity::CouldNotTell);
    assert!(what.contains("nft has no JSON"), "{what}");
    let (severity, ..) = only(|host| host.table = Err("nft has no JSON".into()));
    assert_eq!(severity, Severity::CouldNotTell);
    let (severity, ..) = only(|host| host.nft_version = None);
    assert_eq!(severity, Severity::CouldNotTell);
}

#[test]
fn a_crash_of_nft_is_told_from_a_kernel_that_lacks_something() {
    let refused = |kind, reason: &str| {
        let refusal = Some((kind, reason.to_owned()));
        only(|host| host.refusal = refusal)
    };
    let (severity, _, advice) = refused(Kind::DriverGone, "nft ended with signal: 11");
    assert_eq!(severity, Severity::Fault);
    assert!(advice.contains("a newer nft made"), "{advice}");
    let (_, _, advice) = refused(Kind::Unsupported, "Operation not supported");
    assert!(advice.contains("the kernel lacks a feature"), "{advice}");
}

#[test]
fn a_chain_on_another_hook_or_family_is_nobodys_concern() {
    let chain = |family: &str, hook: &str| BaseChain {
        family: family.to_owned(),
        hook: hook.to_owned(),
        drops_by_policy: true,
        ..BaseChain::default()
    };
    let mut host = healthy();
    host.chains = Ok(vec![chain("inet", "input"), chain("arp", "forward")]);
    assert!(!diagnose(&state_with(&["web"]), &host).has_fault());
    host.chains = Ok(vec![chain("inet", "forward")]);
    assert!(diagnose(&state_with(&["web"]), &host).has_fault());
    assert!(
        !diagnose(&state_with(&[]), &host).has_fault(),
        "without networks there is nothing to stop"
    );
}
