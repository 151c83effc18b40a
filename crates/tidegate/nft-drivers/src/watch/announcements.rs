//! What the kernel announces about a transaction, in the words of [`message`](super::message). It tells our transaction from
//! others that were committed at the same time.

use std::collections::BTreeSet;

use tidegate_nft::{Object, ObjectId, Op, TableId, Transaction};

/// Descriptions of changes. If a transaction changes the table at all, the kernel announces at least one of them. For a
/// transaction that replaces the table, this is only "table added": a transaction that only deletes the table has all others too.
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
        // A flushed table announces rules of chains whose names are not known here.
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
    fn a_table_that_is_replaced_differs_from_one_that_is_deleted() {
        let mut transaction = Transaction::new();
        transaction.destroy_table(&table()).add(table());
        transaction.flush(table().chain("forward".parse().unwrap()));
        assert_eq!(of(&transaction), ["table added"]);
        let mut deleted = Transaction::new();
        deleted.delete(table());
        assert_eq!(of(&deleted), ["table deleted"]);
    }

    #[test]
    fn only_changes_of_the_one_table_are_described() {
        let mut transaction = Transaction::new();
        transaction.flush(table().chain("shut".parse().unwrap()));
        transaction.delete(TableId {
            family: Family::Ip,
            ..table()
        });
        assert_eq!(of(&transaction), ["rule of chain shut deleted"]);
    }
}
