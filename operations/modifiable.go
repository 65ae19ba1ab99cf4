package operations

import "slices"

// CodeFieldFixed is unmet by a modify of a field that the operation's state
// keeps as it is.
const CodeFieldFixed = "field_fixed"

// Field names a field of a Modification.
type Field string

// The fields of a Modification.
const (
	FieldAmount    Field = "amount"
	FieldFrom      Field = "from"
	FieldTo        Field = "to"
	FieldVia       Field = "via"
	FieldPurpose   Field = "purpose"
	FieldReference Field = "reference"
	FieldNotBefore Field = "not_before"
)

// Fields lists every field of a Modification.
func Fields() []Field {
	return []Field{FieldAmount, FieldFrom, FieldTo, FieldVia, FieldPurpose, FieldReference, FieldNotBefore}
}

// Modifiable lists the fields that Modify may change in a state; none where it
// may not be modified at all. What is scheduled keeps its accounts and its way:
// cancel it and ask for it anew. See docs/lifecycle.md.
func Modifiable(s State) []Field {
	switch s {
	case Prepared, AwaitingApproval:
		return Fields()
	case Scheduled:
		return []Field{FieldAmount, FieldPurpose, FieldReference, FieldNotBefore}
	case Executing, Unresolved, Completed, Failed, Cancelled, Rejected, Expired:
	}
	return nil
}

// changed lists the fields in which two orders differ.
func changed(o, n *Order) []Field {
	var all []Field
	note := func(differs bool, f Field) {
		if differs {
			all = append(all, f)
		}
	}
	note(!o.Amount.Equal(n.Amount.Decimal), FieldAmount)
	note(o.From != n.From, FieldFrom)
	note(o.To != n.To, FieldTo)
	note(o.Via != n.Via, FieldVia)
	note(o.Purpose != n.Purpose, FieldPurpose)
	note(o.Reference != n.Reference, FieldReference)
	note(!o.NotBefore.Equal(n.NotBefore), FieldNotBefore)
	return all
}

// fixed tells which fields of the operation were to be changed and may not.
func fixed(o *Operation, n *Order) []Unmet {
	var unmet []Unmet
	may := Modifiable(o.State)
	for _, f := range changed(&o.Order, n) {
		if !slices.Contains(may, f) {
			unmet = append(unmet, Unmet{
				Code: CodeFieldFixed, Subject: "field:" + string(f), Figures: []Figure{{Name: "state", Value: string(o.State)}},
				Remedy: "Leave it as it is, or cancel the operation and ask for it anew.",
			})
		}
	}
	return unmet
}
