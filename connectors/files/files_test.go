package files_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/files"
	"github.com/assay-dev/assay/connectors/query"
)

// open opens the folder with further parameters, "key", "value" and so on.
func open(t testing.TB, dir string, params ...string) connectors.Source {
	t.Helper()
	p := map[string]string{"path": dir}
	for i := 0; i+1 < len(params); i += 2 {
		p[params[i]] = params[i+1]
	}
	s, err := files.Open(t.Context(), connectors.Config{Name: "files", Params: p})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	for _, f := range []struct {
		engine connectortest.Engine
		load   func(testing.TB, string, connectortest.Table) query.Dataset
	}{
		{connectortest.EngineCSV, connectortest.LoadCSV},
		{connectortest.EngineJSONLines, connectortest.LoadJSONLines},
		{connectortest.EngineParquet, connectortest.LoadParquet},
	} {
		t.Run(string(f.engine), func(t *testing.T) {
			// What stands for a pattern in a folder's name is none.
			dir := filepath.Join(t.TempDir(), "strange [x] *? name")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			connectortest.Run(t, connectortest.Harness{
				Name: "files", Engine: f.engine, NoEngine: true,
				Load: func(t testing.TB, tb connectortest.Table) query.Dataset {
					t.Helper()
					return f.load(t, dir, tb)
				},
				Open: func(t testing.TB) connectors.Source {
					t.Helper()
					return open(t, dir)
				},
				Missing: &query.Dataset{Name: "missing", File: "missing." + string(f.engine)},
				Broken:  broken(),
			})
		})
	}
}

func broken() []connectortest.Broken {
	with := func(params map[string]string) func(t testing.TB) (connectors.Source, error) {
		return func(t testing.TB) (connectors.Source, error) {
			t.Helper()
			return files.Open(t.Context(), connectors.Config{Name: "files", Params: params})
		}
	}
	return []connectortest.Broken{
		{Name: "no folder", Want: connectors.NotFound, Open: with(map[string]string{"path": "/no/such/folder"})},
		{Name: "a file for a folder", Want: connectors.Misconfigured, Open: with(map[string]string{"path": "files_test.go"})},
		{Name: "unknown parameter", Want: connectors.Misconfigured, Open: with(map[string]string{"dsn": "x"})},
		{Name: "no delimiter", Want: connectors.Misconfigured, Open: with(map[string]string{"delimiter": "ab"})},
		{Name: "a quote for a delimiter", Want: connectors.Misconfigured, Open: with(map[string]string{"delimiter": `"`})},
		{Name: "no truth", Want: connectors.Misconfigured, Open: with(map[string]string{"header": "perhaps"})},
		{Name: "no format", Want: connectors.Misconfigured, Open: with(map[string]string{"format": "xml"})},
		{Name: "no file in the dataset", Want: connectors.Misconfigured, Open: with(nil), Dataset: query.Dataset{Name: "x", Table: "x"}},
		{Name: "a folder", Want: connectors.Misconfigured, Open: with(nil), Dataset: query.Dataset{Name: "x", File: "testdata"}},
		{Name: "an unknown ending", Want: connectors.Misconfigured, Open: with(nil), Dataset: query.Dataset{Name: "x", File: "files_test.go"}},
		{Name: "nothing matches", Want: connectors.NotFound, Open: with(nil), Dataset: query.Dataset{Name: "x", File: "testdata/*.none.csv"}},
		{Name: "a type that is none", Want: connectors.Misconfigured, Open: with(nil), Dataset: query.Dataset{
			Name: "x", File: "testdata/plain.csv", Columns: map[string]query.ColumnOptions{"id": {Type: "number"}},
		}},
	}
}
