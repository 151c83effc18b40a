//! Which test programs are run, and which beside which.

/// How much is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// What needs neither root nor a kernel.
    Unit,
    /// All that concerns the distribution of this host.
    Host,
    /// Other distributions, other projects, other releases of nftables and the static programs too.
    All,
}

/// Test programs that run one after the other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// Stands before each of its lines.
    pub(super) name: &'static str,
    /// The choice of programs, as Cargo takes it.
    pub(super) programs: Vec<String>,
    /// Names of tests that are left out: those that contain one of these.
    skipped: &'static [&'static str],
    /// Whether the examples in documentation are run too.
    has_examples: bool,
    /// How many tests of a program run at a time, for each core.
    tests_per_core: usize,
    /// Whether it has the processors after the others: it compiles and compresses, and nobody waits for an answer.
    gives_way: bool,
}

/// Programs of tests/ folders that run everywhere.
const UNIT: &[&str] = &[
    "answers",
    "deciding",
    "elf",
    "elf_files",
    "installed",
    "made_up_family",
    "made_up_format",
    "made_up_libraries",
    "plan",
    "properties",
    "protocols",
    "pure",
    "several",
    "shared_libraries",
];
/// Those that program the kernel: they wait more than they compute.
const KERNEL: &[&str] = &["agreement", "conformance", "daemon", "links", "probing"];
/// Those in which programs crash or hang, and others interfere. They wait most, and have a lane of their own.
const FAULTS: &[&str] = &["faults", "hang", "hostile"];
/// Most of these tests wait: for time limits of clients and of the kernel, and for systems to boot and to shut down. At one a
/// core, cores are idle.
const WAITING_TESTS_PER_CORE: usize = 2;
/// The program of a package that is left out where the library cannot be linked.
const OF_THE_LIBRARY: &[&str] = &["context"];
/// Those that build and install packages: their builds wait for one another, and their systems boot.
const PACKAGES: &[&str] = &["packages", "packaging"];
/// Those that do it for other distributions, at full length, or with the release before.
const OTHERS: &[&str] = &["container", "distributions", "quick", "takeover"];
/// Container engines of other distributions: they wait for the kernel and for one another, and the daemon has deadlines.
const ENGINES: &[&str] = &["real_engines"];
/// Tests of the programs above that concern other releases of nftables, other projects, what is made for every
/// distribution (the static programs, which take a build of their own), and packages with planted faults, which prove
/// `verify` and not our packages.
const OF_OTHERS: &[&str] = &[
    "releases::",
    "adoption::",
    "capabilities::",
    "plain::",
    "planted::",
    "profiles::",
    "tarball::",
    "other_release::",
];

/// The lanes of a scope, which run side by side.
pub(super) fn of(scope: Scope, has_library: bool) -> Vec<Lane> {
    let lane = |name, programs: Vec<String>| Lane {
        name,
        programs,
        skipped: match scope {
            Scope::All => &[],
            Scope::Unit | Scope::Host => OF_OTHERS,
        },
        has_examples: false,
        tests_per_core: 1,
        gives_way: false,
    };
    let in_files = ["--lib", "--bins"].map(str::to_owned);
    let unit: Vec<String> = in_files.into_iter().chain(named(UNIT)).collect();
    if scope == Scope::Unit {
        return vec![lane("unit", unit)];
    }
    let (engines, others) = match scope {
        Scope::All => (ENGINES, OTHERS),
        Scope::Unit | Scope::Host => (&[][..], &[][..]),
    };
    let of_the_library = match has_library {
        true => OF_THE_LIBRARY,
        false => &[],
    };
    let kernel = unit
        .into_iter()
        .chain(named(KERNEL))
        .chain(named(of_the_library))
        .chain(named(engines));
    let packages = named(PACKAGES).chain(named(others));
    let kernel = Lane {
        has_examples: true,
        tests_per_core: WAITING_TESTS_PER_CORE,
        ..lane("kernel", kernel.collect())
    };
    let packages = Lane {
        // The builds of this host's own packages are short, and their tests wait for them: they would be the last to end.
        gives_way: scope == Scope::All,
        // Builds for other distributions run side by side already.
        tests_per_core: match scope {
            Scope::All => 1,
            Scope::Unit | Scope::Host => WAITING_TESTS_PER_CORE,
        },
        ..lane("packages", packages.collect())
    };
    let faults = Lane {
        tests_per_core: WAITING_TESTS_PER_CORE,
        ..lane("faults", named(FAULTS).collect())
    };
    vec![kernel, faults, packages]
}

