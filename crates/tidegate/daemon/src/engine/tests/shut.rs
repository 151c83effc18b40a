//! What is done where there is no time for the table.

use tidegate_nft_drivers::TableChanges;

use super::*;

#[test]
fn networks_are_closed_at_once_and_the_table_takes_the_place_of_that_later() {
    let bench = Bench::new().with_endpoint();
    let whole = bench.engine.live_ruleset().unwrap();
    let mut gone = Transaction::new();
    gone.destroy_table(&tidegate_plan::table());
    bench.engine.backends().driver.apply(&gone).unwrap();
    let changed = || Ok(TableChanges::Changed(Vec::new()));
    let done = bench.engine.mend(changed, true).unwrap();
    assert_eq!(done, Mended::Shut(Vec::new()));
    let shut = bench.engine.live_ruleset().unwrap();
    assert!(
        shut.contains("chain shut") && !shut.contains("8080"),
        "{shut}"
    );
    // Once more, as in a fight.
    assert_eq!(bench.engine.mend(changed, true).unwrap(), done);
    assert_eq!(bench.engine.live_ruleset().unwrap(), shut.clone());
    let done = bench.engine.mend(changed, false).unwrap();
    assert_eq!(done, Mended::Replaced(Vec::new()));
    assert_eq!(bench.engine.live_ruleset().unwrap(), whole);
}
