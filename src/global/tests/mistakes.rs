//! What is said of mistakes, in short form.

use super::says;

#[test]
fn five_mistakes_at_once() {
    says(
        "choreography P {
           roles A, B, A
           A -> Bb: M(x: Int)
           A -> B: M(x: String)
           B let y = nope
           B does time.nou()
           A -> A: Z
         }",
        &[
            "2:24 E0102 role `A` is declared twice",
            "3:17 E0103 no role is called `Bb`",
            "4:20 E0115 message `M` is given two payloads",
            "5:22 E0101 nothing here is called `nope`",
            "6:24 E0107 effect `time` has no operation `nou`",
            "7:17 E0112 `A` sends to itself",
        ],
    );
}

#[test]
fn knowledge() {
    says(
        "choreography P(secret: Int at A) { roles A, B, C
           A -> B: M(x: Int)
           C let z = M.x
           B let w = secret
           choice at A { l: { A -> B: L(n: Int)  A -> C: Lc } r: { A -> B: R  A -> C: Rc } }
           B let q = L.n
           A let e = Late.n
           B -> A: Late(n: Int) }",
        &[
            "3:22 E0120 `C` does not know `M` here",
            "4:22 E0120 `B` does not know `secret` here",
            "6:22 E0120 `B` does not know `L` here",
            "7:22 E0120 `Late` is used before anything gives it a value",
        ],
    );
}

#[test]
fn knowledge_after_the_branches() {
    says(
        "choreography P { roles A, B
           choice at A { l: { A -> B: M(n: Int) } r: { A -> B: M  A -> B: More } }
           B let q = M.n
           loop (decides: B) { B -> A: T(k: Int) }
           A let k = T.k }",
        &["5:22 E0120 `A` does not know `T` here"],
    );
    says(
        "choreography P { roles A, B
           par { { A -> B: M(n: Int) } { A -> B: M } }
           B let q = M.n }",
        &["3:22 E0120 `B` does not know `M` here"],
    );
}

#[test]
fn types() {
    says(
        "type Small = u8
         message M { s: Small, t: String?, n: { k: Bool } }
         const BIG = 300
         choreography P { roles A, B
           A -> B: M with { s: BIG, n: { k: 1 } }
           B let a = M.t + 1
           B let b = M.n.kk
           B let c = M.s and true
           B let d = [1, 2].map(x => x.y)
           B let e = { a: 1, ..M }.s
           B -> A: M with { ..M, u: 1 } }",
        &[
            "5:32 E0121 `u8` is wanted here, and this is `300`",
            "5:45 E0121 `Bool` is wanted here, and this is `Int`",
            "6:22 E0121 `+` does not take `String?` and `Int`",
            "7:26 E0108 `M.n` has no field `kk`",
            "8:22 E0121 `Bool` is wanted here, and this is `u8`",
            "9:40 E0108 `x` is of type `Int`, and has no field `y`",
            "11:34 E0122 `M` has no field `u`",
        ],
    );
}

#[test]
fn calls() {
    says(
        "choreography P { roles A, B, W[2]
           call Q(X = A, Z = B)
           call Q(X = A, Y = A; n = 1)
           call Q(X = A, Y = W; n = 1)
           call Q(X = A, Y = B; n = \"s\") as r
           A let z = r.n }
         choreography Q(n: Int) { roles X, Y  X -> Y: M }",
        &[
            "2:17 E0127 nobody plays `Y` in this call",
            "2:26 E0127 `Q` has no role `Z`",
            "3:30 E0127 `A` would play both `X` and `Y`",
            "4:30 E0127 1 role plays `Y`, and 2 are given",
            "5:17 E0127 `Q` gives nothing back",
            "5:37 E0121 `Int` is wanted here, and this is `String`",
        ],
    );
}

#[test]
fn endless() {
    says(
        "choreography P { roles A, B  A -> B: M  par { { call P } { B -> A: N } } }",
        &["1:49 E0126 `P` calls itself without end"],
    );
    says(
        "choreography P { roles A, B  call P }",
        &["1:14 E0116 a turn of this loop can pass without a message or a step"],
    );
    says(
        "choreography P { roles A, B  loop { if x at A { A -> B: M } } }",
        &[
            "1:30 E0116 a turn of this loop can pass without a message or a step",
            "1:40 E0129 nothing defines `x`, so `x` is asked of `A`",
        ],
    );
}

