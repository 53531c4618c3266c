//! What CRM pages load: the SDK, the toolbar's frame, the workspace.

use crate::world::World;
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn directive(&self, name: &str) -> String {
        let policy = self.header("content-security-policy");
        let found = policy.split(';').find_map(|d| d.trim().strip_prefix(name));
        found.unwrap_or_default().trim().to_owned()
    }
}

async fn get_with(world: &World, path: &str, more: &str) -> Answer {
    let address = world.centre.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{more}\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    let end = all.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(all[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    Answer { status, headers, body: all[end + 4..].to_vec() }
}

async fn get(world: &World, path: &str) -> Answer {
    get_with(world, path, "").await
}

#[tokio::test]
async fn any_page_may_load_the_sdk() {
    let world = World::start().await;
    let sdk =
        get_with(&world, "/omniapp/sdk/ameyo-sdk.js", "Origin: https://crm.example\r\n").await;
    assert_eq!(sdk.status, 200);
    assert_eq!(sdk.header("access-control-allow-origin"), "*");
    assert_eq!(sdk.header("cross-origin-resource-policy"), "cross-origin");
    assert!(sdk.header("content-type").starts_with("text/javascript"));
    assert_eq!(sdk.header("cache-control"), "no-cache");
    let text = String::from_utf8(sdk.body.clone()).unwrap();
    assert!(text.contains("initialize") && text.contains("ameyoIframeDiv"));
    let tag = sdk.header("etag");
    assert!(tag.len() > 10 && tag.starts_with('"'));
    let known = format!("If-None-Match: {tag}\r\n");
    let again = get_with(&world, "/omniapp/sdk/ameyo-sdk.js", &known).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("access-control-allow-origin"), "*");
    for path in [
        "/omniapp/sdk/nothing.js",
        "/omniapp/sdk/..%2f..%2fpackage.json",
        "/omniapp/sdk/../index.html",
    ] {
        assert_eq!(get(&world, path).await.status, 404, "{path}");
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn who_is_on_the_list_frames_the_toolbar_and_everybody_the_bridge() {
    let world = World::start().await;
    let toolbar = get(&world, "/omniapp/toolbar/index.html").await;
    assert_eq!(toolbar.status, 200);
    assert_eq!(toolbar.directive("frame-ancestors"), "http://127.0.0.1:* http://localhost:*");
    assert_eq!(toolbar.header("x-frame-options"), "", "it knows no list");
    assert_eq!(toolbar.header("cache-control"), "no-cache");
    assert!(toolbar.header("content-type").starts_with("text/html"));
    let connect = toolbar.directive("connect-src");
    assert!(connect.contains(&format!("ws://{}", world.centre.address())), "{connect}");
    assert!(connect.contains("http://127.0.0.1:47620 ws://127.0.0.1:47620"), "{connect}");
    assert!(!connect.contains('*'), "{connect}");
    assert!(toolbar.header("permissions-policy").contains("loopback-network=(self)"));
    assert!(toolbar.header("permissions-policy").contains("local-network-access=(self)"));
    let bridge = get(&world, "/omniapp/toolbar/bridge.html").await;
    assert_eq!((bridge.status, bridge.directive("frame-ancestors").as_str()), (200, "*"));
    let workspace = get(&world, "/omniapp/workspace/").await;
    assert_eq!(
        (workspace.status, workspace.directive("frame-ancestors").as_str()),
        (200, "'none'")
    );
    assert_eq!(workspace.directive("frame-src"), "http: https:");
    for page in [&toolbar, &bridge, &workspace] {
        assert_eq!(page.directive("script-src"), "'self'");
        assert_eq!(page.directive("default-src"), "'none'");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(get(&world, "/omniapp/index.html").await.status, 404, "the window's own page");
    let call = get(&world, "/call/").await;
    assert_eq!(call.header("x-frame-options"), "DENY");
    world.centre.stop().await;
}

#[tokio::test]
async fn everything_that_the_pages_name_is_served_and_parts_are_kept_for_ever() {
    let world = World::start().await;
    let mut parts = 0;
    for page in [
        "/omniapp/toolbar/index.html",
        "/omniapp/toolbar/bridge.html",
        "/omniapp/workspace/index.html",
    ] {
        let html = String::from_utf8(get(&world, page).await.body).unwrap();
        let named = html.split(['"', '\'']).filter(|s| s.starts_with("../"));
        for name in named {
            let path = format!("/omniapp/{}", name.trim_start_matches("../"));
            let part = get(&world, &path).await;
            assert_eq!(part.status, 200, "{path} of {page}");
            let kept = part.header("cache-control").contains("immutable");
            assert_eq!(kept, path.starts_with("/omniapp/assets/"), "{path}");
            parts += 1;
        }
    }
    assert!(parts >= 6, "only {parts} parts");
    world.centre.stop().await;
}

#[tokio::test]
async fn behind_a_proxy_the_public_address_is_the_centres_own() {
    use tokio_tungstenite::tungstenite::Error;
    let world = World::with(|c| c.public_url = Some("https://centre.example".into())).await;
    let connect = get(&world, "/omniapp/toolbar/").await.directive("connect-src");
    assert!(connect.contains(" wss://centre.example "), "{connect}");
    let public = Some("https://centre.example");
    assert!(crate::hub::open(&world, "/ws/dock", public).await.is_ok());
    match crate::hub::open(&world, "/ws/dock", Some("https://crm.example")).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{}", other.is_ok()),
    }
    world.centre.stop().await;
}
