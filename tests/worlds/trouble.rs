//! What goes wrong: one call in ten, in every way that there is, the same calls for the same seed.

use formulary::provider::emulator::faults::{Defect, Fault};

use super::random::Random;

/// How many of a hundred calls fail.
const OF_HUNDRED: f64 = 10.0;

/// The troubles of one service in one cycle. A world has its own mix: some defects more than others, and some cycles in
/// which a right is missing or everything fails for a while.
pub fn of(seed: u64, service: &str, cycle: usize) -> Vec<Fault> {
    let mut random = Random::new(seed, &format!("{service} in cycle {cycle}"));
    let mut faults = Vec::new();
    if random.percent(15) {
        let right = ["**/users", "**/members", "**/groups", "**/orgs/**", "**"];
        let right = *random.pick(&right).unwrap_or(&"**");
        let from = 1 + random.below(8) as u64;
        let lacks = Fault::new(Defect::MissingRights).from(from).times(1 + random.below(12) as u64);
        faults.push(Fault {
            when: formulary::provider::emulator::faults::When { path: Some(right.to_owned()), ..lacks.when },
            ..lacks
        });
    }
    if random.percent(10) {
        let down = Defect::Status { status: 503, body: None, applied: false };
        faults.push(Fault::new(down).from(1 + random.below(40) as u64).times(5 + random.below(40) as u64));
    }
    let mix = everything(&mut random);
    let share = OF_HUNDRED / 100.0 / mix.len() as f64;
    faults.extend(mix.into_iter().map(|(fault, weight)| {
        let draw = random.number();
        fault.chance((share * weight).min(1.0), draw)
    }));
    faults
}

/// Every defect once, each with its weight in the mix. What befalls a list alone befalls reading calls only.
fn everything(random: &mut Random) -> Vec<(Fault, f64)> {
    let status = |status, applied| Fault::new(Defect::Status { status, body: None, applied });
    let reading = |defect| Fault::new(defect).on("GET", "/**");
    let faults = [
        status(500, false),
        status(500, true),
        status(502, true),
        status(503, false),
        Fault::new(Defect::RateLimited { retry_after: 0 }),
        Fault::new(Defect::Hang),
        Fault::new(Defect::LostAnswer),
        Fault::new(Defect::ResetInBody),
        Fault::new(Defect::EmptyBody),
        Fault::new(Defect::Html { status: 200 }),
        Fault::new(Defect::MissingRights),
        Fault::new(Defect::ExpiredToken),
        reading(Defect::TruncatedPage { keep: None }),
        reading(Defect::TruncatedPage { keep: Some(0) }),
        reading(Defect::EmptyList),
        reading(Defect::NullList),
        reading(Defect::MovedRow),
        reading(Defect::StaleRead),
    ];
    // No two worlds fail alike, and the sum stays what it was, about. What hangs is rarer, because it takes time.
    let weight = |random: &mut Random, fault: &Fault| match fault.then {
        Defect::Hang => 0.1,
        _ if random.percent(33) => 2.0,
        _ => 0.5,
    };
    faults
        .into_iter()
        .map(|fault| {
            let weight = weight(random, &fault);
            (fault, weight)
        })
        .collect()
}
