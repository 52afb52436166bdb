//! Faulty worlds: one call in ten fails, in every way that there is. Each world comes to the same end as an undisturbed
//! one, and on its way nothing is deleted, closed or given to anybody that is not so there.
//!
//! A sample runs with the other tests. The full number, and one world again:
//!
//! ```text
//! FORMULARY_WORLDS=10000 cargo test --profile trials --test worlds -- --nocapture ten_in_a_hundred
//! FORMULARY_WORLD=4711 cargo test --test worlds -- --nocapture ten_in_a_hundred
//! ```
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]
#![allow(clippy::print_stderr, reason = "a long run tells how far it is")]
#![allow(missing_docs, reason = "nobody calls a test")]

mod desk;
mod holdings;
mod oracle;
mod random;
mod sabotage;
mod scene;
mod story;
mod trouble;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use sabotage::Sabotage;
use scene::{End, Scene};
use story::Story;

/// Worlds of the sample.
const SAMPLE: u64 = 24;
/// Cycles within which a phase must end.
const MOST: usize = 60;
/// Worlds that are tried until one shows what a missing guard does.
const SABOTAGED: u64 = 60;

#[test]
fn worlds_in_which_ten_in_a_hundred_calls_fail() {
    let one: Option<u64> = std::env::var("FORMULARY_WORLD").ok().map(|seed| seed.parse().unwrap());
    let many: u64 = std::env::var("FORMULARY_WORLDS").map_or(SAMPLE, |number| number.parse().unwrap());
    let first: u64 = std::env::var("FORMULARY_WORLDS_FROM").map_or(0, |number| number.parse().unwrap());
    let seeds = one.map_or(first..first + many, |seed| seed..seed + 1);
    let failed = each(seeds, None);
    for (seed, _) in &failed {
        eprintln!("again: FORMULARY_WORLD={seed} cargo test --test worlds -- --nocapture ten_in_a_hundred");
    }
    assert!(failed.is_empty(), "{} worlds failed", failed.len());
}

/// The oracle sees what it is there for: with a guard taken out, some world is told to be wrong.
#[test]
fn without_a_guard_some_world_is_wrong() {
    for (sabotage, seen) in
        [(Sabotage::Ownership, "was closed"), (Sabotage::Quarantine, "was closed"), (Sabotage::Absence, "recorded")]
    {
        let found = (0..SABOTAGED).find_map(|seed| world(seed, Some(sabotage)).err().filter(|why| why.contains(seen)));
        assert!(found.is_some(), "{SABOTAGED} worlds, and none shows that {sabotage:?} is missing");
    }
}

/// Plays worlds on two threads; what came of those that failed.
fn each(seeds: std::ops::Range<u64>, sabotage: Option<Sabotage>) -> Vec<(u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let done = AtomicUsize::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        return;
                    }
                    if let Err(why) = world(seed, sabotage) {
                        eprintln!("world {seed}: {why}");
                        failed.lock().unwrap().push((seed, why));
                    }
                    let done = done.fetch_add(1, Ordering::SeqCst) + 1;
                    if done.is_multiple_of(500) {
                        eprintln!("{done} worlds, {} failed", failed.lock().unwrap().len());
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

/// One world by its seed.
fn world(seed: u64, sabotage: Option<Sabotage>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let story = Story::of(seed);
        let ends = undisturbed(&story).await?;
        disturbed(seed, &story, &ends, sabotage).await
    })
}

/// Plays a story without trouble; what is there at the end of each phase.
async fn undisturbed(story: &Story) -> Result<Vec<End>, String> {
    let mut scene = Scene::new(4, None).await;
    let mut ends = Vec::new();
    for (at, phase) in story.phases.iter().enumerate() {
        scene.begin(phase, None).await;
        let mut last = scene.cycle(phase, None).await;
        for _ in 0..6 {
            if last.left().is_empty() {
                break;
            }
            last = scene.cycle(phase, None).await;
        }
        let (left, shown) = (last.left(), last.shown());
        if !left.is_empty() {
            return Err(format!("phase {at} does not end without any trouble: {left:#?}\n{shown}"));
        }
        let end = scene.end().await;
        for (service, holdings) in &end.holdings {
            let wrong = oracle::is_right(story, at, service, holdings);
            if !wrong.is_empty() {
                return Err(format!("without any trouble: {wrong:#?}\n{shown}"));
            }
        }
        ends.push(end);
    }
    Ok(ends)
}

/// Plays it with trouble.
async fn disturbed(seed: u64, story: &Story, ends: &[End], sabotage: Option<Sabotage>) -> Result<(), String> {
    let attempts = [1, 2, 4][(seed % 3) as usize];
    let mut scene = Scene::new(attempts, sabotage).await;
    for (at, (phase, end)) in story.phases.iter().zip(ends).enumerate() {
        let comparable = |end: End| end.by_names().without_what_may_differ(story, at);
        let end = comparable(end.clone());
        scene.begin(phase, Some(&end)).await;
        let mut cycles = 0;
        loop {
            scene.cycle(phase, Some(seed)).await;
            cycles += 1;
            let wrong = scene.wrong();
            if !wrong.is_empty() {
                return Err(format!("phase {at}, cycle {cycles}: {wrong:#?}"));
            }
            let now = comparable(scene.end().await);
            if now == end {
                break;
            }
            if cycles == MOST {
                // A cycle without trouble tells what is left to do.
                let (differ, shown) = (end.differences(&now), scene.cycle(phase, None).await.shown());
                return Err(format!("phase {at} does not end in {cycles} cycles: {differ:#?}\n{shown}"));
            }
        }
        // What was read in trouble may have left something to be recorded; then there is nothing left.
        scene.cycle(phase, None).await;
        let quiet = scene.cycle(phase, None).await;
        let (left, wrong, now) = (quiet.left(), scene.wrong(), comparable(scene.end().await));
        let inconsistent = scene.is_consistent(&quiet).await;
        if !left.is_empty() || !wrong.is_empty() || !inconsistent.is_empty() || now != end {
            let differs = end.differences(&now);
            return Err(format!("phase {at}, in the end: {left:#?} {wrong:#?} {inconsistent:#?} {differs:#?}"));
        }
    }
    Ok(())
}
