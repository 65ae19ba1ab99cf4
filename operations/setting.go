package operations

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/onbehalf/onbehalf/tenancy"
)

// MaxSetting is the most bytes the body of a setting may have.
const MaxSetting = 16 << 10

const maxSettingName = 256

// CodeSettingUnknown means that no kind here keeps such a setting.
const CodeSettingUnknown = "setting_unknown"

// Setting is one part of how a kind is set up for a customer, such as a pair he
// may trade: a document of the kind's own in the customer's book. Its earlier
// versions are in the entries before.
type Setting struct {
	Name    string             `json:"name"`    // the kind's name, or that, ":" and a rest
	Version int64              `json:"version"` // 1 at first, one more with each change
	Body    json.RawMessage    `json:"body"`    // compact JSON, at most MaxSetting bytes; nothing personal
	By      tenancy.OperatorID `json:"by"`
	Seq     int64              `json:"seq"` // of the entry that set it
	At      time.Time          `json:"at"`
}

// kindOf is the kind a setting of this name belongs to.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, ":")
	return kind
}

// Set gives a setting its body. Version is that of the setting as it was seen, 0
// for a new one: one that has changed since is a conflict. It needs the manage
// accounts permission.
type Set struct {
	Name    string          `json:"name"`
	Version int64           `json:"version"`
	Body    json.RawMessage `json:"body"`
}

// Setter is for a kind's own types of settings, such as trading.SetPair: Manage
// takes the Set they make.
type Setter interface {
	Administrative
	Set() (Set, error)
}

// Change names the change.
func (Set) Change() string { return "setting.set" }

