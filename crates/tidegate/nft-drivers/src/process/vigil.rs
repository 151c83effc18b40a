//! Detects a program that ended, is stopped or is stuck, even on a slow host.
//!
//! On a busy host, the duration of a transaction says little. The state of the program says more. It may wait for the
//! kernel or for a processor. But it has no reason to be stopped, to sleep, or to use much more processor time than
//! its input needs.

use std::fmt;
use std::time::{Duration, Instant};

/// Interval of the checks. A faster answer needs no check.
const LOOK: Duration = Duration::from_millis(100);
/// How long it may sleep without progress.
const SLEEP: Duration = Duration::from_secs(3);
/// `USER_HZ`: clock ticks a second of proc(5), on every architecture that Rust's standard library has.
const TICKS: u64 = 100;

/// Checks one program while it must answer.
#[derive(Debug)]
pub struct Vigil {
    process: u32,
    next: Instant,
    first_ticks: Option<u64>,
    /// What the last look saw, and since when it is so.
    last: Option<(Seen, Instant)>,
    /// Ticks of work that are too many.
    enough: u64,
}

/// What /proc/PID/stat says (proc_pid_stat(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    state: char,
    /// Time that it used of processors.
    ticks: u64,
}

/// Why a program will not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It ended. Processes that it started can still hold its pipes open.
    Ended,
    /// It does not go on, as this says.
    Stuck(&'static str),
}

impl Vigil {
    /// Of a program that may use so much time of a processor.
    #[must_use]
    pub fn new(process: u32, work: Duration) -> Self {
        Self {
            process,
            next: Instant::now() + LOOK,
            first_ticks: None,
            last: None,
            enough: work.as_secs().saturating_mul(TICKS),
        }
    }

    /// When to look next.
    #[must_use]
    pub const fn next(&self) -> Instant {
        self.next
    }

    /// Looks, if it is time to, and says what is wrong with the program.
    pub fn look(&mut self) -> Option<Trouble> {
        let now = Instant::now();
        if now < self.next {
            return None;
        }
        self.next = now + LOOK;
        // One that cannot be looked at is given all the time that there is.
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process)).ok()?;
        self.judge(read(&stat)?, now)
    }

    fn judge(&mut self, seen: Seen, now: Instant) -> Option<Trouble> {
        let first = *self.first_ticks.get_or_insert(seen.ticks);
        let since = match self.last {
            Some((last, since)) if last == seen => since,
            _ => now,
        };
        let is_again = self.last.is_some_and(|(last, _)| last == seen);
        self.last = Some((seen, since));
        match seen.state {
            // Between the two looks, the rest of what it wrote was read.
            'Z' | 'X' if is_again => Some(Trouble::Ended),
            'T' | 't' if is_again => Some(Trouble::Stuck("is stopped")),
            'S' if now.saturating_duration_since(since) >= SLEEP => {
                Some(Trouble::Stuck("does nothing"))
            }
            _ if seen.ticks.saturating_sub(first) > self.enough => {
                Some(Trouble::Stuck("comes to no end"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ended => "ended",
            Self::Stuck(what) => what,
        })
    }
}

fn read(stat: &str) -> Option<Seen> {
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut times = fields.skip(10).map_while(|field| field.parse::<u64>().ok());
    Some(Seen {
        state,
        ticks: times.next()?.checked_add(times.next()?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said after each look, a second apart, of a program that may use 10 s of a processor.
    fn said(looks: &[(char, u64)]) -> Vec<Option<Trouble>> {
        let (mut vigil, begin) = (Vigil::new(1, Duration::from_secs(10)), Instant::now());
        let mut seconds = 0_u64..;
        let mut look = |(state, ticks): &(char, u64)| {
            let now = begin + Duration::from_secs(seconds.next().unwrap_or_default());
            let seen = Seen {
                state: *state,
                ticks: *ticks,
            };
            vigil.judge(seen, now)
        };
        looks.iter().map(&mut look).collect()
    }

    #[test]
    fn a_line_of_proc_is_parsed_with_any_program_name() {
        let own = std::fs::read_to_string("/proc/self/stat").unwrap();
        assert!(
            read(&own).is_some_and(|seen| "RSD".contains(seen.state)),
            "{own}"
        );
        let line = "7 (a) T (b) S 1 7 7 0 -1 4194560 100 0 0 0 12 30 0 0 20 0 1 0 5";
        let seen = Seen {
            state: 'S',
            ticks: 42,
        };
        assert_eq!(read(line), Some(seen));
        assert_eq!(read("7 (a) S 1"), None);
    }

    #[test]
    fn a_stopped_process_is_found_at_the_second_check() {
        let stopped = Some(Trouble::Stuck("is stopped"));
        assert_eq!(said(&[('T', 5), ('T', 5)]), [None, stopped]);
        assert_eq!(said(&[('T', 5), ('R', 5), ('T', 6)]), [None; 3]);
    }

    #[test]
    fn a_process_that_ended_is_found_at_the_second_check() {
        assert_eq!(
            said(&[('R', 5), ('Z', 5), ('Z', 5)]),
            [None, None, Some(Trouble::Ended)]
        );
    }

    #[test]
    fn a_sleeping_process_is_found_and_a_waiting_one_is_not() {
        let asleep = said(&[('S', 5); 4]);
        let idle = Some(Trouble::Stuck("does nothing"));
        assert_eq!(asleep, [None, None, None, idle]);
        for state in ['D', 'R'] {
            assert_eq!(said(&[(state, 5); 30]), [None; 30]);
        }
        let at_work = [('S', 5), ('S', 6), ('S', 7), ('S', 8), ('S', 9)];
        assert_eq!(said(&at_work), [None; 5]);
    }

    #[test]
    fn a_process_that_uses_too_much_processor_time_is_found() {
        let spins = [('R', 100), ('R', 1000), ('R', 1101)];
        let endless = Some(Trouble::Stuck("comes to no end"));
        assert_eq!(said(&spins), [None, None, endless]);
    }
}
