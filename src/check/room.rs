//! Room for messages where no bound could be proved.
//!
//! Is not: a bound; the sender of such a channel waits for room, however much there is.

use crate::base::limits::MAILBOX_UNBOUNDED;
use crate::bytecode::program::Program;

/// Messages in a queue without a bound: its sender waits there anyway, and more of them show nothing new.
const ROOM_UNBOUNDED: u32 = 2;

/// The programs with less room where no bound was proved.
#[must_use]
pub fn tight(mut programs: Vec<Program>) -> Vec<Program> {
    for program in &mut programs {
        for channel in program.outgoing.iter_mut().chain(&mut program.incoming) {
            if channel.capacity == MAILBOX_UNBOUNDED {
                channel.capacity = ROOM_UNBOUNDED;
            }
        }
    }
    programs
}
