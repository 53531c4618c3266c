mod agent;
mod centre;
mod laid;
mod ports;
mod state;
mod switch;

pub use agent::{Agent, Page};
pub use centre::{Customer, World};
pub use laid::{CUSTOMER1, CUSTOMER2, IVR, OUTSIDE, PASSWORD, QUEUE, token};
pub use ports::{Desktop, Headset, Keypad, LinePort};
pub use switch::Switchboard;
