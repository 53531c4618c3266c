use crate::desk::Desk;
use crate::orders::PATIENCE;
use crate::session::{Choice, Session};
use crate::{Ask, Effect, Link, Order, Refusal, Verb};
use omnibar_model::{
    CallbackAct, CallbackId, CampaignId, CommandId, InteractionId, LegId, PhoneNumber, Presence,
};

/// What is asked of the desk as a whole.
impl Desk {
    pub(crate) fn permit_dial(&self) -> Result<(), Refusal> {
        self.session.signed_in().ok_or(Refusal::NotSignedIn)?;
        for call in &self.calls {
            call.permits(call.voice(self.line()), Verb::Dial, None)?;
            if call.is_talking() {
                // With a consulted party, on a call whose customer is held.
                return Err(Refusal::FinishCallFirst);
            }
        }
        if let Some(verb) = self.orders.obstacle(None, Verb::Dial, None) {
            return Err(Refusal::Pending { verb });
        }
        self.centre_is_up()
    }

    pub(crate) fn permit_sign_out(&self) -> Result<(), Refusal> {
        if matches!(self.session, Session::SignedOut { .. }) {
            return Err(Refusal::NotSignedIn);
        }
        if self.session.who().is_some_and(|who| who.leaving.is_some()) {
            return Err(Refusal::Pending { verb: Verb::SignOut });
        }
        if self.has_chats() {
            return Err(Refusal::InteractionsOpen);
        }
        self.calls.iter().try_for_each(|c| c.permits(c.voice(self.line()), Verb::SignOut, None))
    }

    /// Tells the centre the campaigns and the extension.
    pub(crate) fn order_choice(&mut self, choice: Choice, ask: Ask) {
        let order = Order::Choose {
            campaigns: choice.campaigns.clone(),
            extension: choice.extension.clone(),
        };
        self.session.choosing(choice);
        self.order(Verb::Choose, (None, None), ask, order);
    }

    pub(crate) fn sign_in(&mut self, ask: &Ask) -> Result<(), Refusal> {
        let Ask::SignIn { centre, user, take_over } = ask else { return Ok(()) };
        match self.session {
            Session::SignedOut { .. } => {}
            Session::SigningIn { .. } => return Err(Refusal::Pending { verb: Verb::SignIn }),
            Session::Choosing { .. } | Session::SignedIn { .. } => {
                return Err(Refusal::AlreadySignedIn);
            }
        }
        let (centre, user) = (centre.clone(), user.clone());
        self.session = Session::SigningIn { centre: centre.clone(), user: user.clone() };
        self.refusal = None;
        self.effects.push_back(Effect::OpenSession { centre, user, take_over: *take_over });
        Ok(())
    }

    pub(crate) fn sign_out(&mut self) -> Result<(), Refusal> {
        self.permit_sign_out()?;
        self.effects.push_back(Effect::CloseSession);
        let by = self.now + PATIENCE;
        match self.session.who_mut() {
            // The end of the session follows; if not, it is taken for granted.
            Some(who) => who.leaving = Some(by),
            None => self.session_ended(None),
        }
        Ok(())
    }

    pub(crate) fn choose(&mut self, choice: Choice, ask: &Ask) -> Result<(), Refusal> {
        let who = self.session.who().ok_or(Refusal::NotSignedIn)?;
        who.check(&choice)?;
        if self.session.signed_in().is_some() && (!self.calls.is_empty() || self.has_chats()) {
            return Err(Refusal::InteractionsOpen);
        }
        if let Some(verb) = self.orders.obstacle(None, Verb::Choose, None) {
            return Err(Refusal::Pending { verb });
        }
        self.centre_is_up()?;
        self.order_choice(choice, ask.clone());
        Ok(())
    }

    pub(crate) fn set_presence(&mut self, presence: &Presence, ask: &Ask) -> Result<(), Refusal> {
        let verb = Verb::SetPresence;
        self.session.signed_in().ok_or(Refusal::NotSignedIn)?;
        if !self.presence_is_known(presence) {
            return Err(Refusal::NoSuchBreak);
        }
        if self.agent.is_pending(presence) {
            return Err(Refusal::Pending { verb });
        }
        if let Some(verb) = self.orders.obstacle(None, verb, None) {
            return Err(Refusal::Pending { verb });
        }
        self.centre_is_up()?;
        let order = Order::SetPresence { presence: presence.clone() };
        let command = self.order(verb, (None, None), ask.clone(), order);
        self.agent.asked(command, presence.clone());
        Ok(())
    }

    pub(crate) fn dial(
        &mut self,
        number: &PhoneNumber,
        campaign: Option<&CampaignId>,
        ask: &Ask,
    ) -> Result<(), Refusal> {
        self.permit_dial()?;
        let (who, chosen, _) = self.session.signed_in().ok_or(Refusal::NotSignedIn)?;
        let campaign = chosen.to_dial(who, campaign).ok_or(Refusal::NoSuchCampaign)?;
        let order = Order::Dial { campaign, number: number.clone() };
        self.order(Verb::Dial, (None, None), ask.clone(), order);
        Ok(())
    }

    /// The centre knows whether it is there and whose it is.
    pub(crate) fn callback(
        &mut self,
        callback: &CallbackId,
        act: &CallbackAct,
        ask: &Ask,
    ) -> Result<(), Refusal> {
        match act {
            CallbackAct::Take => self.permit_dial()?,
            CallbackAct::Snooze { .. } | CallbackAct::Cancel { .. } => {
                self.session.signed_in().ok_or(Refusal::NotSignedIn)?;
                self.centre_is_up()?;
            }
        }
        let (subject, act) = ((None, None), act.clone());
        // Taking one dials: two of them would be two calls.
        let verb = if act == CallbackAct::Take { Verb::Dial } else { Verb::Callback };
        if let Some(verb) = self.orders.obstacle(None, verb, None) {
            return Err(Refusal::Pending { verb });
        }
        let order = Order::Callback { callback: callback.clone(), act };
        self.order(verb, subject, ask.clone(), order);
        Ok(())
    }

    /// Who may, and whom, the centre knows.
    pub(crate) fn monitor(&mut self, order: Order, ask: &Ask) -> Result<(), Refusal> {
        let verb = Verb::Monitor;
        self.session.signed_in().ok_or(Refusal::NotSignedIn)?;
        for call in &self.calls {
            call.permits(call.voice(self.line()), verb, None)?;
        }
        if let Some(verb) = self.orders.obstacle(None, verb, None) {
            return Err(Refusal::Pending { verb });
        }
        self.centre_is_up()?;
        self.order(verb, (None, None), ask.clone(), order);
        Ok(())
    }

    pub(crate) fn order(
        &mut self,
        verb: Verb,
        subject: (Option<InteractionId>, Option<LegId>),
        ask: Ask,
        order: Order,
    ) -> CommandId {
        let up = self.link == Link::Up;
        let command = self.orders.place(self.now, up, verb, subject, ask);
        self.effects.push_back(Effect::Order { command, order });
        command
    }

    pub(crate) fn centre_is_up(&self) -> Result<(), Refusal> {
        if self.link == Link::Up { Ok(()) } else { Err(Refusal::CentreAway) }
    }
}
