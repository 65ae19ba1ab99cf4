package httpapi

import "net/http"

// Commands of one sort answer alike, whatever their route: these are the names
// that the generated server knows their answers by.

func (m managed) VisitEditCustomerResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitSetCustomerStatusResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitEraseCustomerResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitOpenAccountResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitEditAccountResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitSetAccountStatusResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitSetDebtLimitResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitSetCurrencyResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitCloseIncidentResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitFreezeResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitUnfreezeResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitAllowResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitRevokeResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitRegisterOperatorResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitSuspendOperatorResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitReinstateOperatorResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitThrowSwitchResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitLiftSwitchResponse(w http.ResponseWriter) error { return m.write(w) }

func (o outcome) VisitPrepareOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitSubmitOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitRefundOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitSettleResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitExecuteOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitModifyOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitCancelOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitApproveOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitRejectOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitWithdrawApprovalResponse(w http.ResponseWriter) error { return o.write(w) }

func (o outcome) VisitResolveOperationResponse(w http.ResponseWriter) error { return o.write(w) }

func (m managed) VisitSetCustomerGroupsResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitSetTradingProvidersResponse(w http.ResponseWriter) error { return m.write(w) }

func (m managed) VisitSetPairResponse(w http.ResponseWriter) error { return m.write(w) }
