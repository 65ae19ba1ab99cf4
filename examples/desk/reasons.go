package main

import (
	"errors"
	"strings"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// failure is an error as it is told.
type failure struct {
	Error failureDetail `json:"error"`
	Key   string        `json:"key,omitempty"` // of the command that failed
}

type failureDetail struct {
	Class   string               `json:"class"`
	Exit    int                  `json:"exit"`
	Message string               `json:"message"`
	Unmet   []tenancy.Unmet      `json:"unmet,omitempty"`
	Fields  []tenancy.FieldError `json:"fields,omitempty"`
	Current *currentDoc          `json:"current,omitempty"` // a stale version: where the operation stands
}

type currentDoc struct {
	Operation operations.OperationID `json:"operation"`
	State     operations.State       `json:"state"`
	Version   int64                  `json:"version"`
}

func failureOf(err error, key string) failure {
	c := classOf(err)
	d := failure{Key: key, Error: failureDetail{Class: c.name, Exit: c.code, Message: err.Error(), Fields: tenancy.Fields(err)}}
	if refused := new(operations.RefusedError); errors.As(err, &refused) {
		d.Error.Unmet = refused.Unmet
	}
	if conflict := new(operations.ConflictError); errors.As(err, &conflict) && conflict.Reason == operations.StaleVersion {
		d.Error.Current = &currentDoc{conflict.ID, conflict.State, conflict.Version}
	}
	return d
}

func (d failure) draw(p *page) {
	switch {
	case len(d.Error.Unmet) > 0:
		p.linef(bad, "refused: %d unmet", len(d.Error.Unmet))
		p.reasons(d.Error.Unmet)
	case len(d.Error.Fields) > 0:
		p.linef(bad, "invalid:")
		for _, f := range d.Error.Fields {
			p.linef(plain, "  %s %s", f.Field, f.Problem)
		}
	default:
		for l := range strings.Lines(d.Error.Message) {
			p.linef(bad, "%s", strings.TrimSuffix(l, "\n"))
		}
	}
	if d.Key != "" && (d.Error.Exit == exitUnavailable || d.Error.Exit == exitUnknownOutcome) {
		p.linef(plain, "repeat it with --key %s", d.Key)
	}
}

// reasons lists every unmet rule with its figures and what would mend it.
func (p *page) reasons(unmet []tenancy.Unmet) {
	rows := make([][]cell, len(unmet))
	for i, u := range unmet {
		rows[i] = []cell{toned(bad, u.Code), is(u.Subject), is(figures(u)...), is(u.Remedy)}
	}
	p.table([]column{col("why not"), wide("about", 44), col("figures"), wide("what would help", 44)}, rows)
}

func figures(u tenancy.Unmet) []string {
	lines := make([]string, len(u.Figures))
	for i, f := range u.Figures {
		lines[i] = f.Name + " " + f.Value
	}
	if len(lines) == 0 {
		return []string{""}
	}
	return lines
}

// codes are the reasons in short, or yes.
func codes(unmet []tenancy.Unmet) cell {
	if len(unmet) == 0 {
		return toned(good, "yes")
	}
	var lines []string
	for _, u := range unmet {
		lines = append(lines, u.Code)
		for _, f := range u.Figures {
			lines = append(lines, "  "+f.Name+" "+f.Value)
		}
	}
	return toned(bad, lines...)
}
