package httpapi

import (
	"context"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
)

// bookParams is what reading a book comes with.
type bookParams contract.GetCustomerParams

// list reads a short list whole.
func list[T any](ctx context.Context, s *server, customer string, p bookParams, read func(*operations.Book, context.Context) ([]T, error)) ([]T, error) {
	book, err := s.book(ctx, customer, p.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	all, err := read(book, ctx)
	return each(all, same), err
}

func (s *server) GetCustomer(ctx context.Context, q contract.GetCustomerRequestObject) (contract.GetCustomerResponseObject, error) {
	book, err := s.book(ctx, q.Customer, q.Params.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	c, err := book.Customer(ctx)
	return contract.GetCustomer200JSONResponse(customerOf(c)), err
}

func (s *server) ListAccounts(ctx context.Context, q contract.ListAccountsRequestObject) (contract.ListAccountsResponseObject, error) {
	all, err := list(ctx, s, q.Customer, bookParams(q.Params), (*operations.Book).Accounts)
	return contract.ListAccounts200JSONResponse{Items: each(all, accountOf)}, err
}

func (s *server) ListHolds(ctx context.Context, q contract.ListHoldsRequestObject) (contract.ListHoldsResponseObject, error) {
	all, err := list(ctx, s, q.Customer, bookParams(q.Params), (*operations.Book).Holds)
	return contract.ListHolds200JSONResponse{Items: all}, err
}

func (s *server) ListIncidents(ctx context.Context, q contract.ListIncidentsRequestObject) (contract.ListIncidentsResponseObject, error) {
	all, err := list(ctx, s, q.Customer, bookParams(q.Params), (*operations.Book).Incidents)
	return contract.ListIncidents200JSONResponse{Items: all}, err
}

func (s *server) ListFreezes(ctx context.Context, q contract.ListFreezesRequestObject) (contract.ListFreezesResponseObject, error) {
	all, err := list(ctx, s, q.Customer, bookParams(q.Params), (*operations.Book).Freezes)
	return contract.ListFreezes200JSONResponse{Items: all}, err
}

func (s *server) ListGrants(ctx context.Context, q contract.ListGrantsRequestObject) (contract.ListGrantsResponseObject, error) {
	all, err := list(ctx, s, q.Customer, bookParams(q.Params), (*operations.Book).Grants)
	return contract.ListGrants200JSONResponse{Items: all}, err
}

func (s *server) ListOperators(ctx context.Context, q contract.ListOperatorsRequestObject) (contract.ListOperatorsResponseObject, error) {
	all, err := list(ctx, s, q.Customer, bookParams(q.Params), (*operations.Book).Operators)
	return contract.ListOperators200JSONResponse{Items: all}, err
}

func (s *server) ListOperations(ctx context.Context, q contract.ListOperationsRequestObject) (contract.ListOperationsResponseObject, error) {
	p := &q.Params
	filter, err := filterOf(&contract.ExportOperationsParams{
		State: p.State, Kind: p.Kind, Asset: p.Asset, Pair: p.Pair, Account: p.Account, Min: p.Min, Max: p.Max, Since: p.Since, Until: p.Until, Maker: p.Maker,
	})
	if err != nil {
		return nil, err
	}
	var cursor string
	limit, err := s.place(ctx, p.Limit, p.Cursor, &cursor)
	if err != nil {
		return nil, err
	}
	book, err := s.book(ctx, q.Customer, p.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	all, err := book.History(ctx, filter, cursor, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListOperations200JSONResponse
	r.Body.Items = make([]contract.OperationItem, 0, len(all.Items))
	var actions [][]operations.Allowance
	if val(p.Actions) && len(all.Items) > 0 {
		if actions, err = book.ActionsOf(ctx, all.Items); err != nil {
			return nil, err
		}
	}
	for i, o := range all.Items {
		item := contract.OperationItem{Operation: o}
		if actions != nil {
			item.Actions = &actions[i]
		}
		r.Body.Items = append(r.Body.Items, item)
	}
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, all.Next != "", all.Next)
	return r, err
}

func (s *server) GetOperation(ctx context.Context, q contract.GetOperationRequestObject) (contract.GetOperationResponseObject, error) {
	book, err := s.book(ctx, q.Customer, q.Params.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	id := operations.OperationID(q.Operation)
	o, err := book.Operation(ctx, id)
	if err != nil {
		return nil, err
	}
	actions, err := book.Actions(ctx, id)
	if err != nil {
		return nil, err
	}
	versions, err := book.Versions(ctx, id)
	if err != nil {
		return nil, err
	}
	refunds, err := book.Refunds(ctx, id)
	if err != nil {
		return nil, err
	}
	story := contract.Story{Operation: o, Actions: each(actions, same), Versions: each(versions, same), Refunds: each(refunds, same), Postings: []contract.Posting{}}
	if o.State == operations.Completed {
		story.Postings = each(o.Terms.Postings, func(p accounts.Posting) contract.Posting {
			return contract.Posting{Account: string(p.Ref), Asset: p.Asset, Amount: p.Amount.String()}
		})
	}
	return contract.GetOperation200JSONResponse{Body: story, Headers: contract.GetOperation200ResponseHeaders{ETag: new(tag(o.Version))}}, nil
}

func (s *server) ListStatement(ctx context.Context, q contract.ListStatementRequestObject) (contract.ListStatementResponseObject, error) {
	p := &q.Params
	var cursor string
	limit, err := s.place(ctx, p.Limit, p.Cursor, &cursor)
	if err != nil {
		return nil, err
	}
	book, err := s.book(ctx, q.Customer, p.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	all, err := book.Statement(ctx, operations.StatementFilter{Account: accounts.Ref(p.Account), Asset: val(p.Asset), Since: val(p.Since), Until: val(p.Until)}, cursor, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListStatement200JSONResponse
	r.Body.Items = each(all.Items, postingLine)
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, all.Next != "", all.Next)
	return r, err
}

func (s *server) ListJournal(ctx context.Context, q contract.ListJournalRequestObject) (contract.ListJournalResponseObject, error) {
	after := val(q.Params.After)
	limit, err := s.place(ctx, q.Params.Limit, q.Params.Cursor, &after)
	if err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = operations.DefaultLimit
	}
	book, err := s.book(ctx, q.Customer, q.Params.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	lines, err := book.Journal(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	var r contract.ListJournal200JSONResponse
	r.Body.Items = each(lines, entryOf)
	if len(lines) > 0 {
		after = lines[len(lines)-1].Seq
	}
	r.Body.NextCursor, r.Headers.Link, err = s.next(ctx, len(lines) == limit, after)
	return r, err
}

func (s *server) GetOutcome(ctx context.Context, q contract.GetOutcomeRequestObject) (contract.GetOutcomeResponseObject, error) {
	book, err := s.book(ctx, q.Customer, q.Params.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	line, err := book.Outcome(ctx, q.Key)
	return contract.GetOutcome200JSONResponse(entryOf(line)), err
}
