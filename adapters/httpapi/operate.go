package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/shopspring/decimal"

	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/operations/trading"
	"github.com/onbehalf/onbehalf/tenancy"
)

// outcome answers every command on an operation.
type outcome struct {
	operations.Result

	status int
}

func (o outcome) write(w http.ResponseWriter) error {
	return answer(w, o.status, o.Replayed, tag(o.Operation.Version), o.Result)
}

// asking is what a command that makes an operation comes with, and changing one
// that names an operation as it was seen.
type (
	asking   contract.SubmitOperationParams
	changing contract.ExecuteOperationParams
)

// outcomeOf keeps the mark of a replay with a refusal.
func outcomeOf(status int, r operations.Result, err error) (outcome, error) {
	if err != nil && r.Replayed {
		err = replayed{err}
	}
	return outcome{r, status}, err
}

func (s *server) ask(ctx context.Context, customer string, a asking, do func(context.Context, tenancy.Scope, operations.Intent, operations.Request) (operations.Result, error), q operations.Request) (outcome, error) {
	in, err := intent(a.IdempotencyKey, a.RequestId, a.Acknowledge)
	if err != nil {
		return outcome{}, err
	}
	scope, err := s.enter(ctx, customer, a.OnbehalfContext)
	if err != nil {
		return outcome{}, err
	}
	r, err := do(ctx, scope, in, q)
	return outcomeOf(http.StatusCreated, r, err)
}

func (s *server) change(ctx context.Context, customer, id string, c changing, do func(tenancy.Scope, operations.Intent, operations.Ref) (operations.Result, error)) (outcome, error) {
	in, err := intent(c.IdempotencyKey, c.RequestId, c.Acknowledge)
	if err != nil {
		return outcome{}, err
	}
	v, err := version(c.IfMatch)
	if err != nil {
		return outcome{}, err
	}
	scope, err := s.enter(ctx, customer, c.OnbehalfContext)
	if err != nil {
		return outcome{}, err
	}
	r, err := do(scope, in, operations.Ref{ID: operations.OperationID(id), Version: v})
	return outcomeOf(http.StatusOK, r, err)
}

func (s *server) ExplainOperation(ctx context.Context, q contract.ExplainOperationRequestObject) (contract.ExplainOperationResponseObject, error) {
	order, err := orderOf(q.Body)
	if err != nil {
		return nil, err
	}
	scope, err := s.enter(ctx, q.Customer, q.Params.OnbehalfContext)
	if err != nil {
		return nil, err
	}
	plan, err := s.engine.Explain(ctx, scope, order)
	if err != nil {
		return nil, err
	}
	return contract.ExplainOperation200JSONResponse(plan), nil
}

func (s *server) PrepareOperation(ctx context.Context, q contract.PrepareOperationRequestObject) (contract.PrepareOperationResponseObject, error) {
	order, err := orderOf(q.Body)
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, q.Customer, asking(q.Params), s.engine.Prepare, order)
}

func (s *server) SubmitOperation(ctx context.Context, q contract.SubmitOperationRequestObject) (contract.SubmitOperationResponseObject, error) {
	order, err := orderOf(q.Body)
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, q.Customer, asking(q.Params), s.engine.Submit, order)
}

func (s *server) RefundOperation(ctx context.Context, q contract.RefundOperationRequestObject) (contract.RefundOperationResponseObject, error) {
	b := q.Body
	a, err := amount("amount", b.Amount)
	if err != nil {
		return nil, err
	}
	return s.ask(ctx, q.Customer, asking(q.Params), s.engine.Submit, operations.Refund{
		Parent: operations.OperationID(q.Operation), Amount: a, Fees: val(b.Fees), Purpose: b.Purpose, Reference: val(b.Reference),
	})
}

func (s *server) Settle(ctx context.Context, q contract.SettleRequestObject) (contract.SettleResponseObject, error) {
	b := q.Body
	of := trading.Settlement{Provider: b.Provider, Asset: b.Asset, Through: val(b.Through), Reference: b.Reference}
	var errs []error
	for _, a := range []struct {
		field string
		text  *string
		to    *decimal.Decimal
	}{{"paid", b.Paid, &of.Paid}, {"received", b.Received, &of.Received}} {
		if a.text != nil {
			var err error
			*a.to, err = amount(a.field, *a.text)
			errs = append(errs, err)
		}
	}
	if (b.Paid == nil) == (b.Received == nil) {
		errs = append(errs, tenancy.Invalid("paid", "exactly one of paid and received has to be given"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	names := map[string]string{"via": "provider", "amount": "paid"}
	if b.Paid == nil {
		names["amount"] = "received"
	}
	o, err := s.ask(ctx, q.Customer, asking(q.Params), s.engine.Submit, of)
	return o, renamed(err, names)
}

func (s *server) ExecuteOperation(ctx context.Context, q contract.ExecuteOperationRequestObject) (contract.ExecuteOperationResponseObject, error) {
	return s.change(ctx, q.Customer, q.Operation, changing(q.Params), func(scope tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return s.engine.Execute(ctx, scope, in, ref)
	})
}

func (s *server) ModifyOperation(ctx context.Context, q contract.ModifyOperationRequestObject) (contract.ModifyOperationResponseObject, error) {
	m, err := modificationOf(q.Body)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, q.Customer, q.Operation, changing(q.Params), func(scope tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return s.engine.Modify(ctx, scope, in, ref, m)
	})
}

func (s *server) CancelOperation(ctx context.Context, q contract.CancelOperationRequestObject) (contract.CancelOperationResponseObject, error) {
	return s.change(ctx, q.Customer, q.Operation, changing(q.Params), func(scope tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return s.engine.Cancel(ctx, scope, in, ref)
	})
}

func (s *server) ApproveOperation(ctx context.Context, q contract.ApproveOperationRequestObject) (contract.ApproveOperationResponseObject, error) {
	return s.change(ctx, q.Customer, q.Operation, changing(q.Params), func(scope tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return s.engine.Approve(ctx, scope, in, ref)
	})
}

func (s *server) RejectOperation(ctx context.Context, q contract.RejectOperationRequestObject) (contract.RejectOperationResponseObject, error) {
	return s.change(ctx, q.Customer, q.Operation, changing(q.Params), func(scope tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return s.engine.Reject(ctx, scope, in, ref, q.Body.Reason)
	})
}

func (s *server) WithdrawApproval(ctx context.Context, q contract.WithdrawApprovalRequestObject) (contract.WithdrawApprovalResponseObject, error) {
	return s.change(ctx, q.Customer, q.Operation, changing(q.Params), func(scope tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return s.engine.Withdraw(ctx, scope, in, ref)
	})
}

func (s *server) ResolveOperation(ctx context.Context, q contract.ResolveOperationRequestObject) (contract.ResolveOperationResponseObject, error) {
	found, err := resolutionOf(q.Body)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, q.Customer, q.Operation, changing(q.Params), func(scope tenancy.Scope, in operations.Intent, ref operations.Ref) (operations.Result, error) {
		return s.engine.Resolve(ctx, scope, in, ref, found)
	})
}
