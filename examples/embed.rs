//! Laban inside a Rust program: a protocol from a text, one role played by code, one session to its end.
//!
//! `cargo run --example embed`. Ann is played by [`Ann`], Ben by a stand-in from the seed.
//! Is not: a node. All roles run in this process, on a virtual clock.
#![expect(clippy::print_stdout, reason = "an example shows what happens")]

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use laban::base::ty::Type;
use laban::base::value::Value;
use laban::diag::render::{Format, Style, render};
use laban::effect::call::Answer;
use laban::effect::generated::Generated;
use laban::effect::participant::{Company, Participant};
use laban::global::Sizes;
use laban::local::Amend;
use laban::machine::cast::Cast;
use laban::pipeline::{Front, Options, Root, has_errors};
use laban::tools::run::{Setup, run};
use laban::tools::trace::{Stage, for_people};

const LUNCH: &str = "\
message Proposal { place: String, price: Int }

choreography Lunch {
    roles Ann, Ben

    Ann -> Ben: Proposal
    choice at Ben {
        come when (Proposal.price <= 15): { Ben -> Ann: Yes }
        stay: { Ben -> Ann: No }
    }
}
";

/// Ann, who knows where to eat.
struct Ann;

impl Participant for Ann {
    fn produce(&mut self, _role: &Arc<str>, _message: &str, _to: &str, _ty: &Type) -> Answer {
        let field = |name, value| (Arc::from(name), value);
        Answer::Value(Value::record([
            field("place", Value::text("Noodle bar")),
            field("price", Value::Int(12)),
        ]))
    }
}

pub(crate) fn main() -> Result<()> {
    session(&mut |line| println!("{line}"))
}

/// One session of `Lunch`, told line by line.
pub(crate) fn session(out: &mut dyn FnMut(&str)) -> Result<()> {
    // Text to verified programs, one a role; or diagnostics.
    let root = Root { name: "lunch.choreo".to_owned(), text: Ok(LUNCH.to_owned()) };
    let front = Front::read(vec![root], &mut |path| unreachable!("{path} is imported nowhere"));
    let which = front.choreographies.first().context("no choreography could be read")?;
    let built = front.build(which, &Options { sizes: Sizes::default(), amend: Amend::Auto });
    let said: Vec<_> = front.diagnostics.iter().chain(&built.diagnostics).cloned().collect();
    if has_errors(&said) {
        bail!("{}", render(Format::Human(Style::Plain), &front.sources, &said));
    }
    let protocol = built.protocol.context("no protocol")?;
    let lanes = protocol.lanes.iter().map(|lane| lane.name.clone()).collect();
    let mut trace = for_people(Stage::new(&built.programs, lanes), 100);
    let Ok(cast) = Cast::link(built.programs) else { bail!("the programs do not belong together") };

    // Who plays whom, and the session.
    let players: BTreeMap<Arc<str>, Box<dyn Participant>> =
        BTreeMap::from([(Arc::from("Ann"), Box::new(Ann) as Box<dyn Participant>)]);
    let mut company = Company { players, others: Box::new(Generated::new(7)) };
    let report = run(&Setup::new(Arc::new(cast)), &mut company, trace.as_mut(), out);
    out(&format!("{:?} in {} steps", report.ending, report.steps));
    Ok(())
}
