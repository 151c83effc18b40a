//! What a newer nft wrote, on which older ones and their library crash.

use rustix::net::{SendFlags, send as send_to_kernel};
use test_support::Netns;
use tidegate_nft::*;
use tidegate_nft_drivers::*;
use tidegate_sys::netlink::{self, Socket};

use crate::sample::TABLE;
use crate::subject::{ON_KERNEL, transaction};

// linux/netfilter/nfnetlink.h and nf_tables.h
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NEWTABLE: u16 = 0x0a00;
const DELTABLE: u16 = 0x0a02;
const NEWSET: u16 = 0x0a09;

/// The user data of `set s { type ipv4_addr; }` as nft 1.1.3 writes it: what nft up to 1.1.1 takes
/// for an expression, and follows nowhere.
const USERDATA: &[u8] = &[0, 4, 2, 0, 0, 0, 3, 8, 0, 4, 4, 0, 0, 0, 1, 0];

fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(4 + value.len()).expect("short");
    let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A message that makes something, of `struct nfgenmsg` with this family and resource.
fn message(kind: u16, family: u8, resource: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
    const REQUEST_CREATE: u16 = 0x0401;
    let [high, low] = resource.to_be_bytes();
    let body = [vec![family, 0, high, low], attributes.concat()].concat();
    let length = u32::try_from(16 + body.len()).expect("short");
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(REQUEST_CREATE.to_ne_bytes());
    bytes.extend([0; 8]);
    bytes.extend(body);
    bytes
}

/// Makes `inet newer` with a set as a newer nft makes it.
fn write_as_a_newer_nft(netns: &Netns) {
    let number = |value: u32| value.to_be_bytes();
    let set = [
        attribute(1, b"newer\0"),
        attribute(2, b"s\0"),
        // Key type ipv4_addr of four bytes, and a number of its own in the batch.
        attribute(4, &number(7)),
        attribute(5, &number(4)),
        attribute(10, &number(1)),
        attribute(13, USERDATA),
    ];
    let table = message(NEWTABLE, 1, 0, &[attribute(1, b"newer\0")]);
    send(netns, &[table, message(NEWSET, 1, 0, &set)]);
}

/// Sends a batch, past nft, which may crash already at what is there.
fn send(netns: &Netns, messages: &[Vec<u8>]) {
    let begin = message(BATCH_BEGIN, 0, 10, &[]);
    let end = message(BATCH_END, 0, 10, &[]);
    let batch = [begin, messages.concat(), end].concat();
    netns.run(|| {
        let socket = Socket::open(netlink::Family::Netfilter).expect("a socket");
        send_to_kernel(&socket, &batch, SendFlags::empty()).expect("sent");
    });
}

#[test]
fn a_crash_is_survived_changes_nothing_and_is_over_with_its_cause() {
    for &subject in ON_KERNEL {
        if !subject.can_run() {
            return;
        }
        let netns = Netns::new();
        let driver = subject.open(Location::Path(netns.path()));
        let chain = Chain::regular(TABLE.chain(name!("c")));
        let rule = Rule::new(TABLE.chain(name!("c")), [Verdict::Accept.into()]);
        let change = transaction(|t| t.add(TABLE).add(chain).add(rule));
        write_as_a_newer_nft(&netns);
        if let Err(error) = driver.apply(&change) {
            // The releases that crash: nothing but the process that they ran in is lost.
            assert_eq!(error.kind, Kind::DriverGone, "{subject:?}: {error}");
            assert!(error.to_string().contains("signal"), "{subject:?}: {error}");
            let again = driver.apply(&change).expect_err("the cause is still there");
            assert_eq!(again.kind, Kind::DriverGone, "{subject:?}: {again}");
            send(
                &netns,
                &[message(DELTABLE, 1, 0, &[attribute(1, b"newer\0")])],
            );
            assert!(!netns.sh("nft list tables").contains("sample"));
            driver.apply(&change).expect("the cause is gone");
        }
        assert!(netns.sh("nft list table inet sample").contains("accept"));
    }
}
