//! How a service's legs become tests: each on the emulator, and on a real server where there is one.

use std::panic::{AssertUnwindSafe, resume_unwind};

use formulary::provider::emulator::faults::Defect;
use futures::FutureExt;
use serde_json::json;

/// A tour that puts away what it made.
pub trait Ends {
    async fn end(self);
}

/// Runs legs, and puts away what they made however they end.
pub async fn run<T: Ends>(tour: Option<T>, legs: impl AsyncFnOnce(&mut T)) {
    let Some(mut tour) = tour else { return };
    let ended = AssertUnwindSafe(legs(&mut tour)).catch_unwind().await;
    tour.end().await;
    if let Err(panic) = ended {
        resume_unwind(panic);
    }
}

/// The ways in which a read can lie without failing.
pub fn lies() -> Vec<Defect> {
    vec![
        Defect::Html { status: 200 },
        Defect::EmptyBody,
        Defect::EmptyList,
        Defect::NullList,
        Defect::TruncatedPage { keep: None },
        Defect::TruncatedPage { keep: Some(0) },
        Defect::MissingRights,
        Defect::Status { status: 404, body: None, applied: false },
        Defect::Status { status: 200, body: Some(json!({})), applied: false },
    ]
}

/// Makes a `Tour` with a field `stage` stand on it, and its legs, named by module and function, tests.
macro_rules! tours {
    ($($module:ident :: $legs:ident,)*) => {
        impl std::ops::Deref for Tour {
            type Target = crate::stage::Stage;

            fn deref(&self) -> &Self::Target {
                &self.stage
            }
        }

        impl std::ops::DerefMut for Tour {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.stage
            }
        }

        mod emulator {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $legs() {
                    crate::legs::run(Some(Tour::emulated().await), $module::$legs).await;
                }
            )*
        }

        mod real {
            use super::*;

            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $legs() {
                    crate::legs::run(Tour::real().await, $module::$legs).await;
                }
            )*
        }
    };
}
