//! The centre's own directory as a CRM: `Contact` and `Case`.

use super::{Connector, CrmFault, Data, Field, FieldValue, Object, Page, Record, shown};
use crate::clock::Clock;
use crate::store::{Case, CaseField, Customer, CustomerFault, Store, Wanted};
use async_trait::async_trait;
use omnibar_model::PhoneNumber;
use serde_json::{Value, json};

const LONGEST_LINE: usize = 255;
const LONGEST_TEXT: usize = 32_000;

pub(super) struct BuiltIn {
    pub(super) store: Store,
    pub(super) clock: Clock,
}

#[derive(Clone, Copy)]
enum Kind {
    Contact,
    Case,
}

/// Name, label, type, required, writable. All can be searched.
type Shape = (&'static str, &'static str, &'static str, bool, bool);

const CONTACT: [Shape; 5] = [
    ("Id", "Contact ID", "id", false, false),
    ("Name", "Name", "string", true, true),
    ("Phone", "Phone", "phone", false, true),
    ("Email", "E-mail", "email", false, true),
    ("Company", "Company", "string", false, true),
];
const CASE: [Shape; 5] = [
    ("Id", "Case ID", "id", false, false),
    ("Subject", "Subject", "string", true, true),
    ("Description", "Description", "textarea", false, true),
    ("Status", "Status", "picklist", false, true),
    ("ContactId", "Contact", "reference", false, true),
];

impl Kind {
    fn of(object: &str) -> Result<Self, CrmFault> {
        match object.to_ascii_lowercase().as_str() {
            "contact" => Ok(Self::Contact),
            "case" => Ok(Self::Case),
            _ => Err(CrmFault::NoObject),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::Case => "Case",
        }
    }

    fn shapes(self) -> &'static [Shape] {
        match self {
            Self::Contact => &CONTACT,
            Self::Case => &CASE,
        }
    }

    fn object(self) -> Object {
        let field = |(name, label, kind, required, writable): &Shape| Field {
            name: (*name).into(),
            label: (*label).into(),
            kind: (*kind).into(),
            required: *required,
            searchable: true,
            writable: *writable,
        };
        Object { kind: self.name().into(), fields: self.shapes().iter().map(field).collect() }
    }

    /// The field's own spelling.
    fn field(self, name: &str) -> Result<&'static Shape, CrmFault> {
        let found = self.shapes().iter().find(|shape| shape.0.eq_ignore_ascii_case(name));
        found.ok_or_else(|| CrmFault::NoField { object: self.name().into(), field: shown(name) })
    }

    fn record(self, values: [Value; 5]) -> Record {
        self.shapes()
            .iter()
            .zip(values)
            .map(|((name, _, kind, ..), value)| FieldValue {
                field: (*name).into(),
                value,
                kind: (*kind).into(),
            })
            .collect()
    }
}

#[async_trait]
impl Connector for BuiltIn {
    async fn objects(&self) -> Result<Vec<Object>, CrmFault> {
        Ok(vec![Kind::Contact.object(), Kind::Case.object()])
    }

    async fn list(&self, object: &str, page: Page) -> Result<Vec<Record>, CrmFault> {
        match Kind::of(object)? {
            Kind::Contact => {
                let Page { limit, offset } = page;
                let wanted = Wanted { limit, offset, ..Wanted::default() };
                Ok(self.store.customers(&wanted).await?.0.iter().map(contact).collect())
            }
            Kind::Case => Ok(self
                .store
                .cases(None, page.limit, page.offset)
                .await?
                .iter()
                .map(case)
                .collect()),
        }
    }

    async fn search(
        &self,
        object: &str,
        field: &str,
        text: &str,
        page: Page,
    ) -> Result<Vec<Record>, CrmFault> {
        let kind = Kind::of(object)?;
        let (name, ..) = kind.field(field)?;
        match kind {
            Kind::Contact => self.search_contacts(name, text, page).await,
            Kind::Case => {
                let by = match *name {
                    "Id" => CaseField::Id,
                    "Subject" => CaseField::Subject,
                    "Description" => CaseField::Description,
                    "Status" => CaseField::Status,
                    _ => CaseField::Customer,
                };
                let found = self.store.cases(Some((by, text)), page.limit, page.offset).await?;
                Ok(found.iter().map(case).collect())
            }
        }
    }

    async fn create(&self, object: &str, data: Data) -> Result<String, CrmFault> {
        let now = self.clock.now();
        match Kind::of(object)? {
            Kind::Contact => {
                let mut new = Customer::default();
                fill_contact(&mut new, data)?;
                let added = self.store.add_customer(now, &new).await.map_err(customer_fault)?;
                Ok(added.id.to_string())
            }
            Kind::Case => {
                let mut new = Case { status: "New".into(), ..Case::default() };
                fill_case(&mut new, data)?;
                let added = self.store.add_case(now, &new).await?;
                added.map(|id| id.to_string()).ok_or_else(no_contact)
            }
        }
    }

