//! Sets, maps and verdict maps with elements of every type.

use std::net::Ipv6Addr;
use std::time::Duration;

use ipnet::{Ipv4Net, Ipv6Net};
use tidegate_nft::*;

use super::{TABLE, ifname, peers, publish_key, publish4, published};

pub(super) fn sets() -> Vec<Set> {
    use Datatype::{
        EtherAddr as Ether, Ifname, InetService as Port, Ipv4Addr as Ip4, Ipv6Addr as Ip6, Mark,
    };
    let pair = |a, b| Element::new(vec![ifname(a).into(), ifname(b).into()]);
    let marked = Element::new(vec![
        tidegate_nft::Mark(0x10).into(),
        EtherAddr([0, 0x11, 0x22, 0x33, 0x44, 0x55]).into(),
    ]);
    let waiting = Element::new([ifname("br-9").into()])
        .timeout(Duration::from_secs(3600))
        .comment(Comment::sanitized("for an hour"));
    let from4 = |net: &str, port| {
        let net: Ipv4Net = net.parse().expect("a prefix");
        Element::new(vec![net.into(), InetService(port).into()])
    };
    let from6 = |net: &str, port| {
        let net: Ipv6Net = net.parse().expect("a prefix");
        Element::new(vec![net.into(), InetService(port).into()])
    };
    let to6 =
        |port: u16| -> Vec<Value> { vec![Ipv6Addr::LOCALHOST.into(), InetService(port).into()] };
    let twice = |net: Value| Element::new([net.clone(), net]);
    let subnet4 = |net: &str| twice(net.parse::<Ipv4Net>().expect("a network").into());
    let subnet6 = |net: &str| twice(net.parse::<Ipv6Net>().expect("a network").into());
    let address6 = Value::Ipv6Addr("fd00::2".parse().expect("an address"));
    vec![
        peers()
            .comment(Comment::sanitized("who may talk"))
            .elements([pair("br-1", "br-1")]),
        Set::new(&TABLE, name!("bridges"), Ifname),
        Set::new(&TABLE, name!("waiting"), Ifname)
            .timeout(Timeout::PerElement)
            .elements([waiting]),
        Set::new(&TABLE, name!("fading"), Ip4).timeout(Timeout::Default(Duration::from_secs(7200))),
        Set::new(&TABLE, name!("counted"), [Mark, Ether])
            .counter()
            .elements([marked]),
        // In the order of their keys, in which they are built again: nft lists them as they were added.
        Set::new(&TABLE, name!("allowed4"), [Ip4, Port])
            .intervals()
            .elements([
                from4("10.0.0.1/32", 3),
                from4("0.0.0.0/1", 2),
                from4("10.0.0.0/8", 1),
            ]),
        Set::new(&TABLE, name!("allowed6"), [Ip6, Port])
            .intervals()
            .elements([
                from6("2001:db8::1/128", 3),
                from6("2001:db8::/32", 1),
                from6("2001:db8:0:1::/64", 2),
                from6("fe80::/10", 4),
            ]),
        Set::new(&TABLE, name!("subnets4"), [Ip4, Ip4])
            .intervals()
            .elements(["10.208.0.0/24", "10.208.1.0/24", "172.16.0.0/12"].map(subnet4)),
        Set::new(&TABLE, name!("subnets6"), [Ip6, Ip6])
            .intervals()
            .elements(["fd00::/48", "fd00:0:1::/64", "fd00:0:1:1::/64"].map(subnet6)),
        publish4().elements([published(8080).comment(Comment::sanitized("web #1; {80}"))]),
        Set::map(&TABLE, name!("publish6"), publish_key(), [Ip6, Port])
            .elements([
                Element::new(vec![InetProto::UDP.into(), InetService(53).into()]).values(to6(53)),
            ]),
        Set::map(&TABLE, name!("addresses4"), Port, Ip4),
        Set::map(&TABLE, name!("addresses6"), Port, Ip6)
            .elements([Element::new([InetService(1).into()]).values([address6])]),
        Set::map(&TABLE, name!("ports"), Port, Port)
            .elements([Element::new([InetService(80).into()]).values([InetService(8080).into()])]),
        Set::verdict_map(&TABLE, name!("ways"), [Ifname, Ifname])
            .counter()
            .elements([
                pair("br-1", "br-2").verdict(Verdict::Jump(name!("inner"))),
                pair("br-1", "br-3").verdict(Verdict::Goto(name!("inner"))),
                pair("br-1", "br-4").verdict(Verdict::Accept),
                pair("br-1", "br-5").verdict(Verdict::Drop),
                pair("br-1", "br-6").verdict(Verdict::Continue),
                pair("br-1", "br-7").verdict(Verdict::Return).counter(),
            ]),
    ]
}
