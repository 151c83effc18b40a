//! What is on the disk: rows and layouts.

use expect_test::expect;
use redb::{ReadableDatabase, ReadableTable, TableDefinition};
use tidegate_model::{
    Access, Allowance, Dns, Endpoint, HostAccess, HostPorts, Mode, NetnsCookie, NetnsId, NetnsRef,
    Place, StaticRoute,
};

use super::super::error::Fault;
use super::super::layout::{self, Migration};
use super::*;

#[test]
fn a_newer_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store_with_a_network(folder.path());
    rows::set_version(store.database.as_ref().unwrap(), 99).unwrap();
    drop(store);
    let refused = Store::open(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("has version 99"), "{refused}");
}

#[test]
fn a_row_of_the_first_release_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = store_with_a_network(folder.path());
    let row = br#"{"name":"old","bridge":"tgb7","mac":"02:62:00:00:00:07",
        "subnets":[{"net":"10.7.0.0/24","gateway":"10.7.0.1"}],"mtu":null}"#;
    rows::set_raw_network(store.database.as_ref().unwrap(), "old", row).unwrap();
    let loaded = store.load().unwrap();
    let old = &loaded.networks[&"old".parse().unwrap()];
    let expected = Network {
        bridge: "tgb7".parse().unwrap(),
        mac: MacAddr::local([0x62, 0, 0, 0, 7]),
        subnets: vec![Subnet::new("10.7.0.0/24".parse().unwrap(), None).unwrap()],
        mtu: None,
        ..network("old", 7)
    };
    assert_eq!(*old, expected);
}

#[test]
fn an_endpoint_of_the_first_release_is_read_with_a_default_route_of_no_priority() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = store_with_a_network(folder.path());
    let row = br#"{"name":"old","network":"web",
        "netns":{"path":"/run/netns/box","id":{"dev":4,"ino":4026532001}},
        "host-ifname":"tgv1","ifname":"eth0","mac":"02:76:00:00:00:01",
        "addresses":["10.0.1.2/24"],"gateways":["10.0.1.1"],"ports":["8080:80/tcp"]}"#;
    rows::set_raw_endpoint(store.database.as_ref().unwrap(), "old", row).unwrap();
    let loaded = store.load().unwrap();
    let old = &loaded.endpoints[&"old".parse().unwrap()];
    assert_eq!(old.gateways.len(), 1);
    assert_eq!(i32::from(old.gateway_priority), 0);
    assert_eq!(old.gateway_metric, None);
}

/// As the first release stored a list of all addresses.
#[test]
fn a_stored_list_of_everybody_is_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = store_with_a_network(folder.path());
    let row = br#"{"name":"old","network":"web",
        "netns":{"path":"/run/netns/box","id":{"dev":4,"ino":4026532001}},
        "host-ifname":"tgv1","ifname":"eth0","mac":"02:76:00:00:00:01",
        "addresses":["10.0.1.2/24"],"gateways":["10.0.1.1"],"ports":["8080:80/tcp","81:81/tcp"],
        "allow":[{"ports":["8080:80/tcp"],"from":["0.0.0.0/0","::/0"]},{"ports":["81:81/tcp"],"from":["0.0.0.0/0"]}]}"#;
    rows::set_raw_endpoint(store.database.as_ref().unwrap(), "old", row).unwrap();
    let loaded = store.load().unwrap();
    let allow = &loaded.endpoints[&"old".parse().unwrap()].allow;
    assert_eq!(allow.len(), 1, "{allow:?}");
    assert_eq!(allow[0].from.to_string(), "0.0.0.0/0");
}

/// Earlier releases allowed names that `tidegate explain` takes for something else.
#[test]
fn names_that_only_earlier_releases_allowed_are_read() {
    for odd in ["host", "outside", "10.0.0.1", "web."] {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, _) = store_with_a_network(folder.path());
        let network = format!(
            r#"{{"name":"{odd}","bridge":"tgb7","mac":"02:62:00:00:00:07",
            "subnets":[{{"net":"10.7.0.0/24","gateway":"10.7.0.1"}}],"mtu":null}}"#
        );
        let endpoint = format!(
            r#"{{"name":"{odd}","network":"{odd}",
            "netns":{{"path":"/run/netns/box","id":{{"dev":4,"ino":4026532001}}}},
            "host-ifname":"tgv1","ifname":"eth0","mac":"02:76:00:00:00:01","aliases":["{odd}"],
            "addresses":["10.7.0.2/24"],"gateways":["10.7.0.1"],"ports":["8080:80/tcp"]}}"#
        );
        let database = store.database.as_ref().unwrap();
        rows::set_raw_network(database, odd, network.as_bytes()).unwrap();
        rows::set_raw_endpoint(database, odd, endpoint.as_bytes()).unwrap();
        let loaded = store.load().unwrap();
        let name: tidegate_model::Name = odd.parse().unwrap();
        assert!(loaded.networks.contains_key(&name), "{odd}");
        assert_eq!(loaded.endpoints[&name].aliases, std::slice::from_ref(&name));
    }
}

