//! The day of a release, in the forms that headings have it in.

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The day that the words of a heading name, as `YYYY-MM-DD`: `2026-01-31`, `2026/01/31`, `2026.01.31`, `31 January 2026`,
/// `January 31st, 2026`. None where they name none; a day such as 01/02/2026, which could be two, is none.
pub(super) fn of(words: &[&str]) -> Option<String> {
    let numbers = words.iter().find_map(|word| in_numbers(word));
    numbers.or_else(|| words.windows(3).find_map(in_words))
}

fn in_numbers(word: &str) -> Option<String> {
    let word = word.trim_matches([',', ';', ':']);
    let separator = word.chars().find(|c| "-/.".contains(*c))?;
    let parts: Vec<&str> = word.split(separator).collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    iso(number(year, 4)?, number(month, 2)?, number(day, 2)?)
}

fn in_words(words: &[&str]) -> Option<String> {
    let [first, second, year] = words else {
        return None;
    };
    let trimmed = |word: &str| word.trim_matches([',', '.']).to_ascii_lowercase();
    let month = |word: &str| {
        let word = trimmed(word);
        let start = word.get(..3)?;
        let is_name = word.chars().all(|c| c.is_ascii_alphabetic());
        let index = MONTHS.iter().position(|month| *month == start && is_name)?;
        u32::try_from(index + 1).ok()
    };
    let day = |word: &str| {
        let word = trimmed(word);
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        digits.parse::<u32>().ok()
    };
    let year = number(&trimmed(year), 4)?;
    match (month(first), month(second)) {
        (Some(month), None) => iso(year, month, day(second)?),
        (None, Some(month)) => iso(year, month, day(first)?),
        _ => None,
    }
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let fits = text.len() == digits && text.chars().all(|c| c.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

fn iso(year: u32, month: u32, day: u32) -> Option<String> {
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_forms_are_one_day() {
        for heading in [
            "2026-01-31",
            "- 2026/01/31",
            "2026.01.31",
            "31 January 2026",
            "Jan 31st, 2026",
            "January 31, 2026",
        ] {
            let words: Vec<&str> = heading.split_whitespace().collect();
            assert_eq!(of(&words).as_deref(), Some("2026-01-31"), "{heading}");
        }
        for heading in ["", "1.2.3", "01/02/2026", "31 Juno 2026x", "in 2026"] {
            let words: Vec<&str> = heading.split_whitespace().collect();
            assert_eq!(of(&words), None, "{heading}");
        }
    }

    #[test]
    fn only_a_day_of_the_calendar_is_one() {
        for (heading, day) in [
            ("2026-12-31:", Some("2026-12-31")),
            ("2026-01-01,", Some("2026-01-01")),
            ("1 Dec, 2026,", Some("2026-12-01")),
            ("2026-13-01", None),
            ("2026-00-01", None),
            ("2026-01-32", None),
            ("2026-01-00", None),
            ("2026-1-31", None),
            ("26-01-31", None),
            ("2026-01-3a", None),
            ("2026-01", None),
            ("2026-01-31-1", None),
            ("31 January 26", None),
            ("January January 2026", None),
            ("31 31 2026", None),
            ("jan5 31 2026", None),
            ("ja 31 2026", None),
        ] {
            let words: Vec<&str> = heading.split_whitespace().collect();
            assert_eq!(of(&words).as_deref(), day, "{heading}");
        }
    }

    #[test]
    fn months_are_known_by_three_letters() {
        for (index, month) in MONTHS.iter().enumerate() {
            let expected = format!("2026-{:02}-07", index + 1);
            assert_eq!(of(&[month, "7", "2026"]), Some(expected));
        }
    }
}
