package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/onbehalf/onbehalf/accounts"
	"github.com/onbehalf/onbehalf/adapters/httpapi/internal/contract"
	"github.com/onbehalf/onbehalf/customer"
	"github.com/onbehalf/onbehalf/operations"
	"github.com/onbehalf/onbehalf/tenancy"
)

// by is what every administrative command comes with.
type by contract.EditCustomerParams

// manage makes one administrative change.
func (s *server) manage(ctx context.Context, of string, b by, x operations.Administrative) (managed, error) {
	in, err := intent(b.IdempotencyKey, b.RequestId, nil)
	if err != nil {
		return managed{}, err
	}
	scope, err := s.enter(ctx, of, b.OnbehalfContext)
	if err != nil {
		return managed{}, err
	}
	m, err := s.engine.Manage(ctx, scope, in, x)
	if err != nil {
		if m.Replayed {
			err = replayed{err}
		}
		return managed{}, err
	}
	return managed{status: http.StatusOK, Managed: contract.Managed{
		Account: opt(string(m.Account)), Grant: opt(string(m.Grant)), Seq: m.Seq, Replayed: m.Replayed,
	}}, nil
}

// made is manage for what makes something new.
func (s *server) made(ctx context.Context, of string, b by, x operations.Administrative) (managed, error) {
	m, err := s.manage(ctx, of, b, x)
	m.status = http.StatusCreated
	return m, err
}

// managed answers every administrative command.
type managed struct {
	contract.Managed

	status int
}

func (m managed) write(w http.ResponseWriter) error {
	return answer(w, m.status, m.Replayed, "", m.Managed)
}

// answer writes what a command brought.
func answer(w http.ResponseWriter, status int, again bool, etag string, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	begun(w)
	if again {
		w.Header().Set(headerReplayed, "true")
	}
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a client that has left asks again under its key
	return nil
}

func (s *server) EditCustomer(ctx context.Context, q contract.EditCustomerRequestObject) (contract.EditCustomerResponseObject, error) {
	b := q.Body
	p, err := profileOf(b.Name, b.Type, b.TaxId, b.Country, b.Person)
	if err != nil {
		return nil, err
	}
	return s.manage(ctx, q.Customer, by(q.Params), customer.Edit{Profile: p})
}

func (s *server) SetCustomerStatus(ctx context.Context, q contract.SetCustomerStatusRequestObject) (contract.SetCustomerStatusResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), customer.SetStatus{Status: q.Body.Status})
}

func (s *server) SetCustomerGroups(ctx context.Context, q contract.SetCustomerGroupsRequestObject) (contract.SetCustomerGroupsResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), customer.SetGroups{Groups: q.Body.Groups})
}

func (s *server) EraseCustomer(ctx context.Context, q contract.EraseCustomerRequestObject) (contract.EraseCustomerResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), customer.Erase{})
}

func (s *server) OpenAccount(ctx context.Context, q contract.OpenAccountRequestObject) (contract.OpenAccountResponseObject, error) {
	b := q.Body
	open := accounts.Open{
		Name: val(b.Name), Currency: b.Currency, Details: val(b.Details), Directions: val(b.Directions), Pending: val(b.Pending),
	}
	if b.DebtLimit != nil {
		var err error
		if open.DebtLimit, err = amount("debt_limit", *b.DebtLimit); err != nil {
			return nil, err
		}
	}
	m, err := s.made(ctx, q.Customer, by(q.Params), open)
	return m, debtLimit(err)
}

// debtLimit gives what is malformed about a debt limit its name in the contract.
func debtLimit(err error) error {
	if !errors.Is(err, operations.ErrInvalid) {
		return err
	}
	var errs []error
	for _, f := range tenancy.Fields(err) {
		if f.Field == "limit" {
			f.Field = "debt_limit"
		}
		errs = append(errs, &f)
	}
	return errors.Join(errs...)
}

func (s *server) EditAccount(ctx context.Context, q contract.EditAccountRequestObject) (contract.EditAccountResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), accounts.Edit{Account: accounts.ID(q.Account), Name: q.Body.Name, Details: val(q.Body.Details)})
}

func (s *server) SetAccountStatus(ctx context.Context, q contract.SetAccountStatusRequestObject) (contract.SetAccountStatusResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), accounts.SetStatus{Account: accounts.ID(q.Account), Status: q.Body.Status})
}

func (s *server) SetDebtLimit(ctx context.Context, q contract.SetDebtLimitRequestObject) (contract.SetDebtLimitResponseObject, error) {
	limit, err := amount("debt_limit", q.Body.DebtLimit)
	if err != nil {
		return nil, err
	}
	m, err := s.manage(ctx, q.Customer, by(q.Params), accounts.SetLimit{Account: accounts.ID(q.Account), Limit: limit})
	return m, debtLimit(err)
}

func (s *server) SetCurrency(ctx context.Context, q contract.SetCurrencyRequestObject) (contract.SetCurrencyResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), accounts.SetCurrency{Currency: q.Body.Currency, Enabled: q.Body.Enabled})
}

func (s *server) CloseIncident(ctx context.Context, q contract.CloseIncidentRequestObject) (contract.CloseIncidentResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), operations.CloseIncident{Incident: operations.IncidentID(q.Incident)})
}

func (s *server) Freeze(ctx context.Context, q contract.FreezeRequestObject) (contract.FreezeResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), operations.Freeze{Account: accounts.ID(val(q.Body.Account)), Reason: q.Body.Reason})
}

func (s *server) Unfreeze(ctx context.Context, q contract.UnfreezeRequestObject) (contract.UnfreezeResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), operations.Unfreeze{Account: accounts.ID(val(q.Body.Account)), Reason: q.Body.Reason})
}

func (s *server) Allow(ctx context.Context, q contract.AllowRequestObject) (contract.AllowResponseObject, error) {
	b := q.Body
	return s.made(ctx, q.Customer, by(q.Params), tenancy.Allow{
		Operator: tenancy.OperatorID(b.Operator), Everyone: val(b.Everyone), Permissions: b.Permissions, Expires: val(b.Expires),
	})
}

func (s *server) Revoke(ctx context.Context, q contract.RevokeRequestObject) (contract.RevokeResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), tenancy.Revoke{Grant: tenancy.GrantID(q.Grant)})
}

func (s *server) RegisterOperator(ctx context.Context, q contract.RegisterOperatorRequestObject) (contract.RegisterOperatorResponseObject, error) {
	return s.made(ctx, q.Customer, by(q.Params), tenancy.Register{Operator: tenancy.OperatorID(q.Body.Operator), Person: tenancy.PersonID(q.Body.Person)})
}

func (s *server) SuspendOperator(ctx context.Context, q contract.SuspendOperatorRequestObject) (contract.SuspendOperatorResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), tenancy.Suspend{Operator: tenancy.OperatorID(q.Operator)})
}

func (s *server) ReinstateOperator(ctx context.Context, q contract.ReinstateOperatorRequestObject) (contract.ReinstateOperatorResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), tenancy.Reinstate{Operator: tenancy.OperatorID(q.Operator)})
}

func (s *server) ThrowSwitch(ctx context.Context, q contract.ThrowSwitchRequestObject) (contract.ThrowSwitchResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), tenancy.Stop{Subject: q.Body.Subject, Reason: q.Body.Reason})
}

func (s *server) LiftSwitch(ctx context.Context, q contract.LiftSwitchRequestObject) (contract.LiftSwitchResponseObject, error) {
	return s.manage(ctx, q.Customer, by(q.Params), tenancy.Lift{Subject: q.Body.Subject})
}
