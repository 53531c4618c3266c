//! The OpenAPI document, generated from the code; `docs/openapi.json` is its copy.

use super::body::{CustomerId, DisposeAndManualDial, DisposeCall, Done, Failed, ManualDial};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi};

/// The REST API's OpenAPI document (3.1).
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Omnibar voice API",
        description = "For servers that dial and dispose for an agent. The Authorization header \
                       holds a token that an administrator has made (Bearer, or Basic), or an \
                       agent's own user and password (Basic) for his own session.",
    ),
    paths(super::manual_dial, super::dispose_call, super::dispose_and_manual_dial),
    components(schemas(ManualDial, DisposeCall, DisposeAndManualDial, CustomerId, Done, Failed)),
    tags((name = "voice", description = "Manual dialling and dispositions")),
    modifiers(&Schemes),
)]
struct Document;

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header")]
pub(super) struct SessionHeader {
    /// The agent's session: sessionId of the Knowledge Base URL.
    #[param(min_length = 1, max_length = 256, example = "ses-agent1-0193f0aa")]
    sessionid: String,
}

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [("bearer", HttpAuthScheme::Bearer), ("basic", HttpAuthScheme::Basic)]
        {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}

/// Every answer that one of the paths may give.
pub(super) struct Answers;

impl IntoResponses for Answers {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        let failed = [
            ("400", "A field or the header sessionid is missing or wrong."),
            ("401", "The token, the password or the session is not good."),
            ("404", "There is no such campaign, call or disposition for this agent."),
            ("405", "The path takes POST only."),
            ("409", "Not possible in the present state of the call or of the agent."),
            ("413", "The body is longer than 64 KiB."),
            ("415", "The body is not declared as JSON."),
            ("429", "Too many wrong passwords."),
            ("503", "The centre could not do it now; nothing was done."),
        ];
        let mut all: std::collections::BTreeMap<_, _> = failed
            .into_iter()
            .map(|(status, what)| (status.to_owned(), response(what, "Failed")))
            .collect();
        all.insert("200".to_owned(), response("Done, now or by an equal request before.", "Done"));
        all
    }
}

fn response(description: &str, schema: &str) -> RefOr<Response> {
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(schema.to_owned()))).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/json", content)
        .build()
        .into()
}
