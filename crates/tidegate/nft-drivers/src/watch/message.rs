//! What the kernel tells on the nftables group (linux/netfilter/nf_tables.h): each object that a
//! transaction touched, then `NFT_MSG_NEWGEN`, which ends it and says who it was.

use tidegate_sys::netlink::{self, attribute};

/// `NFNL_SUBSYS_NFTABLES` (linux/netfilter/nfnetlink.h).
const SUBSYSTEM: u16 = 10;
/// Length of `struct nfgenmsg`.
const HEADER: usize = 4;
/// `NFT_MSG_NEWGEN`.
const NEWGEN: u8 = 15;
// enum nft_gen_attributes
const GEN_ID: u16 = 1;
const GEN_PROC_PID: u16 = 2;
const GEN_PROC_NAME: u16 = 3;
/// The table of an object: the first attribute of every kind of them.
const TABLE: u16 = 1;

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// Something in a table was made or deleted.
    Object(Touched),
    /// The transaction to which the objects before it belong was committed.
    Commit(Commit),
}

/// An object that a transaction made or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    /// `NFPROTO_*`.
    pub(super) family: u8,
    pub(super) table: String,
    /// Whether it is the table itself.
    pub(super) is_table: bool,
    /// What happened, in words: `set peers deleted`.
    pub(super) what: String,
}

/// A transaction and who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) generation: u32,
    pub(super) process: Option<u32>,
    pub(super) program: Option<String>,
}

/// What a message says, if it is understood.
pub(super) fn decode(message: &netlink::Message<'_>) -> Option<Message> {
    let [subsystem, kind] = message.kind.to_be_bytes();
    let (header, attributes) = message.body.split_at_checked(HEADER)?;
    if u16::from(subsystem) != SUBSYSTEM {
        return None;
    }
    if kind == NEWGEN {
        return Some(Message::Commit(Commit {
            generation: generation(message.body)?,
            process: attribute(attributes, GEN_PROC_PID).and_then(number),
            program: attribute(attributes, GEN_PROC_NAME).map(text),
        }));
    }
    let (object, name, deed) = object(kind)?;
    let name = name.and_then(|kind| attribute(attributes, kind));
    let name = name.map_or_else(String::new, |name| format!(" {}", text(name)));
    Some(Message::Object(Touched {
        family: *header.first()?,
        table: text(attribute(attributes, TABLE)?),
        is_table: name.is_empty(),
        what: format!("{object}{name} {deed}"),
    }))
}

/// The generation in a `NFT_MSG_NEWGEN`.
pub(super) fn generation(body: &[u8]) -> Option<u32> {
    number(attribute(body.get(HEADER..)?, GEN_ID)?)
}

/// Of a message (`enum nf_tables_msg_types`): the object in words, the attribute that names it or
/// what holds it, and what happened to it.
fn object(kind: u8) -> Option<(&'static str, Option<u16>, &'static str)> {
    const MADE: &str = "added";
    const DELETED: &str = "deleted";
    Some(match kind {
        0 => ("table", None, MADE),
        2 => ("table", None, DELETED),
        3 => ("chain", Some(3), MADE),
        5 => ("chain", Some(3), DELETED),
        6 => ("rule of chain", Some(2), MADE),
        8 => ("rule of chain", Some(2), DELETED),
        9 => ("set", Some(2), MADE),
        11 => ("set", Some(2), DELETED),
        12 => ("element of set", Some(2), MADE),
        14 => ("element of set", Some(2), DELETED),
        18 => ("object", Some(2), MADE),
        20 => ("object", Some(2), DELETED),
        22 => ("flowtable", Some(2), MADE),
        24 => ("flowtable", Some(2), DELETED),
        _ => return None,
    })
}

fn number(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*value.first_chunk()?))
}

fn text(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&value[..end.unwrap_or(value.len())]).into_owned()
}

#[cfg(test)]
mod tests {
    use tidegate_sys::netlink::messages as all;

    use super::*;

    fn messages(datagram: &[u8]) -> impl Iterator<Item = Message> {
        all(datagram).filter_map(|message| decode(&message))
    }

    fn nla(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).expect("short");
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message(kind: u8, family: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
        let body = [vec![family, 0, 0, 0], attributes.concat()].concat();
        let length = u32::try_from(16 + body.len()).expect("short");
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(u16::from_be_bytes([10, kind]).to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_transaction_is_its_objects_and_then_who_it_was() {
        let table = nla(1, b"tidegate\0");
        let datagram = [
            message(14, 1, &[table.clone(), nla(2, b"publish4\0")]),
            message(2, 1, &[table]),
            message(
                15,
                0,
                &[
                    nla(1, &7u32.to_be_bytes()),
                    nla(2, &4711u32.to_be_bytes()),
                    nla(3, b"nft\0"),
                ],
            ),
        ]
        .concat();
        let touched = |what: &str| {
            Message::Object(Touched {
                family: 1,
                table: "tidegate".into(),
                is_table: what.starts_with("table "),
                what: what.into(),
            })
        };
        let commit = Message::Commit(Commit {
            generation: 7,
            process: Some(4711),
            program: Some("nft".into()),
        });
        let read: Vec<Message> = messages(&datagram).collect();
        assert_eq!(
            read,
            [
                touched("element of set publish4 deleted"),
                touched("table deleted"),
                commit
            ]
        );
    }

    #[test]
    fn truncated_messages_and_those_of_other_subsystems_are_skipped() {
        let whole = message(15, 0, &[nla(1, &7u32.to_be_bytes())]);
        for length in 0..whole.len() {
            assert_eq!(messages(&whole[..length]).count(), 0, "{length}");
        }
        let mut foreign = whole;
        foreign[4..6].copy_from_slice(&u16::from_be_bytes([1, 15]).to_ne_bytes());
        assert_eq!(messages(&foreign).count(), 0);
    }
}
