package operations

import (
	"errors"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// authorize finds the grants the command acts under. What a live grant does not
// permit is one more unmet rule; without any access nothing further is told.
func (d *decision) authorize() error {
	if d.c.system() {
		return nil
	}
	d.standing = standingOf(d.f, d.operator, d.c.operator(), d.now)
	for i, need := range d.c.needs {
		g, err := d.authority(need)
		if err != nil && !tenancy.IsAccess(err) && d.c.own && d.madeWaiting() {
			g, err = d.any(err)
		}
		if err != nil {
			if err := d.lacking(err); err != nil {
				return err
			}
			continue
		}
		if i == 0 || d.grant == "" {
			d.grant = g
		}
	}
	return nil
}

// authority is the grant that gives the permission.
func (d *decision) authority(need tenancy.Permission) (tenancy.GrantID, error) {
	if d.c.foreseen {
		return d.gate.Foresee(d.c.scope, need, d.standing)
	}
	return d.gate.Authorize(d.c.scope, need, d.standing)
}

// any is the grant that gives the first of what the scope's operator may do;
// the error is the one given where there is none.
func (d *decision) any(none error) (tenancy.GrantID, error) {
	for _, p := range tenancy.AllPermissions() {
		if g, err := d.authority(p); err == nil {
			return g, nil
		}
	}
	return "", none
}

// permit asks for one more permission, for what only the content tells.
func (d *decision) permit(need tenancy.Permission) error {
	if d.c.system() {
		return nil
	}
	_, err := d.authority(need)
	return d.lacking(err)
}

// accessError is a refusal because the scope gives nothing any more. It is told
// from what a host's rule may call by the same code.
type accessError struct{ error }

func (e accessError) Unwrap() error { return e.error }

func (d *decision) lacking(err error) error {
	refused, ok := errors.AsType[*RefusedError](err)
	if ok && tenancy.IsAccess(err) {
		return accessError{err}
	}
	if !ok {
		return err
	}
	d.refuse(refused.Unmet...)
	return nil
}

// standingOf reads from the book and the operator's row what the Gate judges by.
func standingOf(f *Folded, row tenancy.Operator, id tenancy.OperatorID, now time.Time) tenancy.Standing {
	s := tenancy.Standing{Operator: row, Person: f.customer.Person, Now: now}
	if f.id.Customer == tenancy.House {
		if own, ok := f.operators.get(id); ok {
			s.Operator = *own
		}
	}
	for _, g := range f.grants.all {
		if g.Operator == id {
			s.Grants = append(s.Grants, *g)
		}
	}
	return s
}