fn named(programs: &[&str]) -> impl Iterator<Item = String> {
    let programs: Vec<String> = programs.iter().map(|name| (*name).to_owned()).collect();
    programs
        .into_iter()
        .flat_map(|name| ["--test".to_owned(), name])
}

impl Lane {
    /// What Cargo is given for each of its runs. An example in documentation and a test program are not run by one.
    pub(super) fn commands(&self, filters: &[String]) -> Vec<Vec<String>> {
        let skipped = self.skipped.iter();
        let skipped = skipped.flat_map(|name| ["--skip".to_owned(), (*name).to_owned()]);
        let for_tests: Vec<String> = filters.iter().cloned().chain(skipped).collect();
        let mut commands = vec![self.programs.clone()];
        if self.has_examples {
            commands.push(vec!["--doc".to_owned()]);
        }
        if !for_tests.is_empty() {
            for command in &mut commands {
                command.push("--".to_owned());
                command.extend_from_slice(&for_tests);
            }
        }
        commands
    }

    /// The program that runs Cargo, and its arguments. nice(1) gives other lanes the processors first: their daemons have
    /// deadlines.
    pub(super) fn program(&self, cargo: String, arguments: &[String]) -> (String, Vec<String>) {
        if !self.gives_way {
            return (cargo, arguments.to_vec());
        }
        let nice = ["-n".to_owned(), "10".to_owned(), cargo].into_iter();
        (
            "nice".to_owned(),
            nice.chain(arguments.iter().cloned()).collect(),
        )
    }

    /// How many tests of one program run at a time on a machine with `cores` cores.
    pub(super) const fn threads(&self, cores: usize) -> usize {
        self.tests_per_core * cores
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    /// A program that no lane names would never run.
    #[test]
    fn every_test_program_of_the_workspace_is_in_a_lane_once() {
        let metadata = plimsoll::run::command(
            &plimsoll::run::cargo(),
            &["metadata", "--no-deps", "--format-version", "1", "--locked"],
        );
        let metadata: Value = serde_json::from_str(&metadata.text().unwrap()).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let targets = packages.iter().flat_map(|package| {
            let targets = package["targets"].as_array();
            targets.into_iter().flatten()
        });
        let tests = targets.filter(|target| target["kind"][0] == "test");
        let there: BTreeSet<&str> = tests.map(|test| test["name"].as_str().unwrap()).collect();
        let all = of(Scope::All, true);
        let named: Vec<&str> = all
            .iter()
            .flat_map(|lane| &lane.programs)
            .map(String::as_str)
            .collect();
        let named = named.iter().filter(|word| !word.starts_with("--"));
        let mut in_lanes: Vec<&str> = named.copied().collect();
        in_lanes.sort_unstable();
        assert_eq!(in_lanes, there.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn tests_that_wait_run_at_two_a_core_and_tests_that_compute_at_one() {
        let threads = |scope| -> Vec<usize> {
            let lanes = of(scope, true);
            lanes.iter().map(|lane| lane.threads(2)).collect()
        };
        assert_eq!(threads(Scope::All), [4, 4, 2]);
        assert_eq!(threads(Scope::Host), [4, 4, 4]);
        assert_eq!(threads(Scope::Unit), [2]);
    }

    #[test]
    fn packages_of_all_distributions_give_way_to_the_daemons_deadlines() {
        let line = |lane: &Lane| {
            let (program, arguments) = lane.program("cargo".to_owned(), &["test".to_owned()]);
            format!("{program} {}", arguments.join(" "))
        };
        let lines = |scope| of(scope, true).iter().map(line).collect::<Vec<_>>();
        let test = "cargo test";
        assert_eq!(lines(Scope::All), [test, test, "nice -n 10 cargo test"]);
        assert_eq!(lines(Scope::Host), [test; 3]);
    }

    #[test]
    fn the_programs_get_the_tests_that_are_left_out_and_examples_run_by_themselves() {
        let lanes = of(Scope::Host, true);
        let commands = lanes[0].commands(&["names".to_owned()]);
        assert_eq!(commands.len(), 2);
        let line = commands[1].join(" ");
        assert_eq!(
            line,
            "--doc -- names --skip releases:: --skip adoption:: --skip capabilities:: --skip plain:: \
             --skip planted:: --skip profiles:: --skip tarball:: --skip other_release::"
        );
        let all = of(Scope::All, true);
        assert_eq!(all[1].commands(&[]), std::slice::from_ref(&all[1].programs));
    }
}
