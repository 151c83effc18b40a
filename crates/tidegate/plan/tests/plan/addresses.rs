//! The addresses, the Ethernet address and the interface's name that an endpoint gets.

use crate::values::{attach, attachment, name, namespace, plan_attach, state_with};
use error_hint::Hint;
use expect_test::expect;
use tidegate_api::Attach;
use tidegate_model::{Endpoint, Ipv6Off};

fn asking(change: impl FnOnce(&mut Attach)) -> Attach {
    let mut request = attachment("web", &[]);
    change(&mut request);
    request
}

#[test]
fn an_endpoint_gets_what_it_asks_for_and_the_rest_is_given() {
    let state = state_with(&["web"]);
    let request = asking(|r| {
        r.addresses = vec!["10.208.0.20".parse().unwrap()];
        r.mac = Some("02:00:00:00:00:20".parse().unwrap());
        r.ifname = Some("web0".parse().unwrap());
    });
    let plan = plan_attach(&state, &request, &namespace(1)).unwrap();
    let Endpoint {
        addresses,
        mac,
        ifname,
        ..
    } = plan.outcome;
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["10.208.0.20/24", "fd74:6964:6567::2/64"]);
    assert_eq!(
        (mac.to_string().as_str(), ifname.as_str()),
        ("02:00:00:00:00:20", "web0")
    );
}

#[test]
fn taken_and_unusable_addresses_are_refused_with_the_reason() {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    let web = state.networks.get_mut(&name("web")).unwrap();
    web.reserved = [(name("router"), "10.208.0.9".parse().unwrap())].into();
    let holder = state.endpoints[&name("ep-1")].mac;
    let mut seen = String::new();
    let mut refusal = |request: Attach| {
        let mut netns = namespace(2);
        netns.ipv6_off = Some(Ipv6Off::everywhere());
        let refused = plan_attach(&state, &request, &netns).unwrap_err();
        seen += &format!(
            "{refused} [{:?}]\n  {}\n",
            refused.kind(),
            refused.hint().unwrap_or_default()
        );
    };
    let mut refuse_ips = |ips: &[&str]| {
        let ips = ips.iter().map(|ip| ip.parse().unwrap()).collect();
        refusal(asking(|r| r.addresses = ips));
    };
    refuse_ips(&["10.208.0.2"]);
    refuse_ips(&["10.208.0.1"]);
    refuse_ips(&["10.208.0.9"]);
    refuse_ips(&["10.208.0.255"]);
    refuse_ips(&["10.208.0.0"]);
    refuse_ips(&["10.9.0.2"]);
    refuse_ips(&["10.208.0.8", "10.208.0.10"]);
    refuse_ips(&["fd74:6964:6567::9"]);
    refusal(asking(|r| r.mac = Some(holder)));
    refusal(asking(|r| {
        r.mac = Some("02:62:00:00:00:00".parse().unwrap())
    }));
    refusal(asking(|r| {
        r.mac = Some("01:00:5e:00:00:01".parse().unwrap())
    }));
    refusal(asking(|r| r.ifname = Some("lo".parse().unwrap())));
    expect![[r#"
        address 10.208.0.2 of network web is taken: endpoint ep-1 has it [Conflict]
          give another address, or leave it out to get a free one
        address 10.208.0.1 of network web is taken: it is the network's gateway [Conflict]
          give another address, or leave it out to get a free one
        address 10.208.0.9 of network web is taken: it is reserved for router (--aux-address) [Conflict]
          give another address, or leave it out to get a free one
        10.208.0.255 cannot be given to an endpoint of network web: it is the broadcast address of 10.208.0.0/24 [Invalid]
          give another address of 10.208.0.0/24, or leave it out to get a free one
        10.208.0.0 cannot be given to an endpoint of network web: it is the network address of 10.208.0.0/24 [Invalid]
          give another address of 10.208.0.0/24, or leave it out to get a free one
        10.9.0.2 is in no subnet of network web (10.208.0.0/24) [Invalid]
          give another address of 10.208.0.0/24, or leave it out to get a free one
        10.208.0.8 and 10.208.0.10 are two addresses of one family: an endpoint can have one [Invalid]
          give one for each of IPv4 and IPv6
        fd74:6964:6567::9 cannot be given: IPv6 is turned off in the namespace (net.ipv6.conf.all.disable_ipv6) [Invalid]
          turn it on with `sysctl -w net.ipv6.conf.all.disable_ipv6=0` in the namespace; or leave it out
        Ethernet address 02:76:0a:d0:00:02 belongs to ep-1 [Conflict]
          choose another --mac, or leave it out
        Ethernet address 02:62:00:00:00:00 belongs to bridge tgb0 [Conflict]
          choose another --mac, or leave it out
        01:00:5e:00:00:01 is a multicast or zero address, and no interface can have it [Invalid]
          give one whose first octet is even, such as 02:00:5e:00:00:01
        the namespace has an interface lo already [Conflict]
          choose another --ifname, or leave it out to get a free name
    "#]]
    .assert_eq(&seen);
}
