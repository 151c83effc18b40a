//! Networks on a host on which IPv6 is turned off.

use tidegate_api::CreateNetwork;
use tidegate_model::{Ipv6Off, Mode};
use tidegate_plan::{Refused, without_ipv6};

use crate::values::{name, nets, network};

fn only_ipv4(change: impl FnOnce(&mut CreateNetwork)) -> Result<CreateNetwork, Refused> {
    let mut request = network("web");
    change(&mut request);
    without_ipv6(&request, Ipv6Off::Kernel)
}

#[test]
fn a_network_that_does_not_ask_for_ipv6_is_made_without_it() {
    let change = |request: &mut CreateNetwork| {
        request.subnets = nets(&["10.1.0.0/24"]);
        request.gateways = vec!["10.1.0.1".parse().unwrap()];
        request.mtu = Some(1400);
    };
    let mut expected = network("web");
    change(&mut expected);
    expected.ipv6 = false;
    assert_eq!(only_ipv4(change), Ok(expected));
}

#[test]
fn a_network_that_asks_for_ipv6_in_any_way_is_refused() {
    let ip = || "fd00:1::1".parse().unwrap();
    let changes: [&dyn Fn(&mut CreateNetwork); 9] = [
        &|it| it.require_ipv6 = true,
        &|it| it.ipv4 = false,
        &|it| it.policy.mode6 = Mode::Routed,
        &|it| it.subnets = nets(&["10.1.0.0/24", "fd00:1::/64"]),
        &|it| it.ranges = nets(&["fd00:1::/80"]),
        &|it| it.gateways = vec![ip()],
        &|it| it.reserved = [(name("router"), ip())].into(),
        &|it| it.host_ips = vec![ip()],
        &|it| it.policy.snat = vec![ip()],
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let refused = only_ipv4(change).unwrap_err();
        assert!(
            matches!(refused, Refused::HostWithoutIpv6 { .. }),
            "{number}"
        );
    }
}
