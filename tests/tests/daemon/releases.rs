//! The data path with the nftables of other Debian releases than the one that the tests run on.

use tidegate_tests::Release;
use tidegate_tests::release::{DEBIAN_11, DEBIAN_13};

use crate::matrix::try_every_cell;

fn try_with(release: &Release) {
    release.with_drivers(|label, driver| try_every_cell(label, || release.lab(driver, &[])));
}

#[test]
fn every_cell_is_as_the_table_says_with_the_nftables_of_debian_11() {
    try_with(&DEBIAN_11);
}

#[test]
fn every_cell_is_as_the_table_says_with_the_nftables_of_debian_13() {
    try_with(&DEBIAN_13);
}
