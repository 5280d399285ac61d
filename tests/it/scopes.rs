//! Scopes, proved by exhaustion: random protocols with `try` and `collect`, nested, in loops and in branches of `par`,
//! compiled and explored in the machine with every order of deliveries, time-outs, denials and failures.
//!
//! What the checker accepts must never come to a state in which somebody waits for ever, nor end with a message left.
//! A cause that no scope takes ends the session, which is an end like any other.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;

use indexmap::IndexMap;
use laban::base::cause::Cause;
use laban::base::id::RoleId;
use laban::base::random::Random;
use laban::base::value::Value;
use laban::diag::code::Code;
use laban::global::Sizes;
use laban::local::Amend;
use laban::machine::question::{Question, Reply};
use laban::machine::session::State;
use laban::machine::{AgentId, Cast, Session, Stop};
use laban::pipeline::{Front, Options, Root, Unread};

/// A protocol as text, made up statement by statement.
struct Author {
    random: Random,
    text: String,
    messages: u32,
    /// What may still be written.
    budget: u32,
    loops: u32,
    scopes: u32,
    /// Whether a scope around has a time limit.
    timed: bool,
}

const ROLES: [&str; 4] = ["A", "B", "C", "D"];

/// Whether a run can come to what follows.
type GoesOn = bool;

impl Author {
    fn pick(&mut self, count: u64) -> u64 {
        self.random.below(count)
    }

    fn role(&mut self) -> &'static str {
        // The last one is seldom there.
        ROLES[self.pick(7) as usize / 2]
    }

    fn pair(&mut self) -> (&'static str, &'static str) {
        let from = self.role();
        loop {
            let to = self.role();
            if to != from {
                return (from, to);
            }
        }
    }

    fn line(&mut self, depth: usize, text: &str) {
        let _ = writeln!(self.text, "{}{text}", "    ".repeat(depth + 1));
    }

    fn message(&mut self) -> String {
        self.messages += 1;
        format!("M{}", self.messages)
    }

    fn exchange(&mut self, depth: usize) -> GoesOn {
        let (from, to) = self.pair();
        let message = self.message();
        let payload = if self.pick(4) == 0 { "n: Int" } else { "" };
        self.line(depth, &format!("{from} -> {to}: {message}({payload})"));
        true
    }

    fn block(&mut self, depth: usize) -> GoesOn {
        let statements = 1 + self.pick(2);
        (0..statements).all(|_| self.statement(depth))
    }

    fn statement(&mut self, depth: usize) -> GoesOn {
        if self.budget == 0 || depth > 4 {
            return self.exchange(depth);
        }
        self.budget -= 1;
        match self.pick(15) {
            0..=2 => self.exchange(depth),
            3 | 4 => {
                let role = self.role();
                self.branches(depth, role, &["x", "y"])
            }
            5 if self.loops == 0 => self.turns(depth),
            6 => {
                let mut joined = true;
                self.line(depth, "par {");
                for _ in 0..2 {
                    self.line(depth + 1, "{");
                    joined &= self.block(depth + 2);
                    self.line(depth + 1, "}");
                }
                self.line(depth, "}");
                joined
            }
            7 => {
                let within = if self.pick(2) == 0 { " within 1ms" } else { "" };
                let until = if self.pick(2) == 0 { " until (Q.len() >= 1)" } else { "" };
                let to = self.role();
                let message = self.message();
                let until = until.replace('Q', &message);
                self.line(depth, &format!("W[*] -> {to}: {message}() collect{until}{within}"));
                true
            }
            8 => {
                let count = self.pick(3);
                let count = if count == 0 { "k".to_owned() } else { count.to_string() };
                self.line(depth, &format!("loop (count: {count}) {{"));
                let goes_on = self.block(depth + 1);
                self.line(depth, "}");
                goes_on || count == "k"
            }
            9 if self.scopes > 0 => {
                let role = self.role();
                self.line(depth, &format!("fail oops at {role}"));
                false
            }
            10 if self.timed => {
                self.line(depth, "loop {");
                self.exchange(depth + 1);
                self.line(depth, "}");
                false
            }
            _ if self.scopes < 2 => self.scope(depth),
            _ => self.exchange(depth),
        }
    }

    fn branches(&mut self, depth: usize, role: &str, labels: &[&str]) -> GoesOn {
        let mut goes_on = false;
        self.line(depth, &format!("choice at {role} {{"));
        for label in labels {
            self.line(depth + 1, &format!("{label}: {{"));
            goes_on |= self.block(depth + 2);
            self.line(depth + 1, "}");
        }
        self.line(depth, "}");
        goes_on
    }

    fn turns(&mut self, depth: usize) -> GoesOn {
        self.loops += 1;
        let role = self.role();
        if self.pick(2) == 0 {
            self.line(depth, &format!("loop (decides: {role}) {{"));
            self.block(depth + 1);
        } else {
            self.line(depth, "loop {");
            if self.block(depth + 1) {
                self.line(depth + 1, &format!("choice at {role} {{"));
                self.line(depth + 2, "more: {");
                self.exchange(depth + 3);
                self.line(depth + 2, "}");
                self.line(depth + 2, "enough: {");
                self.line(depth + 3, "break");
                self.line(depth + 2, "}");
                self.line(depth + 1, "}");
            }
        }
        self.line(depth, "}");
        self.loops -= 1;
        true
    }

    fn scope(&mut self, depth: usize) -> GoesOn {
        self.scopes += 1;
        let owner = self.role();
        let timed = self.pick(4) > 0;
        // An inner limit is shorter than the one around it.
        let within =
            if timed { format!(" within {}s", 100 / 10_u32.pow(self.scopes)) } else { String::new() };
        self.line(depth, &format!("try at {owner}{within} {{"));
        let around = std::mem::replace(&mut self.timed, timed);
        let before = self.text.len();
        let mut goes_on = self.block(depth + 1);
        if goes_on && (!timed || self.pick(3) == 0) {
            let role = self.role();
            self.line(depth + 1, &format!("choice at {role} {{"));
            self.line(depth + 2, "good: {");
            self.exchange(depth + 3);
            self.line(depth + 2, "}");
            self.line(depth + 2, &format!("bad: {{ fail oops at {role} }}"));
            self.line(depth + 1, "}");
        }
        let fails = self.text[before..].contains("fail oops");
        self.timed = around;
        self.scopes -= 1;
        let mut causes = Vec::new();
        causes.extend(timed.then_some("timeout"));
        causes.extend((fails && self.pick(3) > 0).then_some("failed oops"));
        causes.extend((self.pick(3) == 0).then_some("denied"));
        if causes.is_empty() {
            causes.push("denied");
        }
        for cause in causes {
            self.line(depth, &format!("}} on {cause} {{"));
            goes_on |= self.pick(3) == 0 || self.block(depth + 1);
        }
        self.line(depth, "}");
        goes_on
    }
}

