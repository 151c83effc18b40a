//! Values that are written as text.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use tidegate_api::explain::{Destination, Party};
use tidegate_model::{
    GatewayPriority, IfName, Invalid, MacAddr, Mode, Name, OwnSysctl, PortBinding, PortRange,
    PortRequest, Protocol,
};

use crate::assert_shown_on_one_line;

/// Checks every type that a user writes as one word, such as ports, names and addresses. The text is either refused with a
/// reason and a hint, or parsed; a parsed value is printed as a text that parses to the same value.
///
/// # Panics
/// Where that does not hold.
pub fn value(text: &str) {
    reads_back::<PortRequest>(text);
    reads_back::<PortBinding>(text);
    reads_back::<PortRange>(text);
    reads_back::<Protocol>(text);
    reads_back::<Destination>(text);
    reads_back::<Party>(text);
    reads_back::<Name>(text);
    reads_back::<IfName>(text);
    reads_back::<MacAddr>(text);
    reads_back::<Mode>(text);
    reads_back::<OwnSysctl>(text);
    reads_back::<GatewayPriority>(text);
}

fn reads_back<T>(text: &str)
where
    T: FromStr<Err = Invalid> + Display + PartialEq + Debug,
{
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string().parse(), Ok(value), "{text:?}"),
        Err(invalid) => {
            assert_shown_on_one_line(&invalid.to_string());
            assert_shown_on_one_line(&invalid.hint);
        }
    }
}
