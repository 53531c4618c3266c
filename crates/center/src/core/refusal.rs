//! Why the core did not do it, with the protocol's codes.

use super::Answer;
use crate::callbacks::CallbackFault;
use crate::calls::CallFault;
use omnibar_protocol::{Code, ErrorObject};

pub(super) fn refuse(fault: CallFault) -> Answer {
    let code = match fault {
        CallFault::NoSuchCall
        | CallFault::NoSuchLeg
        | CallFault::NoSuchCampaign
        | CallFault::NoSuchDisposition
        | CallFault::NoSuchDestination
        | CallFault::NothingToMonitor => Code::NotFound,
        CallFault::BadDigits | CallFault::NoteTooLong => Code::InvalidParams,
        CallFault::NotFree
        | CallFault::OfferOver
        | CallFault::NotNow
        | CallFault::Consulting
        | CallFault::NotAnswered
        | CallFault::Full
        | CallFault::NotRecorded
        | CallFault::OwnCall
        | CallFault::Monitored
        | CallFault::NoVoice => Code::Conflict,
    };
    Err(ErrorObject::new(code, fault.to_string()))
}

pub(super) fn refuse_callback(fault: CallbackFault) -> Answer {
    let code = match fault {
        CallbackFault::Gone | CallbackFault::NotYours => Code::NotFound,
        CallbackFault::BadTime
        | CallbackFault::NoNumber
        | CallbackFault::Hidden
        | CallbackFault::NoteTooLong
        | CallbackFault::BadReason => Code::InvalidParams,
        CallbackFault::NotInCampaign | CallbackFault::TooMany | CallbackFault::Full => {
            Code::Conflict
        }
    };
    Err(ErrorObject::new(code, fault.to_string()))
}
