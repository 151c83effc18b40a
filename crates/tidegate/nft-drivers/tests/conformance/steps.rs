//! A transaction with every operation.

use tidegate_nft::*;

use crate::sample::{TABLE, chain, publish4, published};

/// Every operation, to follow [`everything`](crate::sample::everything).
pub(crate) fn every_operation() -> Transaction {
    let side = TABLE.chain(name!("side"));
    let scratch = Set::new(&TABLE, name!("scratch"), Datatype::Mark);
    let mut transaction = Transaction::new();
    transaction
        .create(Chain::regular(side.clone()))
        .create(scratch.clone())
        .add(Rule::new(side.clone(), [Verdict::Drop.into()]).tagged("second"))
        .insert(Rule::new(side.clone(), [Statement::Counter]).tagged("first"))
        .create_elements(&scratch.id, [Element::new([Mark(1).into()])])
        .add_elements(
            &scratch.id,
            [1, 2, 3].map(|mark| Element::new([Mark(mark).into()])),
        )
        .delete_elements(&scratch.id, [Element::new([Mark(2).into()])])
        .flush(publish4().id)
        .add_elements(&publish4().id, [published(1), published(2)])
        .delete_elements(&publish4().id, [published(2)])
        .flush(chain(name!("guard")))
        .delete(scratch.id)
        .add(TableId::new(Family::Ip6, name!("other6")))
        .flush(TableId::new(Family::Ip6, name!("other6")))
        .delete(TableId::new(Family::Ip6, name!("other6")));
    transaction
}
