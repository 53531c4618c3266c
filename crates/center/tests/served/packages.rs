//! Custom apps (TB-11 to TB-14): packages that come from outside, and how they are served.

use crate::administration::endpoint;
use crate::desk::Desk;
use crate::web_client::{Admin, Reply, client, send};
use crate::world::World;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const MANIFEST: &str = r#"{"name": "Desk-Notes", "version": "1.0.2",
    "crmIntegrationConfig": [{"key": "Subject", "label": "What it is about", "type": "string"}]}"#;

fn options() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        if path.ends_with('/') {
            zip.add_directory(*path, options()).unwrap();
            continue;
        }
        zip.start_file(*path, options()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A good app, and these files besides.
fn with(more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut files: Vec<(&str, &[u8])> = vec![
        ("manifest.json", MANIFEST.as_bytes()),
        ("index.html", b"<!doctype html><script src=static/app.js></script>"),
        ("static/app.js", b"document.title = 'notes';"),
    ];
    files.extend_from_slice(more);
    pack(&files)
}

/// The same length elsewhere in the file: names and flags as no packer writes them.
fn patched(mut zip: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = (0..zip.len()).filter(|at| zip[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        zip[at..at + to.len()].copy_from_slice(to);
    }
    zip
}

fn encrypted() -> Vec<u8> {
    let mut zip = with(&[]);
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at: Vec<usize> = (0..zip.len()).filter(|i| zip[*i..].starts_with(signature)).collect();
        for place in at {
            zip[place + flags] |= 1;
        }
    }
    zip
}

/// Every entry of the directory says that it is the first file.
fn overlapping() -> Vec<u8> {
    let mut zip = with(&[]);
    let at: Vec<usize> = (0..zip.len()).filter(|i| zip[*i..].starts_with(b"PK\x01\x02")).collect();
    for place in at {
        zip[place + 42..place + 46].fill(0);
    }
    zip
}

fn link() -> Vec<u8> {
    let mut zip = ZipWriter::new_append(Cursor::new(with(&[]))).unwrap();
    zip.add_symlink("passwords", "/etc/passwd", options()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn manifest(text: &str) -> Vec<u8> {
    pack(&[("manifest.json", text.as_bytes()), ("index.html", b"hello")])
}

async fn get(admin: &Admin, path: &str) -> Reply {
    send(client().get(format!("{}{path}", admin.base))).await
}

#[tokio::test]
async fn an_app_is_uploaded_placed_served_apart_and_removed() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let up = admin.upload(with(&[("static/", b""), ("static/logo.svg", b"<svg/>")])).await;
    assert_eq!(up.status, 200, "{up:?}");
    assert_eq!(up.json()["url"], "/si/Desk-Notes/1.0.2/");
    let id = up.json()["id"].as_i64().unwrap();

    let page = get(&admin, "/si/Desk-Notes/1.0.2/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("sandbox allow-scripts") && !policy.contains("allow-same-origin"));
    assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
    assert!(page.header("permissions-policy").contains("microphone=()"));
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    let script = get(&admin, "/si/Desk-Notes/1.0.2/static/app.js").await;
    assert_eq!(script.text, "document.title = 'notes';");
    assert!(script.header("content-type").starts_with("text/javascript"));
    let bare = get(&admin, "/si/Desk-Notes/1.0.2?a=b").await;
    assert_eq!((bare.status, bare.header("location")), (308, "/si/Desk-Notes/1.0.2/?a=b"));
    for lost in [
        "/si/Desk-Notes/1.0.3/",
        "/si/desk-notes/1.0.2/",
        "/si/Desk-Notes/1.0.2/static",
        "/si/Desk-Notes/1.0.2/%2e%2e/%2e%2e/centre.db",
        "/si/Desk-Notes/1.0.2/..%2fcentre.db",
        "/si/..%2f..%2fevil.example/x",
    ] {
        assert_eq!(get(&admin, lost).await.status, 404, "{lost}");
    }

    let again = admin.upload(with(&[])).await;
    assert_eq!(again.status, 409, "a version is what it was: {again:?}");
    let fields = json!([{"key": "Phone", "label": "Phone", "type": "phone"}]);
    let place = json!({"slot": "panel-4", "fields": fields});
    assert_eq!(admin.ask(Method::PUT, &format!("apps/{id}"), place.clone()).await.status, 200);
    let app = admin.state().await["apps"][0].clone();
    assert_eq!((&app["slot"], &app["fields"]), (&json!("panel-4"), &fields));
    assert_eq!(app["uploaded_by"], "admin");
    let other = manifest(r#"{"name": "Other", "version": "1"}"#);
    let other = admin.upload(other).await.json()["id"].as_i64().unwrap();
    let taken = admin.ask(Method::PUT, &format!("apps/{other}"), place).await;
    assert_eq!(taken.status, 409, "{taken:?}");
    for bad in [
        json!({"slot": "nowhere-else", "fields": []}),
        json!({"slot": null, "fields": [{"key": "", "label": "", "type": "string"}]}),
        json!({"slot": null, "fields": [{"key": "a", "label": "", "type": "script"}]}),
        json!({"slot": null, "fields": [{"key": "a", "type": "id"}, {"key": "a", "type": "id"}]}),
    ] {
        let reply = admin.ask(Method::PUT, &format!("apps/{other}"), bad.clone()).await;
        assert!(matches!(reply.status, 400 | 422), "{bad}: {reply:?}");
    }

    let gone = admin.ask(Method::DELETE, &format!("apps/{id}"), Value::Null).await;
    assert_eq!(gone.status, 200);
    assert_eq!(get(&admin, "/si/Desk-Notes/1.0.2/").await.status, 404);
    world.centre.stop().await;
}

#[tokio::test]
async fn an_app_gets_no_right_by_asking_for_it() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let wish = r#"{"name": "dialler", "version": "2", "rights": ["dial", "customers"]}"#;
    let up = admin.upload(manifest(wish)).await;
    assert_eq!(up.status, 200, "{up:?}");
    let wished = json!({"events": true, "control": false, "customers": true, "dial": true});
    assert_eq!(up.json()["asks"], wished);
    let first = json!({"events": true, "control": false, "customers": false, "dial": false});
    let app = admin.state().await["apps"][0].clone();
    assert_eq!((&app["asks"], &app["rights"]), (&wished, &first));
    let (mut desk, _) = Desk::ready(&world.url(), "agent1").await;
    let path = "/apps/dialler/2";
    let told = endpoint(&mut desk, "workspace", "GET", path, Value::Null).await;
    assert_eq!(told.status, 404, "it is in no slot: {told:?}");

    let place = format!("apps/{}", up.json()["id"]);
    let slot = |rights: &Value| json!({"slot": "screen-1", "fields": [], "rights": rights});
    let none = json!({"slot": "screen-1", "fields": []});
    assert_eq!(admin.ask(Method::PUT, &place, none).await.status, 200);
    let told = endpoint(&mut desk, "workspace", "GET", path, Value::Null).await;
    assert_eq!(told.body, json!({"rights": first, "crmIntegrationConfig": []}));
    let given = json!({"events": true, "control": false, "customers": false, "dial": true});
    assert_eq!(admin.ask(Method::PUT, &place, slot(&given)).await.status, 200);
    let told = endpoint(&mut desk, "workspace", "GET", path, Value::Null).await;
    assert_eq!(told.body["rights"], given);
    for other in ["/apps/dialler/1", "/apps/Dialler/2", "/apps/%2e%2e/2"] {
        let told = endpoint(&mut desk, "workspace", "GET", other, Value::Null).await;
        assert_eq!(told.status, 404, "{other}: {told:?}");
    }
    for bad in [json!({"dial": true}), json!({"events": 1}), json!("all")] {
        let reply = admin.ask(Method::PUT, &place, slot(&bad)).await;
        assert_eq!(reply.status, 400, "{bad}: {reply:?}");
    }
    world.centre.stop().await;
}

#[tokio::test]
async fn hostile_packages_are_refused_each_with_its_reason() {
    let world = World::start().await;
    let admin = Admin::sign_in(&world.centre).await;
    let zeros = vec![0; 9 * 1024 * 1024];
    let noise: Vec<u8> =
        (0_u32..11 * 1024 * 1024).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let entries: Vec<(String, Vec<u8>)> =
        (0..2100).map(|i| (format!("f{i}.txt"), vec![b'x'])).collect();
    let many: Vec<(&str, &[u8])> =
        entries.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let long = format!("{}.js", "x".repeat(300));
    let deep = format!("{}x.js", "d/".repeat(20));
    let inner = with(&[]);
    let one: &[u8] = b"x";
    for (what, package, word) in [
        ("nothing", Vec::new(), "no zip"),
        ("noise", b"PK\x03\x04 and then nothing of the kind".to_vec(), "no zip"),
        ("a cut one", with(&[])[..200].to_vec(), "no zip"),
        (
            "traversal",
            patched(with(&[("xx/yy/evil.js", one)]), b"xx/yy/evil", b"../../evil"),
            "leads out",
        ),
        (
            "traversal inside",
            patched(with(&[("a/bb/cc.js", one)]), b"a/bb/cc", b"a/../cc"),
            "leads out",
        ),
        (
            "backslashes",
            patched(with(&[("xx_evil.js", one)]), b"xx_evil", b"..\\evil"),
            "leads out",
        ),
        (
            "absolute",
            patched(with(&[("xetc/evil.js", one)]), b"xetc/evil", b"/etc/evil"),
            "leads out",
        ),
        ("a drive", patched(with(&[("cx_evil.js", one)]), b"cx_evil", b"c:/evil"), "leads out"),
        ("empty part", patched(with(&[("a/b/c.js", one)]), b"a/b/c.js", b"a//bc.js"), "characters"),
        (
            "control characters",
            patched(with(&[("a_evil.js", one)]), b"a_evil", b"a\0evil"),
            "characters",
        ),
        ("a long name", with(&[(&long, one)]), "characters"),
        ("a deep one", with(&[(&deep, one)]), "characters"),
        ("a link", link(), "link"),
        ("a password", encrypted(), "encrypted"),
        ("a bomb", with(&[("bomb.txt", &zeros)]), "hundredfold"),
        ("overlap", overlapping(), ""),
        ("too many", with(&many), "2000 entries"),
        ("twice", patched(with(&[("index.htmx", one)]), b"index.htmx", b"index.html"), "twice"),
        ("capitals", with(&[("Index.HTML", one)]), "capitals"),
        ("folder and file", with(&[("static", one)]), ""),
        ("an archive", with(&[("more.zip", one)]), "archive in the archive"),
        ("one in disguise", with(&[("more.txt", &inner)]), "archive in the archive"),
        ("no manifest", pack(&[("index.html", one)]), "manifest.json is missing"),
        ("its folder", pack(&[("app/manifest.json", MANIFEST.as_bytes())]), "in the folder app"),
        ("no page", pack(&[("manifest.json", MANIFEST.as_bytes())]), "index.html is missing"),
        ("no JSON", manifest("{"), "manifest.json is wrong"),
        ("no version", manifest(r#"{"name": "x"}"#), "version"),
        ("a path for a name", manifest(r#"{"name": "../x", "version": "1"}"#), "name has"),
        ("a dot", manifest(r#"{"name": "..", "version": "1"}"#), "name has"),
        ("a script", manifest(r#"{"name": "x", "version": "<script>"}"#), "version has"),
        (
            "a right of no kind",
            manifest(r#"{"name": "x", "version": "1", "rights": ["all"]}"#),
            "wrong",
        ),
        ("a number", manifest(r#"{"name": "x", "version": 1}"#), "manifest.json is wrong"),
        ("deep", manifest(&"[".repeat(100_000)), "manifest.json is wrong"),
    ] {
        let reply = admin.upload(package).await;
        assert_eq!(reply.status, 422, "{what}: {reply:?}");
        let told = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(told.contains(word), "{what}: {told:?}");
    }
    // A packer that stores does not make it fit.
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("noise.bin", options().compression_method(CompressionMethod::Stored)).unwrap();
    zip.write_all(&noise).unwrap();
    let reply = admin.upload(zip.finish().unwrap().into_inner()).await;
    assert_eq!(reply.status, 413, "{reply:?}");
    assert_eq!(admin.state().await["apps"], json!([]));
    world.centre.stop().await;
}