// Validate checks the form of name, version and body.
func (x Set) Validate() error {
	errs := []error{tenancy.CheckID("name", kindOf(x.Name)), tenancy.CheckText("name", x.Name, maxSettingName)}
	if strings.HasSuffix(x.Name, ":") {
		errs = append(errs, tenancy.Invalid("name", "ends with ':'"))
	}
	if x.Version < 0 {
		errs = append(errs, tenancy.Invalid("version", "is not a version the setting can have"))
	}
	if _, err := compact(x.Body); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// compact is the body as entries hold it: as encoding/json writes it.
func compact(body json.RawMessage) (json.RawMessage, error) {
	if len(body) == 0 || len(body) > MaxSetting {
		return nil, tenancy.Invalid("body", fmt.Sprintf("has to have 1 to %d bytes", MaxSetting))
	}
	b, err := json.Marshal(body)
	if err != nil || len(b) > MaxSetting || bytes.Equal(b, []byte("null")) {
		return nil, tenancy.Invalid("body", "is not a JSON document that can be kept")
	}
	return b, nil
}

// Configured is for kinds that keep settings in each customer's book.
type Configured interface {
	Kind
	// CheckSetting tells what is malformed in a setting, as tenancy.Invalid errors,
	// and what of the book of the view does not allow it. It is pure.
	CheckSetting(v View, s Setting) ([]Unmet, error)
	// Problems tells everything that keeps a setting of the book of the view from
	// having its effect now. It is pure.
	Problems(v View, s Setting) []Unmet
}

// keptSetting is a setting in a folded book, with what its kind has read from it.
type keptSetting struct {
	Setting

	decoded atomic.Pointer[any]
}

// Decoded is one of the customer's settings as decode reads it: once for each
// version, mostly, and for all who ask, so it must not be changed. False when
// there is none, or it cannot be read.
func (v View) Decoded(name string, decode func(Setting) (any, error)) (any, bool) {
	s, ok := v.folded().settings.get(name)
	if !ok {
		return nil, false
	}
	if d := s.decoded.Load(); d != nil {
		return *d, true
	}
	d, err := decode(s.clone())
	if err != nil {
		return nil, false
	}
	s.decoded.Store(&d)
	return d, true
}

// SettingVersion is the version of one of the customer's settings; 0 for none.
func (v View) SettingVersion(name string) int64 {
	if s, ok := v.folded().settings.get(name); ok {
		return s.Version
	}
	return 0
}

// Setting is one of the customer's settings.
func (v View) Setting(name string) (Setting, bool) {
	if s, ok := v.folded().settings.get(name); ok {
		return s.clone(), true
	}
	return Setting{}, false
}

// Settings are all of the customer's settings of a kind, by name.
func (v View) Settings(kind string) []Setting {
	var all []Setting
	for name, s := range v.folded().settings.all {
		if kindOf(name) == kind {
			all = append(all, s.clone())
		}
	}
	return all
}

func (s *Setting) clone() Setting {
	n := *s
	n.Body = bytes.Clone(s.Body)
	return n
}

// SettingView is a setting as people see it.
type SettingView struct {
	Setting

	Problems []Unmet // everything that keeps it from having its effect now, as Book.Problems tells
}

// Settings brings the customer's settings of all kinds, by name, all of one
// moment.
func (b *Book) Settings(ctx context.Context) ([]SettingView, error) {
	r, err := b.eng.read(ctx, b.scope, "settings", Want{})
	if err != nil {
		return nil, err
	}
	all := make([]SettingView, 0, r.f.settings.len())
	for _, s := range r.f.settings.all {
		all = append(all, SettingView{s.clone(), b.problems(r.f, s)})
	}
	return all, nil
}

// Problems tells everything that keeps a setting from having its effect now,
// such as a pair from being traded; empty: nothing does. Errors: not found when
// there is no such setting, too.
func (b *Book) Problems(ctx context.Context, name string) ([]Unmet, error) {
	r, err := b.eng.read(ctx, b.scope, "problems", Want{})
	if err != nil {
		return nil, err
	}
	s, ok := r.f.settings.get(name)
	if !ok {
		return nil, ErrNotFound
	}
	return b.problems(r.f, s), nil
}

func (b *Book) problems(f *Folded, s *keptSetting) []Unmet {
	k, known := b.eng.rules.kinds[kindOf(s.Name)].(Configured)
	if !known {
		return []Unmet{{Code: CodeSettingUnknown, Subject: "setting:" + s.Name, Remedy: "Offer the kind it belongs to."}}
	}
	return distinct(k.Problems(View{f: f, actor: b.scope.Principal().Chain()[0]}, s.clone()))
}

// set decides Set.
func (d *decision) set(x Set) error {
	old, ok := d.f.settings.get(x.Name)
	if ok && x.Version != old.Version {
		return &ConflictError{Reason: StaleVersion, Version: old.Version}
	}
	if !ok && x.Version != 0 {
		return &ConflictError{Reason: StaleVersion}
	}
	k, known := d.kinds[kindOf(x.Name)].(Configured)
	if !known {
		d.refuse(Unmet{Code: CodeSettingUnknown, Subject: "setting:" + x.Name, Remedy: "Choose a setting of a kind the firm offers."})
		return nil
	}
	body, err := compact(x.Body)
	if err != nil {
		return err
	}
	s := Setting{Name: x.Name, Version: x.Version + 1, Body: body, By: d.c.operator(), Seq: d.seq(), At: d.now}
	unmet, err := k.CheckSetting(View{f: d.f, actor: d.c.actors[0]}, s.clone())
	if err != nil {
		return err
	}
	d.refuse(unmet...)
	if !ok && d.f.settings.len() >= d.caps.Settings {
		d.refuse(full("settings", d.caps.Settings))
	}
	d.fx.Settings = append(d.fx.Settings, s)
	return nil
}

// set takes in a setting, if it could have been decided.
func (f *Folded) set(s *Setting, e *Entry) error {
	old, ok := f.settings.get(s.Name)
	switch {
	case ok && s.Version != old.Version+1, !ok && s.Version != 1:
		return fmt.Errorf("setting %q comes as version %d", s.Name, s.Version)
	case s.Seq != e.Seq || !s.At.Equal(e.At) || s.By != actorID(e):
		return fmt.Errorf("setting %q names another entry as its own", s.Name)
	case len(s.Body) == 0 || len(s.Body) > MaxSetting:
		return fmt.Errorf("setting %q has %d bytes", s.Name, len(s.Body))
	}
	f.settings = f.settings.with(s.Name, &keptSetting{Setting: *s})
	return nil
}
