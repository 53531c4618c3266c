//! API-29 to API-33.

use super::pending::{self, Slip, Why};
use super::{Act, Call, Omni, Reply, http, seen};
use omnibar_contract::{SdkError, SdkErrorType};
use omnibar_model::{Campaign, PhoneNumber};
use omnibar_softphone::EndpointAnswer;
use serde_json::{Value, json};

impl Omni {
    /// API-29. Of a campaign that the agent is not assigned to, the centre decides.
    pub(super) fn disposition_codes(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let number = call.arguments.number("campaignId").unwrap_or_default();
        seen::known_agent(&call.view.desk)?;
        let known = seen::campaigns(&call.view.desk);
        if let Some(campaign) = known.iter().find(|c| i64::from(c.number) == number) {
            return Ok(Reply::now(dispositions(campaign)));
        }
        let path = format!("/campaigns/{number}/dispositions");
        Ok(self.pass(call, http::get("appserver", &path)))
    }

    /// API-31.
    pub(super) fn crm_configuration(&mut self, call: &Call<'_>) -> Reply {
        let why = Why::Configuration { slip: call.slip() };
        Reply::later().and(self.ask(call.now, http::get("crm", "/configuration"), why))
    }

    pub(super) fn configuration_told(
        &self,
        slip: Slip,
        answer: Result<EndpointAnswer, String>,
    ) -> Vec<Act> {
        vec![match pending::result(answer, SdkErrorType::DataNotFound) {
            Ok(mut told) => {
                let fields = self.pages.get(&slip.page).map(|page| &page.fields);
                if let (Value::Object(told), Some(fields @ Value::Array(_))) = (&mut told, fields) {
                    told.insert("crmIntegrationConfig".into(), fields.clone());
                }
                slip.done(told)
            }
            Err(error) => slip.failed(error),
        }]
    }

    /// API-32. The toolbar's one field for people and numbers is searched as it is typed.
    pub(super) fn phone_number_search(&self, call: &Call<'_>) -> Result<Reply, SdkError> {
        PhoneNumber::parse(self.shown.dial_field(&call.view.directory.text))
            .map(|number| Reply::now(number.as_str()))
            .map_err(|_| seen::not_found("no phone number is typed in the toolbar"))
    }
}

fn dispositions(campaign: &Campaign) -> Vec<Value> {
    campaign
        .dispositions
        .iter()
        .map(|class| {
            let codes = class.codes.iter();
            let codes: Vec<Value> = codes
                .map(|c| json!({"dispositionCodeId": c.number, "dispositionCodeName": c.name}))
                .collect();
            json!({
                "classId": class.number,
                "className": class.name,
                "dispositionCodeBean": codes,
            })
        })
        .collect()
}
