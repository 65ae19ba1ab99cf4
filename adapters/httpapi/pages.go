package httpapi

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// A cursor is sealed and bound to the operator, the path and the filter it was
// given for: whoever changes one of them begins anew.

// place reads limit and cursor of a list into a place to go on from.
func (s *server) place(ctx context.Context, limit *int, cursor *string, place any) (int, error) {
	if limit != nil && (*limit < 1 || *limit > operations.MaxLimit) {
		return 0, tenancy.Invalid("limit", "is not 1 to 200")
	}
	if cursor == nil {
		return val(limit), nil
	}
	text, ok := s.seals.open(*cursor, callOf(ctx).bound()...)
	if !ok || json.Unmarshal(text, place) != nil {
		return 0, tenancy.Invalid("cursor", "is not one of this list and filter")
	}
	return val(limit), nil
}

// next seals a place, and gives the reference to the page from there on.
func (s *server) next(ctx context.Context, more bool, place any) (cursor, link *string, err error) {
	if !more {
		return nil, nil, nil
	}
	text, err := json.Marshal(place)
	if err != nil {
		return nil, nil, err
	}
	c := callOf(ctx)
	sealed := s.seals.seal(text, c.bound()...)
	q := c.query()
	q.Set("cursor", sealed)
	return &sealed, new("<?" + q.Encode() + `>; rel="next"`), nil
}

// query is what the request asks for, without a page context.
func (c *call) query() url.Values {
	q := c.request.URL.Query()
	q.Del("context")
	return q
}

// bound is what a cursor of this list is good for.
func (c *call) bound() []string {
	q := c.query()
	q.Del("cursor")
	q.Del("limit")
	return []string{"cursor", string(c.principal.Tenant), string(c.principal.Operator), c.customer, c.pattern, q.Encode()}
}
