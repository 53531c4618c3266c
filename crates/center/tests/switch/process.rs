use crate::far::{Phone, Switch, loopback};
use omnibar_center::switch::process::{connect, serve};
use omnibar_center::switch::{BuiltinConfig, Reply, SwitchCommand};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

async fn control(socket: &Path) -> Switch {
    loop {
        if let Ok((link, events)) = connect(socket).await {
            return Switch::over(link, events);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_outlive_their_controller_and_the_next_finds_them() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("switch.sock");
    let config = BuiltinConfig { idle_exit: Duration::from_millis(300), ..loopback() };
    let path = socket.clone();
    let process = tokio::spawn(async move { serve(&path, config).await });

    // The first controller lives in a runtime of its own, which dies with all its tasks.
    let first = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let path = socket.clone();
    let dying = first.spawn(async move { control(&path).await }).await.unwrap();
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let a = Phone::call(&dying, "a", Some(500.0)).await;
    let b = Phone::call(&dying, "b", Some(900.0)).await;
    dying.connect("call", &["a", "b"]).await;
    a.hears(&[900.0], &[500.0]).await;
    first.shutdown_background();
    a.hears(&[900.0], &[500.0]).await;
    b.hears(&[500.0], &[900.0]).await;

    let switch = control(&socket).await;
    let (legs, bridges) = switch.listed().await;
    assert_eq!(legs, ["a", "b"]);
    assert_eq!(bridges, [("call".into(), vec!["a".into(), "b".into()])]);

    // Another controller replaces this one.
    let newest = control(&socket).await;
    assert_eq!(newest.listed().await.0, ["a", "b"]);
    let lost = switch.link.command(SwitchCommand::List).await;
    assert!(matches!(lost, Reply::Lost { .. }), "{lost:?}");

    for leg in ["a", "b"] {
        newest.done(SwitchCommand::Close { leg: leg.into() }).await;
    }
    drop(newest);
    drop(switch);
    let ended = tokio::time::timeout(Duration::from_secs(10), process).await;
    ended.expect("ends when nobody needs it").unwrap().unwrap();
    assert!(!socket.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_is_served_is_not_taken_and_a_dead_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("switch.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let path = socket.clone();
    tokio::spawn(async move { serve(&path, loopback()).await });
    let switch = control(&socket).await;
    let error = serve(&socket, loopback()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    assert_eq!(control(&socket).await.listed().await.0, Vec::<String>::new());
    drop(switch);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_ends_the_controller_and_not_the_switch() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("switch.sock");
    let path = socket.clone();
    tokio::spawn(async move { serve(&path, loopback()).await });
    control(&socket).await;
    for garbage in [b"\xff\xff\n".to_vec(), b"{}\n".to_vec(), vec![b'x'; 1_000_000]] {
        let mut stream = tokio::net::UnixStream::connect(&socket).await.unwrap();
        // The switch may hang up before all is written.
        let _ = stream.write_all(&garbage).await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert_eq!(rest, b"");
    }
    assert_eq!(control(&socket).await.listed().await.0, Vec::<String>::new());
}
