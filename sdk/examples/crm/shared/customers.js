// The CRM's own customers. Nobody here exists; the numbers are reserved for fiction.
const PEOPLE = [
  [
    "Nora Winter",
    "Harbour Books",
    "Leeds",
    "Orders by phone; prefers mornings.",
    "Parcel has not arrived",
  ],
  [
    "Omar Haddad",
    "Fennel and Rye",
    "Lyon",
    "Owner. Speaks French and English.",
    "Charged twice in October",
  ],
  [
    "Paula Reyes",
    "Northlight Cycles",
    "Seville",
    "Workshop line; ask for the front desk.",
    "Router restarts every evening",
  ],
  [
    "Quentin Moore",
    "Quarry Lane Garden Supply",
    "Bath",
    "Closed on Wednesdays.",
    "Appointment to be moved",
  ],
  [
    "Rosa Lindt",
    "Harbour Books",
    "Basel",
    "Buys for three branches.",
    "Invoice without a VAT number",
  ],
  [
    "Samir Patel",
    "Fennel and Rye",
    "Leicester",
    "Kitchen manager.",
    "Wants to cancel at the end of the year",
  ],
  ["Tessa Brandt", "Northlight Cycles", "Bremen", "Test rides on Fridays.", ""],
  [
    "Umberto Gallo",
    "Quarry Lane Garden Supply",
    "Turin",
    "Large orders in spring.",
    "",
  ],
  ["Vera Novak", "Harbour Books", "Brno", "Pays by invoice.", ""],
  ["Willem de Boer", "Fennel and Rye", "Utrecht", "Delivery before eight.", ""],
  [
    "Xenia Petrou",
    "Northlight Cycles",
    "Patras",
    "Two accounts, one for rentals.",
    "",
  ],
  [
    "Yusuf Demir",
    "Quarry Lane Garden Supply",
    "Izmir",
    "Asks for a call back after four.",
    "",
  ],
];

export const customers = PEOPLE.map(
  ([name, company, city, note, subject], at) => ({
    id: `C-${1001 + at}`,
    name,
    company,
    city,
    note,
    phone: `+1 555 01${String(at + 1).padStart(2, "0")}`,
    email: `${name.toLowerCase().replaceAll(" ", ".")}@customers.example`,
    cases: subject ? [{ id: `T-${4101 + at}`, subject }] : [],
    activity: [],
  }),
);

const digits = (text) => String(text ?? "").replaceAll(/\D/g, "");

/** Whose number this is; a masked one (`******0101`) matches by its last four digits. */
export function byPhone(list, phone) {
  const wanted = digits(phone);
  if (wanted.length < 4) return [];
  const masked = String(phone).includes("*");
  return list.filter((customer) => {
    const own = digits(customer.phone);
    return masked
      ? own.endsWith(wanted.slice(-4))
      : own.slice(-10) === wanted.slice(-10);
  });
}

export function search(list, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const number = digits(query);
  return list.filter(({ name, company, city, email, phone }) => {
    const text = `${name} ${company} ${city} ${email}`.toLowerCase();
    return (
      words.every((word) => text.includes(word)) ||
      (number.length > 2 && digits(phone).includes(number))
    );
  });
}

/** As the toolbar shows a record. */
export function record({ id, name, company }) {
  return {
    recordId: id,
    recordType: "Contact",
    recordName: name,
    additionalInfo: { company },
  };
}
