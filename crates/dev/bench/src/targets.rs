//! What is to be reached, and whether it was.

use crate::calls::{ATTACH, CREATE, PUBLISH};
use crate::report::{Row, Section, Target};
use crate::subjects::{NETWORK, PORT, RULES};
use crate::updates::{EXEC as EXEC_WAY, IPTABLES, LIBRARY as LIBRARY_WAY, NFT_EACH};
use crate::{calls, host, others, packages, packets, removal, start};

/// The daemon's drivers, by the names that it has for them.
pub(crate) const LIBRARY: &str = "library";
pub(crate) const EXEC: &str = "exec";
/// The stage of a call that is the firewall's.
const NFT: &str = "nft";

/// Everything that a run found, to be looked up.
struct Found<'a>(&'a [Section]);

impl Found<'_> {
    fn section(&self, title: &str) -> Option<&Section> {
        self.0.iter().find(|section| section.title == title)
    }

    fn median(&self, title: &str, name: &str, at: Option<u32>) -> Option<f64> {
        self.section(title)?.median(name, at)
    }

    fn part(&self, title: &str, name: &str, at: Option<u32>, part: &str) -> Option<f64> {
        self.section(title)?.median_of_part(name, at, part)
    }

    /// The least and the greatest place of a section.
    fn ends(&self, title: &str) -> Option<(u32, u32)> {
        let places = self.section(title)?.rows.iter().filter_map(|row| row.at);
        Some((places.clone().min()?, places.max()?))
    }

    /// The greatest of a part among the rows of a section.
    fn most(&self, title: &str, part: &str) -> Option<f64> {
        let parts = self.section(title)?.rows.iter().flat_map(|row| &row.parts);
        let medians = parts
            .filter(|found| found.name == part)
            .map(|part| part.median);
        medians.max_by(f64::total_cmp)
    }

    /// What an operation costs on the host that holds the most, with a driver: of those with the most
    /// endpoints the one where it costs the most.
    fn on_full_host(&self, title: &str, driver: &str) -> Option<f64> {
        let rows = self.on_other_hosts(title, driver)?;
        let full = rows.filter(|row| row.name.contains(start::ENDPOINTS));
        let medians = full.filter_map(|row| Some(row.cost?.median));
        medians.max_by(f64::total_cmp)
    }

    fn on_other_host(&self, title: &str, driver: &str, kind: &str) -> Option<&Row> {
        let mut rows = self.on_other_hosts(title, driver)?;
        rows.find(|row| row.name.ends_with(kind))
    }

    fn on_other_hosts(&self, title: &str, driver: &str) -> Option<impl Iterator<Item = &Row>> {
        let section = self.section(&format!("{title}{}", others::SUFFIX))?;
        let rows = section.rows.iter();
        // Not those of calls that filled a host.
        let is_of = move |row: &&Row| row.name.starts_with(driver) && row.note.is_empty();
        Some(rows.filter(is_of))
    }

    /// How many times as much the second way of a section costs.
    fn times(&self, title: &str, ours: &str, theirs: &str) -> Option<f64> {
        Some(self.median(title, theirs, None)? / self.median(title, ours, None)?)
    }
}

/// Judges what was measured.
pub(crate) fn judge(sections: &[Section]) -> Vec<Target> {
    let found = Found(sections);
    let mut targets = vec![publish_by_library(&found), publish_by_exec(&found)];
    targets.push(against_nft(&found));
    targets
        .extend([(LIBRARY, 3.0), (EXEC, 4.0)].map(|(driver, most)| create(&found, driver, most)));
    targets.extend([LIBRARY, EXEC].map(|driver| attach(&found, driver)));
    targets.push(transactions(&found));
    targets.push(removal(&found));
    targets.push(foreign(&found));
    targets.push(start(&found));
    targets.push(packets(&found));
    targets.push(memory(&found));
    targets.push(size(&found));
    targets
}

fn target(what: &str, must: &str, judged: Option<(String, bool)>) -> Target {
    let (found, reached) = match judged {
        Some((found, reached)) => (found, Some(reached)),
        None => ("not measured".to_owned(), None),
    };
    Target {
        what: what.into(),
        must: must.into(),
        found,
        reached,
    }
}

