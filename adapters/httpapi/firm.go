package httpapi

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

func (s *server) GetHealth(context.Context, contract.GetHealthRequestObject) (contract.GetHealthResponseObject, error) {
	return contract.GetHealth200JSONResponse{Status: contract.Ok}, nil
}

func (s *server) GetContract(context.Context, contract.GetContractRequestObject) (contract.GetContractResponseObject, error) {
	return contract.GetContract200ApplicationyamlResponse{Body: bytes.NewReader(document), ContentLength: int64(len(document))}, nil
}

func (s *server) GetSession(ctx context.Context, _ contract.GetSessionRequestObject) (contract.GetSessionResponseObject, error) {
	p := callOf(ctx).principal
	scope, err := s.engine.Gate().Firm(ctx, p)
	if err != nil {
		return nil, err
	}
	return contract.GetSession200JSONResponse{
		Tenant: string(p.Tenant), Operator: string(p.Operator), Person: string(p.Person), Name: p.Name,
		Channel: contract.SessionChannel(scope.Principal().Channel), Permissions: scope.Permissions(), ReadOnly: s.cfg.ReadOnly,
	}, nil
}

func (s *server) GetReference(context.Context, contract.GetReferenceRequestObject) (contract.GetReferenceResponseObject, error) {
	offer := s.engine.Offer()
	modifiable := map[string][]string{}
	for _, state := range operations.States() {
		modifiable[string(state)] = each(operations.Modifiable(state), text)
	}
	return contract.GetReference200JSONResponse{
		Assets: each(offer.Assets, same), Kinds: offer.Kinds, Providers: offer.Providers, Purposes: each(operations.Purposes(), text),
		States: operations.States(), Modifiable: modifiable, CustomerStatuses: customer.Statuses(), CustomerTypes: customer.Types(),
		Countries: customer.Countries(), TaxKinds: customer.TaxKinds(), AccountStatuses: accounts.Statuses(), Directions: accounts.AllDirections(),
		Permissions: tenancy.NewPermissions(tenancy.AllPermissions()...), Codes: codes(),
	}, nil
}

// codes are those of all that is found unmet here, trades included.
func codes() []string {
	all := slices.Concat(operations.Codes(), trading.Codes())
	slices.Sort(all)
	return slices.Compact(all)
}

func (s *server) ListWorklist(ctx context.Context, q contract.ListWorklistRequestObject) (contract.ListWorklistResponseObject, error) {
	var after operations.WaitingPlace
	limit, err := s.place(ctx, q.Params.Limit, q.Params.Cursor, &after)
	if err != nil {
		return nil, err
	}
	firm, err := s.firm(ctx)
	if err != nil {
		return nil, err
	}
	list, err := firm.Worklist(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListWorklist200JSONResponse
	r.Body.Items = each(list.Items, func(i operations.WorkItem) contract.WorkItem {
		return contract.WorkItem{Customer: string(i.Customer), Operation: i.Operation, Unmet: each(i.Unmet, same)}
	})
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, list.More, list.Next)
	return r, err
}

func (s *server) ListAllIncidents(ctx context.Context, q contract.ListAllIncidentsRequestObject) (contract.ListAllIncidentsResponseObject, error) {
	var after tenancy.CustomerID
	limit, err := s.place(ctx, q.Params.Limit, q.Params.Cursor, &after)
	if err != nil {
		return nil, err
	}
	firm, err := s.firm(ctx)
	if err != nil {
		return nil, err
	}
	list, err := firm.Incidents(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListAllIncidents200JSONResponse
	r.Body.Items = each(list.Items, func(i operations.IncidentItem) contract.IncidentItem {
		return contract.IncidentItem{Customer: string(i.Customer), Incident: i.Incident}
	})
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, list.More, list.Next)
	return r, err
}

func (s *server) ListTreasury(ctx context.Context, q contract.ListTreasuryRequestObject) (contract.ListTreasuryResponseObject, error) {
	var after operations.PositionPlace
	limit, err := s.place(ctx, q.Params.Limit, q.Params.Cursor, &after)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = operations.DefaultLimit
	}
	firm, err := s.firm(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := firm.Treasury(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListTreasury200JSONResponse
	r.Body.Items = each(rows, func(p operations.PositionRow) contract.Position {
		return contract.Position{Account: string(p.Ref), Asset: p.Asset, Amount: accounts.Canonical(p.Amount), Books: p.Books}
	})
	if len(rows) > 0 {
		after = rows[len(rows)-1].PositionPlace
	}
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, len(rows) == limit, after)
	return r, err
}

