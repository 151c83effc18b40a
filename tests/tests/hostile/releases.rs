//! The attacks that rules hold off, with the nftables of other Debian releases.

use tidegate_tests::Release;
use tidegate_tests::release::{DEBIAN_11, DEBIAN_13};

use crate::{ARGUMENTS, host_access, loopback, nobody, sources};

fn try_with(release: &Release) {
    release.with_drivers(|label, driver| {
        let attacks = [
            &host_access::ATTACKS[..],
            &loopback::ATTACKS,
            &nobody::ATTACKS,
            &sources::ATTACKS,
        ];
        for attack in attacks.concat() {
            attack(label, &release.lab(driver, &ARGUMENTS).credulous());
        }
    });
}

#[test]
fn every_attack_fails_with_the_nftables_of_debian_11() {
    try_with(&DEBIAN_11);
}

#[test]
fn every_attack_fails_with_the_nftables_of_debian_13() {
    try_with(&DEBIAN_13);
}