fn invented(seed: u64) -> String {
    let mut author = Author {
        random: Random::new(seed),
        text: String::new(),
        messages: 0,
        budget: 4,
        loops: 0,
        scopes: 0,
        timed: false,
    };
    // Who comes first may matter where the order of roles decides.
    let mut roles = ROLES;
    if author.pick(2) == 0 {
        roles.rotate_left(author.pick(4) as usize);
    }
    let roles = roles.join(", ");
    author.text = format!("choreography P(k: Int = 1) {{\n    roles: {roles}, W[2]\n\n");
    if author.scope(0) && author.pick(2) == 0 {
        author.statement(0);
    }
    author.text.push_str("}\n");
    author.text
}

/// The cast of a text; none where the checker refuses it, with the codes.
fn cast(text: &str) -> Result<Cast, Vec<Code>> {
    let root = Root { name: "p.choreo".into(), text: Ok(text.to_owned()) };
    let front = Front::read(vec![root], &mut |path| Err(Unread::new(Code::E0053, path)));
    let options = Options { sizes: Sizes::default(), amend: Amend::Auto };
    let built = front.build(&front.choreographies[0], &options);
    if built.programs.is_empty() {
        let errors = front.diagnostics.iter().chain(&built.diagnostics);
        return Err(errors.filter(|d| d.severity == laban::diag::Severity::Error).map(|d| d.code).collect());
    }
    Ok(Cast::link(built.programs).unwrap_or_else(|rejection| panic!("{rejection}\n{text}")))
}

