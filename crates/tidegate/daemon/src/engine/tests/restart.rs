//! What a start finds, keeps, makes again and gives up; and what it makes again later.

use super::*;

#[test]
fn a_start_finds_everything_as_it_was_left() {
    let bench = Bench::new().with_endpoint();
    let before = bench.everything();
    let steps = bench.links.steps().len();
    let bench = bench.restart();
    assert_eq!(bench.everything(), before);
    let made = &bench.links.steps()[steps..];
    // What gives a link that is there what it may lack is none that touches it.
    let is_harmless = |step: &&LinkStep| {
        use LinkStep::{GuardPorts, HoldPorts, KeepBridge, KeepRouters, KeepVeths, SetSysctl};
        matches!(
            step,
            SetSysctl(_)
                | KeepRouters
                | HoldPorts(_)
                | KeepBridge(_)
                | KeepVeths(_)
                | GuardPorts(_)
        )
    };
    let touched = made.iter().find(|step| !is_harmless(step));
    assert_eq!(touched, None, "a link that fits was touched");
}

#[test]
fn a_start_removes_what_is_ours_and_unknown_and_makes_what_is_missing() {
    let bench = Bench::new().with_endpoint();
    let before = bench.everything();
    let endpoint = bench.engine.endpoint(&name("front")).unwrap();
    bench.links.remove_link(&endpoint.host_ifname);
    let stray = before
        .links
        .iter()
        .find(|l| l.ifname == endpoint.host_ifname)
        .unwrap();
    // The number of a change that was not saved.
    bench.links.add_link(Link {
        ifname: "tgv2".parse().unwrap(),
        ..stray.clone()
    });
    let after = bench.restart().everything();
    assert_eq!(after.ruleset, before.ruleset);
    assert_eq!(after.believed, before.believed);
    let names = |links: &[Link]| {
        let mut names: Vec<String> = links.iter().map(|l| l.ifname.to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&after.links), names(&before.links));
}

#[test]
fn a_start_drops_an_endpoint_whose_namespace_is_gone_or_another_one() {
    for replace in [false, true] {
        let bench = Bench::new().with_endpoint();
        bench.links.remove_netns(Path::new(BOX));
        if replace {
            bench.links.add_netns(BOX);
        }
        let bench = bench.restart();
        let after = bench.everything();
        assert!(after.believed.endpoints.is_empty() && after.stored.endpoints.is_empty());
        assert!(!after.ruleset.contains("8080"), "{}", after.ruleset);
        assert_eq!(bench.engine.counts(), (1, 0));
    }
}

#[test]
fn a_start_marks_an_endpoint_that_cannot_be_made_again_and_brings_it_back_when_it_can() {
    let bench = Bench::new().with_endpoint();
    let whole = bench.everything();
    let endpoint = bench.engine.endpoint(&name("front")).unwrap();
    bench.links.remove_link(&endpoint.host_ifname);
    let taken = endpoint.ifname.clone();
    let netns = Path::new(BOX);
    bench
        .links
        .change_netns(netns, |facts| facts.ifnames.push(taken))
        .unwrap();
    let bench = bench.restart();
    assert!(bench.engine.degraded().endpoints[&name("front")].down);
    let down = bench.everything();
    assert_eq!(down.stored, whole.stored);
    assert!(!down.ruleset.contains("8080"), "{}", down.ruleset);
    bench.engine.revive(&LinkChange::Nothing);
    assert_eq!(bench.everything(), down, "nothing is different");
    let free = |facts: &mut NetnsFacts| facts.ifnames.retain(|ifname| *ifname != endpoint.ifname);
    bench.links.change_netns(netns, free).unwrap();
    bench.engine.revive(&LinkChange::Nothing);
    assert_eq!(bench.everything(), whole);
}

#[test]
fn a_namespace_that_got_the_inode_of_another_is_a_stranger() {
    let change = |bench: &Bench, cookie| {
        let change = |facts: &mut NetnsFacts| facts.id.cookie = cookie;
        bench.links.change_netns(Path::new(BOX), change).unwrap();
    };
    let cookie = |number| Some(NetnsCookie { boot: 1, number });
    // What was recorded, whether its pair is there, what is found, and whether it is taken for the same.
    let cases = [
        (cookie(7), true, cookie(7), true),
        (cookie(7), false, cookie(7), true),
        (cookie(7), false, cookie(8), false),
        (cookie(7), false, None, false),
        // A namespace that ended takes the pair with it.
        (None, true, None, true),
        (None, true, cookie(7), true),
        (None, false, None, false),
        (None, false, cookie(7), false),
    ];
    for (recorded, has_pair, found, is_same) in cases {
        let bench = Bench::new();
        change(&bench, recorded);
        let bench = bench.with_endpoint();
        let endpoint = bench.engine.endpoint(&name("front")).unwrap();
        assert_eq!(endpoint.netns_id().cookie, recorded);
        if !has_pair {
            bench.links.remove_link(&endpoint.host_ifname);
        }
        change(&bench, found);
        let bench = bench.restart();
        let case = format!("{recorded:?} {has_pair} {found:?}");
        assert_eq!(bench.engine.counts(), (1, usize::from(is_same)), "{case}");
        let all = bench.everything();
        assert_eq!(all.stored, all.believed, "{case}");
        assert_eq!(all.ruleset.contains("8080"), is_same, "{case}");
        if is_same {
            // What a release before recorded is recorded anew.
            let id = bench.engine.endpoint(&name("front")).unwrap().netns_id();
            assert_eq!(id.cookie, found, "{case}");
        }
    }
}

