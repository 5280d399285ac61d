//! Gathering: the owner of a collection takes what its members have sent, in the order of arrival.
//!
//! The list of members says what is known of each, in their order: none while nothing is, true when its message was
//! taken, the word of the cause when it will not come. Is not: a judge of when there is enough; that is code.

use std::sync::Arc;

use crate::base::cause::Cause;
use crate::base::limits;
use crate::base::value::Value;
use crate::base::weight;
use crate::bytecode::instr::Instr;
use crate::machine::cast::{Cast, Member, Part};
use crate::machine::compute::kind;
use crate::machine::record;
use crate::machine::run::{self, Scene};
use crate::machine::trouble::Trouble;
use crate::machine::world::{Taken, World};

/// What is known of a member whose message is not taken.
const REFUSED: &str = Cause::Refused.word();

/// What a collection hears next.
pub(super) enum Heard {
    /// A message of this member.
    Message(Member),
    /// Nothing, and there may be more.
    Nothing,
    /// Everybody is heard of, or time is up.
    All,
}

/// Marks the members whose causes have come, and says what is there to be taken.
pub(super) fn hear(scene: &mut Scene<'_>, part: &Part, instr: Instr) -> Result<Heard, Trouble> {
    let Some(scope) = part.scopes.get(usize::from(instr.a)) else { return Ok(Heard::All) };
    let Some(scopes) = scene.scopes.as_deref_mut() else { return Ok(Heard::All) };
    let at = part.first_region + u32::from(instr.a);
    let region = scopes.region(at);
    let mut causes = Vec::new();
    scopes.reports.retain(|report| {
        let own = report.region == at && report.path == region.path;
        causes.extend(own.then(|| (report.from, report.cause.word())));
        !own
    });
    for (role, word) in causes {
        if let Some(place) = scope.members.iter().position(|member| member.role == role) {
            mark(scene.slots, instr, place, Value::text(word))?;
        }
    }
    let Some(scopes) = scene.scopes.as_deref() else { return Ok(Heard::All) };
    for (to, mailbox) in &scopes.arrivals {
        let member = scope.members.iter().find(|member| member.channel == *mailbox);
        let Some(member) = member.filter(|_| *to == at && scopes.tag(*mailbox) == Some(region.path)) else {
            continue;
        };
        if scene.mailboxes.get(*mailbox as usize).is_some_and(|mailbox| mailbox.holds(member.label)) {
            return Ok(Heard::Message(*member));
        }
    }
    let known = roster(scene.slots, instr)?.iter().all(|known| *known != Value::None);
    Ok(if known || region.expired { Heard::All } else { Heard::Nothing })
}

/// Takes the message of a member: the item is its payload with the member's number. Whether there is an item: a member
/// whose payload is too heavy for its part of the list is done without, as one that is refused.
pub(super) fn take(
    scene: &mut Scene<'_>,
    cast: &Cast,
    (part, instr): (&Part, Instr),
    member: Member,
    world: &mut impl World,
) -> Result<bool, Trouble> {
    let Some(payload) = remove(scene, cast, member, world) else { return Ok(false) };
    let Some(item) = item(part, instr, member, &payload) else {
        came(scene.slots, part, instr, member, Value::text(REFUSED))?;
        return Ok(false);
    };
    if let (Some(channel), Some(message)) =
        (cast.channels.get(member.channel as usize), part.program.messages.get(usize::from(member.message)))
    {
        let (from, to, lane) = (channel.from, channel.to, channel.lane);
        world.received(Taken { from, to, lane, message, payload: &payload });
    }
    run::keep(scene.slots, instr.b, item);
    came(scene.slots, part, instr, member, Value::Bool(true))?;
    Ok(true)
}

/// What is gathered of a member; nothing where a list of such items, one of each member, would be too heavy.
fn item(part: &Part, instr: Instr, member: Member, payload: &Value) -> Option<Value> {
    let members = part.scopes.get(usize::from(instr.a))?.members.len();
    let item = record::from(payload, i64::from(member.number)).ok()?;
    let weight = weight::weigh(&item, 1).ok()?;
    (weight.saturating_mul(members) <= limits::VALUE_PARTS_MAX).then_some(item)
}

/// Drops the message of a member that the owner's participant has refused.
pub(super) fn refuse(
    scene: &mut Scene<'_>,
    cast: &Cast,
    (part, instr): (&Part, Instr),
    member: Member,
    world: &mut impl World,
) -> Result<(), Trouble> {
    remove(scene, cast, member, world);
    came(scene.slots, part, instr, member, Value::text(REFUSED))
}

fn remove(scene: &mut Scene<'_>, cast: &Cast, member: Member, world: &mut impl World) -> Option<Value> {
    let channel = cast.channels.get(member.channel as usize)?;
    let payload = scene.mailboxes.get_mut(member.channel as usize)?.take();
    if let Some(scopes) = scene.scopes.as_deref_mut() {
        scopes.taken(member.channel);
    }
    run::room(scene.threads, channel, member.channel, world);
    Some(payload)
}

fn came(slots: &mut [Value], part: &Part, instr: Instr, member: Member, known: Value) -> Result<(), Trouble> {
    let scope = part.scopes.get(usize::from(instr.a));
    let place = scope.and_then(|scope| scope.members.iter().position(|have| have.role == member.role));
    place.map_or(Ok(()), |place| mark(slots, instr, place, known))
}

/// Whether nothing is known of a member.
pub(super) fn is_pending(roster: &Value, place: u16) -> Result<bool, Trouble> {
    let Value::List(items) = roster else { return Err(kind("a list", roster)) };
    Ok(items.get(usize::from(place)) == Some(&Value::None))
}

/// Who has not come, and why: late, if nothing is known and there was time.
pub(super) fn missing(part: &Part, scope: u16, roster: &Value, expired: bool) -> Result<Value, Trouble> {
    let Value::List(items) = roster else { return Err(kind("a list", roster)) };
    let members = part.scopes.get(usize::from(scope)).map_or(&[][..], |scope| &scope.members);
    let silent = if expired { "timeout" } else { "late" };
    let mut missing = Vec::new();
    for (member, known) in members.iter().zip(items.iter()) {
        let cause = match known {
            Value::Bool(_) => continue,
            Value::Text(word) => Value::Text(word.clone()),
            _ => Value::text(silent),
        };
        let from = Value::Int(i64::from(member.number));
        missing.push(Value::record([("cause".into(), cause), ("from".into(), from)]));
    }
    record::list(missing)
}

fn roster(slots: &[Value], instr: Instr) -> Result<&[Value], Trouble> {
    match slots.get(usize::from(instr.c)) {
        Some(Value::List(items)) => Ok(items),
        other => Err(kind("a list", other.unwrap_or(&Value::None))),
    }
}

fn mark(slots: &mut [Value], instr: Instr, place: usize, known: Value) -> Result<(), Trouble> {
    // In its place: nobody else holds the list while it is gathered, and it grows no heavier.
    match slots.get_mut(usize::from(instr.c)) {
        Some(Value::List(items)) => {
            if let Some(item) = Arc::make_mut(items).get_mut(place) {
                *item = known;
            }
            Ok(())
        }
        other => Err(kind("a list", other.map_or(&Value::None, |other| &*other))),
    }
}

/// The member whose message an owner's participant looks at.
pub(super) fn shown(part: &Part, scope: u16, mailbox: u32) -> Option<Member> {
    let members = &part.scopes.get(usize::from(scope))?.members;
    members.iter().find(|member| member.channel == mailbox).copied()
}
