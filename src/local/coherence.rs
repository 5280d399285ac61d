//! The coherence conditions: what must hold of positions that a role cannot tell apart.
//!
//! In: a role's sets of positions. Out: for each set at most one violation of each condition, with the two positions.
//! (Li, Stutz, Wies, Zufferey, OOPSLA 2025: send coherence, receive coherence, no mixed choice; local steps count as
//! messages of a role to itself.) Is not: a diagnostic; `runs` finds how the positions are reached.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::id::LaneId;
use crate::global::graph::{End, Label};
use crate::local::available::{Agents, Channel, Fronts, Messages, available, into, possible_after, upstream};
use crate::local::subset::Subsets;
use crate::local::unfold::{Flat, FlatState, Sight};
use crate::local::view::{Positions, Seen};
use crate::local::work::Work;

/// Which condition is violated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Condition {
    /// After one run the role must do something, after the other something else or nothing.
    Send,
    /// A message that belongs to one run may arrive in the other, where another is due first.
    Receive,
    /// After one run the role must act, after the other it must wait.
    Mixed,
    /// One message is known under two names.
    Name,
    /// After one run a branch or a turn is over, after the other it is not.
    Over,
}

/// Two positions that a role would have to tell apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Violation {
    /// Which condition.
    pub(super) condition: Condition,
    /// The set that holds both.
    pub(super) set: u32,
    /// One position, and what the role does or sees there.
    pub(super) one: (u32, Option<Seen>),
    /// The other.
    pub(super) other: (u32, Option<Seen>),
}

/// What the role does or waits for in one set: position, act, the position after it.
#[derive(Default)]
struct Acts {
    own: Vec<(u32, Seen, u32)>,
    receives: Vec<(u32, Seen, u32)>,
}

fn acts(view: &impl Positions, set: &[u32]) -> Acts {
    let mut acts = Acts::default();
    for at in set {
        view.ways(*at, |seen, to, _| match seen {
            Some(seen) if seen.is_receive() => acts.receives.push((*at, seen, to)),
            Some(seen) => acts.own.push((*at, seen, to)),
            None => {}
        });
    }
    acts
}

/// Judges every set but for receive coherence. `inside` says that the entry is that of a branch or a turn, whose end
/// the role must see; `nests` restricts the judgement to sets in which the role meets a nest, or an end.
pub(super) fn judge(
    view: &impl Positions,
    subsets: &Subsets,
    inside: bool,
    nests: bool,
    first: bool,
) -> Vec<Violation> {
    let mut found = Vec::new();
    for (index, set) in subsets.sets.iter().enumerate() {
        let arcs = subsets.edges.get(index).map_or(&[][..], |arcs| arcs);
        if arcs.is_empty() {
            continue;
        }
        if first && !found.is_empty() {
            break;
        }
        let over = || set.iter().find(|at| view.end(**at) == Some(End::Done));
        let met = arcs.iter().any(|arc| matches!(arc.seen, Seen::Nest(_)));
        if nests && !met && !(inside && over().is_some()) {
            continue;
        }
        let acts = acts(view, set);
        let mut add = |condition, one, other| {
            found.push(Violation { condition, set: index as u32, one, other });
        };
        if let (true, Some(at)) = (inside, over())
            && let Some((act_at, seen, _)) = acts.own.first().or(acts.receives.first())
        {
            add(Condition::Over, (*act_at, Some(*seen)), (*at, None));
        } else if let (Some((own, does, _)), Some((waits, sees, _))) =
            (acts.own.first(), acts.receives.first())
        {
            add(Condition::Mixed, (*own, Some(*does)), (*waits, Some(*sees)));
        } else if let Some((one, other)) = differing(view, set, &acts) {
            add(Condition::Send, one, other);
        }
        if let Some((one, other)) = renamed(&acts) {
            add(Condition::Name, one, other);
        }
    }
    found
}

type Placed = (u32, Option<Seen>);

/// Two positions in which the role does not do the same: other acts, or none without seeing more.
fn differing(view: &impl Positions, set: &[u32], acts: &Acts) -> Option<(Placed, Placed)> {
    let (first, seen, _) = *acts.own.first()?;
    let at = |position: u32| acts.own.iter().filter(move |own| own.0 == position).map(|own| own.1);
    for (other, other_seen, _) in &acts.own {
        if *other != first && !at(*other).eq(at(first)) {
            let missing = at(*other).find(|seen| !at(first).any(|have| have == *seen));
            return Some(((first, Some(seen)), (*other, missing.or(Some(*other_seen)))));
        }
    }
    if set.len() == 1 {
        return None;
    }
    // Whoever cannot reach the act without the role, walking backwards from it.
    let local = |position: u32| set.binary_search(&position).ok();
    let mut before: Vec<(usize, usize)> = Vec::new();
    let mut reached = fixedbitset::FixedBitSet::with_capacity(set.len());
    let mut stack = Vec::new();
    for (index, position) in set.iter().enumerate() {
        let mut acting = false;
        view.ways(*position, |seen, to, _| match seen {
            Some(_) => acting = true,
            None => {
                before.extend(local(to).map(|to| (to, index)));
            }
        });
        if acting {
            reached.insert(index);
            stack.push(index);
        }
    }
    before.sort_unstable();
    while let Some(index) = stack.pop() {
        let first = before.partition_point(|(to, _)| *to < index);
        for (_, from) in before.iter().skip(first).take_while(|(to, _)| *to == index) {
            if !reached.put(*from) {
                stack.push(*from);
            }
        }
    }
    let missing: Vec<u32> =
        set.iter().enumerate().filter(|(at, _)| !reached.contains(*at)).map(|(_, at)| *at).collect();
    let other = missing.iter().find(|at| view.end(**at).is_some()).or(missing.first())?;
    Some(((first, Some(seen)), (*other, None)))
}