#[test]
fn an_endpoint_that_loses_its_pair_while_its_path_tells_nothing_is_marked_and_comes_back() {
    let bench = Bench::new().with_endpoint();
    let whole = bench.everything();
    let endpoint = bench.engine.endpoint(&name("front")).unwrap();
    bench.links.remove_link(&endpoint.host_ifname);
    bench.links.fail_netns(Path::new(BOX), true);
    assert!(bench.engine.collect(&Gone::Any).is_err());
    let fault = bench.engine.degraded().endpoints[&name("front")].clone();
    assert!(
        !fault.down && fault.reason.contains("look at namespace"),
        "{fault:?}"
    );
    bench.engine.revive(&LinkChange::Nothing);
    assert_eq!(bench.engine.degraded().endpoints[&name("front")], fault);
    bench.links.fail_netns(Path::new(BOX), false);
    bench.engine.revive(&LinkChange::Nothing);
    assert_eq!(bench.everything(), whole);
}

/// Lets each step of a start fail in turn, until it has no more: it costs what the step is for, and nothing of that is
/// left once it is tried again.
#[test]
fn a_start_survives_a_failure_of_any_step_and_is_whole_when_that_is_tried_again() {
    let kinds = [ErrorKind::Permission, ErrorKind::Ipv6Off, ErrorKind::Other];
    for kind in kinds {
        for step in 0.. {
            let bench = Bench::new().with_endpoint();
            bench.engine.create_network(&wanted("db")).unwrap();
            bench
                .engine
                .connect(&name("web"), &name("db"), false)
                .unwrap();
            let whole = bench.everything();
            for link in whole
                .links
                .iter()
                .filter(|link| link.ifname.as_str() != "lo")
            {
                bench.links.remove_link(&link.ifname);
            }
            bench.links.fail_step(step, kind);
            let bench = bench.restart();
            let degraded = bench.engine.degraded();
            assert_eq!(bench.everything().stored, whole.stored);
            if degraded.is_empty() {
                assert!(step > 4, "no step failed");
                break;
            }
            bench.engine.revive(&LinkChange::Nothing);
            assert_eq!(bench.everything(), whole, "after step {step}: {degraded:?}");
        }
    }
}

/// As for a start, while it runs: what is removed comes back, or is degraded and comes back later.
#[test]
fn links_that_another_program_removes_return_even_if_any_step_fails_first() {
    let kinds = [ErrorKind::Permission, ErrorKind::Ipv6Off, ErrorKind::Other];
    for (kind, is_bridge) in kinds
        .into_iter()
        .flat_map(|kind| [(kind, true), (kind, false)])
    {
        for step in 0.. {
            let bench = Bench::new().with_endpoint();
            let whole = bench.everything();
            let bridge = bench.engine.networks()[0].network.bridge.clone();
            let port = bench.engine.endpoint(&name("front")).unwrap().host_ifname;
            let removed = if is_bridge { bridge } else { port };
            bench.links.remove_link(&removed);
            bench.links.fail_step(step, kind);
            assert!(
                bench
                    .engine
                    .make_again(&Gone::Links([removed].into()))
                    .unwrap()
            );
            let degraded = bench.engine.degraded();
            let now = bench.everything();
            assert_eq!(now.stored, whole.stored);
            if degraded.is_empty() {
                assert_eq!(now, whole);
                break;
            }
            let is_down =
                !degraded.networks.is_empty() && degraded.networks.values().all(|it| it.down);
            assert_eq!(now.ruleset.contains("8080"), !is_down, "after step {step}");
            bench.engine.revive(&LinkChange::Nothing);
            assert_eq!(bench.everything(), whole, "after step {step}: {degraded:?}");
            assert!(!bench.engine.make_again(&Gone::Any).unwrap());
        }
    }
}
