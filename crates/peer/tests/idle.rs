//! What a connection costs while nobody speaks. Alone in its process, whose time it reads.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, connect, loopback};
use std::time::Duration;

/// User and system time of this process (proc(5), fields 14 and 15, in 10 ms).
#[cfg(target_os = "linux")]
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(") ").unwrap().1;
    let ticks: u64 =
        after_name.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_idle_ends_use_little_of_a_core() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    let span = Duration::from_secs(8);
    let before = cpu_time();
    tokio::time::sleep(span).await;
    let used = cpu_time() - before;
    println!("two idle ends used {used:?} in {span:?}");
    // A loop that polls would use all of it.
    assert!(used < span / 20, "{used:?}");
}
