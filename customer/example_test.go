package customer_test

import (
	"fmt"

	"github.com/onbehalf/onbehalf/customer"
)

func ExampleParseTaxID() {
	person, err := customer.ParseTaxID(customer.CPF, "123.456.789-09")
	fmt.Println(person.Number, err)

	company, err := customer.ParseTaxID(customer.CNPJ, "12ABC34501DE35")
	fmt.Println(company.Format(), err)

	_, err = customer.ParseTaxID(customer.CPF, "123.456.789-10")
	fmt.Println(err)
	// Output:
	// 12345678909 <nil>
	// 12.ABC.345/01DE-35 <nil>
	// tax_id: has wrong check digits
}

func ExampleProfile_Validate() {
	profile := customer.Profile{Name: "Maria", Country: "Brazil", Type: customer.House}
	fmt.Println(profile.Validate())
	// Output:
	// type: is reserved for the firm itself
	// country: is not an ISO 3166-1 code of two capital letters
}

func ExampleStatus_Next() {
	for _, status := range customer.Statuses() {
		fmt.Println(status, status.Next(), status.TakesNew(), status.MayFinish())
	}
	// Output:
	// onboarding [active closed] false false
	// active [suspended closed] true true
	// suspended [active closed] false true
	// closed [] false false
}