/// The session of a cast in which a loop of unknown length turns `turns` times.
fn opened(cast: &Cast, turns: i64) -> Session {
    let mut session = Session::new(cast);
    for (role, program) in cast.programs().enumerate() {
        for slot in program.params.iter().filter_map(|param| param.slot) {
            session.give(cast, RoleId::at(role), slot, Value::Int(turns));
        }
    }
    session
}

/// One thing that may happen next.
#[derive(Clone, Debug)]
enum Move {
    Run(AgentId),
    Send(AgentId),
    Raise(AgentId, Cause),
    Answer(AgentId, Reply),
    Expire(AgentId, u16),
}

fn moves(cast: &Cast, session: &Session) -> Vec<Move> {
    let mut moves = Vec::new();
    for agent in cast.agents() {
        match session.state(agent) {
            State::Ready => moves.push(Move::Run(agent)),
            State::Offering => {
                moves.push(Move::Send(agent));
                let control = session
                    .offer(cast, agent)
                    .is_some_and(|offer| offer.message.kind != laban::bytecode::program::Kind::Data);
                if !control {
                    moves.push(Move::Raise(agent, Cause::Denied));
                }
            }
            State::Asking => match session.question(cast, agent) {
                Some(Question::Decide(decision)) => {
                    let labels = 0..decision.labels.len() as u16;
                    moves.extend(labels.map(|label| Move::Answer(agent, Reply::Label(label))));
                }
                Some(_) => moves.push(Move::Answer(agent, Reply::Value(Value::record([])))),
                None => {}
            },
            _ => {}
        }
    }
    moves.extend(session.timed(cast).into_iter().map(|(agent, scope)| Move::Expire(agent, scope)));
    moves
}

/// The session after a move; none where a cause that nobody takes ends it.
fn after(cast: &Cast, session: &Session, step: &Move) -> Option<Session> {
    let mut next = session.clone();
    match step {
        Move::Run(agent) => {
            if let Stop::Fails(trouble) = next.run(cast, *agent, &mut 1, &mut ()) {
                assert_eq!(trouble.code(), "E0505", "{trouble}");
                return None;
            }
        }
        Move::Send(agent) => next.send(cast, *agent, &mut ()),
        Move::Raise(agent, cause) => {
            if !next.raise(cast, *agent, cause, &mut ()) {
                return None;
            }
        }
        Move::Answer(agent, reply) => next.answer(cast, *agent, reply.clone(), &mut ()),
        Move::Expire(agent, scope) => {
            if !next.expire(cast, *agent, *scope, &mut ()) {
                return None;
            }
        }
    }
    next.rebase(cast);
    Some(next)
}

/// What is wrong with a state in which nothing can happen.
fn flaw(cast: &Cast, session: &Session) -> Option<String> {
    if session.is_finished(cast) {
        let left = (0..cast.mailboxes()).filter(|at| session.waiting(*at) > 0);
        let left: Vec<_> = left.map(|at| cast.mailbox(at)).collect();
        return (!left.is_empty()).then(|| format!("left over: {left:?}"));
    }
    if session.may_end(cast) {
        return None;
    }
    let waits: Vec<_> = cast
        .agents()
        .filter(|agent| session.state(*agent) != State::Idle)
        .map(|agent| (cast.role(agent), session.state(agent), session.at(agent)))
        .collect();
    Some(format!("nobody can go on: {waits:?}"))
}

/// Explores a cast as far as `most` states. The states, whether these are all, and the flaw with its run.
fn explore(cast: &Cast, opened: &Session, most: usize) -> (usize, bool, Option<(String, Vec<Move>)>) {
    let mut seen: IndexMap<Session, Option<(usize, Move)>> = IndexMap::new();
    let mut order: Vec<Session> = Vec::new();
    let mut open = VecDeque::from([0]);
    seen.insert(opened.clone(), None);
    order.push(opened.clone());
    while let Some(at) = open.pop_front() {
        let session = order[at].clone();
        let moves = moves(cast, &session);
        // What only computes commutes with everything.
        let (mut found, mut any) = (None, false);
        for step in &moves {
            any = true;
            let Some(next) = after(cast, &session, step) else { continue };
            if !seen.contains_key(&next) {
                seen.insert(next.clone(), Some((at, step.clone())));
                order.push(next);
                open.push_back(order.len() - 1);
            }
        }
        if !any {
            found = flaw(cast, &session);
        }
        if let Some(reason) = found {
            let mut run = Vec::new();
            let mut now = at;
            while let Some(Some((before, step))) = seen.get(&order[now]) {
                run.push(step.clone());
                now = *before;
            }
            run.reverse();
            return (order.len(), false, Some((reason, run)));
        }
        if order.len() > most {
            return (order.len(), false, None);
        }
    }
    (order.len(), true, None)
}

