// Package operationstest is what a firm needs to test its own rules, kinds and
// providers, without a store and without an engine.
//
// A rule is tested on a book. [BookSpec] makes one from a plain description,
// folded from entries as the engine's own books are; [Explain] judges a request
// on it by the firm's Config, with the very evaluator the engine uses; and
// [RequireAllowed] and [RequireUnmet] hold the plan against what is expected,
// and on failure tell of every unmet rule its code, subject, figures and
// remedy. [Judge] asks each rule of a Config alone and tells which said what.
//
// Fees, limits, approvals, freezes and the firm's switches are judged with the
// rules: a BookSpec may say what is frozen and what counts towards a limit, and
// [ExplainUnder] throws switches, and [ExplainRefund] asks for a refund. What
// takes several commands, such as an approval, needs an engine, on a store in
// memory.
//
// A kind is tested in the same way: name it in Config.Kinds. An answer that a
// firm's own provider gives is held against what the engine relies on by
// [RequireAnswer].
//
// For tests that do run an engine, [Clock], [IDs] and [Entropy] make it
// deterministic, and [Provider] is a counterpart outside that settles, refuses,
// is late, loses answers or talks nonsense, as its script says.
package operationstest
