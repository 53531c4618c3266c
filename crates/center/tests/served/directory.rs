//! The list of contacts of an earlier version becomes the directory.

use omnibar_center::store::{FILE, Store};
use omnibar_model::PhoneNumber;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::path::Path;

#[tokio::test]
async fn contacts_of_an_earlier_version_are_customers_now() {
    let data = tempfile::tempdir().unwrap();
    let earlier = tempfile::tempdir().unwrap();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for file in ["0001_centre.sql", "0002_recording.sql", "0003_numbers.sql"] {
        std::fs::copy(migrations.join(file), earlier.path().join(file)).unwrap();
    }
    let options =
        SqliteConnectOptions::new().filename(data.path().join(FILE)).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await.unwrap();
    Migrator::new(earlier.path()).await.unwrap().run(&pool).await.unwrap();
    sqlx::query("INSERT INTO contacts (number, name) VALUES ('+15550102', 'Omar Haddad'), ('+15550101', 'Nora Winter')")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;

    let store = Store::open(data.path()).await.unwrap();
    let nora = PhoneNumber::parse("+15550101").unwrap();
    let known = store.customer_of(&nora).await.unwrap().expect("she is known");
    assert_eq!((known.id, known.name.as_str()), (100_000, "Nora Winter"));
    let now = omnibar_model::Moment::from_millis(1);
    let same = store.customer_or_new(now, &nora, "Somebody else").await.unwrap();
    assert_eq!(same, known);
    let stranger = PhoneNumber::parse("+15550150").unwrap();
    let made = store.customer_or_new(now, &stranger, "").await.unwrap();
    assert_eq!((made.id, made.name.as_str()), (100_002, "New customer"));
    store.remove_customer(made.id).await.unwrap();
    let again = store.customer_or_new(now, &stranger, "Customer1").await.unwrap();
    assert_eq!(again.id, 100_003, "no id is used twice");
    store.close().await;
}
