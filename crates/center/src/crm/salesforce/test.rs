//! Tries everything that the connector needs, in the order in which it goes wrong.

use super::super::{CrmFault, Object, Step, Trouble};
use super::access::{Answer, words};
use super::{Salesforce, described_object};
use reqwest::Method;
use std::collections::BTreeSet;
use url::{Host, Url};

impl Salesforce {
    pub(in crate::crm) async fn test(&self) -> Result<Vec<Object>, Trouble> {
        for host in self.access.hosts() {
            known(host).await?;
        }
        self.access.sign_in().await?;
        self.version().await?;
        let mut objects = Vec::new();
        for (name, fields) in &self.settings.objects {
            objects.push(self.look_at(name, fields).await?);
        }
        Ok(objects)
    }

    async fn version(&self) -> Result<(), Trouble> {
        let Answer { status, body } = self.access.ask_openly("/services/data/").await?;
        let versions: Option<BTreeSet<&str>> = body
            .as_array()
            .filter(|_| status == 200)
            .map(|all| all.iter().filter_map(|one| one["version"].as_str()).collect());
        let Some(versions) = versions else {
            let words = "That address does not answer as Salesforce does. It is the one that \
                         ends with .my.salesforce.com.";
            return Err(Trouble::new(Step::Answer, words));
        };
        let wanted = self.settings.api_version.as_str();
        if versions.contains(wanted) {
            return Ok(());
        }
        let newest =
            versions.into_iter().max_by(|a, b| number(a).total_cmp(&number(b))).unwrap_or("none");
        let words = format!("Salesforce has no API version {wanted} here; the newest is {newest}.");
        Err(Trouble::new(Step::Version, words))
    }

    async fn look_at(&self, name: &str, fields: &[String]) -> Result<Object, Trouble> {
        let path = self.path(&format!("sobjects/{name}/describe"));
        let Answer { status, body } = self.access.ask(Method::GET, &path, None).await?;
        match status {
            200..=299 => {}
            403 => {
                let words = format!(
                    "Salesforce lets the centre in, but not to {name} ({}). Give the connected app \
                     the scope api, and its user access to {name}.",
                    words(&body)
                );
                return Err(Trouble::new(Step::Rights, words));
            }
            404 => {
                let words = format!("The organisation has no object {name} that the user may see.");
                return Err(Trouble::new(Step::Objects, words));
            }
            429 => return Err(CrmFault::TooMany.into()),
            _ => return Err(CrmFault::Unreachable(format!("HTTP {status}")).into()),
        }
        let object = described_object(name, fields, &body)?;
        let seen = |field: &&String| !object.fields.iter().any(|known| known.name == **field);
        if let Some(missing) = fields.iter().find(seen) {
            let words = format!("{name} has no field {missing} that the user may see.");
            return Err(Trouble::new(Step::Objects, words));
        }
        Ok(object)
    }
}

/// Whether the host's name leads anywhere.
async fn known(url: &Url) -> Result<(), Trouble> {
    let Some(Host::Domain(name)) = url.host() else { return Ok(()) };
    let port = url.port_or_known_default().unwrap_or(443);
    let found =
        tokio::net::lookup_host((name, port)).await.is_ok_and(|mut all| all.next().is_some());
    if found {
        return Ok(());
    }
    let words = format!("The name {name} is not known. Check the address, and the centre's DNS.");
    Err(Trouble::new(Step::Dns, words))
}

fn number(version: &str) -> f64 {
    version.parse().unwrap_or(0.0)
}