#[test]
fn a_row_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = store_with_a_network(folder.path());
    rows::set_raw_network(store.database.as_ref().unwrap(), "web", b"{}").unwrap();
    let refused = store.load().unwrap_err();
    assert!(
        refused.to_string().starts_with("the network web in"),
        "{refused}"
    );
}

/// A network that has everything that can be said of one.
fn full_network() -> Network {
    let subnet = Subnet::new("10.0.1.0/24".parse().unwrap(), None).unwrap();
    Network {
        subnets: vec![subnet.with_range("10.0.1.128/25".parse().unwrap()).unwrap()],
        host_ips: vec!["127.0.0.1".parse().unwrap()],
        allow: AllowList::new(["192.0.2.0/24".parse().unwrap()]).unwrap(),
        policy: Policy {
            access: Access::Internal,
            host_access: Some(HostAccess::Dns),
            dns_forward: false,
            icc: false,
            anti_spoofing: true,
            mode4: Mode::Routed,
            mode6: Mode::NatUnprotected,
            masquerade: false,
            snat: vec!["192.0.2.9".parse().unwrap()],
            trusted_interfaces: vec!["eth1".parse().unwrap()],
        },
        reserved: [("printer".parse().unwrap(), "10.0.1.9".parse().unwrap())].into(),
        peers: ["db".parse().unwrap()].into(),
        labels: [("owner".parse().unwrap(), "ops".to_owned())].into(),
        dns: dns("192.0.2.53"),
        remove_when_unused: true,
        ..network("web", 1)
    }
}

/// An internal network whose DNS server forwards names.
fn forwarding() -> Network {
    Network {
        policy: Policy {
            access: Access::Internal,
            dns_forward: true,
            ..Policy::default()
        },
        ..network("build", 3)
    }
}

/// An endpoint of that kind.
fn full_endpoint() -> Endpoint {
    let port = "127.0.0.1:8080:80/tcp".parse().unwrap();
    Endpoint {
        name: "front".parse().unwrap(),
        network: "web".parse().unwrap(),
        place: Place::Netns(NetnsRef {
            path: "/run/netns/box".into(),
            id: NetnsId {
                dev: 4,
                ino: 4_026_532_001,
                cookie: Some(NetnsCookie {
                    boot: 0x5ad1_f2c0_9be3_4711,
                    number: 4242,
                }),
            },
        }),
        host_ifname: "tgv1".parse().unwrap(),
        ifname: "eth0".parse().unwrap(),
        mac: MacAddr::local([0, 0, 0, 1, 1]),
        addresses: vec!["10.0.1.2/24".parse().unwrap()],
        gateways: vec!["10.0.1.1".parse().unwrap()],
        default_route: false,
        routes: vec![
            StaticRoute::new(
                "10.9.0.0/16".parse().unwrap(),
                Some("10.0.1.9".parse().unwrap()),
            )
            .unwrap(),
        ],
        gateway_priority: 7.try_into().unwrap(),
        gateway_metric: Some(400),
        resolvers: vec!["169.254.53.53".parse().unwrap()],
        aliases: vec!["www".parse().unwrap()],
        ports: vec![port],
        allow: vec![Allowance {
            ports: vec![port],
            from: AllowList::new(["2001:db8::/32".parse().unwrap()]).unwrap(),
        }],
        host_ports: HostPorts::Engine,
        sysctls: vec!["net.ipv4.conf.IFNAME.log_martians=1".parse().unwrap()],
        dns: dns("2001:db8::53"),
        owner: Some("cni/4ac1/eth0".parse().unwrap()),
        labels: [("app".parse().unwrap(), "shop".to_owned())].into(),
    }
}

pub(super) const NETWORKS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("networks");
pub(super) const ENDPOINTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("endpoints");

/// The text of a row.
pub(super) fn row(store: &Store, table: TableDefinition<'_, &str, &[u8]>, key: &str) -> String {
    let from = store.database.as_ref().unwrap().begin_read().unwrap();
    let table = from.open_table(table).unwrap();
    let row = table.get(key).unwrap().unwrap();
    String::from_utf8(row.value().to_vec()).unwrap()
}