fn publish_by_library(found: &Found) -> Target {
    let judged = || {
        let (least, most) = found.ends(PUBLISH)?;
        let nft = |at| found.part(PUBLISH, LIBRARY, Some(at), NFT);
        let (first, last) = (nft(least)?, nft(most)?);
        let whole = found.median(PUBLISH, LIBRARY, Some(most))?;
        let text = format!(
            "{first:.2} ms at {least}, {last:.2} ms at {most}: {:.1} times (whole call {whole:.2} ms)",
            last / first
        );
        Some((text, first.max(last) <= 0.3 && last <= 2.0 * first))
    };
    let must = "nft's part <= 0.3 ms, and at the most ports at most twice that at none";
    target("publish one port, library driver", must, judged())
}

fn publish_by_exec(found: &Found) -> Target {
    let judged = || {
        let (_, most) = found.ends(PUBLISH)?;
        let nft = found.part(PUBLISH, EXEC, Some(most), NFT)?;
        let whole = found.median(PUBLISH, EXEC, Some(most))?;
        let times = found.times(PORT, EXEC_WAY, NFT_EACH)?;
        let text =
            format!("{nft:.2} ms at {most} (whole call {whole:.2} ms), {times:.0} times faster");
        Some((text, nft <= 1.0 && times >= 10.0))
    };
    let must = "nft's part <= 1 ms, and 10 times faster than an `nft -f -` each";
    target("publish one port, exec driver", must, judged())
}

fn against_nft(found: &Found) -> Target {
    let judged = || {
        let times = found.times(RULES, LIBRARY_WAY, NFT_EACH)?;
        Some((format!("{times:.0} times"), times >= 20.0))
    };
    let what = "library driver against `nft -f -` each, add and delete";
    target(what, ">= 20 times faster", judged())
}

fn create(found: &Found, driver: &str, most: f64) -> Target {
    let judged = || {
        let (least, _) = found.ends(CREATE)?;
        let whole = found.median(CREATE, driver, Some(least))?;
        let calls = IPTABLES.map(|name| found.part(NETWORK, name, None, "add"));
        let calls = calls.into_iter().flatten().min_by(f64::total_cmp)?;
        let text = format!("{whole:.2} ms, iptables' calls alone {calls:.0} ms");
        Some((text, whole <= most && whole <= calls / 5.0))
    };
    let what = format!("network create, dual stack, {driver} driver");
    let must = format!("<= {most} ms, and at most 1/5 of its rules by single iptables calls");
    target(&what, &must, judged())
}

fn attach(found: &Found, driver: &str) -> Target {
    let judged = || {
        let (least, _) = found.ends(ATTACH)?;
        let whole = found.median(ATTACH, driver, Some(least))?;
        let (full, times) = match found.on_full_host(ATTACH, driver) {
            Some(full) => (format!(", {full:.2} ms on the fullest host"), full / whole),
            None => (String::new(), 1.0),
        };
        Some((format!("{whole:.2} ms{full}"), whole <= 5.0 && times <= 2.0))
    };
    let what = format!("attach with one published port, {driver} driver");
    target(
        &what,
        "<= 5 ms, and at most twice that with 10,000 endpoints",
        judged(),
    )
}

fn transactions(found: &Found) -> Target {
    let judged = || {
        let rows = &found.section(calls::TRANSACTIONS)?.rows;
        let is_it = |row: &&Row| {
            [CREATE, ATTACH]
                .iter()
                .any(|title| row.name.ends_with(title))
        };
        let counts = rows.iter().filter(is_it).filter_map(|row| row.cost);
        let most = counts.map(|cost| cost.p90).max_by(f64::total_cmp)?;
        Some((format!("{most}"), most == 1.0))
    };
    let what = "nft part of network create and of attach";
    target(what, "one transaction each", judged())
}

fn removal(found: &Found) -> Target {
    let judged = || {
        let slowest = [LIBRARY, EXEC].map(|driver| found.median(removal::NETWORKS, driver, None));
        let slowest = slowest.into_iter().flatten().max_by(f64::total_cmp)?;
        let plain = found.median(removal::NETWORKS, removal::PLAIN, None)?;
        let text = format!("{slowest:.0} ms, their bridges by ip link del {plain:.0} ms");
        Some((text, slowest <= 500.0))
    };
    target(removal::NETWORKS, "<= 500 ms in all", judged())
}

fn foreign(found: &Found) -> Target {
    let judged = || {
        let row = found.on_other_host(PUBLISH, LIBRARY, others::FOREIGN)?;
        let mut parts = row.parts.iter();
        let nft = parts.find(|part| part.name == NFT)?.median;
        let whole = row.cost?.median;
        let text = format!("nft's part {nft:.2} ms, whole call {whole:.2} ms");
        Some((text, nft <= 1.0))
    };
    let what = "publish with a foreign table of 10,000 intervals, library driver";
    target(what, "<= 1 ms", judged())
}

