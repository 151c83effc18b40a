//! What the kernel tells of a transaction, in the words of [`message`](super::message): by that ours is known among others
//! that were committed at the same time.

use std::collections::BTreeSet;

use tidegate_nft::{Object, ObjectId, Op, TableId, Transaction};

/// The words of which at least one is told of a transaction, if it changes a table at all. With a table that is made anew goes
/// all else: that it is added tells it from one that deletes it alone.
pub(super) fn words(transaction: &Transaction, table: &TableId) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for op in transaction.ops_on(table) {
        match op {
            Op::Add(object) | Op::Create(object) => words.extend(added(object)),
            Op::Insert(rule) => {
                words.insert(format!("rule of chain {} added", rule.chain.name));
            }
            Op::Delete(id) => words.extend(deleted(id)),
            Op::Flush(id) => words.extend(flushed(id)),
            Op::AddElements { set, .. } | Op::CreateElements { set, .. } => {
                words.insert(format!("element of set {} added", set.name));
            }
            Op::DeleteElements { set, .. } => {
                words.insert(format!("element of set {} deleted", set.name));
            }
        }
    }
    let added = "table added";
    if words.contains(added) && words.contains("table deleted") {
        words.retain(|word| word == added);
    }
    words
}

fn added(object: &Object) -> Vec<String> {
    match object {
        Object::Table(_) => vec!["table added".to_owned()],
        Object::Chain(chain) => vec![format!("chain {} added", chain.id.name)],
        Object::Rule(rule) => vec![format!("rule of chain {} added", rule.chain.name)],
        Object::Set(set) => {
            let name = &set.id.name;
            vec![
                format!("set {name} added"),
                format!("element of set {name} added"),
            ]
        }
    }
}

fn deleted(id: &ObjectId) -> Vec<String> {
    let object = match id {
        ObjectId::Table(_) => "table deleted".to_owned(),
        ObjectId::Chain(chain) => format!("chain {} deleted", chain.name),
        ObjectId::Set(set) => format!("set {} deleted", set.name),
    };
    flushed(id).into_iter().chain([object]).collect()
}

fn flushed(id: &ObjectId) -> Option<String> {
    match id {
        // Of which chains there is to tell is not known.
        ObjectId::Table(_) => None,
        ObjectId::Chain(chain) => Some(format!("rule of chain {} deleted", chain.name)),
        ObjectId::Set(set) => Some(format!("element of set {} deleted", set.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidegate_nft::Family;

    fn of(transaction: &Transaction) -> Vec<String> {
        words(transaction, &table()).into_iter().collect()
    }

    fn table() -> TableId {
        TableId {
            family: Family::Inet,
            name: "tidegate".parse().unwrap(),
        }
    }

    #[test]
    fn a_table_that_is_made_anew_is_told_from_one_that_is_deleted() {
        let mut transaction = Transaction::new();
        transaction.destroy_table(&table()).add(table());
        transaction.flush(table().chain("forward".parse().unwrap()));
        assert_eq!(of(&transaction), ["table added"]);
        let mut deleted = Transaction::new();
        deleted.delete(table());
        assert_eq!(of(&deleted), ["table deleted"]);
    }

    #[test]
    fn changes_of_one_table_are_described_and_those_of_others_are_not() {
        let mut transaction = Transaction::new();
        transaction.flush(table().chain("shut".parse().unwrap()));
        transaction.delete(TableId {
            family: Family::Ip,
            ..table()
        });
        assert_eq!(of(&transaction), ["rule of chain shut deleted"]);
    }
}
