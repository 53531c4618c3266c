//! HTTP as a browser or a server speaks it, and an administrator's page.

use omnibar_center::Centre;
use reqwest::header::{COOKIE, HeaderMap, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method};
use serde_json::{Value, json};

pub fn client() -> Client {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub async fn send(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Reply { status, headers, text: response.text().await.unwrap() }
}

pub fn base(centre: &Centre) -> String {
    format!("http://{}", centre.address())
}

pub struct Admin {
    pub client: Client,
    pub base: String,
    pub cookie: String,
}

impl Admin {
    pub async fn sign_in(centre: &Centre) -> Self {
        let admin = Self { client: client(), base: base(centre), cookie: String::new() };
        let reply =
            admin.ask(Method::POST, "session", json!({"user": "admin", "password": "demo"})).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let set = reply.headers[SET_COOKIE].to_str().unwrap().to_owned();
        Self { cookie: set.split(';').next().unwrap().to_owned(), ..admin }
    }

    /// As the page asks; `Value::Null` is no body.
    pub async fn ask(&self, method: Method, path: &str, body: Value) -> Reply {
        let mut request = self.request(method, path);
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        send(request).await
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}/admin/api/{path}", self.base))
            .header(ORIGIN, &self.base)
            .header(COOKIE, &self.cookie)
            .header("x-omnibar-admin", "1")
    }

    pub async fn state(&self) -> Value {
        self.ask(Method::GET, "state", Value::Null).await.json()
    }

    pub async fn token(&self, once: bool) -> String {
        let new = json!({"name": "crm server", "days": 1, "once": once});
        let reply = self.ask(Method::POST, "tokens", new).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["token"].as_str().unwrap().to_owned()
    }

    pub async fn upload(&self, package: Vec<u8>) -> Reply {
        let request = self.request(Method::POST, "apps").header("content-type", "application/zip");
        send(request.body(package)).await
    }
}
