//! The kernel's verdict on a request: `NLMSG_ERROR` and its extended acknowledgement
//! (linux/netlink.h, `enum nlmsgerr_attrs`).

use netlink_packet_core::{NLM_F_ACK_TLVS, NLM_F_CAPPED};
use rustix::io::Errno;

use super::attribute::attribute;
use super::error::{Error, Refusal};

/// `NLMSGERR_ATTR_MSG`: the kernel's own words.
const MESSAGE: u16 = 1;
/// Length of `struct nlmsghdr`.
const HEADER: usize = 16;

/// Reads the body of an `NLMSG_ERROR`: an error number (0 for done) and the request's header,
/// then the request's body unless `NLM_F_CAPPED`, then attributes if `NLM_F_ACK_TLVS`.
pub(super) fn verdict(flags: u16, body: &[u8]) -> Result<Result<(), Refusal>, Error> {
    let (code, request) = body
        .split_first_chunk::<4>()
        .ok_or(Error::Malformed("an error without a number"))?;
    let code = i32::from_ne_bytes(*code);
    if code == 0 {
        return Ok(Ok(()));
    }
    let message = (flags & NLM_F_ACK_TLVS != 0)
        .then(|| message(flags, request))
        .flatten();
    let errno = Errno::from_raw_os_error(code.saturating_neg());
    Ok(Err(Refusal { errno, message }))
}

fn message(flags: u16, request: &[u8]) -> Option<String> {
    let length = u32::from_ne_bytes(*request.first_chunk()?);
    let echoed = match flags & NLM_F_CAPPED {
        0 => usize::try_from(length).ok()?.next_multiple_of(4),
        _ => HEADER,
    };
    let text = attribute(request.get(echoed..)?, MESSAGE)?;
    let text = String::from_utf8_lossy(text);
    Some(text.trim_end_matches('\0').to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_body(code: i32, request_body: &[u8], attributes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + request_body.len()).unwrap();
        let mut body = code.to_ne_bytes().to_vec();
        body.extend(length.to_ne_bytes());
        body.extend([0; HEADER - 4]);
        body.extend(request_body);
        body.extend(attributes);
        body
    }

    fn message_attribute(text: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + text.len()).unwrap();
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(MESSAGE.to_ne_bytes());
        bytes.extend(text);
        bytes
    }

    #[test]
    fn zero_is_done() {
        assert_eq!(verdict(0, &error_body(0, &[], &[])).unwrap(), Ok(()));
    }

    #[test]
    fn the_kernels_words_are_found_behind_a_capped_and_an_echoed_request() {
        let words = message_attribute(b"Invalid MTU\0");
        for (flags, echoed) in [(NLM_F_CAPPED, &[][..]), (0, &[7; 8][..])] {
            let body = error_body(-22, echoed, &words);
            let refusal = verdict(flags | NLM_F_ACK_TLVS, &body).unwrap().unwrap_err();
            assert_eq!(refusal.errno, Errno::INVAL);
            assert_eq!(refusal.message.as_deref(), Some("Invalid MTU"));
        }
    }

    #[test]
    fn a_cut_off_answer_is_malformed_and_cut_off_words_are_left_out() {
        assert!(verdict(0, &[1, 2]).is_err());
        let cut = error_body(-17, &[], &[200, 0, 1, 0, b'x']);
        let refusal = verdict(NLM_F_CAPPED | NLM_F_ACK_TLVS, &cut).unwrap();
        assert_eq!(refusal.unwrap_err().message, None);
    }
}