/// One run at random, to its end or so far. The flaw it ends in, with the run.
fn wander(cast: &Cast, opened: &Session, random: &mut Random) -> Option<(String, Vec<Move>)> {
    let mut session = opened.clone();
    let mut run = Vec::new();
    // Some runs are calm, so that they come far; in others much goes wrong.
    let calm = random.below(8) + 1;
    for _ in 0..400 {
        let mut moves = moves(cast, &session);
        if moves.is_empty() {
            return flaw(cast, &session).map(|reason| (reason, run));
        }
        let wild = |step: &Move| matches!(step, Move::Raise(..) | Move::Expire(..));
        if random.below(4 * calm) > 0 && moves.iter().any(|step| !wild(step)) {
            moves.retain(|step| !wild(step));
        }
        let step = moves.swap_remove(random.below(moves.len() as u64) as usize);
        session = after(cast, &session, &step)?;
        run.push(step);
    }
    None
}

/// The run in words.
fn told(cast: &Cast, opened: &Session, run: &[Move]) -> String {
    let mut session = opened.clone();
    let mut out = String::new();
    let name = |agent: AgentId| {
        let role = cast.role(agent);
        cast.program(role).map_or("?", |program| program.role_name()).to_owned()
    };
    for step in run {
        match step {
            Move::Send(agent) => {
                let offer = session.offer(cast, *agent).unwrap();
                let _ = writeln!(out, "{} -> {:?} {}", name(*agent), offer.to, offer.message.name);
            }
            Move::Run(agent) => {
                let _ = writeln!(out, "{} runs at {}", name(*agent), session.at(*agent));
            }
            Move::Raise(agent, cause) => {
                let _ = writeln!(out, "{} raises {cause}", name(*agent));
            }
            Move::Answer(agent, reply) => {
                let _ = writeln!(out, "{} answers {reply:?}", name(*agent));
            }
            Move::Expire(agent, scope) => {
                let _ = writeln!(out, "time of {} is up at {}", scope, name(*agent));
            }
        }
        session = after(cast, &session, step).unwrap();
    }
    out
}

#[test]
fn no_run_of_an_accepted_scope_gets_stuck() {
    let seeds = std::env::var("SEEDS").map_or(400, |seeds| seeds.parse().unwrap());
    let first = std::env::var("FIRST").map_or(0, |first| first.parse().unwrap());
    let walks = std::env::var("WALKS").map_or(100, |walks| walks.parse().unwrap());
    let most = std::env::var("MOST").map_or(300, |most| most.parse().unwrap());
    let (mut accepted, mut exhausted, mut states) = (0, 0, 0);
    let mut refused: BTreeMap<Code, u32> = BTreeMap::new();
    for seed in first..first + seeds {
        let text = invented(seed);
        match cast(&text) {
            Ok(cast) => {
                accepted += 1;
                let opened = opened(&cast, (seed % 3) as i64);
                let mut random = Random::new(seed);
                for _ in 0..walks {
                    if let Some((reason, run)) = wander(&cast, &opened, &mut random) {
                        panic!("seed {seed}: {reason}\n{text}\n{}", told(&cast, &opened, &run));
                    }
                }
                let (count, all, flaw) = explore(&cast, &opened, most);
                states += count;
                exhausted += u32::from(all);
                if let Some((reason, run)) = flaw {
                    panic!("seed {seed}: {reason}\n{text}\n{}", told(&cast, &opened, &run));
                }
            }
            Err(codes) => {
                for code in codes {
                    assert!(
                        !code.name().starts_with("E03"),
                        "seed {seed}: {code:?}, and that is ours\n{text}"
                    );
                    *refused.entry(code).or_default() += 1;
                }
            }
        }
    }
    println!(
        "{seeds} protocols: {accepted} accepted, {exhausted} exhausted, {states} states; refused {refused:?}"
    );
    assert!(accepted * 2 > seeds, "too few accepted: {refused:?}");
}
