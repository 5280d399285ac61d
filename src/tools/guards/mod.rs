//! The verb `guards plan`: what each send of a protocol needs and costs, before anything runs.
//!
//! In go linked programs and a policy; out comes a [`Plan`], as text or as what `schemas/guards-plan.schema.json`
//! describes. `worst` finds what one session spends at most, `policy` puts together what files and annotations say.
//! Is not: a judge of sessions; what a payload weighs and how often a loop turns is not known here.

mod json;
mod plan;
mod policy;
mod show;
pub mod tokens;
mod worst;

pub use self::json::{Shown, report, shown};
pub use self::plan::{Carries, Plan, Send, Total, plan};
pub use self::policy::{Beside, policy, table};
pub use self::show::show;
pub use self::worst::{Ways, Worst};
