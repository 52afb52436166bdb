//! A saved plan, whatever is in it: it is read whole and unedited, or refused.
#![no_main]

use formulary::engine::plan::plan_digest;
use formulary::engine::report::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(plan) = json::read_plan(bytes) {
        assert_eq!(plan.digest, plan_digest(&plan));
    }
});