/// One label received under two names.
fn renamed(acts: &Acts) -> Option<(Placed, Placed)> {
    let mut names: BTreeMap<_, (u32, Seen)> = BTreeMap::new();
    for (at, seen, _) in &acts.receives {
        let Seen::Receive { from, lane, label, .. } = seen else { continue };
        let (first_at, first) = *names.entry((*from, *lane, *label)).or_insert((*at, *seen));
        if first != *seen {
            return Some(((first_at, Some(first)), (*at, Some(*seen))));
        }
    }
    None
}

/// What receive coherence found of one role.
#[derive(Default)]
pub(super) struct Races {
    /// The violations, at most one a set.
    pub(super) found: Vec<Violation>,
    /// Whether the role ever waits for more than one channel at once: only then can messages race at all.
    pub(super) racy: bool,
}

/// Judges receive coherence. Nothing where the work runs out.
pub(super) fn races(
    flat: &Flat,
    agents: &Agents,
    sight: &Sight<'_>,
    subsets: &Subsets,
    first: bool,
    work: &mut Work,
) -> Option<Races> {
    let mut races = Races::default();
    let mut before = None;
    for (index, set) in subsets.sets.iter().enumerate() {
        let arcs = subsets.edges.get(index).map_or(&[][..], |arcs| arcs);
        if arcs.len() < 2 {
            continue;
        }
        let mut due: BTreeMap<Channel, Vec<Label>> = BTreeMap::new();
        for arc in arcs {
            if let Seen::Receive { from, lane, label, .. } = arc.seen {
                due.entry(Channel { from, to: sight.role, lane }).or_default().push(label);
            }
        }
        if due.len() < 2 {
            continue;
        }
        races.racy = true;
        if first && !races.found.is_empty() {
            break;
        }
        let before = before.get_or_insert_with(|| into(flat, FlatState::after));
        let acts = acts(sight, set);
        if let Some((one, other)) = race((flat, agents), before, &due, &acts, work)? {
            races.found.push(Violation { condition: Condition::Receive, set: index as u32, one, other });
        }
    }
    Some(races)
}

/// A message that is due after one run and may already have come after another, in which one of another channel is.
fn race(
    (flat, agents): (&Flat, &Agents),
    before: &[Vec<u32>],
    due: &BTreeMap<Channel, Vec<Label>>,
    acts: &Acts,
    work: &mut Work,
) -> Option<Option<(Placed, Placed)>> {
    let mut fronts = None;
    // What may come after each receive on any channel: more than what really may, so that walks can be spared.
    let mut possible: BTreeMap<(u32, LaneId), Option<Messages>> = BTreeMap::new();
    for (channel, labels) in due {
        let mut reaching = None;
        // Where many receives lead to one position, one walk from there is enough.
        let mut fruitless: BTreeSet<(u32, LaneId)> = BTreeSet::new();
        for (at, seen, to) in &acts.receives {
            let Seen::Receive { from, lane, .. } = *seen else { continue };
            if (from, lane) == (channel.from, channel.lane) || fruitless.contains(&(*to, lane)) {
                continue;
            }
            if let Some(Some(possible)) = possible.get(&(*to, lane))
                && !labels.iter().any(|label| possible.contains(&(channel.from, channel.lane, *label)))
            {
                continue;
            }
            let upstream = reaching.get_or_insert_with(|| upstream(flat, before, *channel, work));
            if !upstream.contains(*to as usize) {
                continue;
            }
            let early = available((flat, agents), *to, (channel.to, lane), *channel, upstream, work)?;
            let Some(label) = labels.iter().find(|label| early.contains(label)) else {
                fruitless.insert((*to, lane));
                possible.entry((*to, lane)).or_insert_with(|| {
                    let fronts = fronts.get_or_insert_with(|| Fronts::of(flat.states.len()));
                    possible_after((flat, agents), *to, (channel.to, lane), fronts, work)
                });
                continue;
            };
            let meant = acts.receives.iter().find(|(_, seen, _)| {
                matches!(*seen, Seen::Receive { from, lane, label: have, .. }
                    if (from, lane, have) == (channel.from, channel.lane, *label))
            });
            if let Some((meant_at, meant, _)) = meant {
                return Some(Some(((*meant_at, Some(*meant)), (*at, Some(*seen)))));
            }
        }
    }
    Some(None)
}
