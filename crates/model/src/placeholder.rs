//! Names that may stand in braces in a CRM's addresses: an administrator writes them, the
//! agent's machine fills them in.

/// Placeholders of the Knowledge Base URL (contract: REST-06).
pub const LANDING: [&str; 13] = [
    "userId",
    "userName",
    "sessionId",
    "userType",
    "iframeId",
    "campaignId",
    "crmSessionId",
    "userCrtObjectIds",
    "instanceId",
    "locale",
    "origin",
    "contactCenterId",
    "processId",
];

/// Placeholders of the call URL (contract: REST-07), and `customerId`, which the
/// contract's REST part expects there.
pub const CALL: [&str; 20] = [
    "crm_push_generated_time",
    "userCrtObjectId",
    "phone",
    "disableDispositionOnActiveCall",
    "campaignId",
    "associationType",
    "crtObjectId",
    "sessionId",
    "userId",
    "isOriginalPhoneRequiredInCRM",
    "callType",
    "displayPhone",
    "instanceId",
    "session-id",
    "locale",
    "origin",
    "interactionId",
    "iframeId",
    "contactCenterId",
    "customerId",
];
