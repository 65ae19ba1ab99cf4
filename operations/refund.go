package operations

// kin is what a refund is judged by beside the book: the operation it gives
// back of, and what was given back before.
type kin struct{}
