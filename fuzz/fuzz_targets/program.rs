//! Program bytes: whatever they are, they are refused or they verify; nothing panics, hangs or bloats.
#![no_main]

use laban::bytecode::codec;
use laban::bytecode::verify::verify;
use laban::machine::{AgentId, Cast, Session, Stop};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(program) = codec::decode(bytes) else { return };
    assert!(verify(&program).is_ok(), "what decodes is verified");
    assert_eq!(codec::encode(&program), bytes, "a program has one encoding");
    let _text = laban::bytecode::asm::text(&program, None);
    let Ok(cast) = Cast::link(vec![program]) else { return };
    let mut session = Session::new(&cast);
    for _ in 0..100 {
        let Stop::Spent = session.run(&cast, AgentId(0), &mut 100, &mut ()) else { return };
    }
});
