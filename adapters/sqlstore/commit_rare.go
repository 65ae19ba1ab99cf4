package sqlstore

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/onbehalf/onbehalf/operations"
)

// rare adds what few changes bring, in the order of the fields.
func (a *rowArrays) rare(c *operations.Change) error {
	seq := c.Entry.Seq
	if c.Customer != nil {
		if err := a.put(seq, "customer", customerObjectOf(c.Customer), nil); err != nil {
			return err
		}
	}
	for i := range c.Grants {
		g := &c.Grants[i]
		document, err := json.Marshal(g.Grant)
		if err != nil {
			return fmt.Errorf("grant %q: %w", g.Grant.ID, err)
		}
		err = a.put(seq, "grant", grantObject{
			string(g.Grant.ID), string(g.Grant.Operator), flag(g.Lists()), microsOrNil(g.Grant.Expires), flag(g.Revoked), string(document),
		}, nil)
		if err != nil {
			return err
		}
	}
	for i := range c.Operators {
		o := &c.Operators[i]
		document, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("operator %q: %w", o.ID, err)
		}
		if err := a.put(seq, "operator", operatorObject{string(o.ID), o.Version, string(document)}, nil); err != nil {
			return err
		}
	}
	for i := range c.Personal {
		p := &c.Personal[i]
		o := personalObject{Subject: p.Subject, Digest: hex.EncodeToString(p.Digest[:])}
		if p.Salt != nil {
			o.Salt = new(hex.EncodeToString(p.Salt))
		}
		if err := a.put(seq, "personal", o, p.Value); err != nil {
			return err
		}
	}
	for _, subject := range c.Erase {
		if err := a.put(seq, "erase", personalObject{Subject: subject}, nil); err != nil {
			return err
		}
	}
	if s := c.Snapshot; s != nil {
		return a.put(seq, "snapshot", snapshotObject{s.Seq, hex.EncodeToString(s.Hash[:])}, s.Bytes)
	}
	return nil
}

func (a *rowArrays) put(seq int64, what string, object any, bytes []byte) error {
	row, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	x := &a.rares
	x.run.ints(a.run)
	x.seq.ints(seq)
	x.what.strings(what)
	x.row.strings(string(row))
	x.bytes.bytes(bytes)
	return nil
}

// The objects in which the function takes rows that few changes bring.
type (
	customerObject struct {
		Type      string  `json:"type"`
		Status    string  `json:"status"`
		Country   string  `json:"country"`
		Name      *string `json:"name"`
		TaxID     *string `json:"tax_id"`
		OpenedAt  int64   `json:"opened_at"`
		OpenedBy  string  `json:"opened_by"`
		UpdatedAt int64   `json:"updated_at"`
		UpdatedBy string  `json:"updated_by"`
	}
	grantObject struct {
		ID       string `json:"id"`
		Operator string `json:"operator"`
		Lists    int64  `json:"lists"`
		Expires  *int64 `json:"expires"`
		Revoked  int64  `json:"revoked"`
		Document string `json:"document"`
	}
	operatorObject struct {
		ID       string `json:"id"`
		Version  int64  `json:"version"`
		Document string `json:"document"`
	}
	personalObject struct {
		Subject string  `json:"subject"`
		Digest  string  `json:"digest,omitempty"`
		Salt    *string `json:"salt,omitempty"`
	}
	snapshotObject struct {
		Seq  int64  `json:"seq"`
		Hash string `json:"hash"`
	}
)

func customerObjectOf(c *operations.CustomerRow) customerObject {
	return customerObject{
		string(c.Type), string(c.Status), c.Country, c.Name, c.TaxID,
		c.OpenedAt.UnixMicro(), string(c.OpenedBy), c.UpdatedAt.UnixMicro(), string(c.UpdatedBy),
	}
}
