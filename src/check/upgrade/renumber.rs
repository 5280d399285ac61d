//! Numbers of another version: its roles and lanes, by name, as the old version numbers them.
//!
//! A lane is the same in both where it has the same name (`1.2`, `try1`), which is its place among its like.
//! Is not: a comparison. What has no name in the old version gets a number of its own.

use std::sync::Arc;

use crate::base::id::{LaneId, RoleId};
use crate::bytecode::instr::Instr;
use crate::bytecode::op::Operand;
use crate::bytecode::program::{Channel, Program, Role};
use crate::check::upgrade::Side;

/// How the old version numbers what the new one has.
#[derive(Debug)]
pub(super) struct Numbers {
    roles: Vec<Role>,
    /// The old number of each new role.
    role: Vec<RoleId>,
    /// The old number of each new lane.
    lane: Vec<LaneId>,
    /// The names of all lanes, the old ones first.
    pub(super) lanes: Vec<Arc<str>>,
}

impl Numbers {
    /// None where the roles are not the same.
    pub(super) fn new(old: &Side<'_>, new: &Side<'_>) -> Option<Self> {
        let roles = old.roles().to_vec();
        let place = |role: &Role| roles.iter().position(|have| have == role).map(RoleId::at);
        let role: Option<Vec<RoleId>> = new.roles().iter().map(place).collect();
        let role = role.filter(|role| role.len() == roles.len())?;
        let mut lanes = old.lanes.to_vec();
        let mut lane = Vec::with_capacity(new.lanes.len());
        for (at, name) in new.lanes.iter().enumerate() {
            // Two blocks after each other may have lanes of one name: the first is the first, the next the next.
            let earlier = new.lanes.iter().take(at).filter(|have| *have == name).count();
            let same = old.lanes.iter().enumerate().filter(|(_, have)| *have == name).nth(earlier);
            let at = same.map_or_else(
                || {
                    lanes.push(name.clone());
                    lanes.len() - 1
                },
                |(at, _)| at,
            );
            lane.push(LaneId::at(at));
        }
        Some(Self { roles, role, lane, lanes })
    }

    fn role(&self, role: RoleId) -> RoleId {
        self.role.get(role.index()).copied().unwrap_or(role)
    }

    fn lane(&self, lane: LaneId) -> LaneId {
        self.lane.get(lane.index()).copied().unwrap_or(lane)
    }

    /// A program of the new version with the old numbers.
    pub(super) fn applied(&self, program: &Program) -> Program {
        let mut program = program.clone();
        program.role = self.role(RoleId(program.role)).0;
        program.roles.clone_from(&self.roles);
        let outgoing = self.channels(&mut program.outgoing);
        let incoming = self.channels(&mut program.incoming);
        let came = |at: u16| incoming.get(usize::from(at)).copied().unwrap_or(at);
        for instr in &mut program.code {
            sent(instr, &outgoing);
        }
        for receive in &mut program.receives {
            receive.cases.iter_mut().for_each(|case| case.channel = came(case.channel));
            receive.cases.sort_by_key(|case| (case.channel, case.message));
        }
        for scope in &mut program.scopes {
            scope.owner = self.role(scope.owner);
            scope.lane = self.lane(scope.lane);
            scope.control = scope.control.map(came);
            scope.members.iter_mut().for_each(|member| member.channel = came(member.channel));
        }
        program
    }

    /// Numbers the channels anew and sorts them; the new place of each.
    fn channels(&self, channels: &mut Vec<Channel>) -> Vec<u16> {
        let mut order: Vec<(Channel, usize)> = channels
            .iter()
            .map(|channel| {
                let (peer, lane) = (self.role(channel.peer), self.lane(channel.lane));
                Channel { peer, lane, ..*channel }
            })
            .zip(0..)
            .collect();
        order.sort_by_key(|(channel, _)| (channel.peer, channel.lane));
        let mut places = vec![0; channels.len()];
        for (at, (_, before)) in order.iter().enumerate() {
            if let Some(place) = places.get_mut(*before) {
                *place = at as u16;
            }
        }
        *channels = order.into_iter().map(|(channel, _)| channel).collect();
        places
    }
}

/// An instruction that names an outgoing channel names its new place.
fn sent(instr: &mut Instr, places: &[u16]) {
    let at = |have: u16| places.get(usize::from(have)).copied().unwrap_or(have);
    let [a, b, c] = instr.op.operands();
    if a == Operand::Channel {
        instr.a = at(instr.a);
    }
    if b == Operand::Channel {
        instr.b = at(instr.b);
    }
    if c == Operand::Channel {
        instr.c = at(instr.c);
    }
}
