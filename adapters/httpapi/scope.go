package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dunglas/httpsfv"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// server answers the routes of the contract.
type server struct{ *Handler }

var _ contract.StrictServerInterface = (*server)(nil)

// page is what a page context says: who works for whom, why and how long. It
// gives nothing by itself: the gate is asked with each request.
type page struct {
	Tenant   tenancy.TenantID   `json:"t"`
	Customer tenancy.CustomerID `json:"c"`
	Operator tenancy.OperatorID `json:"o"`
	Person   tenancy.PersonID   `json:"p"`
	Reason   string             `json:"r"`
	Ends     time.Time          `json:"e"`
}

const boundContext = "context"

// OpenContext enters a book and seals what the requests to come must match.
func (s *server) OpenContext(ctx context.Context, q contract.OpenContextRequestObject) (contract.OpenContextResponseObject, error) {
	p := callOf(ctx).principal
	reason := val(q.Body.Reason)
	scope, err := s.open(ctx, p, q.Customer, reason)
	if err != nil {
		return nil, err
	}
	c, err := s.engine.Book(scope).Customer(ctx)
	if err != nil {
		return nil, err
	}
	sealed, err := json.Marshal(page{p.Tenant, scope.Customer(), p.Operator, p.Person, reason, scope.Expires()})
	if err != nil {
		return nil, err
	}
	return contract.OpenContext201JSONResponse{
		Context: s.seals.seal(sealed, boundContext), Customer: customerOf(c), Operator: string(p.Operator), Name: p.Name,
		Reason: reason, Permissions: scope.Permissions(), ExpiresAt: scope.Expires(),
	}, nil
}

// open asks the gate for the scope of a customer, or the house.
func (s *server) open(ctx context.Context, p tenancy.Principal, customer, reason string) (tenancy.Scope, error) {
	if customer == string(tenancy.House) {
		return s.engine.Gate().Own(ctx, p, reason)
	}
	return s.engine.Gate().Enter(ctx, p, tenancy.CustomerID(customer), reason)
}

// enter opens the scope of one request, whose page context must be of this
// operator and customer. Whether there is such a customer is asked after that.
func (s *server) enter(ctx context.Context, customer, sealed string) (tenancy.Scope, error) {
	p := callOf(ctx).principal
	if sealed == "" {
		return tenancy.Scope{}, &trouble{code: contract.ContextRequired}
	}
	var of page
	text, ok := s.seals.open(sealed, boundContext)
	if !ok || json.Unmarshal(text, &of) != nil ||
		of.Tenant != p.Tenant || of.Operator != p.Operator || of.Person != p.Person || string(of.Customer) != customer {
		return tenancy.Scope{}, &trouble{code: contract.ContextMismatch}
	}
	if !s.cfg.Clock.Now().Before(of.Ends) {
		return tenancy.Scope{}, &trouble{code: contract.ContextExpired}
	}
	return s.open(ctx, p, customer, of.Reason)
}

// book enters for reading.
func (s *server) book(ctx context.Context, customer, sealed string) (*operations.Book, error) {
	scope, err := s.enter(ctx, customer, sealed)
	if err != nil {
		return nil, err
	}
	return s.engine.Book(scope), nil
}

// firm opens the scope of lists over many books.
func (s *server) firm(ctx context.Context) (*operations.Firm, error) {
	scope, err := s.engine.Gate().Firm(ctx, callOf(ctx).principal)
	if err != nil {
		return nil, err
	}
	return s.engine.Firm(scope), nil
}

// intent reads what makes a command happen once.
func intent(key string, request, acknowledge *string) (operations.Intent, error) {
	in := operations.Intent{Key: key, RequestID: val(request)}
	if strings.HasPrefix(key, `"`) {
		item, err := httpsfv.UnmarshalItem([]string{key})
		text, ok := item.Value.(string)
		if err != nil || !ok || len(item.Params.Names()) > 0 {
			return in, tenancy.Invalid(headerKey, "is not a string of RFC 9651")
		}
		in.Key = text
	}
	if in.Key == "" {
		return in, &trouble{code: contract.IdempotencyKeyRequired}
	}
	if acknowledge == nil {
		return in, nil
	}
	list, err := httpsfv.UnmarshalList([]string{*acknowledge})
	if err != nil {
		return in, tenancy.Invalid("Acknowledge", "is not a list of RFC 9651")
	}
	for _, m := range list {
		item, ok := m.(httpsfv.Item)
		code, isToken := item.Value.(httpsfv.Token)
		if !ok || !isToken {
			return in, tenancy.Invalid("Acknowledge", "is not a list of tokens")
		}
		in.Acknowledge = append(in.Acknowledge, string(code))
	}
	return in, nil
}

// version reads an entity tag: the version of an operation.
func version(tag string) (int64, error) {
	digits, ok := strings.CutPrefix(tag, `"`)
	digits, closed := strings.CutSuffix(digits, `"`)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || !closed || err != nil || strconv.FormatInt(n, 10) != digits || n < 1 {
		return 0, tenancy.Invalid(headerVersion, "is not the ETag of an operation")
	}
	return n, nil
}

func tag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// begun sets the headers of an answer that is JSON.
func begun(w http.ResponseWriter) { w.Header().Set("Content-Type", "application/json") }
