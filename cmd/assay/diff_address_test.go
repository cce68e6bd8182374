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

// TestAddressOfOddTables reads names with the characters that cut an address.
func TestAddressOfOddTables(t *testing.T) {
	t.Setenv("ODD", "a#%23")
	for text, want := range map[string]string{
		"postgres://u:p@h/db#public.a%23b": "public.a#b", "mysql://u:p@h/db#a%2523": "a%23", "sqlite:a#b.db#c%d": "c%d", "sqlite:a.db#${ODD}%23": "a#%23#",
		"files:a#b%23.csv": "a#b%23.csv",
	} {
		if a, err := parseAddress(text); err != nil || a.data.Table+a.data.File != want || a.shown != want {
			t.Errorf("%s: %q, %q, %v", text, a.data.Table+a.data.File, a.shown, err)
		}
	}
}