#[test]
fn nested_and_uncalled_is_judged() {
    says(
        "choreography P { roles A, B  protocol Q { roles C, D  C -> E: M }  A -> B: M }",
        &["1:60 E0103 no role is called `E`"],
    );
}

#[test]
fn a_message_of_a_family_is_said_once() {
    says(
        "choreography P { roles A, W[40]  for i in W { W[i] -> A: M(n: Int) with { n: nope } } }",
        &["1:78 E0101 nothing here is called `nope`"],
    );
}

#[test]
fn undeclared_types_wherever_they_stand() {
    says(
        "message M { x: Strin }
         type T = { a: Bol }
         enum E { A { z: Flot } }
         effect f { op(a: Durtion) -> Strng }
         choreography P(p: Tim) { roles A, B  A -> B: M  A -> B: N(t: T, e: E)  A does f.op(5s) }",
        &[
            "1:16 E0105 type `Strin` is not declared, so it may hold anything",
            "2:24 E0105 type `Bol` is not declared, so it may hold anything",
            "3:26 E0105 type `Flot` is not declared, so it may hold anything",
            "4:27 E0105 type `Durtion` is not declared, so it may hold anything",
            "4:39 E0105 type `Strng` is not declared, so it may hold anything",
            "5:28 E0105 type `Tim` is not declared, so it may hold anything",
        ],
    );
}

#[test]
fn a_literal_is_shown_as_what_it_is_of() {
    says(
        "choreography P { roles A, B  A let x = 1 + \"a\"  A -> B: M(n: u8) with { n: 300 }  A let y = not 3 }",
        &[
            "1:40 E0121 `+` does not take `Int` and `String`",
            "1:76 E0121 `u8` is wanted here, and this is `300`",
            "1:97 E0121 `Bool` is wanted here, and this is `Int`",
        ],
    );
}

#[test]
fn a_payload_declares_its_message() {
    says(
        "choreography P { roles A, B
           A -> B: M with { x: 1, y: \"a\" }
           B -> A: M with { x: 2 }
           B let z = M.w
           B -> A: None with { n: none, at: { deep: [M.x] } } }",
        &[
            "2:20 E0139 message `M` is not declared, and this payload declares it",
            "3:27 E0122 `M` also has the field `y`",
            "4:24 E0108 `M` has no field `w`",
            "5:20 E0139 message `None` is not declared, and this payload declares it",
        ],
    );
}

#[test]
fn slips_of_messages() {
    says(
        "message Request { a: Int }
         choreography P { roles A, B  A -> B: Request  A -> B: Reqeust  B -> A: Answer(n: Int)  B -> A: Anwser
           A -> B: Ping  B -> A: Pong  A -> B: Step_1  A -> B: Step_2(n: Int)  B -> A: Answered }",
        &[
            "2:64 E0140 message `Reqeust` is not declared, and `Request` is",
            "2:105 E0140 message `Anwser` is not declared, and `Answer` is",
        ],
    );
}

#[test]
fn members_that_nobody_can_pick() {
    says(
        "choreography P { roles M, C, W[2]  C let i = 1  M -> W[i]: Job  W[i] -> M: Done }",
        &["1:56 E0120 `M` does not know `i` here"],
    );
    says("choreography P { roles M, C, W[2]  M let i = 1  M -> W[i]: Job  W[i] -> C: Done }", &[]);
    says(
        "choreography P { roles M, W[2]  M -> W[2]: Job  M -> W[\"a\"]: Job }",
        &[
            "1:38 E0124 `W[2]` is out of range: `W` has 2 members",
            "1:56 E0121 `Int` is wanted here, and this is `String`",
            "1:56 E0125 `\"a\"` is not a number before the session starts",
        ],
    );
}

#[test]
fn a_sender_among_its_receivers() {
    says(
        "choreography P { roles A, B, W[2]  A -> B, A: M  W[0] -> W[*]: N  W[0] -> B, W[0]: O }",
        &["1:44 E0112 `A` sends to itself", "1:78 E0112 `W[0]` sends to itself"],
    );
}
