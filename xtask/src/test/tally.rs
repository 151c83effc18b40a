//! The count of tests, read from the lines of libtest and of the tests' own skip notices.

use std::fmt;

/// Where libtest sums up one test program.
const RESULT: &str = "test result: ";

/// Where a test says that it cannot run here; libtest then counts it as passed.
const SKIPPED: &str = "skipped ";

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// Skips that libtest counts as passes.
    skipped_passes: u64,
    /// Names of tests that failed, in the order in which they did.
    failures: Vec<String>,
}

impl Tally {
    /// Counts what one line of output says.
    pub(super) fn read(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(result) = line.strip_prefix(RESULT) {
            self.passed += number_before(result, " passed");
            self.failed += number_before(result, " failed");
            self.skipped += number_before(result, " ignored");
        } else if is_skip(line) {
            self.skipped_passes += 1;
        } else if let Some(name) = failure(line) {
            self.failures.push(name.to_owned());
        }
    }

    /// Adds what another run counted.
    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.skipped_passes += other.skipped_passes;
        self.failures.extend(other.failures);
    }

    /// The tests that failed.
    pub(super) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Counts a whole suite that was left out as one skip.
    pub(super) fn skip_suite(&mut self) {
        self.skipped += 1;
    }

    /// Takes Cargo's own verdict: a failure that no test accounts for, such as a crate that does
    /// not compile or a test program that dies, is one more failure.
    pub(super) fn finish(&mut self, success: bool) {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
    }

    /// True where no test ran, passed, failed or was skipped.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// True where nothing failed and something ran.
    pub(super) fn is_success(&self) -> bool {
        self.failed == 0 && self.passed > self.skipped_passes
    }
}

/// `N passed, N failed, N skipped`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let passed = self.passed.saturating_sub(self.skipped_passes);
        let skipped = self.skipped + self.skipped_passes;
        write!(
            f,
            "{passed} passed, {} failed, {skipped} skipped",
            self.failed
        )
    }
}

/// A notice has the form `skipped NAME: REASON`. With one test thread libtest has already begun
/// the line with `test NAME ... `.
fn is_skip(line: &str) -> bool {
    let notice = match line.strip_prefix("test ") {
        Some(rest) => rest.split_once(" ... ").map_or("", |(_, notice)| notice),
        None => line,
    };
    notice
        .strip_prefix(SKIPPED)
        .is_some_and(|rest| rest.contains(": "))
}

/// `test NAME ... FAILED`; of a test that should panic, there is a note between.
fn failure(line: &str) -> Option<&str> {
    let (name, said) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let name = name.strip_suffix(" - should panic").unwrap_or(name);
    said.ends_with("FAILED").then_some(name)
}

fn number_before(text: &str, unit: &str) -> u64 {
    let front = text.split_once(unit).map_or("", |(front, _)| front);
    let digits = front
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str, success: bool) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally.finish(success);
        tally
    }

    #[test]
    fn results_of_all_programs_are_added_up() {
        let output = "\
test result: ok. 24 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s
test result: FAILED. 5 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.2s";
        let tally = tally(output, false);
        assert_eq!(tally.to_string(), "29 passed, 2 failed, 1 skipped");
        assert!(!tally.is_success());
    }

    #[test]
    fn failures_are_named_and_runs_added_up() {
        let mut first = tally("test a::b ... ok\ntest a::c ... FAILED", false);
        let second = "\
test d - should panic ... FAILED
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.2s";
        first.add(tally(second, false));
        assert_eq!(first.failures(), ["a::c", "d"]);
        assert_eq!(first.to_string(), "1 passed, 2 failed, 0 skipped");
    }

    #[test]
    fn a_skipped_test_is_not_called_passed() {
        let output = "\
skipped kernel_test: needs root, runs as user 1000
test other ... skipped other: needs the program nft
test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(
            tally(output, true).to_string(),
            "1 passed, 0 failed, 2 skipped"
        );
    }

    #[test]
    fn a_crate_that_does_not_compile_is_a_failure() {
        let tally = tally("error: could not compile `tidegated`", false);
        assert_eq!(tally.to_string(), "0 passed, 1 failed, 0 skipped");
        assert!(!tally.is_success());
    }

    #[test]
    fn a_run_without_tests_fails() {
        let tally = tally("", true);
        assert!(tally.is_empty());
        assert!(!tally.is_success());
    }

    #[test]
    fn prose_about_skipping_is_not_a_skip() {
        assert_eq!(
            tally("skipped the rest\ntest a_skipped_one ... ok", true),
            Tally::default()
        );
    }
}
