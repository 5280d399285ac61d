//! Small protocols from a seed: choices, recursion, `par`, empty branches, local steps, decisions, counted loops.
//!
//! In: a seed. Out: a protocol of two to four roles whose every choice is asked of its owner's participant.
//! Is not: limited to what can be implemented; about half of them cannot without selections.

use laban::base::random::Random;
use laban::global::protocol::{Block, Label, Protocol};

use super::build::World;

/// The protocol of a seed.
pub(crate) fn protocol(seed: u64) -> Protocol {
    let mut random = Random::new(seed.wrapping_mul(0x9E37_79B9).wrapping_add(17));
    let roles = 2 + random.below(3) as usize;
    let mut maker = Maker { world: World::new(roles), random, roles, left: 9, messages: 0 };
    let body = maker.block(0, None);
    maker.world.finish(body)
}

struct Maker {
    world: World,
    random: Random,
    roles: usize,
    /// Statements that may still be made.
    left: u32,
    messages: usize,
}

impl Maker {
    fn below(&mut self, bound: usize) -> usize {
        self.random.below(bound as u64) as usize
    }

    fn role(&mut self) -> usize {
        let roles = self.roles;
        self.below(roles)
    }

    /// A block; `around` is the loop that may be continued or left from its end.
    fn block(&mut self, depth: u32, around: Option<Label>) -> Block {
        let mut block = Vec::new();
        let most = if depth == 0 { 4 } else { 3 };
        let wish = self.below(most) + usize::from(depth == 0 || self.below(4) > 0);
        for _ in 0..wish {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            self.stmt(depth, &mut block);
        }
        if let Some(label) = around {
            match self.below(3) {
                0 => block.push(self.world.again(label)),
                1 => block.push(self.world.out(label)),
                _ => {}
            }
        }
        block
    }

    fn stmt(&mut self, depth: u32, block: &mut Block) {
        let pick = if depth >= 3 { self.below(7) } else { self.below(14) };
        match pick {
            0..=5 => self.exchange(block),
            6 => {
                let (role, name) = (self.role(), ["s", "t"][self.below(2)]);
                block.push(self.world.step(role, name));
            }
            7..=9 => {
                let branches = self.branches(depth, None);
                let owner = self.role();
                block.push(self.world.choice(owner, branches));
            }
            10 | 11 => {
                let label = self.world.label();
                let mut body = self.block(depth + 2, None);
                let branches = self.branches(depth + 1, Some(label));
                let owner = self.role();
                body.push(self.world.choice(owner, branches));
                block.push(self.world.rec(label, body));
            }
            12 => {
                let branches = (0..2).map(|_| self.block(depth + 1, None)).collect();
                block.push(self.world.par(branches));
            }
            _ => {
                let turns = self.below(3) as i64;
                let body = self.block(depth + 1, None);
                block.push(self.world.count(turns, body));
            }
        }
    }

    fn branches(&mut self, depth: u32, around: Option<Label>) -> Vec<Block> {
        let count = 2 + usize::from(self.below(5) == 0);
        (0..count).map(|_| self.block(depth + 1, around)).collect()
    }

    fn exchange(&mut self, block: &mut Block) {
        let from = self.role();
        let to = (from + 1 + self.below(self.roles - 1)) % self.roles;
        // Few names, so that equal messages meet in different branches.
        let name = if self.below(3) == 0 {
            ["m", "n"][self.below(2)].to_owned()
        } else {
            self.messages += 1;
            format!("k{}", self.messages)
        };
        block.push(self.world.send(from, to, &name));
    }
}