    async fn update(&self, object: &str, record: &str, data: Data) -> Result<(), CrmFault> {
        let now = self.clock.now();
        let id: u64 = record.parse().map_err(|_| CrmFault::NoRecord)?;
        match Kind::of(object)? {
            Kind::Contact => {
                let mut new = self.store.customer(id).await?.ok_or(CrmFault::NoRecord)?;
                fill_contact(&mut new, data)?;
                self.store.change_customer(now, &new).await.map_err(customer_fault)
            }
            Kind::Case => {
                let mut new = self.store.case(id).await?.ok_or(CrmFault::NoRecord)?;
                fill_case(&mut new, data)?;
                if self.store.change_case(now, &new).await? { Ok(()) } else { Err(no_contact()) }
            }
        }
    }
}

impl BuiltIn {
    async fn search_contacts(
        &self,
        field: &str,
        text: &str,
        page: Page,
    ) -> Result<Vec<Record>, CrmFault> {
        if field == "Id" {
            let Ok(id) = text.parse() else { return Ok(Vec::new()) };
            return Ok(self.store.customer(id).await?.iter().map(contact).collect());
        }
        let found = self.store.customers_by(field_column(field), text, page.limit, page.offset);
        Ok(found.await?.iter().map(contact).collect())
    }
}

fn field_column(field: &str) -> crate::store::CustomerColumn {
    use crate::store::CustomerColumn as C;
    match field {
        "Phone" => C::Phone,
        "Email" => C::Email,
        "Company" => C::Company,
        _ => C::Name,
    }
}

fn contact(customer: &Customer) -> Record {
    Kind::Contact.record([
        json!(customer.id.to_string()),
        json!(customer.name),
        json!(customer.phone.as_ref().map(PhoneNumber::as_str)),
        or_null(&customer.email),
        or_null(&customer.company),
    ])
}

fn case(case: &Case) -> Record {
    Kind::Case.record([
        json!(case.id.to_string()),
        json!(case.subject),
        or_null(&case.description),
        json!(case.status),
        json!(case.customer.map(|id| id.to_string())),
    ])
}

fn or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}

fn fill_contact(customer: &mut Customer, data: Data) -> Result<(), CrmFault> {
    for (field, value) in data {
        let shape = Kind::Contact.field(&field)?;
        let text = text(shape, &value, LONGEST_LINE)?;
        match shape.0 {
            "Name" => customer.name = text,
            "Phone" if text.is_empty() => customer.phone = None,
            "Phone" => {
                let number = PhoneNumber::parse(&text);
                customer.phone = Some(number.map_err(|e| CrmFault::Refused(format!("{e}.")))?);
            }
            "Email" => customer.email = text,
            _ => customer.company = text,
        }
    }
    given("Name", &customer.name)
}

fn fill_case(case: &mut Case, data: Data) -> Result<(), CrmFault> {
    for (field, value) in data {
        let shape = Kind::Case.field(&field)?;
        let limit = if shape.2 == "textarea" { LONGEST_TEXT } else { LONGEST_LINE };
        let text = text(shape, &value, limit)?;
        match shape.0 {
            "Subject" => case.subject = text,
            "Description" => case.description = text,
            "Status" => case.status = text,
            _ if text.is_empty() => case.customer = None,
            _ => case.customer = Some(text.parse().map_err(|_| no_contact())?),
        }
    }
    given("Subject", &case.subject)?;
    given("Status", &case.status)
}

fn text(shape: &Shape, value: &Value, limit: usize) -> Result<String, CrmFault> {
    let (name, .., writable) = shape;
    if !writable {
        return Err(CrmFault::Refused(format!("{name} is given by the centre.")));
    }
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(CrmFault::Refused(format!("{name} is a text.")));
        }
    };
    if text.chars().count() > limit {
        return Err(CrmFault::Refused(format!("{name} has at most {limit} characters.")));
    }
    Ok(text)
}

fn given(name: &str, text: &str) -> Result<(), CrmFault> {
    if text.trim().is_empty() {
        return Err(CrmFault::Refused(format!("{name} is missing.")));
    }
    Ok(())
}

fn no_contact() -> CrmFault {
    CrmFault::Refused("ContactId names no contact.".into())
}

fn customer_fault(fault: CustomerFault) -> CrmFault {
    match fault {
        CustomerFault::Unknown => CrmFault::NoRecord,
        CustomerFault::NumberTaken => CrmFault::Refused(fault.to_string()),
        CustomerFault::Store(fault) => CrmFault::Store(fault),
    }
}
