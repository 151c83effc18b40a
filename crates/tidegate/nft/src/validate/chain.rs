//! Declarations of chains.

use super::ensure;
use crate::model::{Base, Chain, ChainKind, Family, Hook};

pub(super) fn check(chain: &Chain) -> Result<(), String> {
    let Some(base) = &chain.base else {
        return Ok(());
    };
    let family = chain.id.table.family;
    let Base { kind, hook, .. } = base;
    ensure(hooks(family).contains(hook), || {
        format!("family {} has no hook {}", family.name(), hook.name())
    })?;
    ensure(has_kind(*kind, family, *hook), || {
        let (kind, family, hook) = (kind.name(), family.name(), hook.name());
        format!("there are no {kind} chains at hook {hook} of family {family}")
    })?;
    ensure(
        base.device.is_some() == (*hook == Hook::Ingress),
        || match base.device {
            Some(_) => format!("hook {} takes no device", hook.name()),
            None => "hook ingress needs a device".to_owned(),
        },
    )
}

/// The hooks of a family (nft(8), ADDRESS FAMILIES).
fn hooks(family: Family) -> &'static [Hook] {
    use Hook::{Forward, Ingress, Input, Output, Postrouting, Prerouting};
    match family {
        Family::Ip | Family::Ip6 | Family::Bridge => {
            &[Prerouting, Input, Forward, Output, Postrouting]
        }
        Family::Inet => &[Ingress, Prerouting, Input, Forward, Output, Postrouting],
        Family::Arp => &[Input, Output],
        Family::Netdev => &[Ingress],
    }
}

/// Whether a type of chain can be there (nft(8), CHAINS).
fn has_kind(kind: ChainKind, family: Family, hook: Hook) -> bool {
    let is_routed = matches!(family, Family::Ip | Family::Ip6 | Family::Inet);
    match kind {
        ChainKind::Filter => true,
        ChainKind::Nat => is_routed && !matches!(hook, Hook::Forward | Hook::Ingress),
        ChainKind::Route => is_routed && hook == Hook::Output,
    }
}
