//! The rule by which a call that failed is made again: how often, and after which wait.
//!
//! The wait doubles each time, and a part of it comes from a seed, so that many who failed together do not come back
//! together. Only failures that say that trying again can help are tried again, and never what is declared `once`.
//! Is not: a clock; it says how long to wait.

use crate::base::random::Random;
use crate::base::time::Duration;
use crate::config::script::Retry;
use crate::effect::call::{Ask, Failure, FailureKind};

/// The wait doubles at most so often, so that it stays a number.
const DOUBLINGS_MAX: u32 = 16;

/// The wait before the try after `failed` ones, at least 1, or nothing where the failure stands: the back-off, doubled
/// each time, and up to a quarter more.
#[must_use]
pub fn again(
    retry: Retry,
    ask: &Ask,
    failure: &Failure,
    failed: u32,
    random: &mut Random,
) -> Option<Duration> {
    let can_help = failure.kind == FailureKind::Recoverable && ask.is_repeatable();
    if can_help { wait(retry, failed, random) } else { None }
}

/// The wait before the try after `failed` ones, at least 1, that nobody has seen, or nothing where they were enough.
#[must_use]
pub fn wait(retry: Retry, failed: u32, random: &mut Random) -> Option<Duration> {
    if failed > retry.max {
        return None;
    }
    let wait = retry.backoff.0.saturating_mul(1 << failed.saturating_sub(1).min(DOUBLINGS_MAX));
    Some(Duration(wait.saturating_add(random.below(wait / 4 + 1))))
}
