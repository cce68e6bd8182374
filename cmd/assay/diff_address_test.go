package main

import "testing"

// TestAddressOfOddUsers reads addresses of the Go driver of MySQL whose user is called like a scheme, or whose password looks like an address.
func TestAddressOfOddUsers(t *testing.T) {
	for text, driver := range map[string]string{
		"postgres://u:p@h/db#t":                     "postgres",
		"postgresql://u:p@tcp(h)/db#t":              "postgres",
		"postgres:p@tcp(h:3306)/db#t":               "mysql",
		"root://p@tcp(h:3306)/db#t":                 "mysql",
		"mysql:p@unix(/run/mysqld/mysqld.sock)/d#t": "mysql",
		"sqlite:p@tcp(h)/db#t":                      "mysql",
		"mysql://u:p@h/db#t":                        "mysql",
		"mariadb://u:p@h/db#t":                      "mariadb",
	} {
		if a, err := parseAddress(text); err != nil || a.driver != driver || a.data.Table != "t" {
			t.Errorf("%s: %q, %q, %v", text, a.driver, a.data.Table, err)
		}
	}
	if a, err := parseAddress("postgres:db#t"); err == nil {
		t.Errorf("an address of %s", a.driver)
	}
}
