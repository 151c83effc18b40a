//! What other programs change on links of ours, and how that is undone.

use tidegate_model::State;
use tidegate_model::links::{Link, LinkStep};
use tidegate_plan::{Mend, Mending, is_any_changed, is_whole, mend};

use crate::start::links_of;
use crate::values::{attach, create, name, nets, network, state_with};

/// Network `web` with `tgb0`, and its endpoints with `tgv1` and `tgv2`.
fn web() -> State {
    let mut state = state_with(&["web"]);
    attach(&mut state, "web", 1, &[]);
    attach(&mut state, "web", 2, &[]);
    state
}

/// What is found after a change of one link.
fn found(ifname: &str, change: impl Fn(&mut Link)) -> Mend {
    let state = web();
    let mut links = links_of(&state);
    let mut changed = links.iter_mut();
    change(changed.find(|it| it.ifname.as_str() == ifname).unwrap());
    mend(&state, &links)
}

/// The one mended link, as text with its steps.
fn only(found: &Mend) -> String {
    let [mending] = &found.changed[..] else {
        panic!("{found:?}")
    };
    let Mending {
        ifname,
        differences,
        steps,
        ..
    } = mending;
    let texts: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let steps: Vec<&str> = steps.iter().map(LinkStep::name).collect();
    format!("{ifname}: {} [{}]", texts.join(", "), steps.join(" "))
}

#[test]
fn links_as_they_are_wanted_need_nothing() {
    let state = web();
    let links = links_of(&state);
    assert_eq!(mend(&state, &links), Mend::default());
    assert!(!is_any_changed(&state, &links));
    assert!(is_whole(&state.networks[&name("web")], &links[0]));
}

#[test]
fn each_difference_is_named_with_its_steps() {
    let bridge = |change: &dyn Fn(&mut Link)| only(&found("tgb0", change));
    let steps = "[keep-bridge mend-bridge guard-ports]";
    assert_eq!(
        bridge(&|it| it.up = false),
        format!("tgb0: brought up {steps}")
    );
    assert_eq!(
        bridge(&|it| it.mtu = 9000),
        format!("tgb0: MTU 1500 set {steps}")
    );
    assert_eq!(
        bridge(&|it| {
            it.addresses.remove(2);
        }),
        format!("tgb0: address fd74:6964:6567::1/64 added {steps}")
    );
    assert_eq!(
        bridge(&|it| it.lacks_link_local = true),
        format!("tgb0: address fe80::62:ff:fe00:0/64 added {steps}")
    );
    assert_eq!(
        bridge(&|it| it.bridging.changed = true),
        format!("tgb0: bridge settings set {steps}")
    );
    assert_eq!(
        bridge(&|it| it.mac = None),
        format!("tgb0: Ethernet address 02:62:00:00:00:00 set {steps}")
    );
    assert_eq!(
        bridge(&|it| it.group = 0),
        "tgb0: put back into its group [reclaim keep-bridge mend-bridge guard-ports]"
    );
    let port = |change: &dyn Fn(&mut Link)| only(&found("tgv2", change));
    assert_eq!(port(&|it| it.up = false), "tgv2: brought up [mend-veth]");
    assert_eq!(
        port(&|it| it.master = None),
        "tgv2: made a port of tgb0 again [mend-veth]"
    );
    assert_eq!(
        port(&|it| it.bridging.isolated = true),
        "tgv2: bridge settings set [mend-veth]"
    );
    assert_eq!(
        port(&|it| it.ifname = "x".parse().unwrap()),
        "tgv2: renamed back from x [reclaim mend-veth]"
    );
}

/// Somebody may give a bridge an address more, and ports of its own.
#[test]
fn what_others_add_stays() {
    let added = found("tgb0", |it| it.addresses.extend(nets(&["192.0.2.9/24"])));
    assert_eq!(added, Mend::default());
    let state = web();
    let mut links = links_of(&state);
    links.push(Link {
        ifname: "tap0".parse().unwrap(),
        group: 0,
        mtu: 1400,
        ..links[1].clone()
    });
    // As the kernel does by itself.
    links[0].mtu = 1400;
    assert_eq!(mend(&state, &links), Mend::default());
    links[0].mtu = 1500;
    assert!(only(&mend(&state, &links)).contains("MTU 1400 set"));
}

#[test]
fn a_renamed_bridge_gets_its_name_and_its_ports_stay() {
    let state = web();
    let mut links = links_of(&state);
    let lan = "lan9".parse().unwrap();
    links[0].ifname.clone_from(&lan);
    for port in &mut links[1..] {
        port.master = Some(lan.clone());
    }
    let found = mend(&state, &links);
    assert!(
        only(&found).starts_with("tgb0: renamed back from lan9 [reclaim "),
        "{found:?}"
    );
    assert!(found.strays.is_empty() && found.missing.is_empty());
    assert!(is_any_changed(&state, &links[..1]));
}

#[test]
fn ports_that_cannot_be_told_apart_are_created_again() {
    let state = web();
    let mut links = links_of(&state);
    for (port, ifname) in links[1..].iter_mut().zip(["a", "b"]) {
        port.ifname = ifname.parse().unwrap();
    }
    let found = mend(&state, &links);
    assert_eq!(found.changed, []);
    let names = |names: Vec<String>| names.join(" ");
    assert_eq!(
        names(found.strays.iter().map(ToString::to_string).collect()),
        "a b"
    );
    assert_eq!(
        names(found.missing.iter().map(ToString::to_string).collect()),
        "tgv1 tgv2"
    );
}

#[test]
fn a_link_of_another_program_under_our_name_is_missing() {
    let foreign = found("tgv1", |it| (it.group, it.mac) = (0, None));
    assert_eq!((foreign.changed.len(), foreign.missing.len()), (0, 1));
    let foreign = found("tgb0", |it| (it.group, it.mac) = (0, None));
    assert_eq!((foreign.changed.len(), foreign.missing.len()), (0, 1));
}

#[test]
fn degraded_objects_are_left_to_their_repair() {
    let fault = || tidegate_model::Fault {
        down: false,
        reason: "File exists".into(),
        hint: None,
    };
    let mut state = web();
    let mut links = links_of(&state);
    for link in &mut links {
        link.up = false;
    }
    assert_eq!(mend(&state, &links).changed.len(), 3);
    let endpoint = state.endpoints.values().next().unwrap().name.clone();
    state.degraded.endpoints.insert(endpoint, fault());
    assert_eq!(mend(&state, &links).changed.len(), 2);
    state.degraded.networks.insert(name("web"), fault());
    assert_eq!(mend(&state, &links), Mend::default());
    assert!(!is_any_changed(&state, &links));
}

#[test]
fn an_mtu_and_isolation_that_were_chosen_are_kept() {
    let mut state = State::default();
    let mut request = network("web");
    request.mtu = Some(1300);
    request.policy.icc = false;
    state.apply(&create(&state, &request).unwrap().change);
    attach(&mut state, "web", 1, &[]);
    let mut links = links_of(&state);
    assert_eq!(mend(&state, &links), Mend::default());
    links[1].bridging.isolated = false;
    links[1].mtu = 1500;
    assert!(only(&mend(&state, &links)).contains("MTU 1300 set, bridge settings set"));
    links[0].mtu = 1500;
    assert!(!is_whole(&state.networks[&name("web")], &links[0]));
}
