//! Adds the header `Server-Timing` to each answer (<https://www.w3.org/TR/server-timing/>): milliseconds of each
//! stage and in all.

use std::cell::RefCell;
use std::fmt::Write;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::timing::Timings;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

tokio::task_local! {
    /// What the engine's work for a call spent its time on.
    static TIMINGS: RefCell<Timings>;
}

/// Notes what the work for the call that is being answered spent its time on.
pub(super) fn note(timings: Timings) {
    // Without a call, in tests, nobody asks.
    let _ = TIMINGS.try_with(|noted| noted.replace(timings));
}

/// Answers a call, and tells where its time went.
pub(super) async fn tell(request: Request, next: Next) -> Response {
    let since = Instant::now();
    let answered = async {
        let response = next.run(request).await;
        (response, TIMINGS.with(RefCell::take))
    };
    let (mut response, timings) = TIMINGS.scope(RefCell::default(), answered).await;
    let header = header(&timings, since.elapsed());
    if let Ok(value) = HeaderValue::from_str(&header) {
        response.headers_mut().insert(SERVER_TIMING, value);
    }
    response
}

fn header(timings: &Timings, total: Duration) -> String {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let mut header = format!("total;dur={:.3}", milliseconds(total));
    for (stage, time) in timings.iter().filter(|(_, time)| !time.is_zero()) {
        // Writing to a string does not fail.
        let _ = write!(header, ", {};dur={:.3}", stage.name(), milliseconds(time));
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::{Stage, recorded, timed};

    #[test]
    fn stages_that_took_no_time_are_left_out() {
        let ((), timings) = recorded(|| timed(Stage::Nft, std::thread::yield_now));
        let header = header(&timings, Duration::from_micros(1500));
        assert!(header.starts_with("total;dur=1.500, nft;dur="), "{header}");
        assert!(!header.contains("store"), "{header}");
    }
}