func (s *server) ListPositionBooks(ctx context.Context, q contract.ListPositionBooksRequestObject) (contract.ListPositionBooksResponseObject, error) {
	var after tenancy.CustomerID
	limit, err := s.place(ctx, q.Params.Limit, q.Params.Cursor, &after)
	if err != nil {
		return nil, err
	}
	firm, err := s.firm(ctx)
	if err != nil {
		return nil, err
	}
	list, err := firm.PositionBooks(ctx, operations.PositionPlace{Ref: accounts.Ref(q.Params.Account), Asset: q.Params.Asset}, after, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListPositionBooks200JSONResponse
	r.Body.Items = each(list.Items, func(b operations.BookPosition) contract.BookPosition {
		return contract.BookPosition{Customer: string(b.Customer), Name: b.Name, Amount: accounts.Canonical(b.Amount)}
	})
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, list.More, list.Next)
	return r, err
}

func (s *server) ListStops(ctx context.Context, _ contract.ListStopsRequestObject) (contract.ListStopsResponseObject, error) {
	firm, err := s.firm(ctx)
	if err != nil {
		return nil, err
	}
	stops, err := firm.Stops(ctx)
	if err != nil {
		return nil, err
	}
	return contract.ListStops200JSONResponse{Items: each(stops, same)}, nil
}

func (s *server) ListCustomers(ctx context.Context, q contract.ListCustomersRequestObject) (contract.ListCustomersResponseObject, error) {
	var after tenancy.CustomerID
	limit, err := s.place(ctx, q.Params.Limit, q.Params.Cursor, &after)
	if err != nil {
		return nil, err
	}
	firm, err := s.firm(ctx)
	if err != nil {
		return nil, err
	}
	list, err := firm.Customers(ctx, operations.CustomerFilter{Statuses: val(q.Params.Status), Types: val(q.Params.Type), Search: val(q.Params.Search)}, after, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListCustomers200JSONResponse
	r.Body.Items = each(list.Items, customerItem)
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, list.More, list.Next)
	return r, err
}

func (s *server) OpenCustomer(ctx context.Context, q contract.OpenCustomerRequestObject) (contract.OpenCustomerResponseObject, error) {
	b := q.Body
	in, err := intent(q.Params.IdempotencyKey, q.Params.RequestId, nil)
	if err != nil {
		return nil, err
	}
	p, err := profileOf(b.Name, b.Type, b.TaxId, b.Country, b.Person)
	if err != nil {
		return nil, err
	}
	p.Onboarding = val(b.Onboarding)
	scope, err := s.engine.Gate().Firm(ctx, callOf(ctx).principal)
	if err != nil {
		return nil, err
	}
	o, err := s.engine.OpenCustomer(ctx, scope, in, p)
	if err != nil {
		return nil, err
	}
	var r contract.OpenCustomer201JSONResponse
	r.Body = contract.OpenedCustomer{Id: string(o.ID), Replayed: o.Replayed}
	if o.Replayed {
		r.Headers.IdempotentReplayed = new("true")
	}
	return r, nil
}

// filterOf reads the filter of operations.
func filterOf(p *contract.ExportOperationsParams) (operations.HistoryFilter, error) {
	f := operations.HistoryFilter{
		States: slices.Clone(val(p.State)), Kinds: slices.Clone(val(p.Kind)), Asset: val(p.Asset), Account: accounts.ID(val(p.Account)),
		Since: val(p.Since), Until: val(p.Until), Maker: tenancy.OperatorID(val(p.Maker)),
	}
	var errs []error
	if p.Pair != nil {
		var err error
		f.Pair, err = operations.ParsePair(*p.Pair)
		errs = append(errs, err)
	}
	if p.Min != nil {
		d, err := amount("min", *p.Min)
		f.Min, errs = &d, append(errs, err)
	}
	if p.Max != nil {
		d, err := amount("max", *p.Max)
		f.Max, errs = &d, append(errs, err)
	}
	return f, errors.Join(errs...)
}