/// If this fails, a store of the release before cannot be read, or the release before cannot read a store of this one:
/// write a migration ([`layout::MIGRATIONS`]) instead of a new golden.
#[test]
fn rows_have_the_text_that_they_always_had() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(folder.path()).unwrap();
    let changes = Change::All(vec![
        Change::AddNetwork(full_network()),
        Change::AddNetwork(network("plain", 2)),
        Change::AddNetwork(forwarding()),
        Change::AddEndpoint(full_endpoint()),
    ]);
    let mut state = State::default();
    store.commit(&state, &changes).unwrap();
    state.apply(&changes);
    expect![[r#"{"name":"web","bridge":"tgb1","mac":"02:00:00:00:00:01","subnets":[{"net":"10.0.1.0/24","gateway":"10.0.1.1","range":"10.0.1.128/25"}],"mtu":1400,"host-ips":["127.0.0.1"],"allow":["192.0.2.0/24"],"policy":{"access":"internal","host-access":"dns","icc":false,"anti-spoofing":true,"mode4":"routed","mode6":"nat-unprotected","masquerade":false,"snat":["192.0.2.9"],"trusted-interfaces":["eth1"]},"reserved":{"printer":"10.0.1.9"},"peers":["db"],"labels":{"owner":"ops"},"dns":{"servers":["192.0.2.53"],"search":["corp.example"],"options":["ndots:2"]},"remove-when-unused":true}"#]].assert_eq(&row(&store, NETWORKS, "web"));
    expect![[r#"{"name":"plain","bridge":"tgb2","mac":"02:00:00:00:00:02","subnets":[{"net":"10.0.2.0/24","gateway":"10.0.2.1"}],"mtu":1400,"policy":{"access":"open","icc":true,"anti-spoofing":false,"mode4":"nat","mode6":"nat","masquerade":true,"snat":[],"trusted-interfaces":[]}}"#]].assert_eq(&row(&store, NETWORKS, "plain"));
    assert_eq!(
        row(&store, NETWORKS, "build"),
        row(&store, NETWORKS, "plain")
            .replace("plain", "build")
            .replace("0.2", "0.3")
            .replace("tgb2", "tgb3")
            .replace("00:02", "00:03")
            .replace(r#""open","#, r#""internal","dns-forward":true,"#)
    );
    expect![[r#"{"name":"front","network":"web","netns":{"path":"/run/netns/box","id":{"dev":4,"ino":4026532001,"cookie":"5ad1f2c09be34711-4242"}},"host-ifname":"tgv1","ifname":"eth0","mac":"02:00:00:00:01:01","addresses":["10.0.1.2/24"],"gateways":["10.0.1.1"],"default-route":false,"routes":[{"to":"10.9.0.0/16","via":"10.0.1.9"}],"gateway-priority":7,"gateway-metric":400,"resolvers":["169.254.53.53"],"aliases":["www"],"ports":["127.0.0.1:8080:80/tcp"],"allow":[{"ports":["127.0.0.1:8080:80/tcp"],"from":["2001:db8::/32"]}],"host-ports":"engine","sysctls":["net.ipv4.conf.IFNAME.log_martians=1"],"dns":{"servers":["2001:db8::53"],"search":["corp.example"],"options":["ndots:2"]},"owner":{"engine":"cni","id":"4ac1/eth0"},"labels":{"app":"shop"}}"#]].assert_eq(&row(&store, ENDPOINTS, "front"));
    assert_eq!(store.load().unwrap(), state);
}

/// Calls the bridge of each network by a new name, as a migration would.
const RENAME: Migration = |to| {
    let mut table = to.open_table(NETWORKS)?;
    let rows = table.iter()?.map(|row| {
        let (key, value) = row?;
        Ok((key.value().to_owned(), value.value().to_vec()))
    });
    for (key, value) in rows.collect::<Result<Vec<_>, redb::StorageError>>()? {
        let text = String::from_utf8(value).unwrap().replace("bridge", "link");
        table.insert(key.as_str(), text.as_bytes())?;
    }
    Ok(())
};
const FAIL: Migration = |_| Err(redb::StorageError::ValueTooLarge(0).into());

#[test]
fn a_migration_runs_once_and_whole_and_an_older_daemon_then_refuses_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = store_with_a_network(folder.path());
    let database = store.database.as_ref().unwrap();
    let bring_up = |migrations: &[Migration]| layout::bring_up(database, migrations, |_| Ok(()));
    let before = row(&store, NETWORKS, "web");
    assert!(bring_up(&[RENAME, FAIL]).is_err());
    assert_eq!(row(&store, NETWORKS, "web"), before);
    bring_up(&[RENAME]).unwrap();
    let after = row(&store, NETWORKS, "web");
    assert_eq!(after, before.replace("bridge", "link"));
    // It would fail now.
    bring_up(&[FAIL]).unwrap();
    assert_eq!(row(&store, NETWORKS, "web"), after);
    let refused = bring_up(&[]).unwrap_err();
    assert!(
        matches!(refused, Fault::Newer { found: 2, known: 1 }),
        "{refused:?}"
    );
}

#[test]
fn a_new_store_has_the_newest_layout_and_is_not_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let database = redb::Database::create(folder.path().join(FILE)).unwrap();
    layout::bring_up(&database, &[FAIL, FAIL], |_| Ok(())).unwrap();
    layout::bring_up(&database, &[FAIL, FAIL], |_| Ok(())).unwrap();
}

fn dns(server: &str) -> Dns {
    Dns {
        servers: vec![server.parse().unwrap()],
        search: vec!["corp.example".parse().unwrap()],
        options: vec!["ndots:2".parse().unwrap()],
    }
}
