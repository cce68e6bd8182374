package mysql

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
)

func TestFlavourOf(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]flavour{
		"8.0.36": mySQL, "9.7.4-2": mySQL, "8.0.32-24 (Percona)": mySQL, "10.11.14-MariaDB-0+deb12u2-log": mariaDB, "5.5.5-10.6.18-MariaDB": mariaDB, "11.4.2-mariadb-enterprise": mariaDB,
	} {
		if got := flavourOf(version); got != want {
			t.Errorf("%s is taken for %s", version, got)
		}
	}
}

// A name that leads to the other kind of server later is an error: statements were written for the first.
func TestOtherServerLater(t *testing.T) {
	t.Parallel()
	src := openTest(t, connectortest.MySQL(t))
	src.dial.flavour.Store(int32(mariaDB))
	src.db.SetMaxIdleConns(0) // the next statement opens a connection
	_, err := src.acquire(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the server was mariadb and is mysql now") || connectors.KindOf(wrap("describe", err)) != connectors.Unreachable {
		t.Errorf("got %v", err)
	}
}

func TestJSONChecked(t *testing.T) {
	t.Parallel()
	for clause, want := range map[string]string{
		"json_valid(`j`)": "j", " json_valid(`a b`) ": "a b", "json_valid(`a``b`)": "a`b",
		"json_valid(`j`) or `j` = ''": "", "json_valid(`j`) and json_valid(`k`)": "", "json_valid(lcase(`j`))": "", "`j` > 0": "", "": "",
	} {
		got, ok := jsonChecked(clause)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q is a check of %q, %v", clause, got, ok)
		}
	}
}
