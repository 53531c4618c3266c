use crate::far::{Phone, Switch, assert_one_stream};

const TONES: [f32; 3] = [500.0, 900.0, 1_700.0];

#[tokio::test(flavor = "multi_thread")]
async fn each_of_three_hears_the_others_and_not_himself() {
    let switch = Switch::start();
    let mut phones = Vec::new();
    for (leg, tone) in ["a", "b", "c"].into_iter().zip(TONES) {
        phones.push(Phone::call(&switch, leg, Some(tone)).await);
    }
    switch.connect("call", &["a", "b"]).await;
    phones[0].hears(&[TONES[1]], &[TONES[0], TONES[2]]).await;

    switch.connect("call", &["a", "b", "c"]).await;
    phones[0].hears(&[TONES[1], TONES[2]], &[TONES[0]]).await;
    phones[1].hears(&[TONES[0], TONES[2]], &[TONES[1]]).await;
    phones[2].hears(&[TONES[0], TONES[1]], &[TONES[2]]).await;

    switch.connect("call", &["a", "c"]).await;
    phones[0].hears(&[TONES[2]], &[TONES[0], TONES[1]]).await;
    assert_one_stream(&phones[0].heard());
    assert_eq!(switch.listed().await.1, [("call".into(), vec!["a".into(), "c".into()])]);
}
