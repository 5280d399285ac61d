//! The breaker: a handler that failed so often in a row is left alone for a while.
//!
//! After the pause one call at a time tries whether it is well again; one that works ends the matter.
//! Is not: a clock; it is told what time it is.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::bindings::Breaker as Rule;

/// How one handler has done.
#[derive(Debug)]
pub(super) struct Breaker {
    rule: Option<Rule>,
    failures: u32,
    rests_until: Option<Instant>,
    probing: bool,
}

impl Breaker {
    /// Without a rule it lets everything pass.
    pub(super) const fn new(rule: Option<Rule>) -> Self {
        Self { rule, failures: 0, rests_until: None, probing: false }
    }

    /// Lets a call pass, or says how long the handler is still left alone.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        match self.rests_until {
            None => Ok(()),
            Some(until) if now < until => Err(until - now),
            Some(_) if self.probing => Err(Duration::ZERO),
            Some(_) => {
                self.probing = true;
                Ok(())
            }
        }
    }

    /// How a call that passed has ended; none if nobody knows, because its asker went.
    pub(super) fn settle(&mut self, now: Instant, worked: Option<bool>) {
        self.probing = false;
        match (worked, self.rule) {
            (Some(true), _) => (self.failures, self.rests_until) = (0, None),
            (Some(false), Some(rule)) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= rule.failures {
                    self.rests_until = Some(now + Duration::from_nanos(rule.pause.0));
                }
            }
            _ => {}
        }
    }

    /// Whether calls are refused now.
    pub(super) fn rests(&self, now: Instant) -> bool {
        self.rests_until.is_some_and(|until| now < until)
    }
}
