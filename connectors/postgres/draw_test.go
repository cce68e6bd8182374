package postgres

import (
	"strings"
	"testing"

	"github.com/assay-dev/assay/connectors/connectortest"
)

// TestDraw draws by hashes that are alike in Go, also where no collation or encoding of the database is what they rest on.
func TestDraw(t *testing.T) {
	for _, locale := range []connectortest.Locale{connectortest.LocaleICU, connectortest.LocaleC} {
		t.Run(string(locale), func(t *testing.T) {
			dsn := connectortest.PostgresDatabase(t, locale)
			s := openDSN(t, dsn)
			d := connectortest.LoadPostgres(t, dsn, connectortest.Fit(connectortest.HostileTable(), connectortest.EnginePostgres))
			r := connectortest.CheckDraw(t, s, connectortest.Relation(t, s, d), "id")
			if len(r.Keys) < 16 {
				t.Errorf("keys of %v", r.Keys)
			}
			for typ, reason := range r.Refused {
				if !strings.HasPrefix(typ, "list") && typ != "json" {
					t.Errorf("%s is refused as a key: %s", typ, reason)
				}
			}
			t.Logf("%v, refused %v", r.Keys, r.Refused)
		})
	}
}
