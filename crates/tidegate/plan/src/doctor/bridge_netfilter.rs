//! br_netfilter: frames between endpoints of one network pass the rules of the host.

use tidegate_api::doctor::{Finding, Severity};
use tidegate_model::links::Sysctl;

use super::{Check, Fact, Symptoms, finding};

pub(super) const CHECK: Check = Check {
    name: "bridge-netfilter",
    facts: |_, _| facts(),
    findings: |_, symptoms| findings(symptoms),
};

const SYSCTLS: [&str; 2] = [
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
];

pub(super) fn facts() -> Vec<Fact> {
    SYSCTLS.map(|path| Fact::Sysctl(path.to_owned())).to_vec()
}

fn findings(symptoms: &Symptoms) -> Vec<Finding> {
    let is_on = |path: &&str| symptoms.sysctl(path) == Some("1");
    let on = SYSCTLS.into_iter().filter(is_on);
    on.map(|path| {
        let name = Sysctl::name_of(path);
        let what = format!(
            "br_netfilter is on ({name}=1): frames between endpoints of one network pass every FORWARD chain of the host"
        );
        let advice = format!(
            "nothing, unless other-tables reports a chain that drops them; if nothing needs it (Docker and Kubernetes \
             may), `sysctl -w {name}=0`"
        );
        finding(Severity::Warning, what, advice)
    })
    .collect()
}
