package postgres

import (
	"fmt"
	"testing"

	"github.com/assay-dev/assay/connectors"
	"github.com/assay-dev/assay/connectors/connectortest"
	"github.com/assay-dev/assay/connectors/query"
	"github.com/assay-dev/assay/connectors/value"
)

// TestCorrectForms guards cells that have another form than the one in which assay writes their value, and such as have no value that it knows.
func TestCorrectForms(t *testing.T) {
	dsn := connectortest.Postgres(t)
	c := admin(t, dsn)
	ns := scratch(t, c)
	src := writable(t, dsn)
	defer func() { _ = src.Close() }()
	by, ok := src.(connectors.Corrector)
	if !ok {
		t.Fatalf("%T", src)
	}
	run(t, c, `CREATE DOMAIN `+ns+`.short AS bit(3)`)
	for i, f := range []struct {
		ddl, literal string
		known        bool
	}{
		{"int[]", "'[0:1]={1,2}'", true},
		{"interval", "'1 day 2 hours'", true},
		{"double precision", "'-0'", true},
		{"real[]", "'{0.1,-0,NaN}'", true},
		{"jsonb", `'{"a":1.500}'`, true},
		{"json", `'{"a" : "\u0000"}'`, true},
		{"numeric", "'1.500'", true},
		{"char(3)[]", "'{a}'", true},
		{"varchar(3)[]", "'{abc}'", true},
		{ns + ".short", "B'101'", true},
		{"inet", "'10.0.0.1/8'", true},
		{"numeric", "'NaN'", false},
		{"numeric", "'Infinity'", false},
		{"timestamptz", "'infinity'", false},
		{"date", "'-infinity'", false},
		{"timestamp", "'0044-03-15 BC'", false},
		{"interval", "'1 mon'", false},
		{"int[]", "'{{1,2},{3,4}}'", false},
	} {
		name := fmt.Sprintf("%s.f%d", ns, i)
		run(t, c, `CREATE TABLE `+name+` (id int PRIMARY KEY, n int, c `+f.ddl+`)`)
		run(t, c, `INSERT INTO `+name+` VALUES (1, 0, `+f.literal+`)`)
		rel := connectortest.Relation(t, src, query.Dataset{Table: name, Key: []string{"id"}})
		target := connectors.Target{Relation: rel, Key: rel.Schema.Columns[:1], Columns: rel.Schema.Columns[1:]}
		key := []value.Value{value.IntValue(1)}
		rows, err := by.Rows(t.Context(), target, [][]value.Value{key})
		if err != nil || rows[0] == nil || (rows[0].Errs == nil) != f.known {
			t.Errorf("%s %s: %+v, %v", f.ddl, f.literal, rows, err)
			continue
		}
		cor, err := by.Correct(t.Context(), target)
		if err != nil {
			t.Errorf("%s: %v", f.ddl, err)
			continue
		}
		before := rows[0].Values
		after := append([]value.Value{value.IntValue(7)}, before[1:]...)
		effects, err := cor.Apply(t.Context(), []connectors.Change{{Action: connectors.Update, Key: key, Before: before, After: after, Set: []int{0}}},
			func([]connectors.Effect) error { return nil })
		want := connectors.Unmatched
		if f.known {
			want = connectors.Applied
		}
		if err != nil || effects[0].Outcome != want {
			t.Errorf("%s %s: %+v, %v", f.ddl, f.literal, effects, err)
		}
		_ = cor.Close()
	}
}
