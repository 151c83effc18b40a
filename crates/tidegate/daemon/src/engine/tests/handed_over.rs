//! Endpoints whose interfaces container engines move and configure.

use tidegate_link::ChangeDetails;

use super::*;

fn handed_over(name: &str, ifname: &str) -> Attach {
    serde_json::from_value(serde_json::json!({
        "network": "web", "name": name, "hand-over": ifname, "ports": ["8080:80"],
    }))
    .unwrap()
}

/// The endpoint `front`, which was moved into the namespace with the number 5.
fn moved() -> (Bench, IfName) {
    let bench = Bench::new().with_network();
    let endpoint = bench.engine.attach(&handed_over("front", "e0")).unwrap();
    let port = endpoint.host_ifname;
    bench.links.move_handed_over(&port, Some(5));
    (bench, port)
}

/// What the kernel tells about a link.
fn heard(bench: &Bench, ifname: &IfName) -> LinkChange {
    let link = bench.links.clone().link(ifname).unwrap();
    LinkChange::Changed(ChangeDetails {
        links: link.into_iter().collect(),
        ..ChangeDetails::default()
    })
}

fn number(bench: &Bench) -> Option<i32> {
    let front = bench.engine.endpoint(&name("front")).unwrap();
    match front.place {
        Place::HandedOver(handed) => handed.netns_number,
        Place::Netns(_) => unreachable!("{front:?}"),
    }
}

#[test]
fn the_kernel_tells_where_the_engine_has_moved_the_interface_and_a_start_asks_again() {
    let (bench, port) = moved();
    assert_eq!(number(&bench), None);
    bench.engine.note_moves(&heard(&bench, &port));
    assert_eq!(number(&bench), Some(5));
    bench.links.move_handed_over(&port, Some(6));
    bench.engine.note_moves(&LinkChange::Lost);
    assert_eq!(number(&bench), Some(6));
    bench.links.move_handed_over(&port, Some(7));
    let bench = bench.restart();
    assert_eq!(number(&bench), Some(7));
    assert_eq!(bench.engine.ruleset_differences().unwrap(), [""; 0]);
    bench.links.move_handed_over(&port, None);
    bench
        .engine
        .note_moves(&heard(&bench, &"e0".parse().unwrap()));
    assert_eq!(number(&bench), None);
    bench.engine.detach(&name("front")).unwrap();
    let left = bench.links.clone().links().unwrap();
    let names: Vec<&str> = left.iter().map(|it| it.ifname.as_str()).collect();
    assert_eq!(names, ["lo", "tgb0"]);
}

#[test]
fn an_endpoint_that_was_handed_over_lives_as_long_as_its_pair() {
    for is_running in [true, false] {
        let (bench, port) = moved();
        bench.links.remove_link(&port);
        let bench = match is_running {
            true => {
                let gone = Gone::Links([port].into());
                let collected = bench.engine.collect(&gone).unwrap();
                assert_eq!(collected.len(), 1);
                bench
            }
            false => bench.restart(),
        };
        let after = bench.everything();
        assert!(after.believed.endpoints.is_empty() && after.stored.endpoints.is_empty());
        assert!(!after.ruleset.contains("8080"), "{}", after.ruleset);
    }
}

#[test]
fn nothing_makes_a_pair_again_that_was_handed_over() {
    for is_running in [true, false] {
        let (bench, port) = moved();
        let steps = bench.links.steps().len();
        bench.links.remove_link(&"tgb0".parse().unwrap());
        let bench = match is_running {
            true => {
                let gone = Gone::Links(["tgb0".parse().unwrap()].into());
                assert!(bench.engine.make_again(&gone).unwrap());
                bench
            }
            false => bench.restart(),
        };
        let made = &bench.links.steps()[steps..];
        let is_of_pairs = |step: &&LinkStep| {
            matches!(
                step,
                LinkStep::AddVeth(_) | LinkStep::DeleteVeth(_) | LinkStep::DeleteLink(_)
            )
        };
        assert_eq!(made.iter().find(is_of_pairs), None, "{made:?}");
        let link = bench.links.clone().link(&port).unwrap().unwrap();
        assert_eq!(link.master, Some("tgb0".parse().unwrap()));
        assert!(bench.engine.degraded().is_empty());
    }
}

#[test]
fn a_failed_attach_leaves_nothing_that_was_to_be_handed_over() {
    let bench = Bench::new().with_network();
    let before = bench.everything();
    bench.links.use_port(tidegate_model::Protocol::Tcp, 8080);
    bench
        .engine
        .attach(&handed_over("front", "e0"))
        .unwrap_err();
    assert_eq!(bench.everything(), before);
    bench
        .engine
        .attach(&wanted_endpoint("back", BOX))
        .unwrap_err();
    let taken = serde_json::json!({ "network": "web", "hand-over": "lo" });
    let taken: Attach = serde_json::from_value(taken).unwrap();
    bench.engine.attach(&taken).unwrap_err();
    assert_eq!(bench.everything(), before);
}
