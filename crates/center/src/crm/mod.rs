//! Where customers' records are: one port, [`Connector`], and an adapter for each kind
//! of CRM (contract: API-22 to 26, 30, 31, 33).

mod built_in;
mod lay;
mod salesforce;
mod trouble;
mod web;

pub use lay::connect_salesforce;
pub(crate) use lay::{
    GivenSecrets, add_salesforce, add_web, change_salesforce, change_web, salesforce_hosts,
    whole_settings,
};
pub(crate) use trouble::{Step, Trouble};
pub(crate) use web::{Settings as WebSettings, push};

use crate::clock::Clock;
use crate::store::{ConnectorKind, ConnectorRow, Store, StoreFault};
use async_trait::async_trait;
use built_in::BuiltIn;
use salesforce::Salesforce;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use web::Web;

/// Records of one answer at most.
pub(crate) const MOST_RECORDS: u32 = 500;
/// Salesforce serves no larger offset (SOQL and SOSL Reference, OFFSET).
pub(crate) const LARGEST_OFFSET: u32 = 2000;

/// One value of a record (contract: `FieldValue`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct FieldValue {
    pub(crate) field: String,
    pub(crate) value: Value,
    /// `id`, `string`, `phone`, `textarea`, … as Salesforce names them.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

pub(crate) type Record = Vec<FieldValue>;

/// A kind of record, with the fields that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// `Contact`, `Case`.
    pub(crate) kind: String,
    pub(crate) fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: String,
    /// Must be given when a record is made.
    pub(crate) required: bool,
    pub(crate) searchable: bool,
    /// May be given when a record is made or changed.
    pub(crate) writable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) limit: u32,
    pub(crate) offset: u32,
}

/// What a record is to hold, by field.
pub(crate) type Data = Map<String, Value>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum CrmFault {
    #[error("There is no connector of that number.")]
    NoConnector,
    #[error("The CRM has no objects of that kind. Ask for its objects.")]
    NoObject,
    #[error("The CRM's {object} has no field {field} that this can be done with.")]
    NoField { object: String, field: String },
    #[error("There is no such record in the CRM.")]
    NoRecord,
    /// In the CRM's own words.
    #[error("The CRM refused it: {0}")]
    Refused(String),
    #[error("The CRM does not let the centre in ({0}). An administrator must connect it again.")]
    SignIn(String),
    #[error("The CRM has had too many requests. Try again later.")]
    TooMany,
    #[error("The CRM could not be reached ({0}). Try again in a moment.")]
    Unreachable(String),
    /// Its certificate, or none that could be agreed on.
    #[error("The CRM's certificate is not trusted ({0}). An administrator must look into it.")]
    Untrusted(String),
    #[error("The CRM's answer could not be read: {0}.")]
    Answer(String),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

/// A CRM whose records can be read, searched and written.
#[async_trait]
pub(crate) trait Connector: Send + Sync {
    async fn objects(&self) -> Result<Vec<Object>, CrmFault>;

    async fn list(&self, object: &str, page: Page) -> Result<Vec<Record>, CrmFault>;

    /// Records whose field holds the text, or, where parts cannot be looked for, is it.
    async fn search(
        &self,
        object: &str,
        field: &str,
        text: &str,
        page: Page,
    ) -> Result<Vec<Record>, CrmFault>;

    /// Returns the new record's id.
    async fn create(&self, object: &str, data: Data) -> Result<String, CrmFault>;

    async fn update(&self, object: &str, record: &str, data: Data) -> Result<(), CrmFault>;
}

/// The connectors that an administrator has laid down; each keeps what it has learned of
/// its CRM until its row changes.
pub(crate) struct Connectors {
    store: Store,
    clock: Clock,
    /// By number, with the row's version.
    open: Mutex<BTreeMap<u32, (u32, Arc<Salesforce>)>>,
}

impl fmt::Debug for Connectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connectors").finish_non_exhaustive()
    }
}

impl Connectors {
    pub(crate) fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, open: Mutex::default() }
    }

    pub(crate) async fn rows(&self) -> Result<Vec<ConnectorRow>, CrmFault> {
        Ok(self.store.connectors().await?)
    }

    /// By number, or `default`: the one that was chosen, else the CRM that was added last,
    /// else the directory.
    pub(crate) async fn row(&self, name: &str) -> Result<ConnectorRow, CrmFault> {
        let mut rows = self.rows().await?;
        let found = match name {
            "default" => match rows.iter().position(|row| row.chosen) {
                Some(chosen) => Some(rows.swap_remove(chosen)),
                None => rows.pop(),
            },
            _ => rows.into_iter().find(|row| row.id.to_string() == name),
        };
        found.ok_or(CrmFault::NoConnector)
    }

    /// The kinds of records that the CRM has, or what keeps the centre from them.
    pub(crate) async fn test(&self, row: &ConnectorRow) -> Result<Vec<Object>, Trouble> {
        match row.kind {
            ConnectorKind::Directory => Ok(self.directory().objects().await?),
            ConnectorKind::Salesforce => self.salesforce(row)?.test().await,
            ConnectorKind::Web => Web::new(row, self.store.clone())?.test().await,
        }
    }

    pub(crate) fn open(&self, row: &ConnectorRow) -> Result<Arc<dyn Connector>, CrmFault> {
        match row.kind {
            ConnectorKind::Directory => Ok(Arc::new(self.directory())),
            ConnectorKind::Salesforce => Ok(self.salesforce(row)?),
            ConnectorKind::Web => Ok(Arc::new(Web::new(row, self.store.clone())?)),
        }
    }

    fn directory(&self) -> BuiltIn {
        BuiltIn { store: self.store.clone(), clock: self.clock }
    }

    fn salesforce(&self, row: &ConnectorRow) -> Result<Arc<Salesforce>, CrmFault> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, salesforce)) = open.get(&row.id)
            && *version == row.version
        {
            return Ok(Arc::clone(salesforce));
        }
        let made = Arc::new(Salesforce::new(row, self.store.clone())?);
        open.insert(row.id, (row.version, Arc::clone(&made)));
        Ok(made)
    }
}

/// For a message: what a page has sent, and not all of it.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}
