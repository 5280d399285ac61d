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
            "5:45 E0121 `Bool` is wanted here, and this is `1`",
            "6:22 E0121 `+` does not take `String?` and `1`",
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
