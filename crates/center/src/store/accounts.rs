use super::{Store, StoreFault};
use crate::core::Account;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use omnibar_model::{AgentId, CampaignId, Secret};
use sqlx::Row;

#[derive(Debug, thiserror::Error)]
pub enum AccountFault {
    #[error("There is an account {0} already.")]
    Exists(AgentId),
    #[error("A user name has 1 to 64 letters, digits, dots, dashes or underscores.")]
    BadUser,
    #[error("A password has at least 4 characters.")]
    BadPassword,
    #[error("The password could not be hashed: {0}")]
    Hash(String),
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl From<sqlx::Error> for AccountFault {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Agent,
    /// An agent who may take part in his campaigns' calls.
    Supervisor,
    Administrator,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Agent | Self::Supervisor => "agent",
            Self::Administrator => "administrator",
        }
    }
}

/// Verified for users that do not exist, so that both take the same time.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                      MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE";

impl Store {
    /// A new account that may work for every campaign.
    pub async fn add_account(
        &self,
        user: &str,
        name: &str,
        password: Secret,
    ) -> Result<(), AccountFault> {
        self.add(user, name, password, Role::Agent).await
    }

    /// A new account that may work for every campaign, and take part in its calls.
    pub async fn add_supervisor(
        &self,
        user: &str,
        name: &str,
        password: Secret,
    ) -> Result<(), AccountFault> {
        self.add(user, name, password, Role::Supervisor).await
    }

    /// A new account that lays down what agents work with, and takes no calls.
    pub async fn add_administrator(
        &self,
        user: &str,
        name: &str,
        password: Secret,
    ) -> Result<(), AccountFault> {
        self.add(user, name, password, Role::Administrator).await
    }

    async fn add(
        &self,
        user: &str,
        name: &str,
        password: Secret,
        role: Role,
    ) -> Result<(), AccountFault> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
        if user.is_empty() || user.len() > 64 || !user.chars().all(allowed) {
            return Err(AccountFault::BadUser);
        }
        if password.expose().chars().count() < 4 {
            return Err(AccountFault::BadPassword);
        }
        let hash = tokio::task::spawn_blocking(move || hash(&password))
            .await
            .map_err(|e| AccountFault::Hash(e.to_string()))??;
        let mut tx = self.pool.begin().await?;
        let added = sqlx::query(
            "INSERT INTO accounts (user, name, password_hash, role, supervisor) \
             VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(user)
        .bind(name)
        .bind(hash)
        .bind(role.word())
        .bind(i64::from(role == Role::Supervisor))
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() == 0 {
            return Err(AccountFault::Exists(AgentId::new(user)));
        }
        if role != Role::Administrator {
            sqlx::query("INSERT INTO memberships (user, campaign) SELECT ?, id FROM campaigns")
                .bind(user)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub async fn account(&self, user: &AgentId) -> Result<Option<Account>, StoreFault> {
        let Some(row) = sqlx::query("SELECT name, supervisor FROM accounts WHERE user = ?")
            .bind(user.as_str())
            .fetch_optional(&self.pool)
            .await?
        else {
            return Ok(None);
        };
        let campaigns = sqlx::query("SELECT campaign FROM memberships WHERE user = ?")
            .bind(user.as_str())
            .fetch_all(&self.pool)
            .await?
            .iter()
            .map(|row| CampaignId::new(row.get(0)))
            .collect();
        let supervisor = row.get::<i64, _>(1) == 1;
        Ok(Some(Account { user: user.clone(), name: row.get(0), campaigns, supervisor }))
    }

    /// True when this is the user's password. Takes as long for an unknown user.
    pub async fn verify(&self, user: &AgentId, password: Secret) -> Result<bool, StoreFault> {
        let found: Option<String> =
            sqlx::query_scalar("SELECT password_hash FROM accounts WHERE user = ?")
                .bind(user.as_str())
                .fetch_optional(&self.pool)
                .await?;
        let known = found.is_some();
        let hash = found.unwrap_or_else(|| NOBODY.to_owned());
        let right = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash).is_ok_and(|parsed| {
                Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok()
            })
        })
        .await
        .unwrap_or(false);
        Ok(known && right)
    }

    /// `None` when there is no such account.
    pub async fn role(&self, user: &AgentId) -> Result<Option<Role>, StoreFault> {
        let found = sqlx::query("SELECT role, supervisor FROM accounts WHERE user = ?")
            .bind(user.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map(|row| match (row.get(0), row.get(1)) {
            ("administrator", _) => Role::Administrator,
            (_, 1_i64) => Role::Supervisor,
            (_, _) => Role::Agent,
        }))
    }

    /// Users and names of agents, in the order of the names.
    pub async fn colleagues(&self) -> Result<Vec<(AgentId, String)>, StoreFault> {
        let rows =
            sqlx::query("SELECT user, name FROM accounts WHERE role = 'agent' ORDER BY name, user")
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.iter().map(|r| (AgentId::new(r.get(0)), r.get(1))).collect())
    }
}

fn hash(password: &Secret) -> Result<String, AccountFault> {
    Argon2::default()
        .hash_password(password.expose().as_bytes())
        .map(|h| h.to_string())
        .map_err(|e| AccountFault::Hash(e.to_string()))
}