fn start(found: &Found) -> Target {
    let judged = || {
        let ruleset = found.most(start::START, start::RULESET)?;
        let transactions = found.most(start::START, start::TRANSACTIONS)?;
        let ready = found.section(start::START)?.rows.first()?.cost?.median;
        let text =
            format!("{ruleset:.0} ms, {transactions} transaction(s), ready after {ready:.0} ms");
        Some((text, ruleset <= 3_000.0 && transactions <= 1.0))
    };
    let what = "start with 10,000 endpoints and 20,000 ports";
    target(
        what,
        "<= 3 s to the ruleset in place, one transaction",
        judged(),
    )
}

fn packets(found: &Found) -> Target {
    let judged = || {
        let (least, most) = found.ends(packets::CONNECTIONS)?;
        let rate = |at| found.median(packets::CONNECTIONS, packets::OURS, Some(at));
        let (first, last) = (rate(least)?, rate(most)?);
        let share = 100.0 * last / first;
        let text = format!("{last:.0} a second at {most}, {first:.0} at {least}: {share:.0} %");
        Some((text, share >= 90.0))
    };
    let what = "connection rate through a published port at 20,000 ports";
    target(what, ">= 90 % of that at 1", judged())
}

fn memory(found: &Found) -> Target {
    let judged = || {
        let daemon = found.most(start::MEMORY, host::DAEMON)?;
        let driver = found.most(start::MEMORY, host::DRIVER)?;
        let resolver = found.most(start::MEMORY, host::RESOLVER)?;
        let text = format!(
            "daemon {daemon:.1} MiB, process of the nft driver {driver:.1} MiB, of the resolver {resolver:.1} MiB"
        );
        Some((text, daemon <= 40.0 * MB))
    };
    let what = "resident memory at 1,000 networks and 10,000 endpoints";
    target(what, "<= 40 MB, the library's own told apart", judged())
}

fn size(found: &Found) -> Target {
    let judged = || {
        let size = found.median(packages::SIZES, packages::STATIC_DAEMON, None)?;
        Some((format!("{size:.1} MB"), size <= 10.0))
    };
    target("static daemon, stripped", "<= 10 MB", judged())
}

/// Megabytes in MiB.
const MB: f64 = 1e6 / (1024.0 * 1024.0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Row;
    use crate::sample::{Sample, Summary};

    fn publishing(last: f64) -> Section {
        let mut section = Section::new(PUBLISH, "", "ms").along("published ports");
        for (at, nft) in [(0, 0.1), (50_000, last)] {
            let row = Row::new(LIBRARY, Some(Summary::once(1.0)));
            section.push(row.part(NFT, &Sample::once(nft)).at(at));
        }
        section
    }

    #[test]
    fn a_flat_fast_cost_reaches_the_target_and_a_growing_one_misses_it() {
        let reached = |last| publish_by_library(&Found(&[publishing(last)])).reached;
        assert_eq!(reached(0.2), Some(true));
        assert_eq!(reached(0.21), Some(false));
        assert_eq!(reached(0.4), Some(false));
    }

    #[test]
    fn an_attach_is_judged_on_the_full_host_where_it_costs_the_most() {
        let row = |name: &str, ms| Row::new(name, Some(Summary::once(ms)));
        let mut empty = Section::new(ATTACH, "", "ms").along("published ports");
        empty.push(row(LIBRARY, 2.0).at(0));
        let judged = |spread| {
            let mut others = Section::new(&format!("{ATTACH}{}", others::SUFFIX), "", "ms");
            others.push(row("library, 10 endpoints in 9 networks", spread));
            others.push(row("library, 10 endpoints in 1 networks", 2.5));
            others.push(row("library, up to 10 endpoints in 9 networks", 90.0).note("filling"));
            others.push(row("library, 9 networks", 80.0));
            attach(&Found(&[empty.clone(), others]), LIBRARY).reached
        };
        assert_eq!((judged(4.0), judged(4.1)), (Some(true), Some(false)));
    }

    #[test]
    fn an_unmeasured_target_is_neither_reached_nor_missed() {
        let targets = judge(&[]);
        assert!(targets.len() > 5);
        assert!(targets.iter().all(|target| target.reached.is_none()));
    }
}
